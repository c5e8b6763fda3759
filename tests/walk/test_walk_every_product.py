"""A portfolio that holds every product, from its files to totals through the log: a value or a reason for each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.portfolio.tables import PRODUCT_TYPES
from ops.audit.lineage.lineage import lineage
from ops.cli.output import plain
from ops.settings import Settings
from ops.wiring import Tenor as Parts
from ops.wiring import open_tenor
from tests.builders.small_fund import PRICED_PRODUCTS, PRODUCT_OF_POSITION
from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked

PRICED = set(PRODUCT_TYPES) - {"EXTERNAL"}
"""What is EXTERNAL is brought with its value."""

FIRST_OF_PRODUCT = {product: position for position, product in reversed(PRODUCT_OF_POSITION.items())}


@pytest.fixture(scope="module")
def base(walking: Tenor, walked: Walked) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = walking.json("results", walked.run_id, "--scenario", "BASE")
    return rows


def test_the_fund_holds_every_product(base: list[dict[str, Any]]) -> None:
    assert {row["product_type"] for row in base} == PRICED


def test_every_position_is_priced_or_says_why_not(base: list[dict[str, Any]]) -> None:
    for row in base:
        if row["product_type"] in PRICED_PRODUCTS:
            assert row["status"] == "PRICED" and row["pv"] is not None and row["pv_base"] is not None, row
        else:
            assert (row["status"], row["pv"]) == ("FAILED", None) and "PV:UNSUPPORTED" in row["reason"], row


def test_totals_by_product_are_shown_for_each(walking: Tenor, walked: Walked, base: list[dict[str, Any]]) -> None:
    totals = walking.json("results", walked.run_id, "--by", "product_type", "--scenario", "BASE")
    assert {row["product_type"] for row in totals} == PRICED
    for total in totals:
        inside = [row for row in base if row["product_type"] == total["product_type"]]
        assert total["positions"] == len(inside)
        values = [row["pv_base"] for row in inside if row["pv_base"] is not None]
        assert total["pv_base"] == (pytest.approx(sum(values), rel=1e-12) if values else None)


@pytest.fixture(scope="module")
def parts(walking: Tenor) -> Iterator[Parts]:
    with open_tenor(Settings(walking.home, walking.database_url)) as parts:
        yield parts


def test_the_command_line_tells_what_lineage_finds(walking: Tenor, walked: Walked, parts: Parts) -> None:
    position = FIRST_OF_PRODUCT["LOAN"]
    found = json.loads(json.dumps(lineage(parts.storage, walked.run_id, position, "PV"), default=plain))
    assert walking.json("audit", "lineage", walked.run_id, position, "PV") == found


@pytest.mark.parametrize("product", sorted(PRICED))
def test_a_number_of_each_product_leads_back_to_its_file_and_its_models(
    parts: Parts, walked: Walked, base: list[dict[str, Any]], product: str
) -> None:
    position = FIRST_OF_PRODUCT[product]
    document = lineage(parts.storage, walked.run_id, position, "PV")
    (row,) = [row for row in base if row["position_id"] == position]
    assert document["number"]["values"]["pv"] == row["pv"]
    assert document["number"]["content_matches_event"]
    assert (document["number"]["reason"] is None) == (product in PRICED_PRODUCTS)
    assert {"positions", "instruments"} <= {one["table"] for one in document["portfolio"]["rows"]}
    models = [one["model"] for one in document["models"]]
    assert models[0] == "curves" and len(models) > 1
    assert json.dumps(document["models"], default=plain)
