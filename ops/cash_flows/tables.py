"""Cash flows of a run, worked out when they are asked for: by the kernels that priced it, from what its log names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from compute.cash_flows.bucket_tables import GroupRows, ladder_table, repricing_table
from compute.cash_flows.deals import deal_table, pool_table
from compute.cash_flows.ladders import LadderSums, ladder_of_run
from compute.cash_flows.repricing import gap_of_run
from compute.cash_flows.schedules import schedule_table
from compute.cash_flows.tables import Columns
from compute.inputs.run_inputs import EPOCH, PRICES_ONLY, RunInputs, resolve
from domain.buckets import buckets_of
from domain.portfolio.columns import ABSENT_CODE, Portfolio
from domain.refusals import Refused
from domain.runs.run import RunRequested
from domain.scenarios.shocks import ScenarioDocument
from domain.scenarios.versions import split_reference
from ops.audit.run_events import read_run
from ops.cash_flows.answers import answered_once
from ops.cash_flows.groups import cash_flow_groups, refuse_unknown_node
from ops.cash_flows.kept import add_up, kept_question, read_kept
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from query_api.results.group_of_position import refuse_too_many
from query_api.services.cashflow import AskedFlows, Basis, Shown, WorkOut

BUCKETED = (Shown.LADDER, Shown.REPRICING)
COLUMNS = 20
"""About as many as a ladder or a gap has."""
TEXTS = ("position_id", "deal_id", "instrument_id", "scenario_id", "basis", "triggers", "group", "currency", "bucket")
TYPES = (
    {name: pa.string() for name in TEXTS}
    | {name: pa.date32() for name in ("pay_date", "start_date", "end_date")}
    | {name: pa.int64() for name in ("positions", "left_out")}
    | {"period": pa.int32(), "called": pa.bool_()}
)


def cash_flows_of_run(storage: Storage, run: str, asked: AskedFlows) -> pa.Table:
    requested = read_run(storage.store, run).requested
    scenarios = scenarios_of(requested, asked.scenario)
    if asked.shown in BUCKETED:
        refuse_not_kept(requested, scenarios)
        return bucketed_flows(storage, requested, asked, scenarios)
    if asked.shown is Shown.PAYING:
        refuse_not_kept(requested, scenarios)
        return paying_positions(storage, requested, asked, scenarios)
    portfolio = storage.portfolio(requested.portfolio_sha256)
    inputs = inputs_of(storage, requested, portfolio, scenarios, asked.basis)
    match asked.shown:
        case Shown.POSITION:
            columns = schedule_table(inputs, row_of_position(portfolio, asked.name), scenarios)
        case Shown.DEAL:
            columns = deal_table(inputs, asked.name, scenarios)
        case Shown.POOL:
            columns = pool_table(inputs, asked.name, scenarios)
        case _:
            raise AssertionError(asked.shown)
    return as_table(columns)


def bucketed_flows(storage: Storage, requested: RunRequested, asked: AskedFlows, scenarios: Sequence[str]) -> pa.Table:
    """Read where the run keeps it; else worked out once, and read from then on."""
    question = kept_question(requested, asked, scenarios)
    if question is not None and (kept := read_kept(storage, requested, question)) is not None:
        return as_table(kept)

    def work_out() -> pa.Table:
        portfolio = storage.portfolio(requested.portfolio_sha256)
        inputs = inputs_of(storage, requested, portfolio, scenarios, asked.basis)
        if question is None:
            return as_table(bucketed(inputs, asked, scenarios))
        refuse_unknown_node(portfolio, asked.node)
        return as_table(add_up(inputs, question))

    return answered_once(storage, requested.originator_id, asked, work_out)


def bucketed(inputs: RunInputs, asked: AskedFlows, scenarios: Sequence[str]) -> Columns:
    """The ladder or the gap of every group, each in its currencies."""
    buckets = buckets_of(asked.buckets, EPOCH + timedelta(days=inputs.as_of_day))
    groups = cash_flow_groups(inputs.portfolio, asked.by, asked.node)
    refuse_too_many(len(groups.keys), len(scenarios) * len(buckets) * COLUMNS)
    rates = {currency: each.tolist() for currency, each in inputs.tables.fx_to_base.items()}
    rows = GroupRows(groups.keys, groups.currencies, scenarios, buckets, asked.basis, rates)
    if asked.shown is Shown.REPRICING:
        return repricing_table(groups.summed(gap_of_run(inputs, groups.cells, buckets)), rows)
    sums = ladder_of_run(inputs, groups.cells, buckets)
    counts = groups.summed(sums.positions), groups.summed(sums.left_out)
    return ladder_table(LadderSums(groups.summed(sums.amounts_ccy), *counts), rows)


def paying_positions(
    storage: Storage, requested: RunRequested, asked: AskedFlows, scenarios: Sequence[str]
) -> pa.Table:
    """Out of the ladder by position: those with a flow in the bucket, under each scenario the largest first."""
    names = buckets_of(asked.buckets, requested.as_of).names
    if asked.bucket not in names:
        message = f"there is no bucket {asked.bucket!r}"
        raise Refused("UNKNOWN_BUCKET", message, f"use one of {', '.join(names)}")

    def work_out() -> pa.Table:
        portfolio = storage.portfolio(requested.portfolio_sha256)
        inputs = inputs_of(storage, requested, portfolio, scenarios, asked.basis)
        ladder = as_table(bucketed(inputs, replace(asked, shown=Shown.LADDER, by="position_id"), scenarios))
        flows = ladder.filter(pc.and_(pc.equal(ladder["bucket"], asked.bucket), pc.not_equal(ladder["cash_flow"], 0.0)))
        flows = flows.rename_columns({"group": "position_id"}).drop_columns(["positions", "left_out"])
        return pa.concat_tables([largest_of(flows, scenario, asked.limit) for scenario in scenarios])

    return answered_once(storage, requested.originator_id, asked, work_out)


def largest_of(flows: pa.Table, scenario: str, limit: int) -> pa.Table:
    """By the size of the flow in base currency; a currency without a rate comes last."""
    own = flows.filter(pc.equal(flows["scenario_id"], scenario))
    size = pc.abs(pc.if_else(pc.is_nan(own["cash_flow_base"]), 0.0, own["cash_flow_base"]))
    return own.take(pc.array_sort_indices(size, order="descending")[:limit])


def work_out_for(storage: Storage) -> WorkOut:
    """The same, refusing as queries do."""

    def work_out(run: str, asked: AskedFlows) -> pa.Table:
        with refusing_as_queries(("UNKNOWN_DEAL", "UNKNOWN_POSITION", "UNKNOWN_NODE")):
            return cash_flows_of_run(storage, run, asked)

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


def refuse_not_kept(requested: RunRequested, scenarios: Sequence[str]) -> None:
    for scenario in scenarios:
        if scenario not in requested.cashflows:
            kept = ", ".join(requested.cashflows) or "none"
            message = f"the run keeps no cash flows of {scenario}; of {kept} it does"
            fix = f"submit a run with --cashflows {split_reference(scenario)[0]}, or ask for a scenario that is kept"
            raise Refused("NOT_STORED", message, fix)


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
    code = ids.code_of(position)
    if code == ABSENT_CODE:
        raise Refused("UNKNOWN_POSITION", f"the run has no position {position!r}", "see `tenor results RUN`")
    return int(np.flatnonzero(ids.values == code)[0])


def as_table(columns: Columns) -> pa.Table:
    fields = [pa.field(name, TYPES.get(name, pa.float64())) for name in columns]
    cells = [
        pa.array(column, field.type, from_pandas=True) for column, field in zip(columns.values(), fields, strict=True)
    ]
    return pa.table(cells, schema=pa.schema(fields))
