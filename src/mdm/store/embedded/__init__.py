"""An embedded PostgreSQL that needs no installation, no administrator and no port.

    with embedded.running(home) as url:
        engine = create_engine(url, pool_pre_ping=True)

Any number of processes may do so at once with the same home: the first starts the server, the last stops it.

Two file locks are all the state there is. Each user process holds `users.lock` shared; the keeper (a small process of
its own) and, by inheritance, every process of the server hold `server.lock`. The kernel lets go of both at any death:

| killed with -9 | what happens |
| --- | --- |
| a user, even the one that started the server | nothing to the others; if it was the last, the keeper stops the server |
| the server | the keeper ends what is left of it, and each living user's watch (a thread) tries to start it anew |
| the keeper | the kernel tells the server to stop; a living user's watch starts both anew |
| everything | nothing is left running; the next start recovers, and what was committed is there |

Connections that are open when the server goes end with an `OperationalError`; the URL stays valid, and about a second
later new connections succeed. So: `pool_pre_ping=True`, and run what was interrupted again.

Under root the server runs as `nobody`. Where `nobody` cannot enter the home, the cluster lives in /var/lib/mdm-hub, the
home holds a pointer to it, and `remove` deletes both.
"""

from mdm.store.embedded.errors import (
    DiskFull,
    HomeUnusable,
    NoAddress,
    NoPostgres,
    NotDurable,
    StartFailed,
    StillInUse,
    WrongVersion,
)
from mdm.store.embedded.instance import remove, running

__all__ = [
    "DiskFull",
    "HomeUnusable",
    "NoAddress",
    "NoPostgres",
    "NotDurable",
    "StartFailed",
    "StillInUse",
    "WrongVersion",
    "remove",
    "running",
]
