"""An empty set of files: tables with their headers, a market and scenarios that load as they are, and their meaning.

CSV and JSON have no comments, so the comments are a page beside them, which ingestion leaves alone.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from domain.portfolio.meanings import TABLES as PURPOSES
from domain.portfolio.tables import TABLES, Table
from domain.refusals import Refused
from ops.reference import columns_of, required_terms

README, OPTIONAL = "README.md", "optional"
MARKET, SCENARIOS = "market.json", "scenarios.json"
FLAT_TENORS = ("3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
FLAT_RATE = 0.03
PREPAYMENT_MODEL: dict[str, object] = {
    "version": 1,
    "rate": {"curve": "USD-SOFR", "tenor_yr": 10, "spread": 0.017, "lag_months": 1},
    "incentive": "DIFFERENCE",
    "a": 0.28,
    "b": 0.14,
    "c": -8.57,
    "d": 430.0,
    "seasoning_months": 30,
    "seasonality": [0.94, 0.76, 0.74, 0.95, 0.98, 0.92, 0.98, 1.1, 1.18, 1.22, 1.23, 0.98],
    "burnout": {"floor": 0.3, "slope": 0.7},
    "min_cpr": 0.0,
    "max_cpr": 0.9,
}
"""The example of docs/models/prepayment_models.md, and no calibration: for `prepayment` of `MODEL agency30`."""

INTRODUCTION = """# An empty portfolio

Fill in `portfolio.csv`, `instruments.csv` and `positions.csv`. Tables that you may do without are in the folder
`optional`: move up those that you fill in. Columns that you do not need may go. Then, from here:

    tenor ingest . --dry-run            # everything that is wrong, with its fix
    tenor ingest .                      # prints the id of the snapshot
    tenor market load market.json       # its rates are placeholders, every one 3 %, and so is its prepayment model
    tenor scenario define scenarios.json
    tenor check --portfolio ID --market ID
    tenor run submit --portfolio ID --market ID --scenarios up100,down100 --wait
    tenor results RUN --by desk

UTF-8, commas, decimal points, dates as 2026-01-23. Rates, spreads and volatilities are decimals (0.05 is 5 %), prices
per 100. An empty cell is absent. Any other column of `positions.csv` or `instruments.csv` is an attribute to group by.
This page is not read by Tenor.

"""


def write_template(folder: Path, as_of: date) -> list[str]:
    """Nothing that is there is touched."""
    contents = files(as_of)
    taken = [name for name in contents if (folder / name).exists()]
    if taken:
        message = f"{folder} has {', '.join(taken)} already"
        raise Refused("TEMPLATE_EXISTS", message, "name a folder that is empty or not there yet")
    try:
        (folder / OPTIONAL).mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise Refused("TEMPLATE_NOT_WRITTEN", message, "name a folder that you may write to") from error
    return list(contents)


def files(as_of: date) -> dict[str, str]:
    texts = {place(table): ",".join(header(table)) + "\n" for table in TABLES}
    texts[MARKET] = json.dumps(market(as_of), indent=1) + "\n"
    texts[SCENARIOS] = json.dumps(scenarios(), indent=1) + "\n"
    parts = [f"## {table.name}\n\n{PURPOSES[table.name]}\n\n{columns_of(table)}" for table in TABLES]
    return texts | {
        README: INTRODUCTION + f"## What each product must bring\n\n{required_terms()}\n" + "\n".join(parts)
    }


def place(table: Table) -> str:
    """A table without rows is an error where it stands, so those that a portfolio may do without stand aside."""
    return f"{table.name}.csv" if table.required else f"{OPTIONAL}/{table.name}.csv"


def header(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def market(as_of: date) -> dict[str, Any]:
    nodes = [{"tenor": tenor, "rate": FLAT_RATE} for tenor in FLAT_TENORS]
    return {
        "as_of": as_of.isoformat(),
        "base_currency": "USD",
        "curves": [
            {
                "curve_id": "USD-SOFR",
                "currency": "USD",
                "kind": "ZERO",
                "interpolation": "LOG_LINEAR_DF",
                "nodes": nodes,
            }
        ],
        "spread_curves": [],
        "credit_curves": [],
        "discount": {"USD": "USD-SOFR"},
        "projection": {"USD-SOFR-3M": "USD-SOFR"},
        "fx_spots": [],
        "fixings": [],
        "volatilities": [],
        "hull_white": {},
        "prepayment_models": {"agency30": PREPAYMENT_MODEL},
    }


def scenarios() -> list[dict[str, Any]]:
    return [
        {
            "scenario_id": f"{way}100",
            "name": f"Rates {sign}100 bp",
            "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": int(f"{sign}100")}],
        }
        for way, sign in (("up", "+"), ("down", "-"))
    ]
