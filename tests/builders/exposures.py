"""Exposures as dictionaries of what is said of them, and what a run says of their capital."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.ingestion.prepare import Prepared, prepare_portfolio
from compute.capital.columns import Columns
from compute.capital.explanation import explanation_document
from compute.capital.frameworks import Worked, work_out
from compute.capital.reports import capital_table, exposures_table
from domain.market.document import MarketDocument, parse_market
from domain.runs.run import RunRequested

AS_OF = date(2026, 1, 23)
TERMS = {
    "product_type": "LOAN",
    "currency": "USD",
    "issue_date": "2025-01-23",
    "maturity_date": "2031-01-23",
    "rate_type": "FIXED",
    "coupon": "0.05",
    "frequency": "1",
    "day_count": "30/360",
    "amortization": "BULLET",
}
OF_INSTRUMENTS = (*TERMS, "seniority")
OF_ISSUERS = ("country", "sector")
NODES = (("BANK", "", "FUND"), ("DESK", "BANK", "DESK"), ("BOOK", "DESK", "BOOK"), ("OTHER", "DESK", "BOOK"))
NODES_OF_CURVES = [{"tenor": tenor, "rate": 0.03} for tenor in ("1Y", "30Y")]
CURVES = [
    {"curve_id": currency, "currency": currency, "kind": "ZERO", "nodes": NODES_OF_CURVES}
    for currency in ("USD", "EUR", "GBP")
]

Said = Mapping[str, Any]


def market_of(**changes: Any) -> dict[str, Any]:
    return {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": CURVES,
        "discount": {"USD": "USD", "EUR": "EUR", "GBP": "GBP"},
        "fx_spots": [{"pair": "EURUSD", "spot": 1.1}, {"pair": "GBPUSD", "spot": 1.3}],
        **changes,
    }


def write_book(folder: Path, exposures: Sequence[Said]) -> Path:
    """A portfolio folder: what is said of an exposure stands on its position, terms on its instrument, the country on
    its issuer."""
    positions, instruments, issuers = [], [], []
    for number, said in enumerate(exposures):
        name = str(said.get("id", f"E{number:04}"))
        rest = {key: value for key, value in said.items() if key not in (*OF_INSTRUMENTS, *OF_ISSUERS, "id", "book_id")}
        own = {key: said.get(key, TERMS.get(key, "")) for key in OF_INSTRUMENTS}
        position = {"position_id": name, "instrument_id": f"I-{name}", "book_id": said.get("book_id", "BOOK")}
        positions.append({**position, "notional": 1_000_000.0, **rest})
        instruments.append({"instrument_id": f"I-{name}", "issuer_id": f"C-{name}", **own})
        issuers.append({"issuer_id": f"C-{name}", **{key: said.get(key, "") for key in OF_ISSUERS}})
    folder.mkdir(parents=True, exist_ok=True)
    nodes = [dict(zip(("node_id", "parent_id", "kind"), node, strict=True)) for node in NODES]
    tables = {"portfolio": nodes, "positions": positions, "instruments": instruments, "issuers": issuers}
    for table, rows in tables.items():
        write_table(folder / f"{table}.csv", rows)
    return folder


def write_table(path: Path, rows: Sequence[Said]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)


def cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Book:
    """Exposures and what is said of them under rules and a policy."""

    def __init__(
        self,
        folder: Path,
        exposures: Sequence[Said],
        *,
        rules: tuple[str, ...] = ("basel-2023", "us-2015"),
        policy: Said | None = None,
        **market: Any,
    ) -> None:
        self.prepared: Prepared = prepare_portfolio(write_book(folder, exposures))
        assert self.prepared.portfolio is not None, self.prepared.errors
        self.columns = Columns(self.prepared.portfolio)
        self.market: MarketDocument = parse_market(json.dumps(market_of(**market)))
        self.requested = request_of(self.market, rules, policy)
        self.worked: Worked = work_out(self.columns, self.requested, self.market)

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["exposure_id"]: row for row in exposures_table(self.worked).to_pylist()}

    def totals(self, by: str | None = None) -> dict[str, dict[str, Any]]:
        table = capital_table(self.worked, by)
        assert table is not None
        return {row["node_id"]: row for row in table.to_pylist()}

    def explained(self, name: str) -> dict[str, Any]:
        """By measure."""
        ids = self.columns.portfolio.tables["positions"].columns["position_id"]
        row = [ids.categories[code] for code in ids.values].index(name)
        document: Any = explanation_document(self.columns, self.requested, self.market, name, row)
        return {each["measure"]: each for each in document["measures"]}


def request_of(market: MarketDocument, rules: tuple[str, ...], policy: Said | None) -> RunRequested:
    nobody = UUID(int=1)
    document = None if policy is None else {"policy_id": "p", **policy}
    return RunRequested.model_validate(
        {
            "originator_id": nobody,
            "originator_version": 1,
            "timestamp": "2026-01-23T00:00:00Z",
            "actor": "ada",
            "correlation_id": nobody,
            "causation_id": None,
            "portfolio_snapshot_id": nobody,
            "portfolio_sha256": "a",
            "market_snapshot_id": nobody,
            "market_sha256": "b",
            "as_of": market.as_of,
            "base_currency": "USD",
            "scenarios": ["BASE"],
            "scenario_documents": [],
            "measures": ["PV"],
            "positions": 1,
            "chunk_size": 4096,
            "rules": rules,
            "policy": "p@1" if policy else "",
            "policy_document": document,
        }
    )
