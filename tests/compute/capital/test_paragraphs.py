"""A figure names the paragraph that gave its weight: a rule of several paragraphs says the one that was read."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders.exposures import Book

BASEL = [
    ({"asset_class": "CORPORATE", "rating": "BBB"}, "CORPORATE", "CRE20.42"),
    ({"asset_class": "CORPORATE", "investment_grade": True}, "CORPORATE", "CRE20.44"),
    ({"asset_class": "CORPORATE_SME"}, "CORPORATE", "CRE20.47"),
    ({"asset_class": "SPECIALISED_LENDING", "specialised_type": "OBJECT_FINANCE"}, "SPECIALISED_LENDING", "CRE20.51"),
    (
        {"asset_class": "SPECIALISED_LENDING", "specialised_type": "PROJECT_PRE_OPERATIONAL"},
        *("SPECIALISED_LENDING", "CRE20.52"),
    ),
    ({"asset_class": "RETAIL"}, "RETAIL", "CRE20.66"),
    ({"asset_class": "RETAIL_OTHER"}, "RETAIL", "CRE20.68"),
    ({"asset_class": "LAND_ADC"}, "LAND_ADC", "CRE20.90"),
    ({"asset_class": "LAND_ADC", "presold": True}, "LAND_ADC", "CRE20.91"),
    ({"asset_class": "CORPORATE", "defaulted": True}, "DEFAULTED", "CRE20.106"),
    ({"asset_class": "RESIDENTIAL_RE", "defaulted": True}, "DEFAULTED", "CRE20.107"),
]
UNITED_STATES = [
    ({"asset_class": "CORPORATE"}, "US_WEIGHT", "12 CFR 217.32(f)"),
    ({"asset_class": "CORPORATE", "us_category": "GSE"}, "US_WEIGHT", "12 CFR 217.32(c)"),
    ({"asset_class": "SOVEREIGN", "country": "US"}, "US_WEIGHT", "12 CFR 217.32(a)(1)"),
    ({"asset_class": "BANK", "country": "US", "scra_grade": "A"}, "US_WEIGHT", "12 CFR 217.32(d)(1)"),
    ({"asset_class": "RESIDENTIAL_RE", "ltv": 0.5}, "US_WEIGHT", "12 CFR 217.32(g)(2)"),
    ({"asset_class": "HVCRE"}, "US_WEIGHT", "12 CFR 217.32(j)"),
    ({"asset_class": "EQUITY"}, "US_WEIGHT", "12 CFR 217.52(b)(5)"),
    ({"asset_class": "EQUITY", "equity_type": "SPECULATIVE"}, "US_WEIGHT", "12 CFR 217.52(b)(6)"),
    ({"asset_class": "CORPORATE", "days_past_due": 90}, "US_PAST_DUE", "12 CFR 217.32(k)"),
    (
        {"asset_class": "RESIDENTIAL_RE", "ltv": 0.5, "us_category": "FIRST_LIEN_PRUDENT", "nonaccrual": True},
        *("US_PAST_DUE", "12 CFR 217.32(g)"),
    ),
]


@pytest.mark.parametrize(
    ("measure", "said", "rule", "paragraph"),
    [("RWA_SA", *each) for each in BASEL] + [("RWA_US_SA", *each) for each in UNITED_STATES],
)
def test_the_paragraph_is_that_of_the_weight(
    tmp_path: Path, measure: str, said: dict[str, Any], rule: str, paragraph: str
) -> None:
    found = Book(tmp_path, [{"id": "X", **said}]).explained("X")[measure]
    assert (found["rule"], found["paragraph"]) == (rule, paragraph)
