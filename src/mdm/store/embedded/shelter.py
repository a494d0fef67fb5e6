"""Root's own directory for what another account must reach: below a 0700 home it could not."""

import os
import stat
from hashlib import sha256
from pathlib import Path

from mdm.store.embedded.errors import HomeUnusable

ROOT = Path("/var/lib/mdm-hub")
"""Its parent is written by root alone, so nobody can lay a trap there first."""


def shelter() -> Path:
    """The directory, made on first use."""
    try:
        ROOT.mkdir(mode=0o711, parents=True, exist_ok=True)
        return trusted(ROOT)
    except OSError as error:
        raise HomeUnusable(
            f"PostgreSQL may not run as root, and the account it would run as cannot reach this home; {str(ROOT)!r} "
            f"could serve instead but cannot be made ({error.strerror}). Choose a home that every account can enter."
        ) from error


def trusted(directory: Path) -> Path:
    """The directory itself, once it is sure that only root can change it and that others can enter."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HomeUnusable(f"{str(directory)!r} must be a directory that only root can write: remove it or fix it")
    directory.chmod(stat.S_IMODE(found.st_mode) | 0o111)  # a strict umask may have closed it
    return directory


def room(home: Path) -> Path:
    """Where the cluster of an unreachable home lives: always the same place for the same home."""
    return shelter() / f"home-{sha256(os.fsencode(home)).hexdigest()[:16]}"
