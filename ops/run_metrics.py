"""Workers, queue and runs as Prometheus gauges: what an operator is woken by."""

from collections.abc import Iterable
from typing import Any

import psycopg
from prometheus_client.core import GaugeMetricFamily

from domain.runs.run import UNFINISHED, RunStatus
from ops.processes.loops import ALIVE_SECONDS

ROLES = ("worker", "process-manager", "projections")
QUEUED, AT_WORK = "queued", "picked"

COUNT_PROCESSES = (
    "SELECT role, count(*) FROM process_heartbeat WHERE beat_at > now() - make_interval(secs => %s) GROUP BY role"
)
COUNT_JOBS = "SELECT status::text, count(*) FROM pgqueuer WHERE status IN ('queued', 'picked') GROUP BY status"
OLDEST_JOB = (
    "SELECT coalesce(extract(epoch FROM now() - min(created)), 0)::float8 FROM pgqueuer WHERE status = 'queued'"
)
COUNT_RUNS = "SELECT status, count(*) FROM read.run GROUP BY status"
OLDEST_RUN = (
    "SELECT coalesce(extract(epoch FROM now() - min(requested_at)), 0)::float8 FROM read.run WHERE status = ANY (%s)"
)
LAST_RUN = (
    "SELECT extract(epoch FROM queryable_at - requested_at)::float8, coalesce(failed, 0), positions FROM read.run "
    "WHERE queryable_at IS NOT NULL ORDER BY queryable_at DESC LIMIT 1"
)


def run_metrics(connection: psycopg.Connection[Any]) -> list[GaugeMetricFamily]:
    alive = dict(connection.execute(COUNT_PROCESSES, (ALIVE_SECONDS,)).fetchall())
    jobs = dict(connection.execute(COUNT_JOBS).fetchall())
    runs = dict(connection.execute(COUNT_RUNS).fetchall())
    unfinished = [str(status) for status in UNFINISHED]
    families = [
        _by("tenor_processes_alive", "Processes that were heard of within ten seconds.", "role", ROLES, alive),
        _by("tenor_queue_jobs", "Jobs that wait, and that are being worked on.", "status", (QUEUED, AT_WORK), jobs),
        _one("tenor_queue_oldest_job_seconds", "Since the oldest waiting job was made.", connection, OLDEST_JOB),
        _by("tenor_runs", "Runs by what has become of them.", "status", tuple(RunStatus)[1:], runs),
        _one("tenor_run_oldest_unfinished_seconds", "Since it was asked for.", connection, OLDEST_RUN, unfinished),
    ]
    if last := connection.execute(LAST_RUN).fetchone():
        seconds, failed, positions = last
        families += [
            GaugeMetricFamily("tenor_run_last_seconds", "From request to queryable, of the latest run.", seconds),
            GaugeMetricFamily("tenor_run_last_failed_positions", "Without a value in the latest run.", failed),
            GaugeMetricFamily("tenor_run_last_positions", "Of the latest run.", positions),
        ]
    return families


def _by(name: str, what: str, label: str, values: Iterable[str], counts: dict[str, int]) -> GaugeMetricFamily:
    """Every value, also those of which there is none: an alert on nothing needs a 0."""
    family = GaugeMetricFamily(name, what, labels=(label,))
    for value in values:
        family.add_metric((str(value),), float(counts.get(str(value), 0)))
    return family


def _one(
    name: str, what: str, connection: psycopg.Connection[Any], query: str, *parameters: object
) -> GaugeMetricFamily:
    row = connection.execute(query, parameters or None).fetchone()
    return GaugeMetricFamily(name, what, float(row[0]) if row else 0.0)
