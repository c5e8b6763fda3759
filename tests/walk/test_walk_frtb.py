"""FRTB's delta through the command line: the second implementation over the sensitivities that results show."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders.exposures import NODES, market_of, write_table
from tests.walk.command_line import Tenor
from tests.walk.oracle import frtb

TENORS = {"3m": 0.25, "6m": 0.5, "1y": 1, "2y": 2, "3y": 3, "5y": 5, "10y": 10, "15y": 15, "20y": 20, "30y": 30}
SPREAD_TENORS = {"6m": 0.5, "1y": 1, "3y": 3, "5y": 5, "10y": 10}
BUCKETS = (2, 4, 8, 11, 16, 17, 18)
UNASSIGNED = 6
"""A bond that says no bucket: it is of other sectors, MAR21.52."""
RATES = {"USD": 1.0, "EUR": 1.1, "CHF": 1.25}
NODES_OF_CURVES = [{"tenor": tenor.upper(), "rate": 0.02} for tenor in (*TENORS, "40y")]


def bonds() -> list[dict[str, Any]]:
    chance = random.Random(21)
    return [
        {
            "id": f"B{number:02}",
            "currency": chance.choice(tuple(RATES)),
            "issuer": f"ISSUER{number % 9}" if number != 5 else "",
            "notional": chance.choice((-1, 1)) * chance.randint(100, 900) * 1_000.0,
            "coupon": round(chance.uniform(0.01, 0.06), 4),
            "maturity": f"{2026 + chance.randint(1, 29)}-01-23",
            "class": "AFS" if number in (3, 11) else "TRADING",
            "bucket": BUCKETS[number % 9 % len(BUCKETS)] if number != UNASSIGNED else "",
            "curve": chance.choice(("BOND", "CDS", "")),
        }
        for number in range(30)
    ]


def write(folder: Path) -> Path:
    folder.mkdir()
    write_table(folder / "portfolio.csv", [dict(zip(("node_id", "parent_id", "kind"), n, strict=True)) for n in NODES])
    issuers = sorted({each["issuer"] for each in bonds()} - {""})
    write_table(folder / "issuers.csv", [{"issuer_id": name, "name": name} for name in issuers])
    terms = {"product_type": "BOND", "rate_type": "FIXED", "frequency": "1", "day_count": "30/360"}
    instruments, positions = [], []
    for each in bonds():
        own = {"instrument_id": each["id"], "currency": each["currency"], "issuer_id": each["issuer"]}
        instruments.append({**own, "coupon": each["coupon"], "maturity_date": each["maturity"], **terms})
        names = {"position_id": each["id"], "instrument_id": each["id"], "book_id": "BOOK"}
        held = {"accounting_class": each["class"], "frtb_bucket": each["bucket"], "csr_curve": each["curve"]}
        positions.append({**names, "notional": each["notional"], **held})
    write_table(folder / "instruments.csv", instruments)
    write_table(folder / "positions.csv", positions)
    return folder


@dataclass(frozen=True)
class Traded:
    rows: list[dict[str, Any]]
    results: dict[str, dict[str, float]]

    def of(self, level: str, risk_class: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if (row["level"], row["risk_class"]) == (level, risk_class)]


@pytest.fixture(scope="module")
def traded(walking: Tenor, tmp_path_factory: pytest.TempPathFactory) -> Traded:
    folder = tmp_path_factory.mktemp("frtb")
    curves = [{"curve_id": name, "currency": name, "kind": "ZERO", "nodes": NODES_OF_CURVES} for name in RATES]
    spots = [{"pair": "EURUSD", "spot": 1.1}, {"pair": "USDCHF", "spot": 0.8}]
    market = market_of(curves=curves, discount={name: name for name in RATES}, fx_spots=spots)
    (folder / "market.json").write_text(json.dumps(market), encoding="utf-8")
    portfolio = walking.json("ingest", write(folder / "book"))["snapshot_id"]
    loaded = walking.json("market", "load", folder / "market.json")["snapshot_id"]
    words = ("--portfolio", portfolio, "--market", loaded, "--measures", "PV,KEY_RATE_DV01,KEY_RATE_CS01", "--wait")
    run = walking.json("run", "submit", *words)["run_id"]
    results = {row["position_id"]: row for row in walking.json("results", run)}
    return Traded(walking.json("regulatory", "show", run, "--report", "frtb"), results)


def sensitivities(traded: Traded) -> tuple[dict[str, dict[float, float]], dict[int, dict[frtb.Factor, float]]]:
    """By currency and vertex, by bucket and factor; in base currency, of the trading book alone."""
    rates: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    spreads: dict[int, dict[frtb.Factor, float]] = defaultdict(lambda: defaultdict(float))
    for each in bonds():
        if each["class"] != "TRADING":
            continue
        row, rate = traded.results[each["id"]], -10_000 * RATES[each["currency"]]
        own = {tenor: row[f"key_rate_dv01_{label}"] for label, tenor in TENORS.items()}
        own[5] += 0.6 * row["key_rate_dv01_7y"]
        own[10] += 0.4 * row["key_rate_dv01_7y"]
        for tenor, amount in own.items():
            rates[each["currency"]][tenor] += amount * rate
        for label, tenor in SPREAD_TENORS.items():
            factor = (f"{each['issuer'] or each['id']}|{each['curve'] or 'BOND'}", tenor)
            spreads[each["bucket"] or 16][factor] += row[f"key_rate_cs01_{label}"] * rate
    return rates, spreads


def test_factors_are_the_sums_of_positions(traded: Traded) -> None:
    rates, spreads = sensitivities(traded)
    shown = {(row["bucket"], float(row["factor"])): row for row in traded.of("FACTOR", "GIRR")}
    for currency, of in rates.items():
        for tenor, amount in of.items():
            if amount:
                row = shown[currency, tenor]
                assert row["sensitivity"] == pytest.approx(amount, rel=1e-9, abs=1e-6)
                assert row["risk_weight"] == pytest.approx(frtb.girr_weight(currency, tenor, "USD"))
                assert row["weighted"] == pytest.approx(row["sensitivity"] * row["risk_weight"])
    names = {(row["bucket"], row["factor"]): row for row in traded.of("FACTOR", "CSR_NON_SEC")}
    for bucket, factors in spreads.items():
        for (name, tenor), amount in factors.items():
            if amount:
                row = names[str(bucket), f"{name}|{tenor:g}"]
                assert row["sensitivity"] == pytest.approx(amount, rel=1e-9, abs=1e-6)
                assert row["risk_weight"] == pytest.approx(frtb.CSR_WEIGHTS[bucket - 1] / 100)
    assert len(names) > 50


def test_buckets_totals_and_capital_are_those_of_the_second_implementation(traded: Traded) -> None:
    """Pitfall 12: capital is the largest of three totals, each of both classes under one scenario."""
    rates, spreads = sensitivities(traded)
    totals = []
    for scenario in ("LOW", "MEDIUM", "HIGH"):
        both = {"GIRR": frtb.girr(rates, "USD", scenario), "CSR_NON_SEC": frtb.csr(spreads, scenario)}
        for risk_class, (k_b, delta) in both.items():
            rows = {row["bucket"]: row for row in traded.of("BUCKET", risk_class) if row["scenario"] == scenario}
            assert {bucket: row["k_b"] for bucket, row in rows.items()} == pytest.approx(
                {str(bucket): amount for bucket, amount in k_b.items()}, rel=1e-9
            )
            (total,) = (row for row in traded.of("TOTAL", risk_class) if row["scenario"] == scenario)
            assert total["delta"] == pytest.approx(delta, rel=1e-9)
        totals.append(sum(delta for _, delta in both.values()))
    assert [row["delta"] for row in traded.of("TOTAL", "ALL")] == pytest.approx(totals, rel=1e-9)
    assert [row["delta"] for row in traded.of("CAPITAL", "ALL")] == pytest.approx([max(totals)], rel=1e-9)
