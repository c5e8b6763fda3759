"""A run of five positions under two scenarios, written by hand into the read models: the numbers are the test's own."""

import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import xor
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import zstandard
from psycopg.types.json import Jsonb

from domain.measures.measures import columns_of
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind

NAN = math.nan
RUN_ID = UUID(int=100)
UNFINISHED_ID = UUID(int=101)
CANCELLED_ID = UUID(int=102)
PORTFOLIO_ID = UUID(int=200)
MARKET_ID = UUID(int=201)
RUN_NO, CHUNK_SIZE = 7, 3
ASKED_AT = datetime(2026, 1, 23, 18, tzinfo=UTC)
SCENARIOS = ["BASE", "up100@2"]
MEASURES = ("PV", "YIELD", "DV01", "KEY_RATE_DV01", "FX_DELTA")
COLUMNS = list(columns_of(MEASURES))
RATES = {"USD": (1.0, 1.0), "EUR": (1.09, 0.98)}

POSITIONS = ["P1", "=2+5", "P/3", "P4", "P5"]
INSTRUMENTS = ["I1", "I2", "I3", "I4", "I5"]
BOOKS = ["B1", "B1", "B2", "B2", "B2"]
PRODUCTS = ["LOAN", "LOAN", "BOND", "BOND", "FX_FWD"]
CURRENCIES = ["USD", "EUR", "USD", "EUR", "EUR"]
DETAILS = ["", "", "", 'curve "EUR-X" is missing, and so is its spot', ""]
NOTIONALS = [1000.0, 2000.0, -500.0, 100.0, 10.0]

# Doubles that only survive when they are written with all their digits.
PV = {
    "BASE": [0.1 + 0.2, 1e300, -5e-324, NAN, 1234567.891],
    "up100@2": [0.1 + 0.7, 1e299, -1 / 3, NAN, 2.5],
}
YIELD = {"BASE": [0.05, 0.04, 0.03, NAN, NAN], "up100@2": [0.06, 0.05, 0.04, NAN, NAN]}
DV01 = {"BASE": [11.0, 22.0, -33.0, NAN, 0.0], "up100@2": [10.0, 20.0, -30.0, NAN, 0.0]}
FX_DELTA = {"BASE": [0.0, 3.0, 0.0, NAN, 4.0], "up100@2": [0.0, 2.0, 0.0, NAN, 5.0]}

REASONS = [
    (0, "PRICED", ""),
    (1, "PRICED", "YIELD:NOT_APPLICABLE"),
    (2, "FAILED", ";".join(f"{name}:MISSING_MARKET_DATA" for name in MEASURES)),
]
REASON_NO = [0, 0, 0, 2, 1]


def amounts(scenario: str, column: str) -> list[float]:
    """Key rates share the DV01: eleventh parts, so that they add up."""
    table = {"pv": PV, "yield": YIELD, "dv01": DV01, "fx_delta": FX_DELTA}.get(column)
    return table[scenario] if table else [value / 11 for value in DV01[scenario]]


def in_base(scenario: str, column: str) -> list[float]:
    place = SCENARIOS.index(scenario)
    return [
        value * RATES[currency][place] for value, currency in zip(amounts(scenario, column), CURRENCIES, strict=True)
    ]


FAILURES = [
    {
        "status": "FAILED",
        "reason": "MISSING_MARKET_DATA",
        "sentence": "no spot <GBPUSD>",
        "positions": 1,
        "first": "P9",
    }
]
"""Positions by sentence, as a projection sums them up."""


def fill(connection: psycopg.Connection[Any]) -> None:
    _snapshots(connection)
    _scenarios(connection)
    for run in _runs():
        _insert(connection, "run_v1", run)
    _history(connection)
    _results(connection)
    _rollups(connection)


def _insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    names = psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(name) for name in row)
    marks = psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() * len(row))
    statement = psycopg.sql.SQL("INSERT INTO {} ({}) VALUES ({})")
    place = psycopg.sql.Identifier("projection", table)
    connection.execute(statement.format(place, names, marks), list(row.values()))


