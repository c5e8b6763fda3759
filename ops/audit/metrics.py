"""How the log is sealed and verified, as Prometheus metrics."""

import time
from datetime import datetime
from typing import Any

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from query_api.log import log_status


def audit_metrics(connection: psycopg.Connection[Any]) -> list[Metric]:
    """An age is told only where there is something to be old: a log that was never sealed or verified has none."""
    status, now_seconds = log_status(connection), time.time()
    sealed, verified = status["last_checkpoint"], status["last_verification"]
    gauges = {
        "tenor_merkle_tree_size": ("Events that are sealed.", status["sealed_events"]),
        "tenor_unsealed_events": ("Events after the last checkpoint.", status["unsealed_events"]),
    }
    if sealed:
        age = now_seconds - sealed["sealed_at"].timestamp()
        gauges["tenor_checkpoint_age_seconds"] = ("Since the last checkpoint was signed.", age)
    if verified:
        age = now_seconds - datetime.fromisoformat(verified["at"]).timestamp()
        gauges["tenor_audit_verify_age_seconds"] = ("Since the last `tenor audit verify`.", age)
        gauges["tenor_audit_verify_ok"] = ("Whether it found nothing wrong.", float(verified["ok"]))
    failures = status["failed_verifications"]
    return [
        *(GaugeMetricFamily(name, what, value) for name, (what, value) in gauges.items()),
        CounterMetricFamily("tenor_audit_verify_failures_total", "Verifications that found something.", failures),
    ]
