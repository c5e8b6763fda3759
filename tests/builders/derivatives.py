"""Derivatives as dictionaries of what is said of them, in the files of a portfolio."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commands.ingestion.prepare import prepare_portfolio
from compute.capital.columns import Columns
from compute.capital.counterparty.tables import hedging_sets_table, netting_sets_table, trades_table
from compute.capital.counterparty.trades import Brought
from compute.capital.frameworks import Worked, with_netting_sets, work_out
from compute.capital.reports import capital_table, exposures_table
from compute.option_forwards import option_forwards
from domain.market.document import parse_market
from tests.builders.exposures import NODES, market_of, request_of, write_table

BANK = {"issuer_id": "CP", "asset_class": "BANK", "rating": "A", "country": "DE"}

OF_POSITIONS = (
    *("notional", "market_value", "netting_set_id", "counterparty_id", "ccr_quality", "ccr_underlying", "ccr_delta"),
    *("ccr_start", "ccr_end", "ccr_maturity", "book_id"),
)
SWAP = {
    "product_type": "IRS",
    "currency": "USD",
    "issue_date": "2026-01-23",
    "coupon": "0.04",
    "pay_receive": "PAY",
    "index": "USD-SOFR-3M",
    "fixed_frequency": "2",
    "fixed_day_count": "30/360",
    "float_frequency": "4",
    "float_day_count": "ACT/360",
}
SWAPTION = {
    "product_type": "SWAPTION",
    "currency": "EUR",
    "index": "EUR-EURIBOR-6M",
    "option_type": "RECEIVER",
    "fixed_frequency": "1",
    "fixed_day_count": "30/360",
    "float_frequency": "2",
    "float_day_count": "ACT/360",
    "strike": "0.05",
}
CDS = {"product_type": "CDS", "currency": "USD", "issue_date": "2026-01-23", "coupon": "0.01"}
EXTERNAL = {"product_type": "EXTERNAL", "currency": "USD"}

Said = Mapping[str, Any]


def write_netted_book(folder: Path, trades: Sequence[Said], sets: Sequence[Said], issuers: Sequence[Said]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    positions, instruments = [], []
    for said in trades:
        name = said["id"]
        own = {key: value for key, value in said.items() if key in OF_POSITIONS}
        positions.append({"position_id": name, "instrument_id": f"I-{name}", "book_id": "BOOK", **own})
        terms = {key: value for key, value in said.items() if key not in (*OF_POSITIONS, "id")}
        instruments.append({"instrument_id": f"I-{name}", **terms})
    nodes = [dict(zip(("node_id", "parent_id", "kind"), node, strict=True)) for node in NODES]
    tables = {"portfolio": nodes, "positions": positions, "instruments": instruments, "issuers": issuers}
    for table, rows in {**tables, **({"netting_sets": sets} if sets else {})}.items():
        write_table(folder / f"{table}.csv", rows)
    return folder


@dataclass(frozen=True)
class Netted:
    worked: Worked

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        netting, rules = self.worked.netting, self.worked.setting.rules.get("basel")
        found = {
            "netting_sets": lambda: netting_sets_table(netting),
            "hedging_sets": lambda: hedging_sets_table(netting),
            "trades": lambda: trades_table(netting, rules),
            "exposures": lambda: exposures_table(self.worked),
        }[table]()
        return {row[found.column_names[1 if table == "hedging_sets" else 0]]: row for row in found.to_pylist()}

    def totals(self, by: str | None = None) -> dict[str, dict[str, Any]]:
        table = capital_table(self.worked, by)
        assert table is not None
        return {row["node_id"]: row for row in table.to_pylist()}


def netted(
    folder: Path,
    trades: Sequence[Said],
    sets: Sequence[Said] = (),
    issuers: Sequence[Said] = (BANK,),
    *,
    rules: tuple[str, ...] = ("basel-2023", "us-2015"),
    policy: Said | None = None,
) -> Netted:
    held = [{"id": f"T{number}", "notional": 1000.0, **said} for number, said in enumerate(trades)]
    prepared = prepare_portfolio(write_netted_book(folder, held, sets, issuers))
    assert prepared.portfolio is not None, prepared.errors
    projection = {"USD-SOFR-3M": "USD", "EUR-EURIBOR-6M": "EUR"}
    surface: dict[str, Any] = {"surface_id": "S", "product": "SWAPTION", "index": "EUR-EURIBOR-6M", "kind": "NORMAL"}
    surface |= {"expiries_yr": [1, 5], "tenors_yr": [5, 10], "vols": [[0.008, 0.008], [0.008, 0.008]]}
    market = parse_market(json.dumps(market_of(projection=projection, volatilities=[surface])))
    portfolio = prepared.portfolio
    brought = Brought(
        values=lambda rows: np.full(len(rows), np.nan),
        forwards=lambda rows: option_forwards(portfolio, market, "USD", rows),
    )
    request = request_of(market, rules, policy)
    worked = work_out(Columns(portfolio), request, market)
    return Netted(with_netting_sets(worked, request, brought))


def one_set(**said: Any) -> list[dict[str, Any]]:
    return [{"netting_set_id": "NS", "counterparty_id": "CP", **said}]
