"""The projections as Prometheus gauges."""

from typing import Any

import psycopg
from prometheus_client.core import GaugeMetricFamily

from ops.projection_status import projection_states

METRICS = (
    ("tenor_projection_position", "Log position that the live version of a projection has been told.", "position"),
    ("tenor_projection_lag_events", "Log positions between a projection and the head of the log.", "lag"),
    ("tenor_projection_heartbeat_age_seconds", "Seconds since a runner last showed up.", "heartbeat_age_s"),
    ("tenor_projection_events_per_second", "Events a second when it last moved; 0 after a minute.", "events_per_s"),
    ("tenor_projection_dead_letters", "Events set aside that wait to be replayed.", "dead_letters"),
)


def projection_metrics(connection: psycopg.Connection[Any]) -> list[GaugeMetricFamily]:
    """A gauge for each of METRICS, by projection; a projection that was never run has no heartbeat."""
    states = projection_states(connection)
    families = []
    for name, what, field in METRICS:
        family = GaugeMetricFamily(name, what, labels=("projection",))
        for state in states:
            if (value := getattr(state, field)) is not None:
                family.add_metric((state.name,), float(value))
        families.append(family)
    return families
