"""A run whose every chunk fails, since the log names a market that no blob holds: it ends, and it can be mended."""

from uuid import UUID, uuid4

import psycopg

from domain.event import Envelope, Event
from domain.runs.run import Run, RunRequested, request
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.database import Database, as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from tests.builders.small_fund import POSITIONS, STATUS, UNPRICED
from tests.walk.command_line import SMALL_FUND, Tenor

NO_SUCH_BLOB = "0" * 64
SELECT_FAILURES = "SELECT convert_from(state, 'UTF8') FROM ledger_events WHERE topic = 'run.chunk_failed'"


def append_run_over_no_market(database_url: str, like: UUID) -> UUID:
    """What a store that has lost a blob looks like to a worker."""
    run_id = uuid4()
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 1)))
    (good,) = [event for event in store.stream(like) if isinstance(event, RunRequested)]
    terms = {name: getattr(good, name) for name in RunRequested.model_fields if name not in Event.model_fields}
    envelope = Envelope("test", good.timestamp, uuid4())
    store.append(request(Run(), envelope, run_id, terms | {"market_sha256": NO_SUCH_BLOB}))
    store.close()
    return run_id


def put_the_blob_there(database_url: str, sha256: str) -> None:
    database = Database(database_url, 1)
    blobs = PostgresBlobStore(database.connect)
    blobs.put(NO_SUCH_BLOB, blobs.get(sha256))
    database.close()


def test_a_chunk_that_always_fails_is_given_up_and_the_run_can_be_retried(tenor: Tenor) -> None:
    assert tenor.database_url
    portfolio = tenor.json("ingest", SMALL_FUND)["snapshot_id"]
    market = tenor.json("market", "load", SMALL_FUND / "market.json")
    words = ("run", "submit", "--portfolio", portfolio, "--market", market["snapshot_id"], "--measures", "PV,DV01")
    good = tenor.json(*words, "--wait", "--workers", "1")["run_id"]

    bad = str(append_run_over_no_market(tenor.database_url, UUID(good)))
    ended = tenor.apart.json("run", "watch", bad)
    assert (ended["status"], ended["priced"], ended["failed"]) == ("COMPLETED_WITH_EXCEPTIONS", 0, POSITIONS)
    assert tenor.json("run", "show", bad)["failed_chunks"] == [0]
    with psycopg.connect(tenor.database_url) as connection:
        ((failure,),) = connection.execute(SELECT_FAILURES).fetchall()
    assert f"the store has no blob {NO_SUCH_BLOB}" in failure
    rows = tenor.json("results", bad)
    assert len(rows) == POSITIONS and {(row["status"], row["pv"]) for row in rows} == {("FAILED", None)}
    assert all(row["reason"] for row in rows)

    put_the_blob_there(tenor.database_url, market["sha256"])
    tenor.json("run", "retry", bad)
    mended = tenor.json("run", "watch", bad)
    assert (mended["status"], mended["priced"]) == (STATUS, POSITIONS - len(UNPRICED))
    roots = [tenor.json("run", "show", run_id)["blocks_root"] for run_id in (good, bad)]
    assert roots[0] == roots[1]
    assert tenor.refusal("run", "retry", bad)["code"] == "RUN_REFUSED"
