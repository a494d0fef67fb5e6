"""The server's settings, for a small machine that does other work too."""

import os
from pathlib import Path

from mdm.store.embedded.address import Address
from mdm.store.embedded.place import Place

_ROOMY = 512 * 1024 * 1024

TUNING = {
    "checkpoint_timeout": "15min",
    "client_connection_check_interval": "2s",  # a query ends soon after the process that asked was killed
    "cluster_name": "mdm-hub",
    "jit": "off",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "wal_compression": "on",
    "work_mem": "64MB",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "wal_level": "replica"}
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "wal_level": "minimal",
}


def write(place: Place, address: Address, *, durable: bool) -> None:
    """Write the settings and the rules of access for the next start."""
    settings = TUNING | (DURABLE if durable else THROWAWAY) | _listening(place, address) | _memory(Path("/dev/shm"))  # noqa: S108
    lines = ["# Written at every start. To change a setting and keep it: ALTER SYSTEM SET ..."]
    lines += [f"{name} = {_quoted(value)}" for name, value in sorted(settings.items())]
    place.write(place.configuration, "\n".join(lines) + "\n", 0o644)
    place.write(place.access, _access(address), 0o644)


def command(place: Place, postgres: Path) -> list[str]:
    """The command line of the server."""
    files = (("config_file", place.configuration), ("hba_file", place.access))
    return [str(postgres), "-D", str(place.data), *(part for name, path in files for part in ("-c", f"{name}={path}"))]


def _listening(place: Place, address: Address) -> dict[str, str]:
    if address.password is None:
        hosts, directory = "", str(place.socket)
    else:
        hosts, directory = address.host, ""
    return {
        "listen_addresses": hosts,
        "port": str(address.port),
        "unix_socket_directories": directory,
        "unix_socket_permissions": "0700",
    }


def _memory(shared: Path) -> dict[str, str]:
    """Containers often have 64 MB of /dev/shm, which one parallel join exceeds: then files."""
    if not shared.exists():
        return {}
    room = os.statvfs(shared)
    return {"dynamic_shared_memory_type": "posix" if room.f_bavail * room.f_frsize >= _ROOMY else "mmap"}


def _access(address: Address) -> str:
    # The socket's directory lets in its owner (and root) alone; the loopback lets in every user of the machine.
    if address.password is None:
        return "local all all trust\nlocal replication all trust\n"
    return f"host all all {address.host}/32 scram-sha-256\nhost replication all {address.host}/32 scram-sha-256\n"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
