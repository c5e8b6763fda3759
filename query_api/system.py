"""What the machinery says of itself: the queue, workers, and what was asked of read models."""

from typing import Any

from psycopg.rows import dict_row

from query_api.reading import Connection

ALIVE_SECONDS = 10.0
"""Workers say that they are there every two seconds."""

SELECT_ASKED = """
SELECT DISTINCT ON (read_model) read_model, request_id, action, actor, requested_at, started_at, ended_at, told,
       CASE WHEN ended_at IS NOT NULL THEN CASE WHEN failed THEN 'FAILED' ELSE 'DONE' END
            WHEN started_at IS NOT NULL THEN 'RUNNING' ELSE 'REQUESTED' END AS status, outcome
  FROM rebuild_request ORDER BY read_model, requested_at DESC
"""

SELECT_JOBS = """
SELECT split_part(dedupe_key, ':', 1) AS run_id, count(*) FILTER (WHERE status = 'queued') AS waiting,
       count(*) FILTER (WHERE status = 'picked') AS running,
       coalesce(sum(jsonb_array_length(convert_from(payload, 'UTF8')::jsonb -> 'chunks'))
                FILTER (WHERE status = 'queued'), 0)::bigint AS chunks_waiting,
       coalesce(max(extract(epoch FROM now() - created)) FILTER (WHERE status = 'queued'), 0)::float8 AS oldest_s
  FROM pgqueuer WHERE status IN ('queued', 'picked') GROUP BY 1 ORDER BY min(id)
"""
COUNT_FAILED = """
SELECT count(*) FROM pgqueuer_log WHERE status = 'exception' AND created > now() - interval '1 hour'
"""
PACE = """
SELECT coalesce(sum(chunks_a_minute), 0)::float8 FROM process_heartbeat
 WHERE role = 'worker' AND beat_at > now() - make_interval(secs => %s)
"""
SELECT_WORKERS = """
SELECT process_id AS worker_id, host, pid, engine, run_id, chunk_no, chunks_done, chunks_a_minute, started_at,
       beat_at AS seen_at, extract(epoch FROM now() - beat_at)::float8 AS seen_s,
       beat_at > now() - make_interval(secs => %s) AS alive
  FROM process_heartbeat WHERE role = 'worker' AND beat_at > now() - interval '1 hour' ORDER BY started_at, process_id
"""


def asked_of_read_models(connection: Connection) -> dict[str, dict[str, Any]]:
    """The last thing asked of each over HTTP, and how it goes."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return {row.pop("read_model"): row for row in cursor.execute(SELECT_ASKED)}


def queue_state(connection: Connection) -> dict[str, Any]:
    """`backlog_s`: what the chunks that wait take at the pace of the last minute; None where nobody has worked."""
    with connection.cursor(row_factory=dict_row) as cursor:
        runs = cursor.execute(SELECT_JOBS).fetchall()
    (failed,) = connection.execute(COUNT_FAILED).fetchone() or (0,)
    (pace,) = connection.execute(PACE, (ALIVE_SECONDS,)).fetchone() or (0.0,)
    chunks = sum(run["chunks_waiting"] for run in runs)
    return {
        "waiting": sum(run["waiting"] for run in runs),
        "running": sum(run["running"] for run in runs),
        "chunks_waiting": chunks,
        "oldest_s": max((run["oldest_s"] for run in runs), default=0.0),
        "backlog_s": 60.0 * chunks / pace if pace else 0.0 if not chunks else None,
        "failed_last_hour": failed,
        "runs": runs,
    }


def worker_states(connection: Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SELECT_WORKERS, (ALIVE_SECONDS,)).fetchall()
