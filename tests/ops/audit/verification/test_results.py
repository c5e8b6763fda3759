"""Read models answer to the log: whatever is done to results and runs behind its back is found and placed."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.runs.results import ResultsRecorded, results_stream
from domain.runs.run import RunCompleted
from ops.audit.verification.verify import verify
from ops.read_models import read_model_named
from ops.rebuilding import rebuild, rollback
from tests.builders.read_models import catch_up_all

STEP_BACK = """
UPDATE reader_position SET position = position - 1 WHERE position = (SELECT max(position) FROM reader_position)
"""


def told(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["code"], each["where"], each["message"]) for each in report["problems"]]


def do(sealed: Any, statement: str, *parameters: object) -> None:
    """As somebody with the owner's rights would: read models have no guards."""
    with psycopg.connect(sealed.tenor.database_url) as connection:
        assert connection.execute(statement, parameters).rowcount != 0


@pytest.fixture
def published(sealed: Any) -> Any:
    """The run's results are in the read model."""
    catch_up_all(sealed.tenor.storage)
    return sealed


def recorded(published: Any) -> list[Any]:
    history = published.tenor.store.stream(UUID(published.run_id))
    version = next(event.originator_version for event in history if isinstance(event, RunCompleted))
    events: list[Any] = published.tenor.store.stream(results_stream(UUID(published.run_id), version))
    return events


def test_a_published_run_is_vouched_for_once(published: Any) -> None:
    report = verify(published.tenor.storage, published.tenor.sealing)
    assert (report["problems"], report["results_vouched"], report["results_not_vouched"]) == ([], 1, [])
    (event,) = recorded(published)
    assert isinstance(event, ResultsRecorded)
    tables = {"result_position", "result_row", "result_status", "rollup", "rollup_reason", "top"}
    assert set(event.tables) == tables | {"result_reason", "result_fx", "result_run"}
    assert verify(published.tenor.storage, published.tenor.sealing, recount=True)["problems"] == []


def test_a_total_edited_by_a_tenth(published: Any) -> None:
    do(
        published,
        "UPDATE projection.rollup_v1 SET value[1] = value[1] * 1.1 WHERE dimension = 'total' AND scenario_no = 1",
    )
    ((code, where, message),) = told(verify(published.tenor.storage, published.tenor.sealing))
    assert code == "RESULTS_EDITED"
    assert where == f"read model rollup_v1, run {published.run_id}, total '' under up100@1"
    assert message.startswith("pv is ") and "the run's blocks give" in message


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        (
            "DELETE FROM projection.rollup_v1 WHERE dimension = 'total' AND scenario_no = 0",
            "total '' under BASE",
            "gone",
        ),
        (
            "UPDATE projection.rollup_v1 SET left_out[1] = 7 WHERE dimension = 'total' AND scenario_no = 0",
            "total",
            "left_",
        ),
        ("UPDATE projection.rollup_v1 SET key = 'x' WHERE dimension = 'total' AND scenario_no = 0", "total", "gone"),
        (
            "UPDATE projection.top_v1 SET value[2] = 0 WHERE scenario_no = 0 AND column_no = 0",
            "under BASE pv",
            "rank 2 is 0",
        ),
        (
            "UPDATE projection.result_status_v1 SET reason_no = set_byte(reason_no, 0, 1)",
            "result_status",
            "blocks",
        ),
        ("UPDATE projection.result_position_v1 SET currency = book_id", "result_position", "currency"),
        ("UPDATE projection.result_fx_v1 SET rate = rate * 2", "result_fx", "should not be here"),
        ("UPDATE projection.result_reason_v1 SET status = 'FAILED' WHERE reason_no = 0", "result_reason", "PRICED"),
        ("UPDATE projection.result_run_v1 SET failed = failed + 1", "result_run", "failed is"),
        ("UPDATE projection.result_run_v1 SET failures = '[{}]'", "result_run", "failures is"),
    ],
)
def test_an_edited_row(published: Any, statement: str, place: str, message: str) -> None:
    do(published, statement)
    found = told(verify(published.tenor.storage, published.tenor.sealing))
    assert {code for code, _, _ in found} == {"RESULTS_EDITED"}
    assert any(place in where and message in said and published.run_id in where for _, where, said in found)


def test_a_changed_frame(published: Any) -> None:
    """The frame of another scenario in the place of one: it can be read, and says other numbers."""
    do(
        published,
        "UPDATE projection.result_chunk_v1 c SET packed = o.packed FROM projection.result_chunk_v1 o "
        "WHERE o.column_no = 1 AND o.scenario_no = 1 AND o.part_no = c.part_no "
        "AND c.scenario_no = 1 AND c.column_no = 0",
    )
    ((code, where, message),) = told(verify(published.tenor.storage, published.tenor.sealing))
    assert code == "RESULTS_EDITED"
    assert where == f"read model result_chunk_v1, run {published.run_id}, chunk 0 part 0, pv under up100@1"
    assert "numbers are not those of its block" in message


