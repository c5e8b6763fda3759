"""The small fund as its files have it, and what of it this release prices: counts that no test has to repeat."""

import csv
from pathlib import Path

from compute.product_families import PRICED
from domain.portfolio.tables import PRODUCT_TYPES

FOLDER = Path(__file__).parents[2] / "examples" / "small_fund"
PRICED_PRODUCTS = frozenset(PRODUCT_TYPES[number] for number in PRICED)


def rows(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = {file.stem: len(rows(file.stem)) for file in sorted(FOLDER.glob("*.csv"))}
POSITIONS = ROWS["positions"]
PRODUCT_OF = {row["instrument_id"]: row["product_type"] for row in rows("instruments")}
PRODUCT_OF_POSITION = {row["position_id"]: PRODUCT_OF[row["instrument_id"]] for row in rows("positions")}
UNPRICED = [position for position, product in PRODUCT_OF_POSITION.items() if product not in PRICED_PRODUCTS]
"""Positions of products that this release has no pricer for; they fail as UNSUPPORTED, and nothing else does."""
STATUS = "COMPLETED_WITH_EXCEPTIONS" if UNPRICED else "COMPLETED"
