"""What keeps the log append-only is compared with what the migrations make; every other way in is named."""

import uuid
from typing import Any

import psycopg
import pytest

from ops.audit.verification.guards import FUNCTIONS, defined_functions
from ops.audit.verification.verify import verify


def found(sealed: Any, *statements: str) -> list[tuple[str, str, str]]:
    """After somebody with the owner's rights did this."""
    with psycopg.connect(sealed.tenor.database_url) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]
    return [(each["code"], each["where"], each["message"]) for each in verify(sealed.tenor)["problems"]]


def test_the_schema_defines_every_guard() -> None:
    functions = defined_functions()
    assert all("BEGIN" in functions[name][1] for name in FUNCTIONS)


EMPTY = "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END; $$"
TRIGGER = (
    "CREATE TRIGGER ledger_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_events "
    "FOR EACH STATEMENT {} EXECUTE FUNCTION {}()"
)
OFF = "DROP TRIGGER ledger_events_append_only ON ledger_events"
ON = "ALTER TABLE ledger_events ENABLE ALWAYS TRIGGER ledger_events_append_only"
QUIET = "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$"
DEFINER = "ALTER FUNCTION ensure_fact_partition(date) SECURITY INVOKER"
OPEN_DROP = "GRANT EXECUTE ON FUNCTION drop_archived_fact_partition(date) TO PUBLIC"


@pytest.mark.parametrize(
    ("statements", "code", "where"),
    [
        ([EMPTY], "GUARD_CHANGED", "function refuse_change"),
        (["DROP FUNCTION ensure_fact_partition(date)"], "GUARD_CHANGED", "function ensure_fact_partition"),
        ([DEFINER], "GUARD_CHANGED", "function ensure_fact_partition"),
        ([OFF], "GUARD_OFF", "table ledger_events"),
        (["ALTER TABLE blob DISABLE TRIGGER blob_append_only"], "GUARD_OFF", "table blob"),
        (["ALTER TABLE blob ENABLE TRIGGER blob_append_only"], "GUARD_OFF", "table blob"),
        ([QUIET, OFF, TRIGGER.format("", "quiet"), ON], "GUARD_CHANGED", "table ledger_events"),
        ([OFF, TRIGGER.format("WHEN (false)", "refuse_change"), ON], "GUARD_CHANGED", "table ledger_events"),
        ([OFF, TRIGGER.replace("OR DELETE ", "").format("", "refuse_change"), ON], "GUARD_CHANGED", "table ledger"),
        (
            [QUIET, "CREATE TRIGGER own BEFORE INSERT ON log_checkpoint FOR EACH ROW EXECUTE FUNCTION quiet()"],
            *("GUARD_CHANGED", "table log_checkpoint"),
        ),
        (["CREATE RULE gone AS ON INSERT TO blob DO INSTEAD NOTHING"], "GUARD_CHANGED", "table blob"),
        (["GRANT UPDATE ON ledger_events TO tenor_app"], "GRANT_ADDED", "table ledger_events"),
        (["GRANT DELETE ON fact_block TO PUBLIC"], "GRANT_ADDED", "table fact_block"),
        (["GRANT UPDATE (state) ON ledger_events TO tenor_app"], "GRANT_ADDED", "table ledger_events"),
        (["GRANT TRUNCATE ON log_checkpoint TO tenor_app"], "GRANT_ADDED", "table log_checkpoint"),
        ([OPEN_DROP], "GRANT_ADDED", "function drop_archived_fact_partition"),
        (["ALTER TABLE blob OWNER TO tenor_app"], "GRANT_ADDED", "table blob"),
    ],
)
def test_a_guard_that_was_changed(sealed: Any, statements: list[str], code: str, where: str) -> None:
    problems = found(sealed, *statements)
    assert {found_code for found_code, _, _ in problems} == {code}
    assert any(place.startswith(where) for _, place, _ in problems)


def test_a_partition_is_guarded_like_its_table(sealed: Any) -> None:
    partition = sealed.one("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'fact_block'::regclass")
    ((code, where, _),) = found(sealed, f"GRANT DELETE ON {partition} TO tenor_app")
    assert (code, where) == ("GRANT_ADDED", f"table {partition}")


def test_a_role_of_somebody_elses(sealed: Any) -> None:
    """Roles belong to the whole server: this one goes again."""
    role = f"mallory_{uuid.uuid4().hex[:8]}"
    try:
        problems = found(sealed, f"CREATE ROLE {role}", f"GRANT INSERT, UPDATE ON ledger_events TO {role}")
        assert sorted(problems) == [
            (
                "GRANT_ADDED",
                "table ledger_events",
                f"{role} may {privilege}, which the migrations do not grant: "
                f"REVOKE {privilege} ON ledger_events FROM {role}",
            )
            for privilege in ("INSERT", "UPDATE")
        ]
        assert found(sealed, f"REVOKE ALL ON ledger_events FROM {role}", f"GRANT SELECT ON blob TO {role}") == []
    finally:
        with psycopg.connect(sealed.tenor.database_url) as connection:
            connection.execute(f"DROP OWNED BY {role}")  # type: ignore[call-overload]
            connection.execute(f"DROP ROLE {role}")  # type: ignore[call-overload]
