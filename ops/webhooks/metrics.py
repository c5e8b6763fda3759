"""Messages and schedules that wait, and messages that were given up, as Prometheus gauges."""

from collections.abc import Iterator
from typing import Any

import psycopg
from prometheus_client.core import GaugeMetricFamily

STATES = ("WAITING", "DEAD")
COUNT_MESSAGES = "SELECT state, count(*) FROM webhook_message WHERE state IN ('WAITING', 'DEAD') GROUP BY state"
OLDEST_MESSAGE = (
    "SELECT coalesce(extract(epoch FROM now() - min(first_at)), 0)::float8 FROM webhook_message WHERE state = 'WAITING'"
)
OLDEST_MOMENT = (
    "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8 FROM schedule_due WHERE state = 'WAITING'"
)


def message_metrics(connection: psycopg.Connection[Any]) -> Iterator[GaugeMetricFamily]:
    counts = dict(connection.execute(COUNT_MESSAGES).fetchall())
    oldest_message = connection.execute(OLDEST_MESSAGE).fetchone()
    oldest_moment = connection.execute(OLDEST_MOMENT).fetchone()
    messages = GaugeMetricFamily("tenor_webhook_messages", "Messages that wait or were given up.", labels=("state",))
    for state in STATES:
        messages.add_metric((state.lower(),), float(counts.get(state, 0)))
    yield messages
    for name, what, row in (
        ("tenor_webhook_oldest_waiting_seconds", "Since the oldest waiting message was made.", oldest_message),
        ("tenor_schedule_oldest_waiting_seconds", "Since the oldest waiting moment fell due.", oldest_moment),
    ):
        yield GaugeMetricFamily(name, what, float(row[0]) if row else 0.0)
