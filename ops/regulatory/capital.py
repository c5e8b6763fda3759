"""Capital of a run: read from what it keeps, or worked out when it is asked for, by rules and columns that its log
pins."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa

from commands.define_policy import listed_policies
from compute.capital.basics import Setting
from compute.capital.columns import Array, Columns
from compute.capital.comparison import Known, comparison_table, known_of
from compute.capital.explanation import explanation_document
from compute.capital.frameworks import Worked, setting_of, work_out_by
from compute.capital.reports import capital_table, exposures_table, makes_allowance, table_of_sums
from domain.capital.policies import PolicyDocument
from domain.capital.rule_sets import COLUMNS, rule_set_named
from domain.market.document import MarketDocument
from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from domain.runs.run import RunRequested
from ops.audit.run_events import read_run
from ops.cash_flows.tables import row_of_position
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.allowance import AllowanceOfRuns
from ops.regulatory.frtb import frtb_of_run
from ops.regulatory.kept import kept_exposures, kept_sums
from query_api.services.allowance import AllowanceReport
from query_api.services.regulatory import Report

RUNS_KEPT = 2


@dataclass(frozen=True)
class OfRun:
    """What a run's capital is worked out from."""

    storage: Storage
    requested: RunRequested

    @cached_property
    def portfolio(self) -> Portfolio:
        return self.storage.portfolio(self.requested.portfolio_sha256)

    @cached_property
    def market(self) -> MarketDocument:
        return self.storage.market(self.requested.market_sha256)

    @cached_property
    def setting(self) -> tuple[Setting, PolicyDocument | None]:
        return setting_of(self.requested, self.market)

    @cached_property
    def worked(self) -> Worked:
        return work_out_by(Columns(self.portfolio), *self.setting)


class CapitalOfRuns:
    """Keeps what it worked out last: a run's capital never changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._allowances = storage, AllowanceOfRuns(storage)
        self._of = lru_cache(maxsize=RUNS_KEPT)(self._read)

    def report(self, run_id: str, report: Report, by: str | None) -> pa.Table:
        if report is Report.FRTB:
            return frtb_of_run(self._storage, run_id)
        run = self._of(run_id)
        if report is Report.EXPOSURES:
            return exposures_table(run.worked)
        with self._storage.connect() as connection:
            with_allowance = makes_allowance(run.setting[1])
            kept = kept_sums(connection, run_id, by, run.setting[0].capital, with_allowance=with_allowance)
        if kept is not None:
            return table_of_sums(kept, *run.setting)
        found = capital_table(run.worked, by, self._allowance_base(run_id) if with_allowance else None)
        if found is None:
            raise Refused("UNKNOWN_COLUMN", f"the portfolio has no column {by!r}", "name one that it has")
        return found

    def explanation(self, run_id: str, exposure_id: str) -> dict[str, object]:
        run = self._of(run_id)
        row = row_of_position(run.portfolio, exposure_id)
        alone = Columns(run.portfolio.of_positions(np.array([row])))
        return explanation_document(alone, run.requested, run.market, exposure_id, 0)

    def comparison(self, from_run: str, to_run: str) -> pa.Table:
        return comparison_table(self._known(from_run), self._known(to_run))

    def rules(self, rule_set: str) -> list[dict[str, object]]:
        return [{name: getattr(each, name) for name in COLUMNS} for each in rule_set_named(rule_set).parameters]

    def policies(self) -> list[dict[str, object]]:
        return listed_policies(self._storage.store)

    def _allowance_base(self, run_id: str) -> Array:
        """[positions] in the portfolio's order."""
        positions = self._allowances.report(run_id, AllowanceReport.POSITIONS)
        amounts: Array = positions.column("allowance_base").to_numpy()
        return amounts

    def _known(self, run_id: str) -> dict[str, Known]:
        with self._storage.connect() as connection:
            kept = kept_exposures(connection, run_id)
        return known_of(self._of(run_id).worked) if kept is None else kept

    def _read(self, run_id: str) -> OfRun:
        return OfRun(self._storage, read_run(self._storage.store, run_id).requested)


class CapitalQueries:
    """The same, refusing as queries do."""

    def __init__(self, storage: Storage) -> None:
        self._capital = CapitalOfRuns(storage)

    def report(self, run_id: str, report: Report, by: str | None) -> pa.Table:
        with refusing_as_queries():
            return self._capital.report(run_id, report, by)

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
