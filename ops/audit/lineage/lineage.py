"""`tenor audit lineage`: from one number to all that it came from, with the proof that the log says so."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np

from domain import codec
from domain.measures.failures import Reason
from domain.measures.measures import BY_NAME, Measure, Unit
from domain.portfolio.columns import ABSENT_CODE, Portfolio
from domain.refusals import Refused
from domain.runs import run as runs
from domain.runs.facts import BlockColumns, BlockFact, fact_stream
from domain.scenarios.versions import BASE, scenario_stream, split_reference
from domain.snapshot import SnapshotRegistered
from domain.texts import counted
from ops.audit.lineage.blocks import described_block
from ops.audit.lineage.kept_flows import kept_flows, kept_line
from ops.audit.lineage.market import market_used
from ops.audit.lineage.models import model_lines, models_used
from ops.audit.lineage.quote_lines import QuoteLines
from ops.audit.lineage.rows import SourceLines, rows_of_position
from ops.audit.run_events import read_run
from ops.audit.sealing.proofs import raw_event, raw_stream
from ops.ports import Storage


@dataclass(frozen=True)
class Asked:
    """One number of a run: a position, a measure (in base currency or not), a scenario's place."""

    requested: runs.RunRequested
    position_id: str
    row: int
    measure: Measure
    in_base: bool
    scenario_no: int

    @property
    def chunk_no(self) -> int:
        return self.row // self.requested.chunk_size

    @property
    def row_in_chunk(self) -> int:
        return self.row % self.requested.chunk_size


def lineage(
    storage: Storage,
    run: str,
    position: str,
    measure: str,
    scenario: str = BASE,
    load_portfolio: Callable[[str], Portfolio] | None = None,
) -> dict[str, Any]:
    """`load_portfolio` gives a snapshot's columns by sha256, for whoever keeps them between two questions."""
    requested = read_run(storage.store, run).requested
    load = load_portfolio or storage.portfolio
    portfolio = load(requested.portfolio_sha256)
    asked = what_is_asked(requested, portfolio, position, measure, scenario)
    fact = fact_of(storage, asked)
    with storage.connect() as connection:
        registered = snapshot_of(connection, requested.portfolio_snapshot_id)
        market = snapshot_of(connection, requested.market_snapshot_id)
        return {
            "number": number_of(storage, asked, portfolio, fact),
            "block": block_of(connection, asked, fact),
            "cash_flows": kept_flows(storage, connection, requested, portfolio, asked.row),
            "portfolio": portfolio_of(storage, asked, portfolio, registered),
            "market": {
                **snapshot_document(market),
                "used": QuoteLines.read(storage.blobs, market[1].source).beside(
                    market_used(
                        storage.blobs.get(requested.market_sha256), portfolio, asked.row, requested.base_currency
                    )
                ),
            },
            "models": models_used(connection, requested, portfolio, asked.row, asked.measure.name),
            "scenario": scenario_of(connection, asked),
            "run": run_of(connection, requested),
        }


# --- what is asked --------------------------------------------------------------------------------------------------


def what_is_asked(
    requested: runs.RunRequested, portfolio: Portfolio, position: str, measure: str, scenario: str
) -> Asked:
    name = measure.upper()
    stem = name.removesuffix("_BASE")
    if stem not in requested.measures or (stem != name and not BY_NAME[stem].is_amount):
        message = f"the run was not asked for {measure}"
        raise Refused("UNKNOWN_MEASURE", message, f"one of {', '.join(requested.measures)}")
    scenario_no = scenario_place(requested.scenarios, scenario)
    return Asked(requested, position, row_of(portfolio, position), BY_NAME[stem], stem != name, scenario_no)


def scenario_place(scenarios: list[str], wanted: str) -> int:
    for place, reference in enumerate(scenarios):
        if wanted in (reference, split_reference(reference)[0]):
            return place
    raise Refused("UNKNOWN_SCENARIO", f"the run has no scenario {wanted!r}", f"one of {', '.join(scenarios)}")


def row_of(portfolio: Portfolio, position: str) -> int:
    column = portfolio.tables["positions"].columns["position_id"]
    code = column.code_of(position)
    if code == ABSENT_CODE:
        raise Refused("UNKNOWN_POSITION", f"the run has no position {position!r}", "see `tenor results`")
    return int(np.flatnonzero(column.values == code)[0])


