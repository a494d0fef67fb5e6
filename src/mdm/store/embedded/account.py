"""The operating system's account that PostgreSQL runs as."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mdm.store.embedded.errors import StartFailed

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""A clean one: PGOPTIONS and its kin would reach the server, and a known zone saves initdb a search."""

_NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """A user and a group, by number."""

    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        """Whether the server runs as someone else than this process."""
        return self.uid != os.geteuid()

    def run(self, *command: str | Path, holding: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command as this account and wait; descriptors in `holding` stay open in it."""
        return subprocess.run(  # noqa: S603 - the callers name the programs, no user does
            command,
            capture_output=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            extra_groups=[] if self.foreign else None,
            group=self.gid if self.foreign else None,
            pass_fds=holding,
            stdin=subprocess.DEVNULL,
            text=True,
            user=self.uid if self.foreign else None,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether this account reaches the directory; asked of the kernel, which knows ACLs and mounts."""
        if not self.foreign:
            return True
        try:
            return self.run("test", "-x", directory).returncode == 0
        except OSError as error:  # a sandbox whose root may not change its user
            raise StartFailed(
                f"PostgreSQL refuses to run as root, and this system does not let root become user {self.uid} "
                f"({error.strerror}): run as an ordinary user, or set DATABASE_URL"
            ) from error

    def own(self, path: Path) -> None:
        """Give it a path that this process just made."""
        if self.foreign:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def ourselves() -> Account:
    """The account of this process."""
    return Account(os.geteuid(), os.getegid())


def serving(data: Path) -> Account:
    """Who serves this data: ourselves; under root its owner, or nobody for new data."""
    if os.geteuid() != 0:
        return ourselves()
    owner = data.stat() if data.exists() else None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return _nobody()


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)
