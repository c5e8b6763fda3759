"""What must hold of a run whatever happened to it, read from Postgres alone: no code of Tenor's is asked."""

from typing import Any
from uuid import UUID

OF_RUN = "SELECT topic, count(*) FROM ledger_events WHERE originator_id = %s GROUP BY topic"
FACTS = """
SELECT topic, (s ->> 'chunk_no')::int, originator_version, s ->> 'content_sha256' FROM (
    SELECT topic, originator_version, convert_from(state, 'UTF8')::jsonb s FROM ledger_events
     WHERE topic IN ('position.priced', 'risk.computed')) facts
 WHERE s ->> 'run_id' = %s ORDER BY 1, 2
"""
BLOCKS = "SELECT chunk_no, content_sha256 FROM fact_block WHERE run_id = %s AND kind = %s ORDER BY chunk_no"
COUNTED = "SELECT chunk_no, content_sha256 FROM run_chunk_done WHERE run_id = %s AND kind = %s ORDER BY chunk_no"
COMPLETED = """
SELECT convert_from(state, 'UTF8')::jsonb ->> 'blocks_root', convert_from(state, 'UTF8')::jsonb -> 'failed_chunks'
  FROM ledger_events WHERE originator_id = %s AND topic = 'run.completed'
"""
ALARMS = "SELECT count(*) FROM ledger_events WHERE topic IN ('fact.nondeterminism_detected', 'fact.engines_compared')"
TWICE = "SELECT count(*) - count(DISTINCT (originator_id, originator_version)) FROM ledger_events"
AHEAD = """
SELECT count(*) FROM reader_position
 WHERE position > (SELECT coalesce(max(notification_id), 0) FROM ledger_events)
"""
LOST = """
SELECT count(*) FROM unnest(%s::bigint[]) p WHERE NOT EXISTS (SELECT FROM ledger_events WHERE notification_id = p)
"""

TOPICS = {"PositionPriced": "position.priced", "RiskComputed": "risk.computed"}


def check_run(connection: Any, run_id: UUID, hashes: list[str], failed: tuple[int, ...] = ()) -> None:
    """`hashes` are those of the undisturbed run, chunk by chunk; `failed` chunks have no facts, and say so."""
    assert dict(connection.execute(OF_RUN, (run_id,))) == {"run.requested": 1, "run.planned": 1, "run.completed": 1}
    expected = [(chunk, sha256) for chunk, sha256 in enumerate(hashes) if chunk not in failed]
    facts = connection.execute(FACTS, (str(run_id),)).fetchall()
    assert facts == [(topic, chunk, 1, sha256) for topic in sorted(TOPICS.values()) for chunk, sha256 in expected]
    given_up = [(chunk, "") for chunk in failed]
    for kind in TOPICS:
        assert connection.execute(BLOCKS, (run_id, kind)).fetchall() == expected
        assert connection.execute(COUNTED, (run_id, kind)).fetchall() == sorted(expected + given_up)
    ((_, failed_chunks),) = connection.execute(COMPLETED, (run_id,)).fetchall()
    assert failed_chunks == list(failed)
    check_log(connection)


def check_log(connection: Any, acknowledged: tuple[int, ...] = ()) -> None:
    """Of the whole log: nothing twice, nothing that was acknowledged lost, nobody ahead of it, no alarm."""
    for query, parameters in ((ALARMS, ()), (TWICE, ()), (AHEAD, ()), (LOST, ([*acknowledged],))):
        assert connection.execute(query, parameters).fetchone() == (0,), query