def fact_of(storage: Storage, asked: Asked) -> BlockFact:
    stream = fact_stream(asked.requested.originator_id, asked.measure.fact.value, asked.chunk_no)
    fact = next(iter(storage.store.stream(stream)), None)
    if not isinstance(fact, BlockFact):
        message = f"the log has no {asked.measure.fact.value} of chunk {asked.chunk_no}: it failed or is not done"
        raise Refused("NO_FACT", message, "see `tenor run show`")
    return fact


# --- the number and its block ---------------------------------------------------------------------------------------


def number_of(storage: Storage, asked: Asked, portfolio: Portfolio, fact: BlockFact) -> dict[str, Any]:
    payload = storage.store.block(fact.run_id, asked.measure.fact.value, fact.chunk_no)
    columns = storage.block_codec.decode(payload)
    place = columns.measures.index(asked.measure.name)
    reason = Reason(int(columns.reasons[place, asked.scenario_no, asked.row_in_chunk]))
    detail = int(columns.detail[asked.row_in_chunk])
    return {
        "run_id": str(fact.run_id),
        "position_id": asked.position_id,
        "measure": asked.measure.name + ("_BASE" if asked.in_base else ""),
        "meaning": asked.measure.meaning,
        "unit": "base currency" if asked.in_base else asked.measure.unit.value,
        "currency": currency_of_number(asked, portfolio),
        "scenario": asked.requested.scenarios[asked.scenario_no],
        "as_of": asked.requested.as_of.isoformat(),
        "values": values_of(storage, asked, portfolio, columns),
        "reason": reason.name if reason else None,
        "detail": columns.details[detail] if detail >= 0 else None,
        "bytes_match_event": sha256(payload).hexdigest() == fact.payload_sha256,
        "content_matches_event": storage.block_codec.content_sha256(columns) == fact.content_sha256,
    }


def currency_of_number(asked: Asked, portfolio: Portfolio) -> str | None:
    """That an amount is in; None of a number that is no amount."""
    if asked.in_base or asked.measure.unit is Unit.BASE_CURRENCY:
        return asked.requested.base_currency
    return currency_of(portfolio, asked.row) if "currency" in asked.measure.unit.value else None


def currency_of(portfolio: Portfolio, row: int) -> str:
    currency = portfolio.tables["instruments"].columns["currency"]
    code: str = currency.categories[currency.values[portfolio.instrument_row[row]]]
    return code


def values_of(storage: Storage, asked: Asked, portfolio: Portfolio, columns: BlockColumns) -> dict[str, float | None]:
    factor = rate_to_base(storage, asked, portfolio) if asked.in_base else 1.0
    values = {}
    for name in asked.measure.result_columns:
        value = float(columns.values[columns.columns.index(name), asked.scenario_no, asked.row_in_chunk])
        values[name + ("_base" if asked.in_base else "")] = None if np.isnan(value) else value * factor
    return values


def rate_to_base(storage: Storage, asked: Asked, portfolio: Portfolio) -> float:
    """The rates that the chunk's PositionPriced says were used."""
    events: Any = storage.store.stream(fact_stream(asked.requested.originator_id, "PositionPriced", asked.chunk_no))
    rate: float = events[0].fx_to_base[currency_of(portfolio, asked.row)][asked.scenario_no]
    return rate


def block_of(connection: Any, asked: Asked, fact: BlockFact) -> dict[str, Any]:
    return described_block(connection, fact) | {"row_in_chunk": asked.row_in_chunk, "positions": fact.positions}


# --- where it came from ---------------------------------------------------------------------------------------------


def snapshot_of(connection: Any, snapshot_id: UUID) -> tuple[int, SnapshotRegistered]:
    raw = raw_event(connection, snapshot_id, 1)
    event = codec.decode(raw.topic, raw.state) if raw else None
    if raw is None or not isinstance(event, SnapshotRegistered):
        message = f"the log has lost the registration of snapshot {snapshot_id}"
        raise Refused("UNKNOWN_SNAPSHOT", message, "see `tenor audit verify`")
    return raw.position, event


def snapshot_document(placed: tuple[int, SnapshotRegistered]) -> dict[str, Any]:
    position, event = placed
    return {
        "snapshot_id": str(event.originator_id),
        "sha256": event.sha256,
        "event_position": position,
        "registered_at": event.timestamp.isoformat(),
        "actor": event.actor,
    }


