"""ECL_12M, ECL_LIFETIME and ALLOWANCE of a chunk of positions, as measures of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.allowance.allowances import FairValues, allowances_of, amounts_per_unit, chunked, with_overlays
from compute.allowance.book import Book
from compute.allowance.credit_losses import Lent
from compute.allowance.moves import moves_of
from compute.capital.columns import Columns
from compute.capital.frameworks import setting_of
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from compute.product_families import price_terms
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.measures.failures import Reason
from domain.measures.measures import Fact
from domain.runs.run import RunRequested
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

Array = NDArray[np.float64]
Reasons = NDArray[np.uint8]
Rows = NDArray[np.int64]


class Figure(NamedTuple):
    """[S, n] in the instrument's currency, and why one is blank."""

    values: Array
    reason: Reasons


@dataclass(frozen=True)
class AllowanceInputs:
    """What the chunks of a run share."""

    book: Book
    run: RunInputs
    market: MarketDocument

    @lazy
    def _unshocked(self) -> RunInputs:
        return resolve(
            self.run.portfolio,
            self.market,
            [BASE_SCENARIO],
            base_currency=self.run.base_currency,
            measures=PRICES_ONLY,
            chunk_size=self.run.chunk_size,
        )

    def fair_values(self, rows: Rows) -> Array:
        """PV without a shock."""
        values: Array = price_terms(self._unshocked, self._unshocked.terms_of(rows)).blocks[Fact.PRICED].values[0, 0]
        return values

    def amounts(self) -> Array:
        """Of overlays that several chunks share; worked out once, where there are any."""
        return self.book.once(("amounts",), lambda: amounts_per_unit(self.book, self._models))

    def _models(self, rows: Rows) -> Array:
        parts = [allowances_of(self.book, self.run, each, self.fair_values) for each in chunked(rows, self.run)]
        return np.concatenate([part.model_ccy for part in parts]) if parts else np.empty(0)


def resolve_allowance(run: RunInputs, market: MarketDocument, requested: RunRequested) -> AllowanceInputs:
    """`run` as `resolve_run` makes it, with all scenarios of the run in their order."""
    scenarios = [ScenarioDocument.model_validate(one) for one in requested.scenario_documents]
    setting, policy = setting_of(requested, market)
    moves = tuple(moves_of(one) for one in scenarios)
    book = Book(Columns(run.portfolio), setting, policy, tuple(requested.scenarios), moves)
    return AllowanceInputs(book, replace(run, measures=PRICES_ONLY), market)


def allowance_measures(inputs: AllowanceInputs, rows: Rows, fair_values: FairValues) -> Mapping[str, Figure]:
    """Of some positions of the run under every scenario; an ALLOWANCE is of the unshocked scenario alone."""
    book, shape = inputs.book, (len(inputs.book.scenarios), len(rows))
    told = {name: _blank(shape) for name in ("ECL_12M", "ECL_LIFETIME", "ALLOWANCE")}
    exposed, lent = np.flatnonzero(book.exposed[rows]), None
    if len(exposed):
        lent = Lent(book, inputs.run, rows[exposed])
        losses = lent.losses
        unknown = np.isnan(book.rate[rows[exposed]])
        reason = np.where((losses.reason == Reason.NONE) & unknown, Reason.MISSING_MARKET_DATA, losses.reason)
        for name, amounts in (("ECL_12M", losses.twelve_months), ("ECL_LIFETIME", losses.lifetime)):
            told[name].values[:, exposed] = np.where(reason == Reason.NONE, amounts, np.nan)
            told[name].reason[:, exposed] = reason
    if book.makes_allowance:
        model = allowances_of(book, inputs.run, rows, fair_values, lent)
        found = with_overlays(book, model, inputs.amounts())
        for scenario in book.unshocked:
            told["ALLOWANCE"].values[scenario], told["ALLOWANCE"].reason[scenario] = found.allowance_ccy, found.reason
    return told


def _blank(shape: tuple[int, int]) -> Figure:
    return Figure(np.full(shape, np.nan), np.full(shape, Reason.NOT_APPLICABLE, np.uint8))
