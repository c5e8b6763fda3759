"""Counterparty exposure, concentrations, migration and limits through the command line: the printed examples of BCBS
279, and a random book against the second implementation."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.builders.derivatives import CDS, EXTERNAL, SWAP, SWAPTION, write_netted_book
from tests.builders.exposures import AS_OF, TERMS, market_of
from tests.walk.command_line import Tenor
from tests.walk.oracle.sa_ccr import FACTOR, NettingSet, figures

RATES = {"USD": 1.0, "EUR": 1.1, "GBP": 1.3}
SETS = 12
JLT: dict[str, Any] = {
    "states": ["AAA", "BBB", "CCC", "D", "NR"],
    "matrix": [[0.9, 0.0501, 0, 0, 0.05], [0.05, 0.8, 0.05, 0.05, 0.05], [0, 0.1, 0.6, 0.3, 0]],
}
"""AAA adds up to 1.0001: it is used as it is printed. D and NR have no rows."""
MARKET = market_of(
    projection={"USD-SOFR-3M": "USD", "EUR-EURIBOR-6M": "EUR"},
    fixings=[{"index": "USD-SOFR-3M", "date": AS_OF.isoformat(), "rate": 0.03}],
    credit_curves=[
        {"curve_id": name, "recovery": 0.4, "nodes": [{"tenor": "5Y", "hazard_rate": 0.02}]}
        for name in ("FIRM-A", "FIRM-B", "CDX")
    ],
    rating_transitions={"ONE": JLT},
)
POLICY = {
    "policy_id": "limited",
    "lgd_defaults": {"*": 0.4},
    "capital": {"tier1": 10_000_000.0, "cet1": 9_000_000.0, "gsib": True},
    "limits": [
        {"limit_id": "large", "metric": "LARGE_EXPOSURE"},
        {"limit_id": "sector", "metric": "SHARE", "by": "sector", "max": 0.5, "warn_at": 0.9},
        {"limit_id": "weighted", "metric": "RWA_SA", "node": "OTHER", "max": 1e9},
        {"limit_id": "value", "metric": "PV", "by": "sector", "max": 1e12},
        {"limit_id": "unknown", "metric": "HAPPINESS", "max": 1},
    ],
}
KEPT = "PV,PD_12M,LGD,EAD,EL,UL,RATING_FACTOR,EAD_SA,RISK_WEIGHT_SA,RWA_SA,RWA_IRB,EAD_US,RWA_US_SA"
Trade = dict[str, Any]


def examples() -> list[Trade]:
    """BCBS 279 Annex 4a, examples 1 to 5, with the printed market values; the euro swaption is counted in dollars."""
    rates: list[Trade] = [
        {**SWAP, "maturity_date": "2036-01-23", "market_value": 30},
        {**SWAP, "maturity_date": "2030-01-23", "pay_receive": "RECEIVE", "market_value": -20},
        {
            **SWAPTION,
            "currency": "USD",
            "ccr_reference": "EUR",
            "index": "USD-SOFR-3M",
            "notional": 5000,
            "expiry_date": "2027-01-23",
            "maturity_date": "2037-01-23",
            "ccr_underlying": 0.06,
            "market_value": 50,
        },
    ]
    index = {"ccr_class": "CREDIT_INDEX", "ccr_quality": "IG", "credit_curve": "CDX", "market_value": 0}
    credit: list[Trade] = [
        {"ccr_quality": "AA", "maturity_date": "2029-01-23", "option_type": "BUY", "credit_curve": "FIRM-A"},
        {"ccr_quality": "BBB", "maturity_date": "2032-01-23", "option_type": "SELL", "credit_curve": "FIRM-B"},
        {**index, "maturity_date": "2031-01-23", "option_type": "BUY"},
    ]
    credit = [dict(CDS) | {"market_value": value} | each for each, value in zip(credit, (20, -40, 0), strict=True)]
    commodity: list[Trade] = [
        {**EXTERNAL, "ccr_class": "COMMODITY_ENERGY", "ccr_reference": "OIL", "maturity_date": "2026-10-23"},
        {**EXTERNAL, "ccr_class": "COMMODITY_ENERGY", "ccr_reference": "OIL", "maturity_date": "2028-01-23"},
        {**EXTERNAL, "ccr_class": "COMMODITY_METALS", "ccr_reference": "SILVER", "maturity_date": "2031-01-23"},
    ]
    amounts = ((10_000, -50), (-20_000, -30), (10_000, 100))
    commodity = [
        {**each, "notional": notional, "market_value": value}
        for each, (notional, value) in zip(commodity, amounts, strict=True)
    ]
    sets = {"EX1": rates, "EX2": credit, "EX3": commodity, "EX4": rates + credit, "EX5": rates + commodity}
    return [
        {"id": f"{name}-{number}", "notional": 10_000, **trade, "netting_set_id": name}
        for name, trades in sets.items()
        for number, trade in enumerate(trades)
    ]


PRINTED: dict[str, dict[str, float]] = {
    "EX1": {"addon": 347, "rc": 60, "ead": 569},
    "EX2": {"addon": 282, "multiplier": 0.965, "ead": 381},
    "EX3": {"addon": 3841, "rc": 20, "ead": 5406},
    "EX4": {"addon": 629, "rc": 40, "ead": 936},
    "EX5": {"addon_ir": 123, "addon_commodity": 1278, "multiplier": 0.958, "rc": 0, "ead": 1879},
}
MARGINED: Trade = {"netting_set_id": "EX5", "counterparty_id": "CP", "margined": True, "collateral": 200, "nica": 150}
MARGINED |= {"minimum_transfer_amount": 5, "threshold": 0, "remargin_days": 5}


def random_trade(chance: random.Random, number: int) -> Trade:
    asset = chance.choice((*FACTOR, "CREDIT_SINGLE", "CREDIT_INDEX", "IRS", "SWAPTION"))
    said: Trade = {"id": f"R{number:03}", "notional": round(chance.uniform(-1e6, 1e6), 2)}
    said |= {"market_value": round(chance.uniform(-5e4, 5e4), 2), "currency": chance.choice(tuple(RATES))}
    said["maturity_date"] = f"{chance.choice((2026, 2027, 2029, 2031, 2040))}-{chance.randint(3, 12):02}-28"
    if asset == "IRS":
        return {**SWAP, **said, "currency": "USD", "pay_receive": chance.choice(("PAY", "RECEIVE"))}
    if asset == "SWAPTION":
        option = {"option_type": chance.choice(("PAYER", "RECEIVER")), "ccr_underlying": chance.choice((0.02, 0.05))}
        return {
            **SWAPTION,
            **said,
            **option,
            "currency": "EUR",
            "expiry_date": "2027-07-01",
            "maturity_date": "2040-07-01",
        }
    said |= {"product_type": "EXTERNAL", "ccr_class": asset}
    said["ccr_reference"] = chance.choice(("A", "B", "C"))
    if asset == "FX":
        said["ccr_reference"] = chance.choice(("EURUSD", "GBPUSD"))
    if asset == "CREDIT_SINGLE":
        said["ccr_quality"] = chance.choice(("AAA", "AA-", "A", "BBB+", "BB", "B-", "CCC"))
    if asset == "CREDIT_INDEX":
        said["ccr_quality"] = chance.choice(("IG", "SG"))
    if chance.random() < 0.1:
        said["ccr_delta"] = round(chance.uniform(-1, 1), 3)
    if chance.random() < 0.1:
        said |= {"ccr_start": 0.5, "ccr_end": 3.0, "ccr_maturity": 3.5}
    return said


@dataclass(frozen=True)
class Book:
    tenor: Tenor
    run: str
    """of PV alone: capital is worked out when it is asked for"""
    kept: str
    """of the same, with the measures of capital kept"""
    sets: dict[str, NettingSet]

    def report(self, name: str, *more: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.tenor.json("regulatory", "show", self.run, "--report", name, *more)
        return rows


@pytest.fixture(scope="module")
def book(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Book:
    chance, folder = random.Random(11), tmp_path_factory.mktemp("counterparty")
    trades, members = examples(), defaultdict(list)
    sets: list[Trade] = [{"netting_set_id": name, "counterparty_id": "CP"} for name in PRINTED if name != "EX5"]
    sets.append(MARGINED)
    for number in range(150):
        trade = random_trade(chance, number)
        name = f"N{chance.randrange(SETS):02}"
        members[name].append({key: str(value) for key, value in trade.items()})
        trades.append({**trade, "netting_set_id": name})
    of_sets = {}
    for name in sorted(members):
        margined = chance.random() < 0.5
        terms: Trade = {"currency": chance.choice(tuple(RATES)), "margined": margined}
        terms |= {"threshold": chance.choice((0, 5e4)), "minimum_transfer_amount": chance.choice((0, 1e4))}
        terms |= {"nica": chance.choice((0, -1e4, 2e4)), "collateral": round(chance.uniform(-1e5, 2e5), 2)}
        terms |= {"mpor_floor_days": chance.choice((5, 10, 20)), "remargin_days": chance.choice((1, 5))}
        sets.append({"netting_set_id": name, "counterparty_id": chance.choice(("CP", "FIRM")), **terms})
        of_sets[name] = NettingSet(tuple(members[name]), **terms)
    trades += loans()
    issuers: list[Trade] = [
        {"issuer_id": "CP", "asset_class": "BANK", "rating": "A", "sector": "BANKS", "gsib": True, "country": "DE"},
        {"issuer_id": "FIRM", "asset_class": "CORPORATE", "rating": "BBB", "sector": "ENERGY", "issuer_group": "G"},
        {"issuer_id": "CHILD", "asset_class": "CORPORATE", "rating": "CCC", "sector": "ENERGY", "issuer_group": "G"},
        {"issuer_id": "STATE", "asset_class": "SOVEREIGN", "rating": "AAA", "sector": "PUBLIC"},
    ]
    portfolio = walking.json("ingest", write_netted_book(folder / "book", trades, sets, issuers))["snapshot_id"]
    for name, document in (("market", MARKET), ("policy", POLICY)):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    market = walking.json("market", "load", folder / "market.json")
    assert [each["code"] for each in market["warnings"]] == ["ROW_AS_PRINTED"]
    walking.json("policy", "define", folder / "policy.json")
    words = ("run", "submit", "--portfolio", portfolio, "--market", market["snapshot_id"], "--policy", "limited")
    asked = (*words, "--rules", "basel-2023,us-2015", "--wait", "--json", "--measures")
    submitted = walking(*asked, "PV")
    assert submitted.code == 0, submitted.err
    assert "AAA 1.0001" in submitted.err
    kept = walking(*asked, KEPT)
    assert kept.code == 0, kept.err
    return Book(walking, submitted.document["run_id"], kept.document["run_id"], of_sets)


def loans() -> list[Trade]:
    held = (("FIRM", 3_000_000), ("CHILD", 1_000_000), ("STATE", 8_000_000), ("CP", 1_000_000))
    return [
        {**TERMS, "id": f"LOAN-{issuer}", "issuer_id": issuer, "notional": amount, "book_id": "OTHER"}
        for issuer, amount in held
    ]


def test_the_printed_examples_come_out_through_the_command_line(book: Book) -> None:
    """To the unit in which they are printed, except what is made of rounded parts: half of one more."""
    rows = {row["netting_set_id"]: row for row in book.report("netting_sets")}
    for name, figures_of in PRINTED.items():
        for column, value in figures_of.items():
            assert rows[name][column] == pytest.approx(value, abs=6e-4 if column == "multiplier" else 0.6), (
                name,
                column,
            )
    hedging = {(row["netting_set_id"], row["hedging_set"]): row["addon"] for row in book.report("hedging_sets")}
    assert hedging["EX3", "COMMODITY_ENERGY"] == pytest.approx(2041, abs=0.5)
    assert hedging["EX3", "COMMODITY_METALS"] == pytest.approx(1800, abs=0.5)


def test_every_set_is_what_the_second_implementation_says(book: Book) -> None:
    rows = {row["netting_set_id"]: row for row in book.report("netting_sets")}
    hedging: dict[str, dict[str, float]] = defaultdict(dict)
    for row in book.report("hedging_sets"):
        hedging[row["netting_set_id"]][row["hedging_set"]] = row["addon"]
    assert len(book.sets) == SETS
    for name, each in book.sets.items():
        found = figures(each, AS_OF, RATES)
        assert hedging[name] == pytest.approx(found.hedging, rel=1e-9), name
        for column in ("v", "c", "rc", "addon", "multiplier", "pfe", "ead"):
            assert rows[name][column] == pytest.approx(getattr(found, column), rel=1e-9, abs=1e-6), (name, column)
        assert rows[name]["rwa_sa"] == pytest.approx(rows[name]["risk_weight_sa"] * found.ead, rel=1e-9)
        assert rows[name]["risk_weight_sa"] == (0.3 if rows[name]["counterparty_id"] == "CP" else 0.75)


def test_trades_add_up_to_their_sets(book: Book) -> None:
    trades = book.report("trades")
    values: dict[str, float] = defaultdict(float)
    for row in trades:
        values[row["netting_set_id"]] += row["value"]
        assert row["addon"] == pytest.approx(row["supervisory_factor"] * row["effective_notional"], rel=1e-12)
    for row in book.report("netting_sets"):
        assert values[row["netting_set_id"]] == pytest.approx(row["v"], rel=1e-9, abs=1e-6)


def test_totals_and_explanations_have_netting_sets(book: Book) -> None:
    totals = {row["node_id"]: row for row in book.report("capital")}
    sets = book.report("netting_sets")
    exposures = book.report("exposures")
    assert [row["exposure_id"] for row in exposures if row["kind"] == "NETTING_SET"] == [
        row["netting_set_id"] for row in sets
    ]
    assert totals["BOOK"]["rwa_sa"] == pytest.approx(sum(row["rwa_sa"] for row in sets), rel=1e-12)
    assert totals["BANK"]["rwa_sa"] == pytest.approx(sum(row["rwa_sa_base"] or 0.0 for row in exposures), rel=1e-12)
    document = book.tenor.json("regulatory", "explain", book.run, "EX2")
    steps = {step["name"]: step["value"] for step in document["measures"][0]["steps"]}
    assert steps["EAD"] == pytest.approx(1.4 * (steps["RC"] + steps["PFE"]))
    assert steps["MULTIPLIER"] == pytest.approx(0.965, abs=5e-4)


@pytest.mark.parametrize("words", [(), ("--by", "sector"), ("--by", "asset_class"), ("--by", "issuer_id")])
def test_kept_totals_with_netting_sets_are_those_that_are_worked_out(book: Book, words: tuple[str, ...]) -> None:
    both = [
        {row["node_id"] or "": row for row in book.tenor.json("regulatory", "show", run, *words)}
        for run in (book.run, book.kept)
    ]
    assert set(both[0]) == set(both[1])
    for name, worked in both[0].items():
        for column, value in worked.items():
            kept = both[1][name][column]
            assert kept == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), (name, column)
    assert sum(row["rwa_sa"] for row in both[1].values()) > 0


AMOUNTS = ("ead", "rwa_sa", "rwa_irb", "rwa_us_sa")


@pytest.mark.parametrize("by", ["node", "sector", "asset_class", "issuer"])
def test_totals_of_results_have_netting_sets_at_their_books_and_counterparties(book: Book, by: str) -> None:
    words = () if by == "node" else ("--by", by)
    worked = {row["node_id"] or "": row for row in book.tenor.json("regulatory", "show", book.run, *words)}
    columns = ",".join([*(f"{each}_base" for each in (*AMOUNTS, "ead_sa")), "risk_weight_sa"])
    answer = book.tenor("results", book.kept, "--by", by, "--scenario", "BASE", "--columns", columns, "--json")
    assert answer.err == ""
    rows = {row[by]: row for row in json.loads(answer.out)}
    for name, row in worked.items():
        for column in AMOUNTS:
            mine = rows[name][f"{column}_base"] if name in rows else None
            assert (mine or 0.0) == pytest.approx(row[column], rel=1e-12), (name, column)
    weight = {name: row["risk_weight_sa"] for name, row in rows.items() if row["ead_sa_base"]}
    for name, each in weight.items():
        if each is not None and rows[name]["left_out"] == 0:
            assert each == pytest.approx(rows[name]["rwa_sa_base"] / rows[name]["ead_sa_base"], rel=1e-12)


def test_totals_that_are_summed_from_positions_say_that_they_leave_netting_sets_out(
    book: Book, client: TestClient
) -> None:
    words = ("--by", "desk,currency", "--format", "csv")
    answer = book.tenor("results", book.kept, "--columns", "rwa_sa_base", *words)
    assert "netting sets" in answer.err and "tenor regulatory show" in answer.err
    assert book.tenor("results", book.kept, "--columns", "pv_base", *words).err == ""
    told = client.get(f"/api/v1/results/runs/{book.kept}/totals?by=desk,currency&columns=rwa_sa_base")
    assert "netting sets" in told.headers["X-Note"]


def test_concentrations_of_every_node(book: Book) -> None:
    """FIRM and CHILD are one group; what is netted counts with its counterparty."""
    rows = {row["node_id"]: row for row in book.report("concentration", "--by", "issuer")}
    exposure = {"G": 4_000_000.0, "STATE": 8_000_000.0, "CP": 1_000_000.0}
    shares = sorted((each / 13_000_000.0 for each in exposure.values()), reverse=True)
    index = sum(each * each for each in shares)
    row = rows["OTHER"]
    assert (row["groups"], row["ead"], row["by"]) == (3, 13_000_000.0, "issuer")
    assert row["hhi"] == pytest.approx(index) and row["effective_number"] == pytest.approx(1 / index)
    assert row["hhi_normalised"] == pytest.approx((index - 1 / 3) / (1 - 1 / 3))
    assert (row["top_1"], row["top_5"]) == (pytest.approx(shares[0]), pytest.approx(1.0))
    capital = {each["node_id"]: each["ead"] for each in book.report("capital")}
    assert {name: each["ead"] for name, each in rows.items()} == pytest.approx(capital, rel=1e-12)
    refused = book.tenor.refusal("regulatory", "show", book.run, "--report", "concentration", "--by", "colour")
    assert refused["code"] == "UNKNOWN_COLUMN"


def test_migration_is_the_power_of_a_matrix_without_those_no_longer_rated(book: Book) -> None:
    rows = {(row["rating"], row["years"]): row for row in book.report("migration", "--years", "2")}
    assert [name for name in rows["AAA", 1] if name.startswith("to_")] == ["to_AAA", "to_BBB", "to_CCC", "to_D"]
    assert rows["AAA", 1]["to_AAA"] == pytest.approx(0.9 / 0.95, rel=1e-15)
    assert rows["D", 2]["to_D"] == 1.0
    by_hand = 0.9 / 0.95 * 0.0 + 0.0501 / 0.95 * 0.05 / 0.95
    assert rows["AAA", 2]["to_D"] == pytest.approx(by_hand + 0.0, rel=1e-12)


def test_limits_are_checked_and_a_breach_is_recorded_once(book: Book) -> None:
    rows = {(row["limit_id"], row["group"]): row for row in book.tenor.json("limits", "check", book.run)}
    sets = {row["netting_set_id"]: row for row in book.report("netting_sets")}
    of_bank = 1_000_000.0 + sum(row["ead"] for row in sets.values() if row["counterparty_id"] == "CP")
    of_group = 4_000_000.0 + sum(row["ead"] for row in sets.values() if row["counterparty_id"] == "FIRM")
    assert rows["large", "CP"]["value"] == pytest.approx(of_bank / 1e7, rel=1e-12)
    assert (rows["large", "CP"]["limit"], rows["large", "G"]["limit"]) == (0.15, 0.25)
    assert rows["large", "G"]["value"] == pytest.approx(of_group / 1e7, rel=1e-12)
    assert rows["large", "G"]["status"] == "BREACH" and ("large", "STATE") not in rows
    total = of_bank + of_group + 8_000_000.0
    assert rows["sector", "PUBLIC"]["value"] == pytest.approx(8_000_000.0 / total, rel=1e-12)
    assert rows["weighted", ""]["status"] == "OK"
    assert rows["value", "PUBLIC"]["status"] == "OK" and rows["value", "PUBLIC"]["value"] > 8_000_000.0
    assert rows["unknown", ""]["value"] is None and rows["unknown", ""]["status"] is None
    before = breaches(book)
    assert {key for key, row in rows.items() if row["status"] == "BREACH"} == before
    book.tenor.json("limits", "check", book.run)
    assert breaches(book) == before


def breaches(book: Book) -> set[tuple[str, str]]:
    assert book.tenor.database_url
    with psycopg.connect(book.tenor.database_url) as connection:
        rows = connection.execute(
            "SELECT convert_from(state, 'utf8')::json ->> 'limit_id', convert_from(state, 'utf8')::json ->> 'group'"
            "  FROM ledger_events WHERE topic = 'limit.breached'"
        ).fetchall()
    assert len(rows) == len(set(rows))
    return set(rows)


@pytest.fixture(scope="module")
def client(walking: Tenor) -> Iterator[TestClient]:
    with open_tenor(Settings(walking.home, walking.database_url)) as tenor:
        yield TestClient(build_app(tenor, ("regulatory", "results")), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("netting_sets", ("netting_sets",)),
        ("hedging_sets", ("hedging_sets",)),
        ("trades", ("trades",)),
        ("concentration?by=sector", ("concentration", "--by", "sector")),
        ("migration?years=2", ("migration", "--years", "2")),
        ("economic_capital", ("economic_capital",)),
    ],
)
def test_http_says_what_the_command_line_says(
    book: Book, client: TestClient, address: str, words: tuple[str, ...]
) -> None:
    answer = client.get(f"/api/v1/regulatory/runs/{book.run}/{address}")
    assert answer.status_code == 200 and answer.json() == book.report(*words)


def test_http_shows_limits_and_records_nothing(book: Book, client: TestClient) -> None:
    before = breaches(book)
    answer = client.get(f"/api/v1/regulatory/runs/{book.run}/limits")
    assert answer.status_code == 200 and breaches(book) == before
    assert answer.json() == book.tenor.json("limits", "check", book.run)
    explained = client.get(f"/api/v1/regulatory/runs/{book.run}/explain/EX3").json()
    assert explained["exposure_id"] == "EX3" and explained["measures"][0]["value"] > 0.0
    assert client.get(f"/api/v1/regulatory/runs/{book.run}/migration?years=0").status_code == 422
    rules = client.get("/api/v1/regulatory/rules/basel-2023", headers={"Accept": "text/csv"})
    assert rules.headers["content-type"].startswith("text/csv") and rules.headers["etag"]
    assert rules.text.splitlines()[0] == "rule,paragraph,parameter,value,effective_from,effective_to"
    assert "CORPORATE,CRE20.44,INVESTMENT_GRADE,0.65,2023-01-01," in rules.text


def test_a_matrix_whose_rows_do_not_add_up_is_refused(book: Book, tmp_path: Path) -> None:
    wrong = MARKET | {"rating_transitions": {"ONE": JLT | {"matrix": [[0.9, 0.05, 0, 0, 0.04], *JLT["matrix"][1:]]}}}
    (tmp_path / "market.json").write_text(json.dumps(wrong), encoding="utf-8")
    refused = book.tenor.refusal("market", "load", tmp_path / "market.json")
    assert [each["code"] for each in refused["problems"]] == ["MATRIX_ROW_SUM"]


def test_economic_capital_of_every_node_is_the_same_each_time(book: Book) -> None:
    rows = {row["node_id"]: row for row in book.report("economic_capital")}
    assert (rows["BANK"]["obligors"], rows["BANK"]["left_out"], rows["BANK"]["ead"]) == (2, 1, 13_000_000.0)
    assert rows["BANK"]["contribution"] == pytest.approx(rows["BANK"]["economic_capital"], rel=1e-12)
    assert rows["BANK"]["raroc"] == pytest.approx(
        (rows["BANK"]["income"] - rows["BANK"]["el"]) / rows["BANK"]["economic_capital"], rel=1e-12
    )
    assert book.report("economic_capital") == list(rows.values())
