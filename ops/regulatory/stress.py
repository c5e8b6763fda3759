"""Stress of a run, worked out when it is asked for: from what its log names, and from its results."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa

from compute.allowance.book import Book
from compute.allowance.moves import moves_of
from compute.capital.columns import Columns
from compute.capital.frameworks import setting_of
from compute.stress.capital_path import path_table, paths_under, scb_table
from compute.stress.irrbb import (
    NO_SHOCK,
    ValueChanges,
    has_rate_shock,
    irrbb_table,
    is_parallel,
    nodes_table,
    repriced_principal,
)
from compute.stress.losses import StressLosses, losses_of, losses_table
from compute.stress.macro import NO_PATH, has_path, macro_table
from compute.stress.reports import OfScenario, StressedRun
from domain.refusals import Refused
from domain.scenarios.versions import BASE
from ops.audit.run_events import read_run
from ops.cash_flows.tables import inputs_of
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.answers import answered_once
from query_api.reading import reading
from query_api.results.amounts import chunk_amounts
from query_api.runs import queryable_run
from query_api.services.cashflow import Basis
from query_api.services.stress import StressReport, WorkOut

AT_BASE = 0
RUNS_KEPT = 2


def stress_of_run(storage: Storage, run_id: str, report: StressReport, scenario: str | None) -> pa.Table:
    return _answered(storage, run_id, lambda: stressed_run(storage, run_id), report, scenario)


def _answered(
    storage: Storage, run_id: str, run_of: Callable[[], StressedRun], report: StressReport, scenario: str | None
) -> pa.Table:
    words = ("stress", report.value, scenario)
    return answered_once(storage, [run_id], words, lambda: _shown(storage, run_id, run_of(), report, scenario))


def stressed_run(storage: Storage, run_id: str) -> StressedRun:
    requested = read_run(storage.store, run_id).requested
    columns = Columns(storage.portfolio(requested.portfolio_sha256))
    return StressedRun(requested, storage.market(requested.market_sha256), columns)


def _shown(storage: Storage, run_id: str, run: StressedRun, report: StressReport, scenario: str | None) -> pa.Table:
    match report:
        case StressReport.MACRO:
            return macro_table(run, run.chosen(scenario, has_path, NO_PATH))
        case StressReport.IRRBB_NODES:
            return nodes_table(run, run.chosen(scenario, has_rate_shock, NO_SHOCK))
        case StressReport.IRRBB:
            return _irrbb(storage, run_id, run, run.chosen(scenario, has_rate_shock, NO_SHOCK))
        case StressReport.LOSSES | StressReport.PATH | StressReport.SCB:
            return _along(run, report, run.chosen(scenario, lambda _: True, ""))


def work_out_for(storage: Storage) -> WorkOut:
    """The same, refusing as queries do; the runs asked for last are kept, which never change."""
    kept = lru_cache(maxsize=RUNS_KEPT)(partial(stressed_run, storage))

    def work_out(run_id: str, report: StressReport, scenario: str | None) -> pa.Table:
        with refusing_as_queries():
            return _answered(storage, run_id, lambda: kept(run_id), report, scenario)

    return work_out


def _irrbb(storage: Storage, run_id: str, run: StressedRun, scenarios: Sequence[OfScenario]) -> pa.Table:
    changes = ValueChanges(run, len(scenarios))
    if scenarios:
        places = [AT_BASE, *(each.place for each in scenarios)]
        with reading(storage.connect) as connection:
            for chunk in chunk_amounts(connection, queryable_run(connection, run_id), places, ["pv"]):
                base, *shocked = (values[0] for values in chunk.amounts_ccy)
                changes.take(chunk.rows, base, shocked)
    repriced_ccy = np.zeros(len(run.currencies[0]))
    if any(map(is_parallel, scenarios)):
        inputs = inputs_of(storage, run.requested, run.columns.portfolio, [BASE], Basis.BEHAVIOURAL)
        repriced_ccy = repriced_principal(run, inputs)
    return irrbb_table(run, scenarios, changes, repriced_ccy)


def _along(run: StressedRun, report: StressReport, scenarios: Sequence[OfScenario]) -> pa.Table:
    found = _losses(run, scenarios)
    if report is StressReport.LOSSES:
        return losses_table(found, scenarios)
    paths = paths_under(run, found)
    return path_table(scenarios, paths) if report is StressReport.PATH else scb_table(run.capital, scenarios, paths)


def _losses(run: StressedRun, scenarios: Sequence[OfScenario]) -> StressLosses:
    setting, policy = setting_of(run.requested, run.market)
    if policy is None or not policy.satellites:
        message = "the run names no policy" if policy is None else f"{run.requested.policy} has no satellites"
        raise Refused("POLICY_WITHOUT_SATELLITES", message, "submit a run with --policy that has some")
    pinned = tuple(run.requested.scenarios[each.place] for each in scenarios)
    book = Book(run.columns, setting, policy, pinned, tuple(moves_of(each.document) for each in scenarios))
    return losses_of(book, run, scenarios)
