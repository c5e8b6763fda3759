"""The account that the server runs as: ours, or, since Postgres refuses to run as root, an unprivileged one.

An account is only ever chosen among those that exist; none is created, and no folder of anybody's is opened to it.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ops.embedded_postgres.errors import EmbeddedPostgresError

RUN_AS_VARIABLE = "TENOR_PG_RUN_AS"
USUAL_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """`drops` tells whether a command must change to this account before it runs, which only root can."""

    name: str
    uid: int
    gid: int
    drops: bool

    def run(
        self, argv: Sequence[str | Path], output: IO[bytes] | int, timeout_s: float, inherited: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this account, from / and with no open file of ours but `output` and `inherited`."""
        return subprocess.run(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_clean_environment(),
            timeout=timeout_s,
            check=False,
            umask=0o077,
            pass_fds=inherited,
            user=self.uid if self.drops else None,
            group=self.gid if self.drops else None,
            extra_groups=[] if self.drops else None,
        )

    def reaches(self, folder: Path) -> bool:
        return not self.drops or self.run(["test", "-x", folder], subprocess.DEVNULL, timeout_s=30).returncode == 0

    def executes(self, program: Path) -> bool:
        try:
            return self.run([program, "--version"], subprocess.DEVNULL, timeout_s=30).returncode == 0
        except OSError:  # a folder on the way, or the program itself, is closed to this account
            return False


def account_for(data: Path) -> Account:
    """The owner of an existing cluster, whom Postgres insists on; else ourselves, or root's unprivileged choice."""
    owner = _owner(data)
    if os.geteuid() != 0:
        return _ourselves(data, owner)
    if owner is not None and owner != 0:
        return _dropped_to(_entry_of(owner, data))
    return _dropped_to(_chosen_entry())


def not_ours(data: Path) -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        "POSTGRES_OTHER_ACCOUNT",
        f"the database in {data} belongs to another account",
        "Run Tenor as that account or as root, or set TENOR_HOME to a folder of your own.",
    )


def _ourselves(data: Path, owner: int | None) -> Account:
    if owner is not None and owner != os.geteuid():
        raise not_ours(data)
    return Account(str(os.geteuid()), os.geteuid(), os.getegid(), drops=False)


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError:
        raise not_ours(folder) from None


def _dropped_to(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drops=True)


def _entry_of(uid: int, data: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:  # Postgres looks its user up by name and refuses to run without one
        raise EmbeddedPostgresError(
            "POSTGRES_OTHER_ACCOUNT",
            f"the database in {data} belongs to uid {uid}, which has no account here",
            "Give the folder to an existing account with chown -R, or restore that account.",
        ) from None


def _chosen_entry() -> pwd.struct_passwd:
    wanted = os.environ.get(RUN_AS_VARIABLE)
    for name in (wanted,) if wanted else USUAL_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry
    raise EmbeddedPostgresError(
        "POSTGRES_NO_ACCOUNT",
        f"Postgres does not run as root, and there is no unprivileged account {wanted or ' or '.join(USUAL_ACCOUNTS)}",
        f"Run Tenor as an ordinary user, or set {RUN_AS_VARIABLE} to the name of an existing unprivileged account.",
    )


def _clean_environment() -> dict[str, str]:
    """PG* would redirect the tools, LD_* their libraries; the C locale keeps the log's words the same everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LD_", "LC_", "DYLD_"))}
    return kept | {"LC_ALL": "C", "LANG": "C", "TZ": "UTC"}
