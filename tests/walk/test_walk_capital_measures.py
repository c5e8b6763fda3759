"""The measures of credit and capital of a run: what `results` shows is what the reports work out, and what the second
implementation says; totals are of the same figures, and a shock moves PD and LGD alone."""

import json
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders.exposures import AS_OF, TERMS, market_of, write_table
from tests.walk.command_line import Tenor
from tests.walk.oracle import capital as oracle
from tests.walk.oracle.capital import Blank, Exposure, Rules

CLASSES = ("SOVEREIGN", "BANK", "CORPORATE", "RETAIL", "RESIDENTIAL_RE", "COMMERCIAL_RE", "SECURITISATION", "EQUITY")
EACH = 12
LGD_DEFAULT = 0.45
RULES = Rules(AS_OF, lgd_defaults=(("*", LGD_DEFAULT),))
RATES = {"USD": 1.0, "EUR": 1.1}
STRESS = {
    "scenario_id": "downturn",
    "name": "twice the defaults, a tenth more lost",
    "shocks": [
        {"kind": "DEFAULT", "multiplier": 2},
        {"kind": "SEVERITY", "add": 0.1},
        {"kind": "FX", "pair": "EURUSD", "pct": -10},
    ],
}
MATRIX = {"states": ["A", "BBB", "D"], "matrix": [[0.9, 0.0995, 0.0005], [0.05, 0.947, 0.003], [0, 0, 1]]}
PD_OF_RATING = {"A": 0.0005, "BBB": 0.003}
CREDIT = ("pd_12m", "lgd", "ead", "el", "ul", "rating_factor")
FRAMEWORKS = {"sa": "rwa_sa", "irb": "rwa_irb", "us": "rwa_us_sa"}
BESIDE = {"ead_irb", "el_irb", "provision_irb", "rwa_rated"}


def said_of(chance: random.Random, asset_class: str) -> dict[str, str]:
    def perhaps(share: float, *values: Any) -> str:
        return str(chance.choice(values)) if chance.random() < share else ""

    amount = round(chance.uniform(1e4, 1e6), 2)
    said = {
        "asset_class": asset_class if chance.random() < 0.9 else "",
        "rating": perhaps(0.7, "A", "BBB", "A-", "Baa3"),
        "pd_12m": perhaps(0.7, 0.0004, 0.004, 0.11, 0.7),
        "lgd": perhaps(0.6, 0.2, 0.38, 0.95),
        "irb_approach": perhaps(0.7, "SA", "FIRB", "AIRB"),
        "scra_grade": perhaps(0.8, "A", "B"),
        "days_past_due": perhaps(0.2, 30, 91),
        "specific_provision": perhaps(0.4, round(amount * 0.1, 2)),
        "undrawn": perhaps(0.5, round(amount * 0.5, 2)),
        "ccf": perhaps(0.4, 0.3, 0.7),
        "best_estimate_el": perhaps(0.7, 0.1),
        "collateral_value": perhaps(0.8, round(amount / 0.55, 2)),
        "attachment": perhaps(0.9, 0.04),
        "detachment": "0.5",
        "k_sa": perhaps(0.9, 0.05),
        "accounting_class": perhaps(0.1, "TRADING"),
        "notional": str(amount if chance.random() < 0.95 else -amount),
        "currency": chance.choice(("USD", "EUR")),
        "issue_date": "2020-01-23",
        "maturity_date": chance.choice(("2027-06-30", "2031-01-23")),
    }
    return {name: value for name, value in said.items() if value}


def write(folder: Path, book: dict[str, Exposure]) -> Path:
    """Terms and class on the instrument, all else on the position."""
    chance, positions, instruments = random.Random(3), [], []
    own = ("currency", "maturity_date", "issue_date", "asset_class", "rating")
    for name, said in book.items():
        terms = {column: value for column, value in said.items() if column in own}
        instruments.append({**TERMS, "instrument_id": f"I-{name}", **terms})
        rest = {column: value for column, value in said.items() if column not in own}
        positions.append({"position_id": name, "instrument_id": f"I-{name}", "book_id": chance.choice("PQ"), **rest})
    folder.mkdir()
    nodes = [("BANK", "", "FUND"), ("P", "BANK", "BOOK"), ("Q", "BANK", "BOOK"), ("NOTHING", "BANK", "BOOK")]
    write_table(folder / "portfolio.csv", [dict(zip(("node_id", "parent_id", "kind"), n, strict=True)) for n in nodes])
    write_table(folder / "positions.csv", positions)
    write_table(folder / "instruments.csv", instruments)
    return folder


