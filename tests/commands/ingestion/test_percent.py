"""A column of rates that looks like percent is refused, unless it is said to be meant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared, prepare_portfolio
from tests.commands.ingestion.conftest import FORWARD, LOAN, write_csv

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]

CAPLET = {
    "product_type": "CAP_FLOOR",
    "currency": "USD",
    "option_type": "CAP",
    "index": "USD-SOFR-3M",
    "float_frequency": "4",
    "maturity_date": "2029-01-15",
}
SUSPECTED: list[tuple[str, list[dict[str, str]], bool]] = [
    ("coupon", [LOAN | {"coupon": each} for each in ("4.5", "3.75", "0.05")], True),
    ("coupon", [LOAN | {"coupon": each} for each in ("4.5", "0.04", "0.05")], False),
    ("coupon", [LOAN | {"coupon": "4.5"}], True),
    ("coupon", [LOAN | {"coupon": "0.45"}], False),
    ("spread", [LOAN | {"spread": "1.25"}, LOAN, LOAN], True),
    ("cap", [LOAN | {"rate_type": "FLOATING", "index": "I", "cap": "4.5", "coupon": ""}], True),
    ("servicing_fee", [LOAN | {"servicing_fee": "0.75"}], True),
    ("strike", [CAPLET | {"strike": "3.5"}, FORWARD, FORWARD], True),
    ("strike", [CAPLET | {"strike": "0.035"}, FORWARD, FORWARD], False),
    ("strike", [FORWARD, FORWARD | {"strike": "151.2"}], False),
    ("severity", [LOAN | {"severity": "0.65", "default": "CDR 2"}], False),
]


@pytest.mark.parametrize(("column", "instruments", "suspected"), SUSPECTED)
def test_most_values_above_a_half_are_percent(
    tmp_path: Path, sound: Tables, column: str, instruments: list[dict[str, str]], suspected: bool
) -> None:
    sound["instruments"] = [row | {"instrument_id": f"I{n}"} for n, row in enumerate(instruments)]
    sound["positions"] = [sound["positions"][0] | {"instrument_id": "I0"}]
    source = write_csv(tmp_path, sound)
    found = [(each.column, each.row) for each in prepare_portfolio(source).errors if each.code == "PERCENT_SUSPECTED"]
    assert found == ([(column, None)] if suspected else [])
    assert prepare_portfolio(source, rates_are_decimals=True).errors == []


def test_the_probabilities_of_issuers_too_but_a_defaulted_one_is_no_rate(sound: Tables, bring: Bring) -> None:
    issuer = sound["issuers"][0]
    sound["issuers"] = [issuer | {"pd_12m": "0.8"}, issuer | {"issuer_id": "B", "pd_12m": "0.6"}]
    assert {each.code: each.column for each in bring(sound).errors} == {"PERCENT_SUSPECTED": "pd_12m"}
    sound["issuers"] = [issuer | {"pd_12m": "1"}]
    assert bring(sound).errors == []


def test_it_says_how_many_and_what_to_do(sound: Tables, bring: Bring) -> None:
    sound["instruments"][0]["coupon"] = "4.5"
    error = bring(sound, accept_valid=True).errors[0]
    assert "1 of 1 values are above 0.5, such as 4.5 in row 2" in error.message
    assert "4.5 % is 0.045" in error.fix and "--rates-are-decimals" in error.fix
