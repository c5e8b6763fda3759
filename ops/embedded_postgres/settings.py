"""How the embedded server is configured: durable always, and sized to the machine or the container it is in."""

import os
from collections.abc import Mapping
from pathlib import Path

MB = 1024 * 1024
PORT = 5432  # nothing listens on it: it only names the socket file

DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}
# No replica and no base backup are taken of an embedded server, so a table loaded in the transaction that created it
# need not be written twice.
WRITE_AHEAD_LOG = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "wal_buffers": "16MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
}
# A sum of floating-point numbers in several workers depends on who came first: no figure may.
QUERIES = {
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "work_mem": "32MB",
    "random_page_cost": "1.1",
}
SERVER = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "ISO, YMD",
    "password_encryption": "scram-sha-256",
}


def server_settings(sockets: Path, memory_bytes: int) -> dict[str, str]:
    return {**DURABLE, **WRITE_AHEAD_LOG, **QUERIES, **SERVER, **_memory(memory_bytes), **_sockets(sockets)}


def configuration(settings: Mapping[str, str]) -> str:
    """The text of a postgresql.conf."""
    lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
    return "# Written by Tenor at every start; ALTER SYSTEM is kept apart from it and comes after it.\n" + "".join(
        lines
    )


def machine_memory_bytes() -> int:
    """Memory of the machine, or of the container if that allows less."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *cgroup_limits_bytes(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))])


def _memory(memory_bytes: int) -> dict[str, str]:
    megabytes = memory_bytes // MB
    return {
        "shared_buffers": f"{max(16, min(512, megabytes // 4))}MB",
        "effective_cache_size": f"{max(32, megabytes // 2)}MB",
        "maintenance_work_mem": f"{max(16, min(256, megabytes // 16))}MB",
    }


def _sockets(folder: Path) -> dict[str, str]:
    """The setting is a comma-separated list; quoted, a folder may hold any character."""
    return {"unix_socket_directories": '"' + str(folder).replace('"', '""') + '"'}


def cgroup_limits_bytes(membership: Path, mount: Path) -> list[int]:
    """Limits of our control group and of all above it, in version 2 (`0::/path`) or 1 (`4:memory:/path`)."""
    limits: list[int] = []
    for line in _text(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            limits += _limits_upwards(mount, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _limits_upwards(mount / "memory", path, "memory.limit_in_bytes")
    return limits


def _limits_upwards(mount: Path, path: str, name: str) -> list[int]:
    group = mount / path.lstrip("/")
    folders = [group, *(parent for parent in group.parents if parent.is_relative_to(mount))]
    texts = [_text(folder / name).strip() for folder in folders]
    return [int(text) for text in texts if text.isdigit()]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # not Linux, or no such control group
        return ""
