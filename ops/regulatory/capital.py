"""Capital of a run: read from what it keeps, or worked out when it is asked for, by rules and columns that its log
pins."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from commands.define_policy import listed_policies, policy_as_defined
from compute.capital.basics import Setting
from compute.capital.columns import Array, Columns, Exposures
from compute.capital.comparison import Known, comparison_table, known_of, with_sets
from compute.capital.concentrations import concentration_table
from compute.capital.counterparty.explanation import netting_set_document
from compute.capital.counterparty.netting import Netting, netting_of
from compute.capital.counterparty.tables import hedging_sets_table, netting_sets_table, trades_table
from compute.capital.counterparty.terms import is_netted
from compute.capital.economic.table import economic_capital_table, years_of_funding
from compute.capital.explanation import explanation_document
from compute.capital.frameworks import Worked, default_days, setting_of, work_out_by
from compute.capital.limit_uses import limit_uses, limits_table
from compute.capital.migration import migration_table
from compute.capital.reports import capital_table, exposures_table, makes_allowance, table_of_sums, with_netting_sets
from compute.funding_rates import funding_rates
from domain.access.asking import nodes_asked
from domain.access.principal import Nodes
from domain.capital.limits import ISSUER
from domain.capital.policies import PolicyDocument
from domain.capital.rule_sets import COLUMNS, rule_set_named
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.portfolio.columns import ABSENT_CODE, Portfolio
from domain.refusals import Refused
from domain.runs.run import RunRequested
from ops.audit.run_events import read_run
from ops.cash_flows.tables import row_of_position
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.allowance import AllowanceOfRuns
from ops.regulatory.answers import answered_once
from ops.regulatory.derivatives import brought_by
from ops.regulatory.frtb import frtb_of_run
from ops.regulatory.kept import kept_exposures, kept_sums
from ops.regulatory.totals import totals_for
from query_api.reading import reading
from query_api.runs import find_run
from query_api.services.allowance import AllowanceReport
from query_api.services.regulatory import Report

RUNS_KEPT = 2


@dataclass(frozen=True)
class OfRun:
    """What a run's capital is worked out from."""

    storage: Storage
    run_id: str
    requested: RunRequested

    @lazy
    def portfolio(self) -> Portfolio:
        return self.storage.portfolio(self.requested.portfolio_sha256)

    @lazy
    def market(self) -> MarketDocument:
        return self.storage.market(self.requested.market_sha256)

    @lazy
    def columns(self) -> Columns:
        return Columns(self.portfolio)

    @lazy
    def setting(self) -> tuple[Setting, PolicyDocument | None]:
        return setting_of(self.requested, self.market)

    @lazy
    def netting(self) -> Netting | None:
        requested, setting = self.requested, self.setting[0]
        brought = brought_by(self.storage, self.run_id, requested, self.portfolio, self.market)
        return netting_of(self.columns, setting, requested.base_currency, default_days(setting), brought)

    def may_be_netting_set(self, exposure_id: str) -> bool:
        """One of the table, or a derivative by itself: all others need no netting to be explained."""
        table = self.portfolio.tables.get("netting_sets")
        if table is not None and table.columns["netting_set_id"].code_of(exposure_id) != ABSENT_CODE:
            return True
        if self.portfolio.tables["positions"].columns["position_id"].code_of(exposure_id) == ABSENT_CODE:
            return False
        row = np.array([row_of_position(self.portfolio, exposure_id)])
        return bool(is_netted(Exposures(Columns(self.portfolio.of_positions(row)), np.zeros(1, np.int64)))[0])

    @lazy
    def worked(self) -> Worked:
        return replace(work_out_by(self.columns, *self.setting), netting=self.netting)

    @lazy
    def economic_capital(self) -> pa.Table:
        worked = self.worked
        currencies = worked.basics.exposures.own_texts("currency")
        funding = funding_rates(self.portfolio, self.market, currencies, years_of_funding(worked))
        return economic_capital_table(worked, self.requested, funding)