def portfolio_of(
    storage: Storage, asked: Asked, portfolio: Portfolio, placed: tuple[int, SnapshotRegistered]
) -> dict[str, Any]:
    source = placed[1].source
    lines = SourceLines.read(storage.blobs, source)
    return {
        **snapshot_document(placed),
        "row": asked.row,
        "rows": list(rows_of_position(portfolio, asked.row, lines)),
    }


def scenario_of(connection: Any, asked: Asked) -> dict[str, Any]:
    reference = asked.requested.scenarios[asked.scenario_no]
    name, version = split_reference(reference)
    document = {"scenario": reference, "document": asked.requested.scenario_documents[asked.scenario_no]}
    raw = raw_event(connection, scenario_stream(name), version or 1) if name != BASE else None
    if raw is None:
        return document
    event = codec.decode(raw.topic, raw.state)
    defined = {"event_position": raw.position, "actor": event.actor, "defined_at": event.timestamp.isoformat()}
    return document | {"scenario_id": name, "version": version or 1} | defined


def run_of(connection: Any, requested: runs.RunRequested) -> dict[str, Any]:
    return {
        "run_id": str(requested.originator_id),
        "requested_by": requested.actor,
        "base_currency": requested.base_currency,
        "commands": list(commands_of(connection, requested.originator_id)),
    }


def commands_of(connection: Any, run_id: UUID) -> Iterator[dict[str, Any]]:
    """Everything that happened to the run, who did it, and in answer to what."""
    for raw in raw_stream(connection, run_id):
        event = codec.decode(raw.topic, raw.state)
        yield {
            "event_position": raw.position,
            "topic": raw.topic,
            "actor": event.actor,
            "at": event.timestamp.isoformat(),
            "correlation_id": str(event.correlation_id),
            "reason": getattr(event, "reason", None),
        }


# --- for a person ---------------------------------------------------------------------------------------------------


def lines_of(document: dict[str, Any]) -> list[str]:
    number, block, market, scenario = (document[name] for name in ("number", "block", "market", "scenario"))
    shown = ", ".join(f"{name} {value}" for name, value in number["values"].items())
    proof = block["inclusion"]
    sealed = f"leaf {proof['leaf_index']} of {proof['tree_size']}, root {proof['root'][:16]}…" if proof else "not yet"
    lines = [
        f"number    {shown} ({said_unit(number['measure'], number['currency'])}) {number['reason'] or ''}".rstrip(),
        f"of        {number['position_id']} under {number['scenario']} as of {number['as_of']}: {number['meaning']}",
        f"block     {block['topic']} chunk {block['chunk_no']} row {block['row_in_chunk']}, sha256 "
        f"{block['content_sha256'][:16]}… ({'intact' if number['content_matches_event'] else 'NOT INTACT'})",
        f"engine    {block['engine_version']}",
        f"log       event {block['event_position']:,} of {block['written_at']}",
        f"sealed    {sealed}",
        *kept_line(document["cash_flows"]),
    ]
    for row in document["portfolio"]["rows"]:
        where = f"{row['file']} row {row['row']}" if row["file"] else "(no file is known)"
        lines.append(f"input     {row['table']} {row['key']}: {where}, sha256 {(row['file_sha256'] or '')[:16]}…")
    lines += [f"market    {market['snapshot_id']} sha256 {market['sha256'][:16]}… by {market['actor']}"]
    for curve in market["used"]["curves"]:
        lines.append(f"curve     {curve['curve_id']} as {curve['used_as']}, {counted(len(curve['nodes']), 'node')}")
    for fixing in market["used"]["fixings"]:
        lines.append(f"fixing    {fixing['index']} of {fixing['date']}: {fixing['rate']}")
    for spot in market["used"]["fx_spots"]:
        lines.append(f"spot      {spot['pair']} {spot['spot']}")
    lines += model_lines(document["models"])
    by = f" by {scenario['actor']} at {scenario['defined_at']}" if "actor" in scenario else ""
    lines.append(
        f"scenario  {scenario['scenario']}{by}, {counted(len(scenario['document'].get('shocks', [])), 'shock')}"
    )
    for one in document["run"]["commands"]:
        lines.append(f"command   {one['topic']} by {one['actor']} at {one['at']} (event {one['event_position']:,})")
    return lines


def said_unit(measure: str, currency: str | None) -> str:
    """`USD`, `USD per bp`, `years`: the currency itself where the unit is an amount."""
    unit = BY_NAME[measure.removesuffix("_BASE")].unit.value
    return re.sub("(base )?currency", currency, unit) if currency else unit
