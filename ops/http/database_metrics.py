"""Whether the database answers, and what it says when it does, as Prometheus metrics."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ops.ports import Connect
from projections.engine.runner import DATABASE_AWAY

Metrics = Callable[[Any], Iterable[Metric]]
"""From a connection."""


class DatabaseCollector(Collector):
    """For a Prometheus registry: asks the database when it is scraped, and not before.

    While the database is away the metrics that it gives are missing, and ours says why."""

    def __init__(self, answers: Callable[[], bool], connect: Connect, metrics: Sequence[Metrics]) -> None:
        self._answers, self._connect, self._metrics = answers, connect, metrics

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        found: list[Metric] = []
        is_up = self._answers()
        if is_up:
            try:
                with self._connect() as connection:
                    found = [metric for metrics in self._metrics for metric in metrics(connection)]
            except DATABASE_AWAY:
                is_up = False
        yield GaugeMetricFamily("tenor_database_up", "Whether the database answers.", float(is_up))
        yield from found