class CapitalOfRuns:
    """Keeps what it worked out last: a run's capital never changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._allowances = storage, AllowanceOfRuns(storage)
        self._kept = lru_cache(maxsize=RUNS_KEPT)(self._read)

    def report(self, run_id: str, report: Report, by: str | None, years: int = 1) -> pa.Table:
        words = ("capital", report.value, by, years)
        return answered_once(self._storage, [run_id], words, lambda: self._report(run_id, report, by, years))

    def _report(self, run_id: str, report: Report, by: str | None, years: int) -> pa.Table:
        run = self._of(run_id)
        match report:
            case Report.FRTB:
                found = frtb_of_run(self._storage, run_id)
            case Report.MIGRATION:
                found = migration_table(run.market, years)
            case Report.ECONOMIC_CAPITAL:
                found = run.economic_capital
            case Report.EXPOSURES:
                found = exposures_table(run.worked)
            case Report.NETTING_SETS:
                found = netting_sets_table(run.netting)
            case Report.HEDGING_SETS:
                found = hedging_sets_table(run.netting)
            case Report.TRADES:
                found = trades_table(run.netting, run.setting[0].rules.get("basel"))
            case Report.CONCENTRATION:
                found = concentration_table(run.worked, by or ISSUER)
            case _:
                found = self._totals(run, by)
        if found is None:
            raise Refused("UNKNOWN_COLUMN", f"the portfolio has no column {by!r}", "name one that it has")
        return found

    def worked(self, run_id: str) -> Worked:
        return self._of(run_id).worked

    def policy_of(self, run_id: str) -> str:
        """`id@version`, '' without one."""
        return self._of(run_id).requested.policy

    def explanation(self, run_id: str, exposure_id: str) -> dict[str, object]:
        run = self._of(run_id)
        if run.may_be_netting_set(exposure_id):
            found = netting_set_document(run.netting, run.setting[0].rules, exposure_id)
            if found is not None:
                return found
        row = row_of_position(run.portfolio, exposure_id)
        alone = Columns(run.portfolio.of_positions(np.array([row])))
        return explanation_document(alone, run.requested, run.market, exposure_id, 0)

    def comparison(self, from_run: str, to_run: str) -> pa.Table:
        def work_out() -> pa.Table:
            return comparison_table(self._known(from_run), self._known(to_run))

        return answered_once(self._storage, [from_run, to_run], ("compare",), work_out)

    def rules(self, rule_set: str) -> list[dict[str, object]]:
        return [{name: getattr(each, name) for name in COLUMNS} for each in rule_set_named(rule_set).parameters]

    def policies(self) -> list[dict[str, object]]:
        return listed_policies(self._storage.store)

    def _totals(self, run: OfRun, by: str | None) -> pa.Table | None:
        """From what the run keeps; of an earlier release with the netting sets, which it did not keep; else worked
        out."""
        setting, policy = run.setting
        with_allowance = makes_allowance(policy)
        with reading(self._storage.connect) as connection:
            kept = kept_sums(connection, run.run_id, by, setting.capital, with_allowance=with_allowance)
            has_sets = find_run(connection, run.run_id).netting_sets is not None
        whole = kept if kept is None or has_sets else with_netting_sets(kept, run.netting, by)
        if whole is not None:
            return table_of_sums(whole, setting, policy)
        return capital_table(run.worked, by, self._allowance_base(run.run_id) if with_allowance else None)

    def _allowance_base(self, run_id: str) -> Array:
        """[positions] in the portfolio's order."""
        positions = self._allowances.report(run_id, AllowanceReport.POSITIONS)
        amounts: Array = positions.column("allowance_base").to_numpy()
        return amounts

    def _known(self, run_id: str) -> dict[str, Known]:
        """Positions as the run keeps them, with its netting sets; all worked out where it keeps none."""
        run = self._of(run_id)
        with reading(self._storage.connect) as connection:
            kept = kept_exposures(connection, run_id)
        if kept is None:
            return known_of(run.worked)
        return {measure: with_sets(known, measure, run.netting) for measure, known in kept.items()}

    def _of(self, run_id: str) -> OfRun:
        return self._kept(run_id, nodes_asked())

    def _read(self, run_id: str, _nodes: Nodes) -> OfRun:
        return OfRun(self._storage, run_id, read_run(self._storage.store, run_id).requested)


class CapitalQueries:
    """The same, refusing as queries do."""

    def __init__(self, storage: Storage, capital: CapitalOfRuns) -> None:
        self._storage, self._capital = storage, capital

    def report(self, run_id: str, report: Report, by: str | None, years: int) -> pa.Table:
        with refusing_as_queries():
            return self._capital.report(run_id, report, by, years)

    def limits(self, run_id: str) -> pa.Table:
        """As they are checked, but a question records nothing."""
        with refusing_as_queries():
            return limits_table(limit_uses(self._capital.worked(run_id), totals_for(self._storage, run_id)))

    def explanation(self, run_id: str, exposure_id: str) -> dict[str, object]:
        with refusing_as_queries(("UNKNOWN_POSITION",)):
            return self._capital.explanation(run_id, exposure_id)

    def comparison(self, from_run: str, to_run: str) -> pa.Table:
        with refusing_as_queries():
            return self._capital.comparison(from_run, to_run)

    def rules(self, rule_set: str) -> list[dict[str, object]]:
        with refusing_as_queries():
            return self._capital.rules(rule_set)

    def policies(self) -> list[dict[str, object]]:
        return self._capital.policies()

    def policy(self, reference: str) -> dict[str, object]:
        with refusing_as_queries():
            return policy_as_defined(self._storage.store, reference)
