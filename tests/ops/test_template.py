"""`tenor template`: what it writes is taken in as soon as it is filled in, and overwrites nothing."""

import csv
from datetime import date
from pathlib import Path

import pytest

from commands.ingestion.prepare import prepare_portfolio
from domain.market.document import parse_market
from domain.portfolio.tables import BY_NAME
from domain.refusals import Refused
from domain.scenarios.shocks import parse_scenarios
from ops.template import write_template

AS_OF = date(2026, 1, 23)
FILLED_IN = {
    "portfolio": [{"node_id": "B", "kind": "BOOK"}],
    "instruments": [
        {
            "instrument_id": "I",
            "product_type": "BOND",
            "currency": "USD",
            "maturity_date": "2030-01-23",
            "rate_type": "FIXED",
            "coupon": "0.04",
            "frequency": "2",
            "day_count": "30/360",
        }
    ],
    "positions": [{"position_id": "P", "instrument_id": "I", "book_id": "B", "notional": "100"}],
}


def test_filled_in_it_is_a_portfolio_and_its_empty_tables_disturb_nothing(tmp_path: Path) -> None:
    write_template(tmp_path, AS_OF)
    for name, rows in FILLED_IN.items():
        file = tmp_path / f"{name}.csv"
        with file.open("a", newline="") as out:
            writer = csv.DictWriter(out, file.read_text().strip().split(","), lineterminator="\n")
            writer.writerows(rows)
    prepared = prepare_portfolio(tmp_path)
    report = prepared.report()
    assert (report["errors"], report["warnings"]) == ([], []), report
    assert prepared.portfolio is not None and prepared.portfolio.position_count == 1


def test_empty_it_says_what_is_to_be_filled_in(tmp_path: Path) -> None:
    write_template(tmp_path, AS_OF)
    errors = prepare_portfolio(tmp_path).report()["errors"]
    assert {error["table"] for error in errors} == {"portfolio", "instruments", "positions"}


def test_market_and_scenarios_load_as_they_are(tmp_path: Path) -> None:
    write_template(tmp_path, AS_OF)
    assert parse_market((tmp_path / "market.json").read_bytes()).as_of == AS_OF
    scenarios = parse_scenarios((tmp_path / "scenarios.json").read_bytes())
    assert [each.scenario_id for each in scenarios] == ["up100", "down100"]


def test_the_page_beside_explains_every_column(tmp_path: Path) -> None:
    write_template(tmp_path, AS_OF)
    page = (tmp_path / "README.md").read_text()
    assert {file.stem for file in tmp_path.glob("**/*.csv")} == set(BY_NAME)
    for file in tmp_path.glob("**/*.csv"):
        header = file.read_text().strip().split(",")
        assert all(f"`{name}`" in page for name in header)
        assert set(header) <= {column.name for column in BY_NAME[file.stem].columns}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_template(tmp_path / "new", AS_OF)
    with pytest.raises(Refused, match="already"):
        write_template(tmp_path / "new", AS_OF)
