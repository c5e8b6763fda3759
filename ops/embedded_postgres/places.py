"""Where the embedded server keeps its things.

TENOR_HOME/postgres.lock       held while somebody starts or stops the server
TENOR_HOME/postgres.stopped    `tenor stop` was the last to ask: nobody who serves brings the server back by himself
TENOR_HOME/postgres.location   only if the server's account cannot enter TENOR_HOME: the folder used instead
TENOR_HOME/postgres/           that folder otherwise; as root, root's own, so that the server's account cannot plant
    data/                      a link in it that root would follow. The cluster: its account's, 0700
    run/                       the socket: its account's, 0700
    programs/                  a copy of the programs, if the account cannot enter the virtual environment
    tenor.conf  server.log
"""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ops.embedded_postgres.accounts import Account, not_ours
from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.embedded_postgres.settings import PORT

SHELTER = Path("/var/lib/tenor")
POINTER = "postgres.location"
LONGEST_SOCKET_PATH_BYTES = 100  # the kernel's limit is 107 on Linux, 103 on macOS


@dataclass(frozen=True, slots=True)
class Place:
    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def draft(self) -> Path:
        """A cluster in the making; it becomes `data` in one step, so that there is never half a cluster."""
        return self.root / "data.init"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def configuration(self) -> Path:
        return self.root / "tenor.conf"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def programs(self) -> Path:
        return self.root / "programs"


def known_place(home: Path) -> Place:
    """Where the cluster of `home` is, or would be as far as one can tell without trying."""
    try:
        return Place(Path((home / POINTER).read_text().strip()))
    except OSError:  # no pointer, no home yet, or a home that is not ours
        return Place(home / "postgres")


def cluster_major(place: Place) -> int | None:
    """The cluster's version of Postgres; None where there is no cluster, or only what an interrupted initdb left."""
    try:
        if not (place.data / "global" / "pg_control").exists():
            return None
        return int((place.data / "PG_VERSION").read_text())
    except PermissionError:
        raise not_ours(place.data) from None
    except (FileNotFoundError, ValueError):
        raise EmbeddedPostgresError(
            "POSTGRES_CLUSTER_DAMAGED",
            f"{place.data} holds a database whose PG_VERSION is missing or unreadable",
            "Restore the folder from a backup, or move it away to begin with an empty database.",
        ) from None


def settled_place(home: Path, account: Account, shelter: Path) -> Place:
    """The place of `home`, made if need be, and sure to be one that `account` can reach."""
    place = known_place(home)
    if (home / POINTER).exists():
        _refuse_if_gone(place, home)
    elif not place.data.exists() and not account.reaches(home):
        place = _sheltered(home, shelter)
    if not place.root.exists():
        _make(place.root, 0o755 if account.drops else 0o700)
    _refuse_if_closed(place, account)
    _refuse_odd_names(place)
    return place


def private_folder(folder: Path, account: Account) -> Path:
    """A folder that only `account` may enter; one that is there already must be exactly that, or is not used."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        _refuse_if_not_private(folder, account)
        return folder
    if account.drops:
        os.chown(folder, account.uid, account.gid)
    return folder


def socket_folder(place: Place, account: Account) -> Path:
    """`run` beside the data, or a short name in the temporary folder where no socket or no URL could name that."""
    near = place.root / "run"
    if _can_be_named(near):
        return near
    name = f"tenor-{account.uid}-{hashlib.sha256(os.fsencode(place.root)).hexdigest()[:16]}"
    temporary = Path(tempfile.gettempdir()) / name
    # root's TMPDIR may be closed to the server's account; /tmp never is
    return temporary if _can_be_named(temporary) and not account.drops else Path("/tmp") / name


def _sheltered(home: Path, shelter: Path) -> Place:
    """A folder of the machine's, named after the home; the pointer to it is written whole or not at all."""
    place = Place(shelter / hashlib.sha256(os.fsencode(home)).hexdigest()[:16])
    for folder in (shelter, place.root):
        if not folder.exists():
            _make(folder, 0o755)
    draft = home / f"{POINTER}.draft"
    draft.write_text(f"{place.root}\n")
    draft.replace(home / POINTER)
    return place


def _make(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)  # not left to the umask, which may be stricter than the server's account can live with


def _can_be_named(sockets: Path) -> bool:
    """libpq takes a comma in `host` for the end of one host and the beginning of another."""
    path = os.fsencode(sockets / f".s.PGSQL.{PORT}")
    return len(path) <= LONGEST_SOCKET_PATH_BYTES and b"," not in path


def _refuse_if_not_private(folder: Path, account: Account) -> None:
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and not status.st_mode & 0o077:
        return
    if stat.S_ISDIR(status.st_mode) and account.drops and status.st_uid == 0 and not any(folder.iterdir()):
        os.chown(folder, account.uid, account.gid)  # a start that was killed before it could give the folder away
        folder.chmod(0o700)
        return
    raise EmbeddedPostgresError(
        "POSTGRES_FOLDER_NOT_PRIVATE",
        f"{folder} must be a folder of the account {account.name} that nobody else can enter, and is not",
        "Look at who made it; if nobody needs it, remove it and try again.",
    )


def _refuse_if_gone(place: Place, home: Path) -> None:
    if not place.root.exists():
        raise EmbeddedPostgresError(
            "POSTGRES_CLUSTER_GONE",
            f"{home / POINTER} says that the database is in {place.root}, and there is no such folder",
            f"Bring the folder back, or remove {home / POINTER} to begin with an empty database.",
        )


def _refuse_if_closed(place: Place, account: Account) -> None:
    if not account.reaches(place.root):
        raise EmbeddedPostgresError(
            "POSTGRES_PLACE_UNREACHABLE",
            f"the account {account.name}, which the server runs as, cannot enter {place.root}",
            f"Let it pass (chmod o+x on the folders above), or move the folder and write where to {POINTER}.",
        )


def _refuse_odd_names(place: Place) -> None:
    """pg_ctl hands the path to a shell within double quotes, where these four still mean something."""
    if re.search(r'["$`\\\n]', str(place.root)):
        raise EmbeddedPostgresError(
            "POSTGRES_PLACE_UNREACHABLE",
            f"the path {place.root} has a character that Postgres's tools cannot take (one of \" $ ` \\)",
            "Set TENOR_HOME to a folder without it.",
        )
