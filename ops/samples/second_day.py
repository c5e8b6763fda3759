"""The sample fund one business day later: some loans repaid, charged off, paid down or bought, some ratings lower."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ops.samples.files import write_json, write_table
from ops.samples.fund import SEED, bought_loans, fund_tables
from ops.samples.market import RATINGS, market_document
from ops.samples.obligors import PD_12M, Array

AS_OF = dt.date(2026, 1, 26)
_LENDING = r"\.(CONSUMER-\d|MORTGAGE|TERM-LOANS)$"
_GONE_EACH, _PAID_EACH, _BOUGHT_EACH, _RATED_EACH = 60, 12, 150, 25
"""One loan in so many; one company in so many for ratings."""
_LEFT, _LOST, _RECOVERED = 0.97, 0.6, 0.15
"""Of a balance: after a payment, charged off, recovered."""
_RATES_BP, _SPREADS, _SPOTS = 4.0, 1.04, {"EURUSD": 1.1688, "GBPUSD": 1.3441}
Tables = dict[str, pa.Table]


def write_second_day(folder: Path, positions: int, seed: int = SEED) -> None:
    """A portfolio folder with its credit events, and the day's market.json beside the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in moved_on(fund_tables(positions, seed), seed).items():
        write_table(folder, name, table, "parquet")
    write_json(folder / "market.json", second_market())


def second_market() -> dict[str, Any]:
    """Rates a little up, spreads a little wider, the dollar stronger."""
    market = market_document() | {"as_of": AS_OF.isoformat()}
    for curve in market["curves"]:
        curve["nodes"] = [node | {"rate": round(node["rate"] + _RATES_BP / 1e4, 6)} for node in curve["nodes"]]
    for curve in market["spread_curves"]:
        curve["nodes"] = [node | {"rate": round(node["rate"] * _SPREADS, 6)} for node in curve["nodes"]]
    market["fx_spots"] = [{"pair": pair, "spot": spot} for pair, spot in _SPOTS.items()]
    return market


def moved_on(first: Tables, seed: int) -> Tables:
    positions = first["positions"]
    lending = np.flatnonzero(pc.match_substring_regex(positions.column("book_id"), _LENDING))
    gone, paid = lending[::_GONE_EACH], lending[1::_PAID_EACH]
    paid = np.setdiff1d(paid, gone)
    lost = gone[::2]
    bought = bought_loans(len(lending) // _BOUGHT_EACH + 1, seed + 1, positions.num_rows)
    stays = np.ones(positions.num_rows, np.bool_)
    stays[gone] = False
    held = _paid_down(positions, paid).filter(pa.array(stays))
    left = positions.column("instrument_id").take(pa.array(gone, pa.int64()))
    instruments = first["instruments"]
    kept = instruments.filter(pc.invert(pc.is_in(instruments.column("instrument_id"), left.combine_chunks())))
    changed = {
        "issuers": _lower_rated(first["issuers"]),
        "instruments": pa.concat_tables([kept, bought[0]], promote_options="default"),
        "positions": pa.concat_tables([held, _as_bought(bought[1])], promote_options="default"),
        "credit_events": _events(positions.take(pa.array(lost, pa.int64()))),
    }
    return {name: table for name, table in (first | changed).items() if table.num_rows}


def _paid_down(positions: pa.Table, rows: Array) -> pa.Table:
    notional = positions.column("notional").to_numpy().copy()
    notional[rows] = (notional[rows] * _LEFT).round(2)
    return positions.set_column(positions.column_names.index("notional"), "notional", pa.array(notional))


def _as_bought(positions: pa.Table) -> pa.Table:
    """On the day itself; every third was bought with its credit already worse."""
    day = pa.array([AS_OF] * positions.num_rows, positions.schema.field("acquisition_date").type)
    positions = positions.set_column(positions.column_names.index("acquisition_date"), "acquisition_date", day)
    return positions.append_column("pcd", pa.array(np.arange(positions.num_rows) % 3 == 0))


def _lower_rated(issuers: pa.Table) -> pa.Table:
    """A few companies are a letter lower, and their PD with them."""
    ratings = issuers.column("rating").to_pylist()
    companies = np.flatnonzero(pc.starts_with(issuers.column("issuer_id"), "CORP"))
    for row in companies[::_RATED_EACH].tolist():
        ratings[row] = RATINGS[min(RATINGS.index(ratings[row]) + 1, len(RATINGS) - 1)]
    named = {"rating": pa.array(ratings), "pd_12m": pa.array([PD_12M[each] for each in ratings])}
    for name, values in named.items():
        issuers = issuers.set_column(issuers.column_names.index(name), name, values)
    return issuers


def _events(lost: pa.Table) -> pa.Table:
    """A part of each loan is charged off; of every other some comes back the same day."""
    ids, notional = lost.column("position_id").to_pylist(), lost.column("notional").to_numpy()
    charged = [(name, "CHARGE_OFF", amount) for name, amount in zip(ids, notional * _LOST, strict=True)]
    back = [(name, "RECOVERY", amount) for name, amount in zip(ids[::2], notional[::2] * _RECOVERED, strict=True)]
    rows = [
        {"position_id": name, "date": AS_OF, "kind": kind, "amount": round(float(amount), 2)}
        for name, kind, amount in charged + back
    ]
    return pa.Table.from_pylist(rows)
