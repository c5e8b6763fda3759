"""A header that is nearly a column is warned of with that column; a name of its own is listed, and no more."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.near_names import nearest_column
from commands.ingestion.prepare import Prepared
from domain.portfolio.tables import BY_NAME

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]

MISSPELT = [
    *[("instruments", "sprd", "spread"), ("instruments", "matuirty_date", "maturity_date")],
    *[("instruments", "maturity", "maturity_date"), ("instruments", "freq", "frequency")],
    *[("instruments", "cpn", "coupon"), ("instruments", "Day Count", "day_count")],
    *[("instruments", "daycount", "day_count"), ("instruments", "prepay", "prepayment")],
    *[("instruments", "amortisation", "amortization"), ("instruments", "issue_dt", "issue_date")],
    *[("instruments", "mat_date", "maturity_date"), ("instruments", "service_fee", "servicing_fee")],
    *[("instruments", "defualt", "default"), ("instruments", "wca", "wac")],
    *[("positions", "notinal", "notional"), ("positions", "tag", "tags"), ("positions", "book_vale", "book_value")],
    *[("issuers", "secter", "sector"), ("issuers", "pd_12", "pd_12m"), ("portfolio", "parentid", "parent_id")],
    *[("exercises", "price", "price_per_100"), ("cashflows", "principle", "principal")],
]


@pytest.mark.parametrize(("table", "name", "column"), MISSPELT)
def test_a_misspelt_name_has_a_nearest_column(table: str, name: str, column: str) -> None:
    assert nearest_column(name, [each.name for each in BY_NAME[table].columns], ()) == column


OF_THEIR_OWN = """
fico ltv state loan_program origination_date vintage zip pool_prefix naics branch region servicer
channel property_type units dti grade term loan_age original_balance current_rate note_rate
interest_rate credit_score status stage lien isin cusip sedol figi market_price price book desk
trader coupon_type spread_bp notional_usd product county index_name remaining_term payment
monthly_payment default_date defaulted page cage wage rate settlement_date trade_date
maturity_bucket pool cap_rate floor_area collateral_type account attribute
"""


@pytest.mark.parametrize("table", ["instruments", "positions"])
def test_a_plain_attribute_is_nobody_s_misspelling(table: str) -> None:
    header = [column.name for column in BY_NAME[table].columns]
    assert [name for name in OF_THEIR_OWN.split() if name not in header and nearest_column(name, header, header)] == []


def test_attributes_are_listed_and_near_names_warned_of(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0] |= {"sprd": "0.01", "isin": "US0378331005"}
    sound["positions"][0] |= {"Fico": "700", "ntional": "1", "tag:desk": "A"}
    sound["issuers"][0]["secter"] = "BANKS"
    prepared = bring(sound)
    assert prepared.errors == []
    assert prepared.report()["attributes"] == {
        "issuers": ["secter"],
        "instruments": ["sprd", "isin"],
        "positions": ["fico", "ntional", "tag:desk"],
    }
    assert [(each.table, each.column, each.code) for each in prepared.warnings] == [
        ("issuers", "secter", "UNKNOWN_COLUMN"),
        ("instruments", "sprd", "UNKNOWN_COLUMN"),
        ("positions", "ntional", "UNKNOWN_COLUMN"),
    ]
    assert prepared.warnings[1].fix == "Rename it to spread if that is what it is."


def test_names_are_read_without_regard_to_case_or_blanks(sound: Tables, bring: Bring) -> None:
    plain = bring(sound)
    shouted = {
        name: [{each.upper(): cell for each, cell in row.items()} for row in rows] for name, rows in sound.items()
    }
    assert bring(shouted).sha256 == plain.sha256 is not None
    assert bring({name.upper(): rows for name, rows in sound.items()}).sha256 == plain.sha256
    sound["positions"][0]["NOTIONAL"] = "1"
    assert {each.code for each in bring(sound).errors} == {"DUPLICATE_COLUMN"}