@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET packed = 'x'"])
def test_a_frame_that_is_gone_or_cannot_be_read(published: Any, change: str) -> None:
    do(published, change.format("projection.result_chunk_v1") + " WHERE scenario_no = 0 AND column_no = 1")
    found = told(verify(published.tenor.storage, published.tenor.sealing))
    assert {code for code, _, _ in found} == {"RESULTS_EDITED"}
    assert any("chunk 0 part 0, dv01 under BASE" in where for _, where, _ in found)


def test_a_run_set_to_published(published: Any) -> None:
    do(published, "UPDATE projection.run_v1 SET status = 'PUBLISHED'")
    ((code, where, message),) = told(verify(published.tenor.storage, published.tenor.sealing))
    assert (code, where) == ("RUN_ROW_EDITED", f"read model run_v1, run {published.run_id}")
    assert message.startswith("status is PUBLISHED, the log gives COMPLETED")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM projection.run_v1", "RUN_ROW_MISSING"),
        ("DELETE FROM projection.run_event_v1 WHERE topic = 'run.completed'", "RUN_ROW_MISSING"),
        ("UPDATE projection.run_event_v1 SET actor = 'eve' WHERE topic = 'run.requested'", "RUN_ROW_EDITED"),
        ("UPDATE projection.run_v1 SET run_id = gen_random_uuid()", "RUN_ROW_WITHOUT_EVENT"),
        ("DELETE FROM projection.result_run_v1", "RESULTS_MISSING"),
        ("UPDATE projection.result_run_v1 SET run_id = gen_random_uuid()", "RESULTS_WITHOUT_RUN"),
        ("UPDATE projection.result_run_v1 SET completed_position = completed_position + 1", "RESULTS_EDITED"),
    ],
)
def test_rows_of_runs(published: Any, statement: str, code: str) -> None:
    do(published, statement)
    assert code in {found for found, _, _ in told(verify(published.tenor.storage, published.tenor.sealing))}


def test_rows_further_than_the_read_model_has_read_are_not_missed(sealed: Any) -> None:
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []


def test_a_rebuilt_version_is_checked_too_and_records_nothing_new(published: Any) -> None:
    tenor = published.tenor
    parts = (read_model_named(tenor.storage, "result"), tenor.store, tenor.database.connect)
    rebuild(*parts, verify=True, tell=lambda _line: None)
    assert len(recorded(published)) == 1
    report = verify(tenor.storage, tenor.sealing)
    assert (report["problems"], report["results_vouched"]) == ([], 2)
    do(published, "UPDATE projection.rollup_v2 SET value[1] = value[1] * 1.1 WHERE dimension = 'total'")
    assert tables_told(tenor) == {"read model rollup_v2"}
    rollback(*parts, tell=lambda _line: None)
    assert tables_told(tenor) == {"read model rollup_v2"}


def tables_told(tenor: Any) -> set[str]:
    return {where.partition(",")[0] for _, where, _ in told(verify(tenor.storage, tenor.sealing))}


def test_a_run_of_before_is_not_vouched_for_until_it_is_rebuilt(published: Any) -> None:
    """As a release without the event left it."""
    published.as_superuser("DELETE FROM ledger_events WHERE topic = 'results.recorded'")
    do(published, "UPDATE projection.result_run_v1 SET partial = NULL, failures = NULL")
    do(published, STEP_BACK)
    do(published, "UPDATE projection.rollup_v1 SET value[1] = value[1] * 1.1 WHERE dimension = 'total'")
    report = verify(published.tenor.storage, published.tenor.sealing)
    assert (report["problems"], report["results_vouched"]) == ([], 0)
    assert report["results_not_vouched"] == [published.run_id]
    assert any(
        "rollup_v1" in where
        for _, where, _ in told(verify(published.tenor.storage, published.tenor.sealing, recount=True))
    )


def test_a_false_record_does_not_vouch(published: Any) -> None:
    """Whoever may append to the log can record a hash; two that differ are decided by the blocks."""
    do(published, "UPDATE projection.result_run_v1 SET failed = failed + 1")
    (event,) = recorded(published)
    false = event.model_copy(update={"originator_version": 2, "tables": event.tables | {"result_run": "0" * 64}})
    published.tenor.store.append([false])
    assert any(
        "result_run_v1" in where for _, where, _ in told(verify(published.tenor.storage, published.tenor.sealing))
    )
