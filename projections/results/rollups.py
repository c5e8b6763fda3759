"""Totals of a run as rows: how each measure adds up over the positions of every group.

    amounts         sum of amount x fx            FX_DELTA is in base currency already
    averages        sum of x w fx / sum of w fx   w = PV for prices, yields, durations, |notional| for WAL and WAM,
                                                  EAD for PD, PD x EAD for LGD; none where the weights cancel
    risk weights    sum of RWA fx / sum of EAD fx
    standard error  root of the sum of (x fx)^2

A total that no position contributes to is blank. Left out are the positions whose number is blank for any reason but
NOT_APPLICABLE; the reasons count those too.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.measures.failures import Reason
from domain.measures.measures import Adds, Unit
from projections.engine.binary_copy import NULL, Field, FixedRows, jsonb, number, row_of, text
from projections.results.blocks import Values
from projections.results.cell_sums import Totals
from projections.results.netting import NettedRows
from projections.results.reasons import Label

ROLLUP_COLUMNS = ("dimension", "key", "positions", "currency", "scenario_no", "value", "value_native", "left_out")
REASON_COLUMNS = ("dimension", "key", "scenario_no", "reasons")

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ScenarioTotals:
    """One scenario. value, value_native float64, left_out int64 [groups, columns]; blanks label -> int64 [groups]"""

    value: Values
    value_native: Values
    left_out: Counts
    blanks: dict[Label, Counts]


class Rollups:
    """`rates` [currencies of the groups, scenarios] into base currency `base`, NaN where there is none."""

    def __init__(
        self, totals: Totals, measures: tuple[str, ...], rates: Values, netted: NettedRows | None = None, base: str = ""
    ) -> None:
        self._totals, self._measures, self._rates, self._netted, self._base = totals, measures, rates, netted, base
        self._groups = netted.groups if netted else totals.groups
        self._order = sorted(range(len(self._groups.keys)), key=self._groups.keys.__getitem__)
        self.positions = self._groups.positions
        self.currencies = self._groups.shared_currency
        adds = np.array([measure.adds for measure in totals.columns])
        self._root = adds == Adds.ROOT_SUM_OF_SQUARES
        self._in_base = np.array([measure.unit is Unit.BASE_CURRENCY for measure in totals.columns])
        self._is_amount = np.array([measure.is_amount for measure in totals.columns])
        self._measure_of = np.array([measures.index(measure.name) for measure in totals.columns])

    def rows(self, run_no: int) -> Iterator[bytes]:
        """Groups by dimension and key, as the letters stand in Unicode: the order that vouches for them."""
        order, starts = self._order, self._heads(run_no, ROLLUP_COLUMNS)
        heads = [
            starts[group] + number("int4", int(self.positions[group])) + (text(currency) if currency else NULL)
            for group, currency in ((group, self.currencies[group]) for group in order)
        ]
        width = len(self._measure_of)
        fields = [Field("scenario_no", "int2")]
        fields += [Field("value", "float8", width), Field("value_native", "float8", width)]
        tails = FixedRows(len(heads), [*fields, Field("left_out", "int4", width)], counted=False)
        for scenario in range(self._totals.scenarios):
            totals = self.scenario(scenario)
            tails["scenario_no"], tails["value"] = scenario, totals.value[order]
            tails["value_native"], tails["left_out"] = totals.value_native[order], totals.left_out[order]
            yield b"".join(part for row in zip(heads, map(bytes, tails.data()), strict=True) for part in row)

    def reason_rows(self, run_no: int) -> Iterator[bytes]:
        heads = self._heads(run_no, REASON_COLUMNS)
        documents: dict[bytes, bytes] = {}
        for scenario in range(self._totals.scenarios):
            blanks = self._blanks(scenario)
            labels = sorted(blanks)
            by_group = np.array([blanks[label] for label in labels], np.int64).reshape(len(labels), len(heads)).T
            place = number("int2", scenario)
            blank = set(np.flatnonzero(by_group.any(axis=1)).tolist())
            for group in (group for group in self._order if group in blank):
                counts = by_group[group].tobytes()
                if counts not in documents:  # mostly those of the scenario before
                    documents[counts] = self._document(labels, by_group[group])
                yield heads[group] + place + documents[counts]

    def scenario(self, scenario: int) -> ScenarioTotals:
        value = self._value(scenario)
        native = np.asarray(self._groups.membership @ self._totals.sums[:, :, scenario])
        native[:, self._root] = np.sqrt(native[:, self._root])
        shared = np.array([currency is not None for currency in self.currencies])
        native[~(shared[:, None] & self._is_amount)] = np.nan
        blanks = self._blanks(scenario)
        missing, left_out = self._by_measure(blanks)
        nobody = missing[:, self._measure_of] >= self.positions[:, None]
        if self._netted:
            nobody &= ~self._netted.has
            self._add_natives(native, self._netted)
        value[nobody] = native[nobody] = np.nan
        return ScenarioTotals(value, native, left_out[:, self._measure_of], blanks)

    def _value(self, scenario: int) -> Values:
        totals, membership = self._totals, self._groups.membership
        rate = self._rates[self._groups.cell_currency, scenario][:, None]
        factor = np.where(self._in_base, 1.0, np.where(self._root, rate * rate, rate))
        value = np.asarray(membership @ _converted(totals.sums[:, :, scenario], factor))
        if self._netted:
            value[self._netted.has] += self._netted.sums[self._netted.has]
        value[:, self._root] = np.sqrt(value[:, self._root])
        weight = np.asarray(membership @ _converted(totals.weights[:, :, scenario], rate))
        if self._netted:
            weight += self._netted.weights
        weight[weight == 0] = np.nan
        value[:, totals.averages] /= weight
        return value

    def _add_natives(self, native: Values, netted: NettedRows) -> None:
        """Netting sets are in base currency: beside positions in another there is no native total."""
        in_base = np.array([currency == self._base for currency in self.currencies])[:, None]
        native[netted.has & in_base] += netted.sums[netted.has & in_base]
        native[netted.has & ~in_base] = np.nan

    def _blanks(self, scenario: int) -> dict[Label, Counts]:
        membership = self._groups.membership
        return {
            label: np.asarray(membership @ by_cell[:, scenario].astype(np.float64)).astype(np.int64)
            for label, by_cell in self._totals.blanks.items()
        }

    def _by_measure(self, blanks: dict[Label, Counts]) -> tuple[Counts, Counts]:
        """[groups, measures]: positions without the number, and those of them that should have one."""
        missing = np.zeros((len(self.positions), len(self._measures)), np.int64)
        left_out = np.zeros_like(missing)
        for (measure, code), by_group in blanks.items():
            missing[:, measure] += by_group
            if code != Reason.NOT_APPLICABLE:
                left_out[:, measure] += by_group
        return missing, left_out

    def _heads(self, run_no: int, columns: Sequence[str]) -> list[bytes]:
        start = row_of(run_no, columns)
        return [start + text(dimension) + text(key) for dimension, key in self._groups.keys]

    def _document(self, labels: list[Label], counts: Counts) -> bytes:
        pairs = zip(labels, counts.tolist(), strict=True)
        named = {f"{self._measures[m]}:{Reason(code).name}": count for (m, code), count in pairs if count}
        shortest_first = sorted(named.items(), key=lambda pair: (len(pair[0]), pair[0]))
        return jsonb(json.dumps(dict(shortest_first)))  # as the server writes it back


def _converted(by_cell: Values, factor: Values) -> Values:
    """A currency without a rate blanks what it adds to, and nothing else: where nothing is there, nothing is added."""
    return np.where(by_cell == 0, 0.0, by_cell * factor)
