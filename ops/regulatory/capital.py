"""Capital of a run, worked out when it is asked for: by rules and columns that its log pins."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import pyarrow as pa

from commands.define_policy import listed_policies
from compute.capital.columns import Columns
from compute.capital.comparison import comparison_table
from compute.capital.concentrations import concentration_table
from compute.capital.counterparty.explanation import netting_set_document
from compute.capital.counterparty.tables import hedging_sets_table, netting_sets_table, trades_table
from compute.capital.counterparty.trades import Brought
from compute.capital.economic.table import economic_capital_table, years_of_funding
from compute.capital.explanation import explanation_document
from compute.capital.frameworks import Worked, with_netting_sets, work_out
from compute.capital.limit_uses import limit_uses, limits_table
from compute.capital.migration import migration_table
from compute.capital.reports import capital_table, exposures_table
from compute.funding_rates import funding_rates
from domain.capital.limits import ISSUER
from domain.capital.rule_sets import COLUMNS, rule_set_named
from domain.market.document import MarketDocument
from domain.refusals import Refused
from domain.runs.run import RunRequested
from ops.audit.run_events import read_run
from ops.cash_flows.tables import row_of_position
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.derivatives import brought_by
from ops.regulatory.totals import totals_for
from query_api.services.regulatory import Report

RUNS_KEPT = 2


@dataclass(frozen=True)
class OfRun:
    """What a run's capital is worked out from."""

    requested: RunRequested
    market: MarketDocument
    columns: Columns
    brought: Brought

    @cached_property
    def worked(self) -> Worked:
        found = work_out(self.columns, self.requested, self.market)
        return with_netting_sets(found, self.requested, self.brought)

    @cached_property
    def economic_capital(self) -> pa.Table:
        worked = self.worked
        currencies = worked.basics.exposures.own_texts("currency")
        funding = funding_rates(self.columns.portfolio, self.market, currencies, years_of_funding(worked))
        return economic_capital_table(worked, self.requested, funding)


class CapitalOfRuns:
    """Keeps what it worked out last: a run's capital never changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._of = lru_cache(maxsize=RUNS_KEPT)(self._read)

    def report(self, run_id: str, report: Report, by: str | None, years: int = 1) -> pa.Table:
        if report is Report.MIGRATION:
            return migration_table(self._of(run_id).market, years)
        if report is Report.ECONOMIC_CAPITAL:
            return self._of(run_id).economic_capital
        worked = self._of(run_id).worked
        match report:
            case Report.EXPOSURES:
                return exposures_table(worked)
            case Report.NETTING_SETS:
                return netting_sets_table(worked.netting)
            case Report.HEDGING_SETS:
                return hedging_sets_table(worked.netting)
            case Report.TRADES:
                return trades_table(worked.netting, worked.setting.rules.get("basel"))
            case Report.CONCENTRATION:
                found = concentration_table(worked, by or ISSUER)
            case _:
                found = capital_table(worked, by)
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
        found = netting_set_document(run.worked.netting, run.worked.setting.rules, exposure_id)
        if found is not None:
            return found
        row = row_of_position(run.columns.portfolio, exposure_id)
        return explanation_document(run.columns, run.requested, run.market, exposure_id, row)

    def comparison(self, from_run: str, to_run: str) -> pa.Table:
        return comparison_table(self._of(from_run).worked, self._of(to_run).worked)

    def rules(self, rule_set: str) -> list[dict[str, object]]:
        return [{name: getattr(each, name) for name in COLUMNS} for each in rule_set_named(rule_set).parameters]

    def policies(self) -> list[dict[str, object]]:
        return listed_policies(self._storage.store)

    def _read(self, run_id: str) -> OfRun:
        requested = read_run(self._storage.store, run_id).requested
        portfolio = self._storage.portfolio(requested.portfolio_sha256)
        market = self._storage.market(requested.market_sha256)
        brought = brought_by(self._storage, run_id, requested, portfolio, market)
        return OfRun(requested, market, Columns(portfolio), brought)


class CapitalQueries:
    """The same, refusing as queries do."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._capital = storage, CapitalOfRuns(storage)

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
