"""What one pass over a run's chunks leaves: totals, largest positions, reasons, rates, counts, and PV under BASE."""

import numpy as np
import numpy.typing as npt

from domain.measures.failures import Reason
from domain.measures.measures import Measure, Unit
from projections.results.blocks import ChunkResults, Values
from projections.results.cell_sums import Totals
from projections.results.failures import FailureKinds
from projections.results.groups import Groups
from projections.results.reasons import KnownReasons
from projections.results.top import Top, offer

BASE_NO = 0
"""BASE is a run's first scenario."""
ReasonNumbers = npt.NDArray[np.int16]


class Reduction:
    """`take` each chunk in order. `rates` [currencies of the groups, scenarios] base per unit, NaN where unknown."""

    def __init__(
        self,
        groups: Groups,
        measures: tuple[Measure, ...],
        scenarios: int,
        principal_ccy: npt.NDArray[np.float64],
        failures: FailureKinds,
    ) -> None:
        self._groups, self.failures = groups, failures
        self.reasons = KnownReasons(tuple(measure.name for measure in measures))
        self.totals = Totals(groups, measures, scenarios, principal_ccy)
        self.rates = np.full((len(groups.currencies), scenarios), np.nan)
        self.top = {
            column: [Top() for _ in range(scenarios)]
            for column, measure in enumerate(self.totals.columns)
            if measure.is_amount or measure.unit is Unit.BASE_CURRENCY
        }
        self.base_pv = np.full(len(groups.currency_codes), np.nan)
        self._pv = next((place for place, measure in enumerate(self.totals.columns) if measure.name == "PV"), None)
        self.failure_counts: dict[str, int] = {}
        self.priced = self.failed = 0

    def take(self, chunk: ChunkResults) -> ReasonNumbers:
        """The reason number of each position under each scenario."""
        reason_no = self.reasons.number(chunk.reasons)
        self.totals.add(chunk, reason_no, self.reasons)
        self._count(reason_no, chunk)
        if chunk.values is not None:
            self._take_rates(chunk.fx_to_base)
            if self._pv is not None:
                self.base_pv[chunk.first_row : chunk.first_row + chunk.positions] = chunk.values[self._pv][BASE_NO]
            self._offer(chunk.first_row, chunk.positions, chunk.values)
        return reason_no

    def _take_rates(self, fx_to_base: dict[str, list[float]]) -> None:
        for place, currency in enumerate(self._groups.currencies):
            if currency in fx_to_base:
                self.rates[place] = fx_to_base[currency]

    def _offer(self, first_row: int, positions: int, values: list[Values]) -> None:
        rates = self.rates.T[:, self._groups.currency_codes[first_row : first_row + positions]]
        for column, tops in self.top.items():
            is_amount = self.totals.columns[column].is_amount
            offer(tops, first_row, values[column] * rates if is_amount else values[column])

    def _count(self, reason_no: ReasonNumbers, chunk: ChunkResults) -> None:
        """A position counts once for a reason, however many scenarios it has it in."""
        reason_no = reason_no[:1] if (reason_no == reason_no[0]).all() else reason_no
        self.failures.take(self.reasons, reason_no, chunk.first_row, chunk.sentence_no, chunk.sentences)
        failed = int(self.reasons.is_failed()[reason_no].any(axis=0).sum())
        self.failed += failed
        self.priced += reason_no.shape[1] - failed
        of_label: dict[tuple[int, int], list[int]] = {}
        for number in np.unique(reason_no).tolist():
            for label in self.reasons.labels(number):
                of_label.setdefault(label, []).append(number)
        for (measure, code), numbers in of_label.items():
            if code != Reason.NOT_APPLICABLE:
                name = f"{self.reasons.measures[measure]}:{Reason(code).name}"
                positions = int(np.isin(reason_no, numbers).any(axis=0).sum())
                self.failure_counts[name] = self.failure_counts.get(name, 0) + positions
