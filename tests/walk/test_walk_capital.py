"""Capital through the command line: a random book of every class against the second implementation, and the rest of the
commands over the same runs."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.builders.exposures import AS_OF, TERMS, market_of, write_table
from tests.walk.command_line import Tenor
from tests.walk.oracle import capital as oracle
from tests.walk.oracle.capital import Blank, Exposure, Rules

CLASSES = (
    *("SOVEREIGN", "BANK", "CORPORATE", "CORPORATE_SME", "SPECIALISED_LENDING", "RETAIL", "RETAIL_TRANSACTOR"),
    *("RETAIL_REVOLVER", "RETAIL_OTHER", "RESIDENTIAL_RE", "RESIDENTIAL_RE_INCOME", "COMMERCIAL_RE"),
    *("COMMERCIAL_RE_INCOME", "LAND_ADC", "HVCRE", "SECURITISATION", "COVERED_BOND", "EQUITY", "CASH"),
    *("COLLECTION_ITEMS", "DEFAULTED", "OTHER"),
)
EACH = 24
POLICIES: dict[str, dict[str, Any]] = {
    "whole": {"lgd_defaults": {"SUBORDINATED": 0.75, "*": 0.45}},
    "split": {"capital": {"real_estate": "SPLIT", "external_ratings": False}},
}
RULES = {
    "whole": Rules(AS_OF, lgd_defaults=(("SUBORDINATED", 0.75), ("*", 0.45))),
    "split": Rules(AS_OF, split=True, ratings=False),
}
HOLDERS = ("positions", "instruments", "issuers")


def said_of(chance: random.Random, cls: str) -> dict[str, str]:
    """Whatever may be said of an exposure of the class, and now and then something that is missing or odd."""

    def perhaps(share: float, *values: Any) -> str:
        return str(chance.choice(values)) if chance.random() < share else ""

    amount = round(chance.uniform(1e4, 1e6), 2)
    said = {
        "asset_class": cls if chance.random() < 0.97 else "",
        "rating": perhaps(0.5, *oracle.SP, *oracle.MOODY, "NR", "WR"),
        "rating_2": perhaps(0.2, *oracle.SP),
        "rating_3": perhaps(0.1, *oracle.MOODY),
        "scra_grade": perhaps(0.8, "A*", "A", "B", "C"),
        "investment_grade": perhaps(0.3, "true", "false"),
        "specialised_type": perhaps(0.8, "OBJECT_FINANCE", "PROJECT_PRE_OPERATIONAL", "PROJECT_HIGH_QUALITY"),
        "equity_type": perhaps(0.3, "SPECULATIVE"),
        "presold": perhaps(0.3, "true"),
        "seniority": perhaps(0.3, "SENIOR", "SUBORDINATED"),
        "country": perhaps(0.9, "US", "DE", "BR", "CO"),
        "crc": perhaps(0.3, *range(8)),
        "income_currency": perhaps(0.3, "USD", "CHF"),
        "income_hedged": perhaps(0.3, "true", "false"),
        "days_past_due": perhaps(0.4, 0, 30, 89, 90, 91, 200),
        "defaulted": perhaps(0.05, "true"),
        "nonaccrual": perhaps(0.1, "true"),
        "specific_provision": perhaps(0.4, round(amount * 0.1, 2), round(amount * 0.3, 2)),
        "undrawn": perhaps(0.5, round(amount * 0.5, 2)),
        "commitment_type": perhaps(0.6, *oracle.SUPERVISORY),
        "commitment_item": perhaps(0.2, "TRADE_LC", "PERFORMANCE"),
        "ccf": perhaps(0.4, 0.05, 0.3, 0.7),
        "irb_approach": perhaps(0.75, "SA", "FIRB", "AIRB"),
        "pd_12m": perhaps(0.9, 0.0001, 0.0007, 0.004, 0.02, 0.11, 0.3),
        "lgd": perhaps(0.8, 0.02, 0.2, 0.38, 0.6),
        "best_estimate_el": perhaps(0.7, 0.1, 0.35),
        "effective_maturity": perhaps(0.3, 0.3, 2.2, 7.0),
        "sales_eur_m": perhaps(0.5, 2, 5, 25, 50, 80, 700),
        "financial_institution": perhaps(0.2, "true"),
        "large_or_unregulated_fi": perhaps(0.2, "true"),
        "us_category": perhaps(0.2, "GSE", "FIRST_LIEN_PRUDENT", "PRESOLD", "MSA_DTA", "STATUTORY_MULTIFAMILY"),
        "amortised_cost": perhaps(0.3, round(amount * 0.97, 2)),
        "book_value": perhaps(0.3, round(amount * 0.98, 2)),
        "notional": str(amount),
        "currency": chance.choice(("USD", "EUR")),
        "maturity_date": chance.choice(("2026-03-31", "2027-06-30", "2031-01-23", "2040-02-29")),
        "issue_date": chance.choice(("2020-01-23", "2025-12-31", "2026-01-10")),
    }
    if cls in oracle.HOMES + oracle.SHOPS:
        said |= {
            "collateral_value": perhaps(0.7, *(round(amount / ltv, 2) for ltv in (0.3, 0.55, 0.75, 0.95, 1.3)), 0),
            "ltv": perhaps(0.5, 0.5, 0.6, 0.8, 0.9, 1.0, 1.2),
            "prior_liens": perhaps(0.3, round(amount * 0.1, 2)),
            "pari_passu_liens": perhaps(0.3, round(amount * 0.2, 2)),
            "re_qualifying": perhaps(0.3, "true", "false"),
            "counterparty_class": perhaps(0.4, "RETAIL", "CORPORATE_SME", "CORPORATE", "SOVEREIGN"),
        }
    elif cls != "SECURITISATION" and chance.random() < 0.5:
        said |= {
            "collateral_type": chance.choice(oracle.SECURED),
            "collateral_value": str(round(amount * chance.uniform(0.1, 2.5), 2)),
            "collateral_haircut": perhaps(0.3, 0.1),
        }
    if cls == "SECURITISATION":
        attachment = chance.choice((0.0, 0.04, 0.1, 0.2))
        said |= {
            "attachment": str(attachment) if chance.random() < 0.9 else "",
            "detachment": str(chance.choice((0.25, 0.5, 1.0))),
            "k_sa": perhaps(0.7, 0.05, 0.08, 0.3),
            "w": perhaps(0.4, 0.02, 0.1),
            "delinquency_unknown": perhaps(0.3, 0.03, 0.06),
            "k_irb": perhaps(0.5, 0.03, 0.07),
            "pool_type": perhaps(0.9, "WHOLESALE", "RETAIL"),
            "pool_n": perhaps(0.9, 8, 25, 60),
            "pool_lgd": perhaps(0.9, 0.45),
            "tranche_maturity": perhaps(0.4, 0.5, 3.0, 6.0),
            "senior": perhaps(0.4, "true", "false"),
            "resecuritisation": perhaps(0.1, "true"),
            "pool_risk_weight": perhaps(0.3, 0.12, 0.6),
            "sec_approach": perhaps(0.2, "SEC_SA", "SEC_IRBA", "SEC_ERBA"),
        }
        said["stc"] = "" if said["rating"] or said["rating_2"] or said["rating_3"] else perhaps(0.3, "true")
    return {name: value for name, value in said.items() if value}


@pytest.fixture(scope="module")
def book() -> dict[str, Exposure]:
    chance = random.Random(13)
    return {f"{cls}-{i:02}": Exposure(said_of(chance, cls)) for cls in CLASSES for i in range(EACH)}


def write(folder: Path, book: dict[str, Exposure]) -> Path:
    """Each column stands on one of the three tables, and what is weaker says something else beside it."""
    chance = random.Random(5)
    rows: dict[str, list[dict[str, str]]] = {table: [] for table in HOLDERS}
    own = ("notional", "book_value")
    terms = ("currency", "maturity_date", "issue_date", "seniority")
    for name, said in book.items():
        keys = {"position_id": name, "instrument_id": f"I-{name}", "book_id": "BOOK"}
        parts: dict[str, dict[str, str]] = {
            "positions": keys,
            "instruments": {**TERMS, "instrument_id": f"I-{name}", "issuer_id": f"C-{name}"},
            "issuers": {"issuer_id": f"C-{name}"},
        }
        for column, value in said.items():
            holder = "positions" if column in own else "instruments" if column in terms else chance.choice(HOLDERS)
            parts["issuers" if column == "country" else holder][column] = value
        for table in HOLDERS:
            rows[table].append(parts[table])
    rows["issuers"][0]["rating"] = rows["issuers"][0].get("rating", "")
    folder.mkdir()
    nodes = [("BANK", "", "FUND"), ("DESK", "BANK", "DESK"), ("BOOK", "DESK", "BOOK")]
    write_table(folder / "portfolio.csv", [dict(zip(("node_id", "parent_id", "kind"), n, strict=True)) for n in nodes])
    for table, some in rows.items():
        write_table(folder / f"{table}.csv", some)
    return folder


@dataclass(frozen=True)
class Capital:
    tenor: Tenor
    runs: dict[str, str]
    exposures: dict[str, dict[str, dict[str, Any]]]
    """by run and id"""


@pytest.fixture(scope="module")
def capital(walking: Tenor, book: dict[str, Exposure], tmp_path_factory: pytest.TempPathFactory) -> Capital:
    folder = tmp_path_factory.mktemp("capital")
    portfolio = walking.json("ingest", write(folder / "book", book))["snapshot_id"]
    (folder / "market.json").write_text(json.dumps(market_of()), encoding="utf-8")
    market = walking.json("market", "load", folder / "market.json")["snapshot_id"]
    runs = {}
    for name, policy in POLICIES.items():
        (folder / f"{name}.json").write_text(json.dumps({"policy_id": name, **policy}), encoding="utf-8")
        defined = walking.json("policy", "define", folder / f"{name}.json")
        assert defined == {"policy_id": name, "version": 1}
        words = ("--portfolio", portfolio, "--market", market, "--policy", f"{name}@1", "--rules", "basel-2023,us-2015")
        runs[name] = walking.json("run", "submit", *words, "--measures", "PV", "--wait")["run_id"]
    shown = {name: walking.json("regulatory", "show", run, "--report", "exposures") for name, run in runs.items()}
    return Capital(walking, runs, {name: {row["exposure_id"]: row for row in rows} for name, rows in shown.items()})


def expected(of: Callable[[], tuple[float, float]]) -> tuple[float | None, float | None, str]:
    """EAD, weight and the reason of a blank."""
    try:
        return *of(), ""
    except Blank as blank:
        return None, None, str(blank)


@pytest.mark.parametrize("run", POLICIES)
@pytest.mark.parametrize("measure", ["SA", "IRB", "US"])
def test_every_exposure_weighs_what_the_second_implementation_says(
    capital: Capital, book: dict[str, Exposure], run: str, measure: str
) -> None:
    rules, shown = RULES[run], capital.exposures[run]
    of: Callable[[Exposure], tuple[float, float]] = {
        "SA": lambda x: (oracle.ead_sa(x), oracle.weight_sa(x, rules)),
        "IRB": lambda x: oracle.irb(x, rules),
        "US": lambda x: (oracle.ead_us(x), oracle.weight_us(x)),
    }[measure]
    column = measure.lower()
    rwa = {"SA": "rwa_sa", "IRB": "rwa_irb", "US": "rwa_us_sa"}[measure]
    weighed, blank = 0, 0
    for name, x in book.items():
        row = shown[name]
        ead, weight, reason = expected(partial(of, x))
        code = dict(each.split(":") for each in (row["reason"] or "").split(";") if each).get(rwa.upper(), "")
        assert code == reason, (name, dict(x), row)
        if weight is None or ead is None:
            assert row[f"risk_weight_{column}"] is None and row[rwa] is None
            blank += 1
            continue
        assert row[f"ead_{column}"] == pytest.approx(ead, rel=1e-12), (name, dict(x))
        assert row[f"risk_weight_{column}"] == pytest.approx(weight, rel=1e-9, abs=1e-15), (name, dict(x), row)
        assert row[rwa] == pytest.approx(ead * weight, rel=1e-9, abs=1e-9)
        assert row[f"{rwa}_base"] == pytest.approx(row[rwa] * (1.1 if x["currency"] == "EUR" else 1.0), rel=1e-14)
        weighed += 1
    assert weighed > 350 and blank > 0


def test_totals_are_the_sum_of_the_exposures(capital: Capital) -> None:
    rows = capital.tenor.json("regulatory", "show", capital.runs["whole"])
    assert [row["node_id"] for row in rows] == ["BANK", "BOOK", "DESK"]
    exposures = capital.exposures["whole"].values()
    for row in rows:
        for name in ("rwa_sa", "rwa_irb", "rwa_us_sa"):
            assert row[name] == pytest.approx(sum(each[f"{name}_base"] or 0.0 for each in exposures), rel=1e-12)
        assert row["rwa"] == pytest.approx(max(row["rwa_irb"], 0.65 * row["rwa_sa"]))
    by_class = capital.tenor.json("regulatory", "show", capital.runs["whole"], "--by", "asset_class")
    assert sum(row["rwa_sa"] for row in by_class) == pytest.approx(rows[0]["rwa_sa"], rel=1e-12)
    refused = capital.tenor.refusal("regulatory", "show", capital.runs["whole"], "--by", "colour")
    assert refused["code"] == "UNKNOWN_COLUMN"


def test_an_exposure_explains_itself(capital: Capital, book: dict[str, Exposure]) -> None:
    shown = capital.exposures["whole"]
    name = next(name for name in book if name.startswith("CORPORATE-") and shown[name]["rule_irb"] == "IRB_CORPORATE")
    document = capital.tenor.json("regulatory", "explain", capital.runs["whole"], name)
    assert document["exposure_id"] == name
    assert [each["measure"] for each in document["measures"]] == ["RWA_SA", "RWA_IRB", "RWA_US_SA"]
    for each, column in zip(document["measures"], ("rwa_sa", "rwa_irb", "rwa_us_sa"), strict=True):
        assert each["value"] == shown[name][column] and each["paragraph"] and each["rule_set"]
        steps = {step["name"]: step["value"] for step in each["steps"]}
        assert each["value"] == pytest.approx(steps["EAD"] * steps["RISK_WEIGHT"])
        assert {given["from"] for given in each["inputs"]} <= {
            *("position", "instrument", "issuer", "market", "policy", "default")
        }
    assert {"PD", "LGD", "R", "B", "M", "MATURITY_ADJUSTMENT", "K"} <= {
        step["name"] for step in document["measures"][1]["steps"]
    }


def test_the_parts_of_a_change_add_up_to_it(capital: Capital) -> None:
    words = ("regulatory", "compare", "--from", capital.runs["whole"], "--to", capital.runs["split"])
    for row in capital.tenor.json(*words):
        parts = sum(row[name] for name in ("new", "gone", "fx", "exposure", "risk_weight"))
        assert row["change"] == pytest.approx(parts, rel=1e-9, abs=1e-3)
        assert row["value_to"] == pytest.approx(row["value_from"] + row["change"])


def test_what_cannot_be_run_is_refused_with_its_code(capital: Capital, tmp_path: Path) -> None:
    run = capital.tenor.json("run", "show", capital.runs["whole"])
    words = ("run", "submit", "--portfolio", run["portfolio_snapshot_id"], "--market", run["market_snapshot_id"])
    assert capital.tenor.refusal(*words, "--rules", "basel-4")["code"] == "RULE_SET_UNKNOWN"
    assert capital.tenor.refusal(*words, "--policy", "nobody@1")["code"] == "UNKNOWN_POLICY"
    weighed = {"policy_id": "weighed", "cecl": {"scenario_weights": {"BASE": 0.5, "severe": 0.5}}}
    (tmp_path / "weighed.json").write_text(json.dumps(weighed), encoding="utf-8")
    capital.tenor.json("policy", "define", tmp_path / "weighed.json")
    assert capital.tenor.refusal(*words, "--policy", "weighed")["code"] == "POLICY_SCENARIO_MISSING"
    weighed["cecl"] = {"scenario_weights": {"BASE": 0.5}}
    (tmp_path / "light.json").write_text(json.dumps(weighed), encoding="utf-8")
    assert capital.tenor.refusal("policy", "define", tmp_path / "light.json")["code"] == "WEIGHTS_SUM"
    listed = {each["policy_id"]: each["version"] for each in capital.tenor.json("policy", "list")}
    assert {"whole": 1, "split": 1, "weighed": 1}.items() <= listed.items()