@dataclass(frozen=True)
class Ran:
    tenor: Tenor
    kept: str
    """asked for every measure"""
    bare: str
    """of the same book, asked for PV alone"""
    rows: dict[tuple[str, str], dict[str, Any]]
    """results by scenario and position"""
    book: dict[str, Exposure]


@pytest.fixture(scope="module")
def ran(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    chance, folder = random.Random(29), tmp_path_factory.mktemp("measures")
    book = {f"{each}-{i:02}": Exposure(said_of(chance, each)) for each in CLASSES for i in range(EACH)}
    portfolio = walking.json("ingest", write(folder / "book", book))["snapshot_id"]
    documents: dict[str, dict[str, Any]] = {
        "market": market_of(rating_transitions={"one year": MATRIX}),
        "downturn": STRESS,
        "measured": {
            "policy_id": "measured",
            "lgd_defaults": {"*": LGD_DEFAULT},
            "capital": {"cet1": 1e6, "other_rwa_internal": 5e5, "general_provisions_irb": 1e3},
        },
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    market = walking.json("market", "load", folder / "market.json")["snapshot_id"]
    walking.json("scenario", "define", folder / "downturn.json")
    walking.json("policy", "define", folder / "measured.json")
    words: tuple[str, ...] = (
        "run",
        "submit",
        "--portfolio",
        portfolio,
        "--market",
        market,
        "--policy",
        "measured@1",
        "--wait",
    )
    words += ("--workers", "1", "--scenarios", "downturn")
    kept, bare = (walking.json(*words, *asked)["run_id"] for asked in ((), ("--measures", "PV")))
    rows = {(row["scenario_id"], row["position_id"]): row for row in walking.json("results", kept)}
    return Ran(walking, kept, bare, rows, book)


def is_exposure(x: Exposure) -> bool:
    return x.get("accounting_class") != "TRADING" and float(x["notional"]) > 0


def reasons_of(row: dict[str, Any]) -> dict[str, str]:
    return dict(each.split(":") for each in (row["reason"] or "").split(";") if each)


def probability(x: Exposure) -> float:
    """A notch takes its letter: A- is A, Baa3 is BBB."""
    if int(x.get("days_past_due", 0)) > 90:
        return 1.0
    if "pd_12m" in x:
        return float(x["pd_12m"])
    letter = {"A-": "A", "Baa3": "BBB"}.get(x.get("rating", ""), x.get("rating", ""))
    return PD_OF_RATING.get(letter, math.nan)


@pytest.mark.parametrize(("scenario", "times", "add"), [("BASE", 1.0, 0.0), ("downturn", 2.0, 0.1)])
def test_pd_lgd_and_the_losses_that_follow(ran: Ran, scenario: str, times: float, add: float) -> None:
    seen = set()
    for name, x in ran.book.items():
        row = ran.rows[scenario, name]
        if not is_exposure(x):
            assert all(row[each] is None for each in CREDIT), name
            assert all(reasons_of(row)[each.upper()] == "NOT_APPLICABLE" for each in CREDIT)
            continue
        pd, lgd = probability(x) * times, min(1.0, float(x.get("lgd", LGD_DEFAULT)) + add)
        pd = 1.0 if pd > 1.0 else pd
        ccf = float(x["ccf"]) if "ccf" in x else 0.4
        ead = float(x["notional"]) + ccf * float(x.get("undrawn", 0))
        assert row["lgd"] == pytest.approx(lgd) and row["ead"] == pytest.approx(ead)
        if math.isnan(pd):
            assert {reasons_of(row)[each] for each in ("PD_12M", "EL", "UL")} == {"MISSING_MARKET_DATA"}
        else:
            assert row["pd_12m"] == pytest.approx(pd)
            assert row["el"] == pytest.approx(pd * lgd * ead)
            assert row["ul"] == pytest.approx(ead * lgd * math.sqrt(pd * (1 - pd)), abs=1e-9)
        factor = {"A": 120, "A-": 180, "BBB": 360, "Baa3": 610}.get(x.get("rating", ""))
        assert row["rating_factor"] == factor
        assert (factor is None) == (reasons_of(row).get("RATING_FACTOR") == "NOT_APPLICABLE")
        seen.add((math.isnan(pd), factor))
    assert len(seen) > 5


def weighed_by(framework: str, x: Exposure) -> tuple[float, float]:
    if framework == "irb":
        return oracle.irb(x, RULES)
    if framework == "sa":
        return oracle.ead_sa(x), oracle.weight_sa(x, RULES)
    return oracle.ead_us(x), oracle.weight_us(x)


def test_weights_are_those_of_the_second_implementation_under_every_scenario(ran: Ran) -> None:
    known = {"A": 0.0005, "A-": 0.0005, "BBB": 0.003, "Baa3": 0.003}
    blank = weighed = 0
    for name, said in ran.book.items():
        x = Exposure({**said} | ({} if "pd_12m" in said else {"pd_12m": str(known.get(said.get("rating", ""), ""))}))
        x = Exposure({column: value for column, value in x.items() if value})
        for short, rwa in FRAMEWORKS.items():
            rows = [ran.rows[scenario, name] for scenario in ("BASE", "downturn")]
            try:
                ead, weight = weighed_by(short, x)
            except Blank as why:
                code = str(why)
            else:
                code = ""
            code = code if is_exposure(x) else "NOT_APPLICABLE"
            for row in rows:
                assert reasons_of(row).get(rwa.upper(), "") == code, (name, short, dict(x))
                rate = RATES[x["currency"]] * (
                    0.9 if row["scenario_id"] == "downturn" and x["currency"] == "EUR" else 1
                )
                if code:
                    assert row[rwa] is None and row[f"risk_weight_{short}"] is None
                    blank += 1
                    continue
                assert row[f"risk_weight_{short}"] == pytest.approx(weight, rel=1e-9, abs=1e-15)
                assert row[rwa] == pytest.approx(ead * weight, rel=1e-9, abs=1e-9)
                assert row[f"{rwa}_base"] == pytest.approx(row[rwa] * rate, rel=1e-12)
                weighed += 1
            if short == "irb" and not code:
                assert rows[0]["capital"] == pytest.approx(0.08 * rows[0][rwa])
    assert weighed > 200 and blank > 50


def test_a_position_that_brings_no_rating_is_priced_all_the_same(ran: Ran) -> None:
    assert {row["status"] for row in ran.rows.values()} == {"PRICED"}
    assert not BESIDE & set(next(iter(ran.rows.values())))
    beside = ran.tenor.json("results", ran.kept, "--columns", "ead_irb,el_irb", "--scenario", "BASE")
    assert any(row["el_irb"] is not None for row in beside)
    assert "ead" not in ran.tenor.json("results", ran.bare)[0]


def average(rows: list[dict[str, Any]], name: str, weight: Any) -> float:
    known = [row for row in rows if row[name] is not None]
    total = sum(weight(row) for row in known)
    return float(sum(row[name] * weight(row) for row in known) / total)


@pytest.mark.parametrize("by", ["book", "asset_class", "irb_approach,rating"])
def test_totals_add_up_the_positions(ran: Ran, by: str) -> None:
    """The last is no rollup: it is summed from the chunks. Who says no approach is under SA."""
    totals = ran.tenor.json("results", ran.kept, "--by", by)
    names = by.split(",")
    shown = ran.tenor.json("results", ran.kept, "--with", "asset_class,irb_approach,rating")
    shown = [row | {"irb_approach": row["irb_approach"] or "SA"} for row in shown]
    for total in totals:
        mine = [
            row
            for row in shown
            if row["scenario_id"] == total["scenario_id"]
            and all((row["book_id" if each == "book" else each] or "") == (total[each] or "") for each in names)
        ]
        assert len(mine) == total["positions"]
        for name in ("ead_base", "el_base", "ul_base", "ead_sa_base", "rwa_sa_base", "rwa_irb_base", "capital_base"):
            known = [row[name] for row in mine if row[name] is not None]
            assert total[name] == (pytest.approx(sum(known), rel=1e-12) if known else None), (name, total)
        exposed = [row for row in mine if row["ead"] is not None and row["pd_12m"] is not None]
        if exposed:
            assert total["pd_12m"] == pytest.approx(average(exposed, "pd_12m", lambda row: row["ead_base"]))
            by_loss = average(exposed, "lgd", lambda row: row["pd_12m"] * row["ead_base"])
            assert total["lgd"] == pytest.approx(by_loss)
        weighed = [row for row in mine if row["risk_weight_sa"] is not None]
        ead = sum(row["ead_sa_base"] for row in weighed)
        if ead:
            assert total["risk_weight_sa"] == pytest.approx(sum(row["rwa_sa_base"] for row in weighed) / ead)


def test_groups_of_issuers_are_the_issuers_where_nothing_says_a_group(ran: Ran) -> None:
    by_group, by_issuer = (
        ran.tenor.json("results", ran.kept, "--by", by, "--columns", "ead_base") for by in ("issuer_group", "issuer")
    )
    assert [row | {"issuer": row["issuer_group"]} for row in by_group] == [
        row | {"issuer_group": row["issuer"]} for row in by_issuer
    ]
    assert {row["irb_approach"] for row in ran.tenor.json("results", ran.kept, "--by", "irb_approach")} >= {"SA"}


def test_reports_say_the_same_of_a_run_that_keeps_its_capital_and_of_one_that_does_not(ran: Ran) -> None:
    for words in ((), ("--by", "asset_class")):
        kept, bare = (
            {row["node_id"]: row for row in ran.tenor.json("regulatory", "show", run, *words)}
            for run in (ran.kept, ran.bare)
        )
        assert list(kept) == list(bare)
        for name, row in bare.items():
            for column, value in row.items():
                is_number = isinstance(value, float)
                expected = pytest.approx(value, rel=1e-11, abs=1e-6) if is_number else value
                assert kept[name][column] == expected, (name, column)
    assert kept["CORPORATE"]["el_irb"] > 0
    explained = [ran.tenor.json("regulatory", "explain", run, "CORPORATE-03") for run in (ran.kept, ran.bare)]
    assert explained[0] == explained[1]
    moved = ran.tenor.json("regulatory", "compare", "--from", ran.bare, "--to", ran.kept)
    for row in moved:
        assert row["value_from"] > 0 and row["value_to"] == pytest.approx(row["value_from"], rel=1e-12)
        assert row["change"] == pytest.approx(0.0, abs=1e-6)


def test_the_log_holds_the_figures_and_works_them_out_again(ran: Ran) -> None:
    replayed = ran.tenor.json("audit", "replay", ran.kept)
    assert replayed["ok"] and {one["kind"] for one in replayed["chunks"]} == {
        *("PositionPriced", "RiskComputed", "CapitalComputed", "CashflowsProjected")
    }
    name = next(name for name in ran.book if ran.rows["downturn", name]["rwa_sa"])
    told = ran.tenor.json("audit", "lineage", ran.kept, name, "RWA_SA_BASE", "--scenario", "downturn")
    assert told["block"]["topic"] == "capital.computed" and told["number"]["content_matches_event"]
    assert told["number"]["values"]["rwa_sa_base"] == ran.rows["downturn", name]["rwa_sa_base"]
    shown = ran.tenor.json("run", "show", ran.kept)
    assert shown["policy"] == "measured@1"
    assert {"basel-2023", "us-2015", "irrbb-2026", "frtb-2023"} == set(shown["rules"])
