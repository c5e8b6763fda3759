"""A Postgres of one's own: an owner who may not create roles is told what to have said; a newer database says so."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from ops.adapters.database import (
    HEAD,
    DatabaseProblem,
    at_another_revision,
    ensure_migrated,
    known_revisions,
    migrate,
)
from ops.doctor import examine
from ops.embedded_postgres.server import EmbeddedServer
from ops.http.probing import Probe
from ops.services import unready
from ops.settings import Settings
from ops.wiring import Tenor as Parts
from tests.walk.command_line import Tenor

OWNER = "Plain owner"
COUNT = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN "
    "('public', 'projection', 'read')"
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A cluster where nobody has made our role yet."""
    home = Path(tempfile.mkdtemp(prefix="tenor-test-", dir="/tmp")).resolve()
    home.chmod(0o755)
    server = EmbeddedServer(home)
    server.start()
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute(SQL("CREATE ROLE {} LOGIN NOCREATEROLE NOSUPERUSER").format(Identifier(OWNER)))
    yield server
    server.stop("immediate")
    shutil.rmtree(home)


@pytest.fixture
def owned(server: EmbeddedServer) -> Iterator[str]:
    """The owner's URL of an empty database; the role is gone again afterwards."""
    name = f"own_{uuid.uuid4().hex}"
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(name), Identifier(OWNER)))
    yield make_conninfo(server.dsn(), dbname=name, user=OWNER)
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
        administrator.execute("DROP ROLE IF EXISTS tenor_app")
        administrator.execute("DROP ROLE IF EXISTS tenor_reader")


def statements(fix: str) -> list[str]:
    """What the administrator is to say."""
    return [each.strip() for each in fix.partition(": ")[2].partition("then run")[0].split(";") if each.strip()]


def scalar(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_an_owner_who_may_not_create_roles_is_told_what_to_have_said(
    server: EmbeddedServer, owned: str, tmp_path: Path
) -> None:
    tenor, settings = Tenor(owned, tmp_path, tmp_path), Settings(tmp_path, owned)
    before = scalar(owned, COUNT)
    refused = tenor.refusal("run", "list")
    assert refused["code"] == "DATABASE_RIGHTS_MISSING"
    assert scalar(owned, COUNT) == before, "something was changed"
    (found,) = [one for one in examine(settings)["problems"] if one["code"] == refused["code"]]
    assert found == refused
    said = statements(found["fix"])
    of_application = ['CREATE ROLE "tenor_app" NOLOGIN', 'GRANT "tenor_app" TO "Plain owner"']
    assert said == [*of_application, 'CREATE ROLE "tenor_reader" NOLOGIN', 'GRANT "tenor_reader" TO "tenor_app"']
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        for statement in said:
            administrator.execute(statement)
    assert migrate(owned) == HEAD
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"scenario_id": "up", "name": "up", "shocks": []}')
    assert tenor.json("scenario", "define", scenario)["version"] == 1
    problems = examine(settings)["problems"]
    assert not [one for one in problems if one["code"].startswith(("DATABASE", "MIGRATIONS"))]


GRANT_READER = "GRANT tenor_reader TO tenor_app"


def test_a_role_that_is_there_is_only_granted(server: EmbeddedServer, owned: str, tmp_path: Path) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        for statement in ("CREATE ROLE tenor_app NOLOGIN", "CREATE ROLE tenor_reader NOLOGIN", GRANT_READER):
            administrator.execute(statement)
        refused = Tenor(owned, tmp_path, tmp_path).refusal("migrate")
        (said,) = statements(refused["fix"])
        assert said == 'GRANT "tenor_app" TO "Plain owner"'
        administrator.execute(said)
    assert migrate(owned) == HEAD


def test_an_account_that_owns_nothing_is_told_that_too(server: EmbeddedServer, owned: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute("CREATE ROLE guest LOGIN")
        try:
            url = make_conninfo(owned, user="guest")
            with pytest.raises(DatabaseProblem) as refused:
                migrate(url)
            said = statements(refused.value.fix)
            assert [each.split()[0] for each in said] == ["CREATE", "GRANT", "CREATE", "GRANT", "GRANT", "GRANT"]
            with psycopg.connect(make_conninfo(owned, user="postgres"), autocommit=True) as there:
                for statement in said:
                    there.execute(statement)
            assert migrate(url) == HEAD
        finally:
            with psycopg.connect(make_conninfo(owned, user="postgres"), autocommit=True) as there:
                there.execute("DROP OWNED BY guest")
                there.execute("DROP ROLE guest")


def test_an_account_that_did_not_migrate_is_told_what_it_lacks(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE clerk LOGIN")
        try:
            refused = Tenor(make_conninfo(database_url, user="clerk"), tmp_path, tmp_path).within.refusal("run", "list")
            assert refused["code"] == "DATABASE_RIGHTS_MISSING"
            for statement in filter(str.strip, refused["fix"].partition(": ")[2].split(";")):
                owner.execute(statement)
            ensure_migrated(make_conninfo(database_url, user="clerk"))
        finally:
            owner.execute("DROP OWNED BY clerk")
            owner.execute("DROP ROLE clerk")


def test_one_who_may_create_roles_needs_nobody(server: EmbeddedServer, owned: str) -> None:
    change = SQL("ALTER ROLE {} {}")
    with psycopg.connect(server.dsn(), autocommit=True) as administrator:
        administrator.execute(change.format(Identifier(OWNER), SQL("CREATEROLE")))
        try:
            assert migrate(owned) == HEAD
        finally:
            administrator.execute(change.format(Identifier(OWNER), SQL("NOCREATEROLE")))


def test_a_newer_database_says_so(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    tenor = Tenor(database_url, tmp_path, tmp_path)
    for words in (
        ("run", "list"),
        ("migrate",),
        ("serve", "risk", "--port", "18731"),
        ("worker",),
        ("projections", "run"),
    ):
        answer = tenor.within(*words)
        assert answer.code == 1 and "Traceback" not in answer.err
        assert "9999" in answer.err and HEAD in answer.err and len(answer.err.strip().splitlines()) == 2
    assert tenor.refusal("run", "list")["code"] == "DATABASE_NEWER"
    report = examine(Settings(tmp_path, database_url))
    (found,) = [one for one in report["problems"] if one["code"].startswith("DATABASE")]
    assert found["code"] == "DATABASE_NEWER"
    parts = Parts(Settings(tmp_path, database_url), database_url)
    (not_ready,) = unready(parts, Probe(database_url))
    assert "9999" in not_ready and "install" in not_ready


def test_which_revision_is_newer() -> None:
    assert HEAD in known_revisions()
    assert {at_another_revision(at).code for at in (None, "0001", "0010")} == {"MIGRATIONS_MISSING"}
    assert {at_another_revision(at).code for at in ("9999", "a1b2c3d4")} == {"DATABASE_NEWER"}
    assert isinstance(at_another_revision(None), DatabaseProblem)
