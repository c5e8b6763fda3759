"""What a report of stress is made of: a run's scenarios by their names, its positions and policy, and BASE rates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.capital.columns import Columns, Exposures
from compute.capital.frameworks import rates_to_base
from domain.capital.policies import CapitalPolicy, PolicyDocument
from domain.capital.rule_sets import Rules, rules_of_families
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES
from domain.refusals import Refused, Unknown
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument
from domain.scenarios.versions import split_reference

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
TRADING = "TRADING"
Row = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class OfScenario:
    place: int
    """among the run's"""
    name: str
    document: ScenarioDocument


@dataclass(frozen=True)
class StressedRun:
    requested: RunRequested
    market: MarketDocument
    columns: Columns
    """of its portfolio"""

    @lazy
    def scenarios(self) -> list[OfScenario]:
        """In the run's order; by plain ids unless it holds two versions of one scenario."""
        plain = [split_reference(each)[0] for each in self.requested.scenarios]
        return [
            OfScenario(place, name if plain.count(name) == 1 else pinned, ScenarioDocument.model_validate(document))
            for place, (name, pinned, document) in enumerate(
                zip(plain, self.requested.scenarios, self.requested.scenario_documents, strict=True)
            )
        ]

    def chosen(self, asked: str | None, has: Callable[[ScenarioDocument], bool], lacks: str) -> list[OfScenario]:
        """Those that the report is of: the one asked for, which must be of its kind, or all of them."""
        if asked is None:
            return [each for each in self.scenarios if has(each.document)]
        for each in self.scenarios:
            if asked in (each.name, self.requested.scenarios[each.place], split_reference(each.name)[0]):
                if has(each.document):
                    return [each]
                raise Refused("ANOTHER_KIND_OF_SCENARIO", f"scenario {each.name} has {lacks}", self._those(has))
        known = ", ".join(self.requested.scenarios)
        raise Unknown("UNKNOWN_SCENARIO", f"the run has no scenario {asked!r}", f"use one of {known}")

    def _those(self, has: Callable[[ScenarioDocument], bool]) -> str:
        names = [each.name for each in self.scenarios if has(each.document)]
        return f"name one that has: {', '.join(names)}" if names else "submit a run with one that has"

    @lazy
    def policy(self) -> PolicyDocument | None:
        said = self.requested.policy_document
        return PolicyDocument.model_validate(said) if said else None

    @property
    def capital(self) -> CapitalPolicy:
        return self.policy.capital if self.policy else CapitalPolicy()

    @lazy
    def rules(self) -> dict[str, Rules]:
        return rules_of_families(self.requested.rules, self.requested.as_of)

    @lazy
    def rates(self) -> dict[str, float]:
        """Base currency per unit, at BASE."""
        return rates_to_base(self.market, self.requested.base_currency)

    @lazy
    def everyone(self) -> Exposures:
        return Exposures(self.columns, np.arange(self.columns.portfolio.position_count))

    @lazy
    def is_trading(self) -> Flags:
        trading = ACCOUNTING_CLASSES.index(TRADING)
        found: Flags = self.everyone.choice("accounting_class", ACCOUNTING_CLASSES) == trading
        return found

    @lazy
    def currencies(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names, and [positions] the place of each."""
        found = self.columns.own_labels("currency")
        assert found is not None
        return tuple(found.keys), found.codes


def table_of(rows: Iterator[Row] | Sequence[Row], columns: dict[str, pa.DataType]) -> pa.Table:
    """A column that a row does not name is blank there."""
    return pa.Table.from_pylist(list(rows), schema=pa.schema(list(columns.items())))
