"""What most implementations of credit capital get wrong: each test fails for the wrong reading."""

from pathlib import Path
from typing import Any

import pytest

from domain.refusals import Refused
from tests.builders.exposures import Book

HOME = {"asset_class": "RESIDENTIAL_RE", "collateral_value": 1_000_000.0}
TRANCHE = {"asset_class": "SECURITISATION", "attachment": 0.15, "detachment": 1.0, "k_sa": 0.06}


def one(folder: Path, said: dict[str, Any], **setting: Any) -> dict[str, Any]:
    return Book(folder, [{"id": "X", **said}], **setting).rows()["X"]


@pytest.mark.parametrize(("days", "defaulted", "us_weight"), [(89, False, 1.0), (90, False, 1.5), (91, True, 1.5)])
def test_basel_counts_more_than_ninety_days_and_the_us_rule_ninety(
    tmp_path: Path, days: int, defaulted: bool, us_weight: float
) -> None:
    row = one(tmp_path, {"asset_class": "CORPORATE", "days_past_due": days})
    assert (row["defaulted"], row["risk_weight_us"]) == (defaulted, us_weight)
    assert row["risk_weight_sa"] == (1.5 if defaulted else 1.0)


def test_the_scaling_of_2006_multiplies_rwa_and_not_the_weight_and_is_gone_in_2023(tmp_path: Path) -> None:
    said = {"asset_class": "CORPORATE", "irb_approach": "AIRB", "pd_12m": 0.01, "lgd": 0.45, "effective_maturity": 2.5}
    old = one(tmp_path / "old", said, rules=("basel-2006",))
    new = one(tmp_path / "new", said)
    assert old["risk_weight_irb"] == pytest.approx(0.9232, abs=5e-5) == new["risk_weight_irb"]
    assert old["rwa_irb"] / old["ead_irb"] == pytest.approx(1.06 * old["risk_weight_irb"], rel=1e-12)
    assert new["rwa_irb"] == new["ead_irb"] * new["risk_weight_irb"]


def test_a_transactor_has_its_weight_in_the_standardised_approach_alone(tmp_path: Path) -> None:
    cards = {"irb_approach": "AIRB", "pd_12m": 0.02, "lgd": 0.85}
    rows = Book(
        tmp_path,
        [
            {"id": "T", "asset_class": "RETAIL_TRANSACTOR", **cards},
            {"id": "R", "asset_class": "RETAIL_REVOLVER", **cards},
        ],
    ).rows()
    assert (rows["T"]["risk_weight_sa"], rows["R"]["risk_weight_sa"]) == (0.45, 0.75)
    assert rows["T"]["risk_weight_irb"] == rows["R"]["risk_weight_irb"] == pytest.approx(0.5463, abs=5e-5)


@pytest.mark.parametrize(
    ("loan", "weight"),
    [(500_000.0, 0.2), (500_000.01, 0.25), (600_000.0, 0.25), (600_000.01, 0.3), (800_000.0, 0.3), (900_000.0, 0.4)],
)
def test_the_edge_of_a_band_belongs_to_the_lower_one(tmp_path: Path, loan: float, weight: float) -> None:
    assert one(tmp_path, HOME | {"notional": loan})["risk_weight_sa"] == weight


def test_an_edge_is_not_missed_by_a_division(tmp_path: Path) -> None:
    """(0.1 + 0.2) / 0.5 is 0.6000000000000001 in doubles."""
    said = {"asset_class": "RESIDENTIAL_RE", "notional": 0.1, "prior_liens": 0.2, "collateral_value": 0.5}
    assert one(tmp_path, said)["risk_weight_sa"] == 0.25


def test_only_the_standardised_exposure_is_net_of_specific_provisions(tmp_path: Path) -> None:
    said = {"asset_class": "CORPORATE", "specific_provision": 100_000.0, "irb_approach": "FIRB", "pd_12m": 0.01}
    row = one(tmp_path, said)
    assert (row["ead_sa"], row["ead_irb"], row["ead_us"]) == (900_000.0, 1_000_000.0, 1_000_000.0)