def _snapshots(connection: psycopg.Connection[Any]) -> None:
    for number, (identity, kind) in enumerate([(PORTFOLIO_ID, "PORTFOLIO"), (MARKET_ID, "MARKET")], 1):
        row = {
            "snapshot_id": identity,
            "kind": kind,
            "sha256": f"{number:064x}",
            "as_of": "2026-01-23" if kind == "MARKET" else None,
            "base_currency": "USD" if kind == "MARKET" else None,
            "row_counts": Jsonb({"positions": 5} if kind == "PORTFOLIO" else {"curves": 1}),
            "control_totals": Jsonb({}),
            "source": Jsonb({"files": []}),
            "registered_at": ASKED_AT,
            "actor": "tester",
            "log_position": number,
        }
        _insert(connection, "snapshot_v1", row)
    for node, parent, kind, path in (
        ("F", None, "FUND", ["F"]),
        ("<D>", "F", "DESK", ["F", "<D>"]),
        ("B1", "<D>", "BOOK", ["F", "<D>", "B1"]),
        ("B2", "<D>", "BOOK", ["F", "<D>", "B2"]),
    ):
        place = {
            "snapshot_id": PORTFOLIO_ID,
            "node_id": node,
            "parent_id": parent,
            "name": f"{node} & co",
            "kind": kind,
        }
        _insert(connection, "portfolio_node_v1", place | {"path": path, "positions": 5})


