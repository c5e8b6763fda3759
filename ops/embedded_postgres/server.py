"""The life of the embedded server: one cluster for each home, whoever starts it first."""

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psycopg
from psycopg import sql

from ops.embedded_postgres import logs, places, processes
from ops.embedded_postgres.accounts import Account, account_for
from ops.embedded_postgres.binaries import Binaries, find_binaries, staged
from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.embedded_postgres.places import Place
from ops.embedded_postgres.settings import PORT, configuration, machine_memory_bytes, server_settings

DATABASE = "tenor"
SUPERUSER = "postgres"
START_TIMEOUT_S = 900.0  # recovery after a crash in the middle of large loads takes minutes, not seconds
PG_CTL_WAITS_S = 30.0
STOP_TIMEOUT_S = 300.0
BACKENDS_LEAVE_WITHIN_S = 2.0
DIES_WITHIN_S = 2.0
RECOVERS_WITHIN_S = 10.0
DATABASE_EXISTS = "SELECT 1 FROM pg_database WHERE datname = %s"

READY, STOPPING = "ready", "stopping"  # as the server writes it in its pid file

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


class EmbeddedServer:
    """The Postgres under `home` (TENOR_HOME). Nothing is touched before `start`.

    `settings` are laid over Tenor's own; `shelter` is where root keeps clusters that cannot be under `home`.
    """

    def __init__(
        self, home: Path, *, settings: Mapping[str, str] | None = None, shelter: Path = places.SHELTER
    ) -> None:
        self.home = home.expanduser().resolve()
        self._settings = dict(settings or {})
        self._shelter = shelter

    @property
    def data_directory(self) -> Path:
        return self._place.data

    @property
    def pid_file(self) -> Path:
        return self._place.pid_file

    @property
    def log_file(self) -> Path:
        return self._place.log

    @property
    def major(self) -> int:
        """The cluster's version of Postgres, or that which a first start would give it."""
        return places.cluster_major(self._place) or find_binaries(None).major

    def dsn(self, dbname: str = DATABASE, user: str = SUPERUSER) -> str:
        """A libpq URL, as psql, psycopg and SQLAlchemy (with its own scheme) take it."""
        sockets, port = self._endpoint()
        return f"postgresql://{quote(user, safe='')}@/{quote(dbname, safe='')}?host={quote(str(sockets))}&port={port}"

    def running(self) -> bool:
        """Whether the server is alive; while it recovers from a crash it is alive and answers nobody yet."""
        pid = self._pid()
        return pid is not None and processes.is_postmaster(pid, self._place.data)

    def start(self) -> None:
        """Start the server unless it runs, and return when it answers. Safe from any number of processes at once."""
        with self._alone() as lock:
            if self._is_up() and self._answers():
                return
            self._start_anew(lock)

    def stop(self, mode: StopMode = "fast") -> None:
        with self._alone():
            account_for(self._place.data)  # refuses a server that is another's, which we would take for a stopped one
            if self._pid() is None:
                return
            self._stopped_mark.touch()
            if self.running():
                self._end(mode)

    def bring_back(self) -> bool:
        """Start a server that was killed, unless it was `stop` that ended it. Whether there was need to."""
        if self._is_wanted_as_it_is():
            return False
        with self._alone() as lock:
            if self._is_wanted_as_it_is():
                return False
            self._start_anew(lock)
        return True

    def _start_anew(self, lock: int) -> None:
        if self.running():  # somebody asked it to end when all have left; we would never leave
            self._end("fast")
        self._launch(lock)
        self._wait_for_answer()

    @property
    def _stopped_mark(self) -> Path:
        return self.home / "postgres.stopped"

    def _is_wanted_as_it_is(self) -> bool:
        return self._stopped_mark.exists() or self._is_up()

    def _is_up(self) -> bool:
        """It runs, or recovers, and nobody has asked it to end."""
        return self.running() and self._status() != STOPPING

    def _end(self, mode: StopMode) -> None:
        pid = self._pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, STOP_SIGNALS[mode])
        if not _within(STOP_TIMEOUT_S, lambda: not self.running()):
            raise self._failed("POSTGRES_STOP_FAILED", f"the server did not stop within {STOP_TIMEOUT_S:.0f} s")

    @property
    def _place(self) -> Place:
        return places.known_place(self.home)

    def _pid_lines(self) -> list[str]:
        """pid, data directory, start time, port, socket folder, listen address, shared memory, status."""
        try:
            return self._place.pid_file.read_text().splitlines()
        except OSError:  # not running, or not ours to see
            return []

    def _pid(self) -> int | None:
        lines = self._pid_lines()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _endpoint(self) -> tuple[Path, int]:
        """As the running server says, since the temporary folder may have been another one when it was started."""
        lines = self._pid_lines()
        if len(lines) >= 5 and lines[4]:
            return Path(lines[4]), int(lines[3])
        return places.socket_folder(self._place, account_for(self._place.data)), PORT

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the home's lock. Python opens files close-on-exec, so the server that we start does not keep it."""
        try:
            self.home.mkdir(mode=0o755 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            lock = os.open(self.home / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as refused:
            raise EmbeddedPostgresError(
                "POSTGRES_HOME_NOT_WRITABLE",
                f"cannot write to {self.home} ({refused.strerror})",
                "Give yourself the right to, or set TENOR_HOME to a folder of your own.",
            ) from refused
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)

    def _launch(self, lock: int) -> None:
        account = account_for(self._place.data)
        place = places.settled_place(self.home, account, self._shelter)
        major = places.cluster_major(place)
        binaries = staged(find_binaries(major), account, place.programs)
        if major is None:
            self._create_cluster(place, account, binaries, lock)
        sockets = places.private_folder(places.socket_folder(place, account), account)
        self._clear_remains(sockets)
        self._configure(place, sockets)
        self._stopped_mark.unlink(missing_ok=True)
        self._run_pg_ctl(place, account, binaries)

    def _create_cluster(self, place: Place, account: Account, binaries: Binaries, lock: int) -> None:
        """initdb holds the lock with us: should we be killed, nobody begins another before it has ended."""
        for unfinished in (place.draft, place.data):
            if unfinished.exists():
                shutil.rmtree(unfinished)
        draft = places.private_folder(place.draft, account)
        options = ("--encoding=UTF8", "--locale=C", "--data-checksums", "--auth-local=trust", "--auth-host=reject")
        words: list[str | Path] = [binaries.program("initdb"), "-D", draft, "-U", SUPERUSER, *options]
        with logs.appended(place.log) as log:
            logs.mark_launch(log, f"initdb of {binaries.folder} as {account.name}")
            done = account.run(words, log.fileno(), START_TIMEOUT_S, inherited=[lock])
        if done.returncode != 0:
            raise self._failed("POSTGRES_INITDB_FAILED", f"initdb could not create the database in {place.root}")
        draft.rename(place.data)
        _sync_folder(place.root)

    def _configure(self, place: Place, sockets: Path) -> None:
        """Tenor's settings lie outside the data directory: the server's account reads them and cannot change them."""
        settings = server_settings(sockets, machine_memory_bytes()) | self._settings
        place.configuration.write_text(configuration(settings))
        place.configuration.chmod(0o644)

    def _clear_remains(self, sockets: Path) -> None:
        """Clear what a killed postmaster leaves and the next one would take for a living rival.

        Postgres ignores a lock file whose process is gone, but not one whose number is a zombie's or a stranger's by
        now; and backends that have not noticed the death keep the shared memory. Recovery makes killing those safe.
        """
        data = self.data_directory
        if not _within(BACKENDS_LEAVE_WITHIN_S, lambda: self.running() or not processes.left_behind(data)):
            for pid in processes.left_behind(data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            _within(BACKENDS_LEAVE_WITHIN_S, lambda: not processes.left_behind(data))
        for lock_file in (self.pid_file, sockets / f".s.PGSQL.{PORT}.lock"):
            _forget_stranger(lock_file, data)

    def _run_pg_ctl(self, place: Place, account: Account, binaries: Binaries) -> None:
        """pg_ctl detaches the server from our terminal and group; its output and the server's go to server.log.

        It waits until the server is ready, and would not see that one is asked to end before it ever was: so it
        waits no longer than a start takes, and a recovery is waited for by us.
        """
        options = f"-c config_file={shlex.quote(str(place.configuration))}"
        patience = ("-w", "-t", f"{PG_CTL_WAITS_S:.0f}")
        with logs.appended(place.log) as log:
            logs.mark_launch(log, f"{binaries.folder} as {account.name}")
            words: list[str | Path] = [binaries.program("pg_ctl"), "start", "-D", place.data, *patience, "-o", options]
            done = account.run(words, log.fileno(), PG_CTL_WAITS_S + 60)
        if done.returncode != 0 and not self.running():  # it runs if a starter killed meanwhile had just succeeded
            raise self._failed("POSTGRES_START_FAILED", "the embedded Postgres did not start")

    def _answers(self) -> bool:
        """Whether the server that was seen alive is; one killed a moment before looks alive and then dies on us."""
        try:
            self._wait_for_answer()
        except EmbeddedPostgresError:
            if _within(DIES_WITHIN_S, lambda: not self.running()):
                return False
            raise
        return True

    def _wait_for_answer(self) -> None:
        self._wait_until_ready()
        self._ensure_database()

    def _wait_until_ready(self) -> None:
        """Also for a server whose starter was killed while it recovered."""
        if not _within(START_TIMEOUT_S, lambda: self._is_ready() or not self._is_up()) or not self._is_ready():
            raise self._failed("POSTGRES_START_FAILED", "the embedded Postgres started and does not answer")

    def _is_ready(self) -> bool:
        return self._status() == READY

    def _status(self) -> str:
        lines = self._pid_lines()
        return lines[7].strip() if len(lines) >= 8 else ""

    def _ensure_database(self) -> None:
        """A server that recovers from a killed backend is ready by its own word, and refuses for a moment."""
        refused: list[psycopg.OperationalError] = []

        def is_there() -> bool:
            try:
                self._create_database()
            except psycopg.OperationalError as error:
                refused[:] = [error]
                return False
            refused.clear()
            return True

        _within(RECOVERS_WITHIN_S, lambda: is_there() or not self._is_up())
        if refused:
            raise EmbeddedPostgresError(
                "POSTGRES_NOT_ANSWERING",
                f"the embedded Postgres runs and refuses connections ({str(refused[0]).strip()})",
                "Try again when others have finished, or stop it (tenor stop): the next command starts it anew.",
            ) from refused[0]

    def _create_database(self) -> None:
        with psycopg.connect(self.dsn(SUPERUSER), autocommit=True, connect_timeout=30) as connection:
            if connection.execute(DATABASE_EXISTS, [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _failed(self, code: str, message: str) -> EmbeddedPostgresError:
        log = self._place.log
        return EmbeddedPostgresError(code, message, f"The end of {log} says why:{logs.last_lines(log, 12)}")


def _forget_stranger(lock_file: Path, data: Path) -> None:
    """Remove a lock file of Postgres's that is empty (a full disk, a power cut) or names a living other process."""
    try:
        pid = lock_file.read_text().partition("\n")[0]
    except FileNotFoundError:
        return
    if not pid.isdigit() or (processes.exists(int(pid)) and not processes.is_postmaster(int(pid), data)):
        lock_file.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a rename in it outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
