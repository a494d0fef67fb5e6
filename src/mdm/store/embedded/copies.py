"""Copies of the wheel's binaries, for an account that cannot reach the virtual environment."""

import os
import shutil
from hashlib import file_digest
from pathlib import Path

import structlog

from mdm.store.embedded.shelter import shelter, trusted

log = structlog.get_logger()

_UNNEEDED = shutil.ignore_patterns("*.a", "include", "pkgconfig", "__pycache__", "*.py")


def reachable(directory: Path) -> Path:
    """The same `bin` directory where every account can read it; copied once for each build of PostgreSQL."""
    install, package = directory.parent, directory.parents[1]
    copy = shelter() / f"postgresql-{_fingerprint(directory / 'postgres')}"
    if not copy.exists():
        _copy(install, package, copy)
        log.warning("postgres.binaries_copied", source=str(install), copy=str(copy))
    return trusted(copy) / package.name / install.name / directory.name


def _fingerprint(program: Path) -> str:
    with program.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:16]


def _copy(install: Path, package: Path, copy: Path) -> None:
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    # The programs find their libraries by a path relative to themselves: keep the layout.
    libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
    for tree in (install, *filter(Path.exists, libraries)):
        shutil.copytree(tree, draft / tree.relative_to(package.parent), ignore=_UNNEEDED, symlinks=True)
    _open_to_all(draft)
    try:
        draft.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(draft)
        trusted(copy)


def _open_to_all(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
