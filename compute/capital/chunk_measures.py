"""The measures of credit and capital of a chunk of positions, as the columns of its fact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.capital.basics import Setting
from compute.capital.columns import Array, Columns
from compute.capital.credit import reasons_of_pd, reasons_of_rating_factor
from compute.capital.frameworks import Worked, capital_share, setting_of, work_out_by
from compute.capital.stressed import Stresses
from compute.inputs.run_inputs import RunInputs
from domain.capital.policies import PolicyDocument
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, Fact, columns_of
from domain.runs.facts import BlockColumns
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument

Reasons = NDArray[np.uint8]
NOTHING: Mapping[str, tuple[Array, Reasons]] = {}


@dataclass(frozen=True)
class CapitalInputs:
    """What the chunks of a run share."""

    run: RunInputs
    setting: Setting
    policy: PolicyDocument | None
    stresses: Stresses
    measures: tuple[str, ...]
    """those that the fact carries"""


def resolve_capital(run: RunInputs, market: MarketDocument, requested: RunRequested) -> CapitalInputs | None:
    """None where the run asks for none of these measures."""
    measures = tuple(name for name in run.measures if BY_NAME[name].fact is Fact.CAPITAL)
    stresses = Stresses(tuple(ScenarioDocument.model_validate(one) for one in requested.scenario_documents))
    return CapitalInputs(run, *setting_of(requested, market), stresses, measures) if measures else None


def capital_of_chunk(
    capital: CapitalInputs, chunk_no: int, beside: Mapping[str, tuple[Array, Reasons]] = NOTHING
) -> BlockColumns:
    """The same whoever works it out: an exposure's figures depend on nothing but the exposure and the run.

    `beside` are measures of all positions of the chunk that are worked out elsewhere, [S, n] with their reasons.
    """
    rows = capital.run.chunk(chunk_no).rows
    columns = Columns(capital.run.portfolio.of_positions(rows))
    worked = work_out_by(columns, capital.setting, capital.policy)
    figures = Figures(worked, capital.stresses).of_measures()
    shape = (len(capital.measures), capital.run.scenario_count, len(rows))
    values, reasons = np.full(shape, np.nan), np.full(shape, Reason.NOT_APPLICABLE, np.uint8)
    for place, name in enumerate(capital.measures):
        if name in beside:
            values[place], reasons[place] = beside[name]
            continue
        found = figures[name]
        values[place][:, worked.rows] = found.values
        reasons[place][:, worked.rows] = np.where(np.isnan(found.values), found.reason, Reason.NONE)
    values += 0.0  # a zero has no sign
    detail = np.full(len(rows), -1, np.int32)
    return BlockColumns(columns_of(capital.measures), values, capital.measures, reasons, (), detail)


class Figure(NamedTuple):
    """Of the exposures, [m], or [S, m] where scenarios move it; and why it is blank, where it is."""

    values: Array
    reason: Reasons


@dataclass(frozen=True)
class Figures:
    """By measure. Amounts that no exchange rate turns into base currency are blank: they could not be added up."""

    worked: Worked
    stresses: Stresses

    def of_measures(self) -> Mapping[str, Figure]:
        return self._of_credit() | self._of_frameworks() | self._of_losses()

    def _of_credit(self) -> dict[str, Figure]:
        credit, basics = self.worked.credit, self.worked.basics
        pd, lgd = self.stresses.pds(credit.pd, basics), self.stresses.lgds(credit.lgd)
        of_pd = reasons_of_pd(basics, self.worked.setting)
        of_lgd = np.full(len(basics), Reason.MISSING_MARKET_DATA, np.uint8)
        of_ead = self._amount(credit.ead_ccy, np.full(len(basics), Reason.UNSUPPORTED, np.uint8))
        of_loss = np.where(np.isnan(credit.lgd), of_lgd, of_ead.reason)
        of_loss = np.where(np.isnan(credit.pd), of_pd, of_loss).astype(np.uint8)
        return {
            "PD_12M": Figure(pd, of_pd),
            "LGD": Figure(lgd, of_lgd),
            "EAD": of_ead,
            "EL": self._amount(pd * lgd * credit.ead_ccy, of_loss),
            "UL": self._amount(credit.ead_ccy * lgd * np.sqrt(pd * (1.0 - pd)), of_loss),
            "RATING_FACTOR": Figure(credit.rating_factor, reasons_of_rating_factor(basics)),
        }

    def _of_frameworks(self) -> dict[str, Figure]:
        found = {}
        for name, short in (("RWA_SA", "SA"), ("RWA_IRB", "IRB"), ("RWA_US_SA", "US")):
            outcome = self.worked.outcomes[name]
            found[name] = self._amount(outcome.rwa_ccy, outcome.reason)
            found[f"EAD_{short}"] = self._amount(outcome.ead_ccy, outcome.reason)
            found[f"RISK_WEIGHT_{short}"] = Figure(outcome.weight, outcome.reason)
        rwa = found["RWA_IRB"]
        return found | {"CAPITAL": Figure(capital_share(self.worked.setting) * rwa.values, rwa.reason)}

    def _of_losses(self) -> dict[str, Figure]:
        """Of what internal ratings weigh; not applicable to all else."""
        rated, count = self.worked.rated, len(self.worked.rows)
        counted = ~np.isnan(rated.expected_loss_ccy)
        reason = np.full(count, Reason.NOT_APPLICABLE, np.uint8)
        reason[rated.rows] = self.worked.outcomes["RWA_IRB"].reason[rated.rows]
        amounts = {"EL_IRB": rated.expected_loss_ccy, "PROVISION_IRB": rated.provision_ccy, "RWA_RATED": rated.rwa_ccy}
        found = {}
        for name, amount in amounts.items():
            whole = np.full(count, np.nan)
            whole[rated.rows] = np.where(counted, amount, np.nan)
            found[name] = self._amount(whole, reason)
        return found

    def _amount(self, values: Array, reason: Reasons) -> Figure:
        lost = self._lost
        if not lost.any():
            return Figure(values, reason)
        why = np.where(np.isnan(values).reshape(-1, len(lost))[0], reason, Reason.MISSING_MARKET_DATA)
        return Figure(np.where(lost, np.nan, values), np.where(lost, why, reason).astype(np.uint8))

    @lazy
    def _lost(self) -> NDArray[np.bool_]:
        lost: NDArray[np.bool_] = np.isnan(self.worked.rate)
        return lost
