"""Cash flows of a run, worked out when they are asked for: by the kernels that priced it, from what its log names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from compute.cash_flows.deals import deal_table, pool_table
from compute.cash_flows.schedules import schedule_table
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument
from domain.scenarios.versions import split_reference
from ops.audit.run_events import read_run
from ops.ports import Storage
from query_api.errors import BadQuery, NotFound
from query_api.services.cashflow import AskedFlows, Basis, Shown, WorkOut

TEXTS = ("position_id", "deal_id", "instrument_id", "scenario_id", "basis", "triggers")
TYPES = {name: pa.string() for name in TEXTS} | {
    "period": pa.int32(),
    "pay_date": pa.date32(),
    "called": pa.bool_(),
}


def cash_flows_of_run(storage: Storage, run: str, asked: AskedFlows) -> pa.Table:
    requested = read_run(storage.store, run).requested
    scenarios = scenarios_of(requested, asked.scenario)
    portfolio = storage.portfolio(requested.portfolio_sha256)
    inputs = inputs_of(storage, requested, portfolio, scenarios, asked.basis)
    match asked.shown:
        case Shown.POSITION:
            columns = schedule_table(inputs, row_of_position(portfolio, asked.name), scenarios)
        case Shown.DEAL:
            columns = deal_table(inputs, asked.name, scenarios)
        case Shown.POOL:
            columns = pool_table(inputs, asked.name, scenarios)
    return as_table(columns)


def work_out_for(storage: Storage) -> WorkOut:
    """The same, refusing as queries do."""

    def work_out(run: str, asked: AskedFlows) -> pa.Table:
        try:
            return cash_flows_of_run(storage, run, asked)
        except Refused as refused:
            missing = refused.code in ("UNKNOWN_DEAL", "UNKNOWN_POSITION")
            raise (NotFound if missing else BadQuery)(str(refused), refused.fix, reason=refused.code) from refused

    return work_out


def scenarios_of(requested: RunRequested, scenario: str | None) -> list[str]:
    """Pinned, in the run's order: the one named, with its version or without, or all that keep cash flows."""
    if scenario is None:
        if not requested.cashflows:
            message = "the run keeps cash flows of no scenario"
            raise Refused("NOT_STORED", message, f"name one with --scenario: {', '.join(requested.scenarios)}")
        return list(requested.cashflows)
    for pinned in requested.scenarios:
        if scenario in (pinned, split_reference(pinned)[0]):
            return [pinned]
    known = ", ".join(requested.scenarios)
    raise Refused("UNKNOWN_SCENARIO", f"the run has no scenario {scenario!r}", f"use one of {known}")


def inputs_of(
    storage: Storage, requested: RunRequested, portfolio: Portfolio, scenarios: Sequence[str], basis: Basis
) -> RunInputs:
    """Of the scenarios shown alone; a scenario's figures depend on no other."""
    documents = dict(zip(requested.scenarios, requested.scenario_documents, strict=True))
    inputs = resolve(
        portfolio,
        storage.market(requested.market_sha256),
        [ScenarioDocument.model_validate(documents[pinned]) for pinned in scenarios],
        base_currency=requested.base_currency,
        measures=PRICES_ONLY,
        chunk_size=requested.chunk_size,
    )
    return replace(inputs, is_contractual=basis is Basis.CONTRACTUAL)


def row_of_position(portfolio: Portfolio, position: str) -> int:
    ids = portfolio.tables["positions"].columns["position_id"]
    if position not in ids.categories:
        raise Refused("UNKNOWN_POSITION", f"the run has no position {position!r}", "see `tenor results RUN`")
    return int(np.flatnonzero(ids.values == ids.categories.index(position))[0])


def as_table(columns: dict[str, Any]) -> pa.Table:
    dates = [None if day is None else date.fromordinal(EPOCH + int(day)) for day in columns["pay_date"]]
    fields = [pa.field(name, TYPES.get(name, pa.float64())) for name in columns]
    return pa.table({**columns, "pay_date": dates}, schema=pa.schema(fields))


EPOCH = date(1970, 1, 1).toordinal()