def _scenarios(connection: psycopg.Connection[Any]) -> None:
    for number, (name, version) in enumerate([("up100", 1), ("up100", 2), ("down", 1), ("Zero", 1)], 3):
        document = {"scenario_id": name, "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 100 * version}]}
        row = {"scenario_id": name, "version": version, "name": name, "document": Jsonb(document)}
        _insert(connection, "scenario_v1", row | {"defined_at": ASKED_AT, "actor": "tester", "log_position": number})
    row = {"scenario_set_id": "nightly", "version": 1, "scenarios": ["up100@2"], "defined_at": ASKED_AT}
    _insert(connection, "scenario_set_v1", row | {"log_position": 6})


@dataclass(frozen=True)
class State:
    run_id: UUID
    run_no: int
    status: str
    log_position: int
    priced_chunks: list[int]


def _runs() -> list[dict[str, Any]]:
    states = [
        State(RUN_ID, RUN_NO, "COMPLETED_WITH_EXCEPTIONS", 12, [0, 1]),
        State(UNFINISHED_ID, 13, "RUNNING", 14, [0]),
        State(CANCELLED_ID, 15, "CANCELLED", 16, []),
    ]
    return [
        {
            "run_id": state.run_id,
            "run_no": state.run_no,
            "status": state.status,
            "portfolio_snapshot_id": PORTFOLIO_ID,
            "market_snapshot_id": MARKET_ID,
            "as_of": "2026-01-23",
            "base_currency": "USD",
            "scenarios": SCENARIOS,
            "measures": list(MEASURES),
            "columns": COLUMNS,
            "positions": len(POSITIONS),
            "chunk_size": CHUNK_SIZE,
            "chunks": 2,
            "priced_chunks": state.priced_chunks,
            "actor": "tester",
            "requested_at": ASKED_AT + timedelta(minutes=number),
            "planned_at": ASKED_AT,
            "completed_at": ASKED_AT if state.run_id == RUN_ID else None,
            "completed_position": 12 if state.run_id == RUN_ID else None,
            "blocks_root": "ab" * 32 if state.run_id == RUN_ID else None,
            "log_position": state.log_position,
        }
        for number, state in enumerate(states)
    ]


def _history(connection: psycopg.Connection[Any]) -> None:
    for position, topic in ((7, "run.requested"), (8, "run.planned"), (12, "run.completed")):
        row = {"run_id": RUN_ID, "log_position": position, "topic": topic, "at": ASKED_AT, "actor": "tester"}
        _insert(connection, "run_event_v1", row | {"payload": Jsonb({"chunks": 2})})


def _results(connection: psycopg.Connection[Any]) -> None:
    for table in ("chunk", "position", "row", "status"):
        _partition(connection, f"result_{table}_v1")
    _insert(
        connection,
        "result_run_v1",
        {
            "run_id": RUN_ID,
            "run_no": RUN_NO,
            "completed_position": 12,
            "queryable_at": ASKED_AT + timedelta(seconds=3.5),
            "priced": 4,
            "failed": 1,
            "failure_counts": Jsonb({"PV:MISSING_MARKET_DATA": 1}),
            "partial": 0,
            "failures": Jsonb(FAILURES),
        },
    )
    for reason_no, status, reason in REASONS:
        row = {"run_no": RUN_NO, "reason_no": reason_no, "status": status, "reason": reason}
        _insert(connection, "result_reason_v1", row)
    for currency, rates in RATES.items():
        for scenario_no, rate in enumerate(rates):
            row = {"run_no": RUN_NO, "scenario_no": scenario_no, "currency": currency, "rate": rate}
            _insert(connection, "result_fx_v1", row)
    order = sorted(range(5), key=POSITIONS.__getitem__)
    for rows in (order[:2], order[2:]):  # two at most would do as well as a thousand
        ids = [POSITIONS[row] for row in rows]
        place = {"run_no": RUN_NO, "first_position_id": ids[0]}
        _insert(connection, "result_row_v1", place | {"position_id": texts(ids), "row_no": int32s(rows)})
    for chunk_no in range(2):
        _chunk(connection, chunk_no, slice(chunk_no * CHUNK_SIZE, (chunk_no + 1) * CHUNK_SIZE))


def _chunk(connection: psycopg.Connection[Any], chunk_no: int, rows: slice) -> None:
    place = {"run_no": RUN_NO, "chunk_no": chunk_no}
    who = {
        "position_id": texts(POSITIONS[rows]),
        "instrument_id": texts(INSTRUMENTS[rows]),
        "book_id": texts(BOOKS[rows]),
        "product_type": texts(PRODUCTS[rows]),
        "currency": texts(CURRENCIES[rows]),
        "detail": DETAILS[rows] if any(DETAILS[rows]) else None,
    }
    _insert(connection, "result_position_v1", place | who)
    for scenario_no, scenario in enumerate(SCENARIOS):
        under = place | {"scenario_no": scenario_no}
        _insert(
            connection,
            "result_status_v1",
            under | {"reason_no": struct.pack(f"<{len(REASON_NO[rows])}h", *REASON_NO[rows])},
        )
        for column_no, column in enumerate(COLUMNS):
            row = under | {"part_no": 0, "column_no": column_no, "packed": packed(scenario, column, rows)}
            _insert(connection, "result_chunk_v1", row)


def texts(values: list[str]) -> bytes:
    """Their count, offsets from 0 on, bytes."""
    octets = [value.encode() for value in values]
    offsets = [sum(map(len, octets[:place])) for place in range(len(octets) + 1)]
    return int32s([len(octets), *offsets]) + b"".join(octets)


def int32s(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def packed(scenario: str, column: str, rows: slice) -> bytes:
    """Value by value: bytes of the double XOR those under BASE, all the lowest first, then all the next."""
    values, first = (amounts(name, column)[rows] for name in (scenario, SCENARIOS[0]))
    octets = [struct.pack("<d", value) for value in values]
    if scenario != SCENARIOS[0]:
        octets = [bytes(map(xor, one, struct.pack("<d", base))) for one, base in zip(octets, first, strict=True)]
    return zstandard.compress(b"".join(map(bytes, zip(*octets, strict=True))))


def _partition(connection: psycopg.Connection[Any], table: str) -> None:
    statement = psycopg.sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES IN ({})")
    leaf, parent = (psycopg.sql.Identifier("projection", name) for name in (f"{table}_7", table))
    connection.execute(statement.format(leaf, parent, psycopg.sql.Literal(RUN_NO)))


GROUPS = {
    ("total", ""): [0, 1, 2, 3, 4],
    ("desk", "<D>"): [0, 1, 2, 3, 4],
    ("node", "<D>"): [0, 1, 2, 3, 4],
    ("book", "B1"): [0, 1],
    ("book", "B2"): [2, 3, 4],
    ("currency", "EUR"): [1, 3, 4],
    ("currency", "USD"): [0, 2],
}


def total_of(scenario: str, column: str, rows: list[int]) -> float:
    """In base currency; a yield is averaged by PV_base."""
    own = amounts(scenario, column)
    if column == "yield":
        weight = in_base(scenario, "pv")
        there = [row for row in rows if not math.isnan(own[row])]
        return sum(own[r] * weight[r] for r in there) / sum(weight[r] for r in there) if there else NAN
    values = own if column == "fx_delta" else in_base(scenario, column)
    there = [row for row in rows if not math.isnan(values[row])]
    return sum(values[row] for row in there) if there else NAN


def native_of(scenario: str, column: str, rows: list[int]) -> float:
    own = amounts(scenario, column)
    shared = len({CURRENCIES[row] for row in rows}) == 1 and column not in ("yield", "fx_delta")
    return sum(own[row] for row in rows if not math.isnan(own[row])) if shared else NAN


def _rollups(connection: psycopg.Connection[Any]) -> None:
    for table in ("rollup_v1", "rollup_reason_v1", "top_v1"):
        _partition(connection, table)
    for (dimension, key), rows in GROUPS.items():
        currencies = {CURRENCIES[row] for row in rows}
        for scenario_no, scenario in enumerate(SCENARIOS):
            place = {"run_no": RUN_NO, "dimension": dimension, "key": key, "scenario_no": scenario_no}
            sums = {
                "positions": len(rows),
                "currency": currencies.pop() if len(currencies) == 1 else None,
                "value": [total_of(scenario, column, rows) for column in COLUMNS],
                "value_native": [native_of(scenario, column, rows) for column in COLUMNS],
                "left_out": [int(3 in rows)] * len(COLUMNS),
            }
            currencies = {CURRENCIES[row] for row in rows}
            _insert(connection, "rollup_v1", place | sums)
            if 3 in rows:
                reasons = {f"{name}:MISSING_MARKET_DATA": 1 for name in MEASURES} | {"YIELD:NOT_APPLICABLE": 1}
                _insert(connection, "rollup_reason_v1", place | {"reasons": Jsonb(reasons)})
    for scenario_no, scenario in enumerate(SCENARIOS):
        for column in ("pv", "dv01"):
            values = [value for value in zip(in_base(scenario, column), POSITIONS, strict=True) if value[0] == value[0]]
            values.sort(key=lambda pair: -abs(pair[0]))
            row = {"run_no": RUN_NO, "scenario_no": scenario_no, "column_no": COLUMNS.index(column)}
            ranked = {"position_id": [name for _, name in values], "value": [value for value, _ in values]}
            _insert(connection, "top_v1", row | ranked)


def portfolio() -> Portfolio:
    """The snapshot behind the run, as far as groupings need it."""

    def text(values: list[str]) -> ColumnData:
        categories = tuple(sorted(set(values)))
        return ColumnData(Kind.TEXT, np.array([categories.index(each) for each in values], np.int32), categories)

    held = {
        "position_id": text(POSITIONS),
        "notional": ColumnData(Kind.NUMBER, np.array(NOTIONALS)),
        "fico": ColumnData(Kind.NUMBER, np.array([700.0, 700.0, 650.5, NAN, 700.0])),
    }
    issued = {"instrument_id": text(INSTRUMENTS), "currency": text(CURRENCIES), "product_type": text(PRODUCTS)}
    tables = {"positions": TableData(5, held), "instruments": TableData(5, issued)}
    return Portfolio(tables, np.arange(5, dtype=np.int32), np.zeros(5, np.int32))
