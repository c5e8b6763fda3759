"""Whether the database answers, and what it says when it does, as Prometheus metrics."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from projections.engine.runner import DATABASE_AWAY


class DatabaseCollector(Collector):
    """Around the collectors that ask the database: while it is away their metrics are missing, and ours says why."""

    def __init__(self, answers: Callable[[], bool], collectors: Sequence[Collector]) -> None:
        self._answers, self._collectors = answers, collectors

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        found: list[Metric] = []
        is_up = self._answers()
        if is_up:
            try:
                found = [metric for collector in self._collectors for metric in collector.collect()]
            except DATABASE_AWAY:
                is_up = False
        yield GaugeMetricFamily("tenor_database_up", "Whether the database answers.", float(is_up))
        yield from found