def test_liens_of_others_count_in_the_ltv_and_cut_the_secured_slice(tmp_path: Path) -> None:
    said = HOME | {"notional": 500_000.0, "prior_liens": 200_000.0}
    assert one(tmp_path / "whole", said)["risk_weight_sa"] == 0.3
    split = one(tmp_path / "split", said, policy={"capital": {"real_estate": "SPLIT"}})
    assert split["rwa_sa"] == pytest.approx(0.2 * 350_000 + 0.75 * 150_000, rel=1e-14)


def test_sec_sa_takes_p_of_one_for_a_senior_tranche_too(tmp_path: Path) -> None:
    """31.08 % of the printed formula at W = 2 %; half of p would give the floor."""
    assert one(tmp_path, TRANCHE | {"w": 0.02})["risk_weight_sa"] == pytest.approx(0.310820, abs=5e-7)


def test_thickness_counts_for_what_is_not_senior_alone(tmp_path: Path) -> None:
    said = {"asset_class": "SECURITISATION", "rating": "BBB", "tranche_maturity": 1.0}
    rows = Book(
        tmp_path,
        [
            {"id": "S", **said, "attachment": 0.6, "detachment": 1.0},
            {"id": "M", **said, "attachment": 0.1, "detachment": 0.3},
        ],
    ).rows()
    assert rows["S"]["risk_weight_sa"] == pytest.approx(0.9, rel=1e-14)
    assert rows["M"]["risk_weight_sa"] == pytest.approx(2.2 * 0.8, rel=1e-14)


def test_the_floor_comes_before_the_cap_of_a_senior_tranche(tmp_path: Path) -> None:
    row = one(tmp_path, TRANCHE | {"attachment": 0.9, "pool_risk_weight": 0.1})
    assert row["risk_weight_sa"] == 0.1


def test_what_is_not_understood_is_never_a_hundred_percent(tmp_path: Path) -> None:
    said: dict[str, dict[str, Any]] = {
        "NONE": {},
        "RATING": {"asset_class": "CORPORATE", "rating": "AAAA"},
        "GRADE": {"asset_class": "BANK"},
        "COVERED": {"asset_class": "COVERED_BOND"},
        "VALUE": {"asset_class": "RESIDENTIAL_RE"},
        "NIL": {"asset_class": "RESIDENTIAL_RE", "collateral_value": 0.0},
        "TYPE": {"asset_class": "SPECIALISED_LENDING"},
        "PLACE": {"asset_class": "SECURITISATION", "k_sa": 0.08},
        "PD": {"asset_class": "CORPORATE", "irb_approach": "FIRB"},
        "LGD": {"asset_class": "CORPORATE", "irb_approach": "AIRB", "pd_12m": 0.01},
        "BEEL": {"asset_class": "CORPORATE", "irb_approach": "AIRB", "defaulted": True, "lgd": 0.4},
        "TRADING": {"asset_class": "CORPORATE", "accounting_class": "TRADING"},
        "SHORT": {"asset_class": "CORPORATE", "notional": -5.0},
        "SPOT": {"asset_class": "CORPORATE", "currency": "JPY"},
    }
    rows = Book(tmp_path, [{"id": name, **each} for name, each in said.items()]).rows()
    both = "RWA_SA:{0};RWA_IRB:{0}"
    everything = both + ";RWA_US_SA:{0}"
    invalid = both.format("INVALID_TERMS")
    assert {name: row["reason"] for name, row in rows.items()} == {
        "NONE": everything.format("UNSUPPORTED"),
        **dict.fromkeys(("RATING", "GRADE", "COVERED", "VALUE", "NIL", "TYPE", "PLACE"), invalid),
        **dict.fromkeys(("PD", "LGD"), "RWA_IRB:MISSING_MARKET_DATA"),
        "BEEL": "RWA_IRB:INVALID_TERMS",
        **dict.fromkeys(("TRADING", "SHORT"), everything.format("NOT_APPLICABLE")),
        "SPOT": everything.format("MISSING_MARKET_DATA"),
    }
    assert rows["PLACE"]["risk_weight_us"] == 12.5
    assert all(rows[name]["rwa_sa"] is None for name in ("NONE", "RATING", "TRADING"))


def test_rules_of_2006_have_no_standardised_approach(tmp_path: Path) -> None:
    row = one(tmp_path, {"asset_class": "CORPORATE"}, rules=("basel-2006", "us-2015"))
    assert row["reason"] == "RWA_SA:UNSUPPORTED;RWA_IRB:UNSUPPORTED"


def test_losses_beyond_provisions_leave_cet1_and_a_surplus_counts_up_to_its_cap(tmp_path: Path) -> None:
    """EL of 44,750 as in the examples of BCBS128: a shortfall of 14,750, a surplus capped at 0.6 % of 2,000,000."""
    book = [
        {"asset_class": "CORPORATE", "irb_approach": "AIRB", "notional": ead, "pd_12m": pd, "lgd": lgd}
        for ead, pd, lgd in ((1_000_000.0, 0.01, 0.45), (2_000_000.0, 0.05, 0.4), (500_000.0, 0.002, 0.25))
    ]
    for provisions, shortfall, surplus in ((30_000.0, 14_750.0, 0.0), (60_000.0, 0.0, 12_000.0)):
        capital = {"cet1": 100_000.0, "general_provisions_irb": provisions, "credit_rwa_irb": 2_000_000.0}
        top = Book(tmp_path / str(provisions), book, policy={"capital": capital}).totals()["BANK"]
        assert top["el_irb"] == pytest.approx(44_750.0, rel=1e-14)
        assert top["el_shortfall"] == pytest.approx(shortfall) and top["provision_surplus_tier2"] == pytest.approx(
            surplus
        )
        assert top["cet1"] == pytest.approx(100_000.0 - shortfall)


def test_the_floor_of_the_year_binds_at_the_node_and_adds_what_it_must(tmp_path: Path) -> None:
    said = {"asset_class": "CORPORATE", "irb_approach": "AIRB", "pd_12m": 0.0001, "lgd": 0.25}
    top = Book(tmp_path, [said]).totals()["BANK"]
    assert top["output_floor"] == 0.65 and top["rwa"] == pytest.approx(0.65 * 1_000_000.0)
    assert top["floor_add_on"] == top["rwa"] - top["rwa_irb"] and top["capital"] == pytest.approx(0.08 * top["rwa"])


def test_a_policy_that_names_no_node_of_the_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        Book(tmp_path, [{"asset_class": "CORPORATE"}], policy={"capital": {"node": "NOWHERE", "cet1": 1.0}}).totals()
    assert refused.value.code == "UNKNOWN_NODE"


def test_an_input_says_where_it_came_from(tmp_path: Path) -> None:
    said = {"id": "X", "asset_class": "CORPORATE", "irb_approach": "AIRB", "seniority": "SENIOR", "rating": "A-"}
    matrix = {"M": {"states": ["A", "D", "NR"], "matrix": [[0.9, 0.002, 0.098], [0, 1, 0], [0, 0, 1]]}}
    book = Book(tmp_path, [said], policy={"lgd_defaults": {"*": 0.45}}, rating_transitions=matrix)
    irb = book.explained("X")["RWA_IRB"]
    sources = {each["name"]: (each["value"], each["from"]) for each in irb["inputs"]}
    assert sources["pd_12m"] == (pytest.approx(0.002 / 0.902), "market")
    assert sources["lgd"] == (0.45, "policy")
    assert sources["asset_class"] == ("CORPORATE", "position")
    assert sources["maturity_date"] == ("2031-01-23", "instrument")
    assert sources["defaulted"] == (False, "default")
    assert irb["rule"] == "IRB_CORPORATE" and irb["paragraph"] == "CRE31.5" and irb["rule_set"] == "basel-2023"
    steps = {each["name"]: each["value"] for each in irb["steps"]}
    assert steps["RISK_WEIGHT"] == pytest.approx(12.5 * steps["K"]) and irb["value"] == book.rows()["X"]["rwa_irb"]


@pytest.mark.parametrize(("ltv", "weight"), [(0.5, 0.2), (0.8, 0.3), (0.81, 0.4), (1.2, 0.7), ("", None)])
def test_the_proposals_of_2026_weigh_first_liens_by_ltv_and_the_rules_in_force_do_not(
    tmp_path: Path, ltv: Any, weight: float | None
) -> None:
    said = {"asset_class": "RESIDENTIAL_RE", "us_category": "FIRST_LIEN_PRUDENT", "ltv": ltv}
    day = {"as_of": "2026-06-30"}
    proposed = one(tmp_path / "proposed", said, rules=("basel-2023", "us-2026-proposed"), **day)
    assert proposed["risk_weight_us"] == weight
    assert one(tmp_path / "now", said, **day)["risk_weight_us"] == 0.5
