"""Random loans and bonds whose terms change on agreed dates, as a folder that ingestion takes."""

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]

AS_OF = date(2026, 3, 17)
KINDS = (
    *("arm", "capped arm", "holiday", "draws", "commitment", "balloon", "step", "floater"),
    *("step bond", "margin bond"),
)
DAY_COUNTS = ("30/360", "ACT/360", "ACT/365F", "30/360", "ACT/ACT.ISDA", "30E/360")
FREQUENCIES = (12, 12, 4, 2, 26)
PRODUCTS = {"step bond": "BOND", "margin bond": "BOND"}
SCENARIOS = [
    {"scenario_id": "up", "name": "Up", "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": 180}]},
    {
        "scenario_id": "fast",
        "name": "Fast",
        "shocks": [
            {"kind": "TWIST", "curves": "*", "short_bp": -90, "long_bp": 60, "pivot_yr": 5},
            {"kind": "PREPAYMENT", "multiplier": 1.7},
            {"kind": "DEFAULT", "speed": "CDR 4", "match": {"issuer_id": "I1"}},
        ],
    },
]
PORTFOLIO = [
    {"node_id": "F", "kind": "FUND"},
    {"node_id": "D", "parent_id": "F", "kind": "DESK"},
    {"node_id": "B", "parent_id": "D", "kind": "BOOK"},
]


def write_fund(folder: Path, seed: int, each: int) -> None:
    """`each` of every kind."""
    draw = random.Random(seed)
    tables: dict[str, list[Row]] = {
        name: [] for name in ("instruments", "positions", "steps", "payment_holidays", "draws")
    }
    for number, kind in enumerate(KINDS * each):
        _add(draw, f"X{number:03d}-{kind.replace(' ', '-').upper()}", kind, tables)
    tables |= {"portfolio": PORTFOLIO, "issuers": [{"issuer_id": "I1", "pd_12m": 0.02, "lgd": 0.4}]}
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    (folder / "market.json").write_text(json.dumps(market(), indent=1))
    (folder / "scenarios.json").write_text(json.dumps(SCENARIOS, indent=1))


def market() -> Row:
    nodes = [("3M", 0.043), ("1Y", 0.045), ("2Y", 0.038), ("5Y", 0.041), ("10Y", 0.046), ("30Y", 0.044)]
    curve = {"curve_id": "USD-SOFR", "currency": "USD", "kind": "ZERO", "interpolation": "LOG_LINEAR_DF"}
    days = [AS_OF - timedelta(days=n) for n in range(1, 420)]
    return {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [curve | {"nodes": [{"tenor": tenor, "rate": rate} for tenor, rate in nodes]}],
        "spread_curves": [],
        "credit_curves": [],
        "discount": {"USD": "USD-SOFR"},
        "projection": {"USD-SOFR-3M": "USD-SOFR", "USD-SOFR-1Y": "USD-SOFR", "USD-SOFR": "USD-SOFR"},
        "fx_spots": [],
        "fixings": [
            {"index": index, "date": day.isoformat(), "rate": 0.04 + 0.00001 * (day.toordinal() % 97)}
            for index in ("USD-SOFR-3M", "USD-SOFR-1Y", "USD-SOFR")
            for day in days
        ],
        "volatilities": [],
        "hull_white": {},
    }


def _add(draw: random.Random, name: str, kind: str, tables: dict[str, list[Row]]) -> None:
    frequency = draw.choice(FREQUENCIES) if "bond" not in kind else draw.choice((2, 4, 1))
    issue = date(2026, 3, 17) - timedelta(days=draw.randrange(40, 1500))
    maturity = AS_OF + timedelta(days=draw.randrange(700, 3000))
    row: Row = {
        "instrument_id": name,
        "product_type": PRODUCTS.get(kind, "LOAN"),
        "currency": "USD",
        "issuer_id": draw.choice(("I1", None)),
        "issue_date": issue,
        "maturity_date": maturity,
        "rate_type": "FIXED",
        "coupon": round(draw.uniform(0.01, 0.09), 4),
        "frequency": frequency,
        "day_count": draw.choice(DAY_COUNTS),
        "spread": draw.choice((None, 0.012)),
        **draw.choice(({}, {"calendar": "US.GOVT", "business_day": "FOLLOWING"}, {"end_of_month": "true"})),
    }
    held: Row = {"position_id": f"P-{name}", "instrument_id": name, "book_id": "B"}
    held["notional"] = draw.choice((1, 1, -1)) * round(draw.uniform(50_000, 400_000), 2)
    if row["product_type"] == "LOAN":
        row["amortization"] = draw.choice(("LEVEL_PAY", "LEVEL_PAY", "LINEAR", "BULLET"))
        row |= draw.choice(({}, {"servicing_fee": 0.0025}, {"io_months": draw.randrange(3, 60)}))
        row |= _speeds(draw)
        row["issuer_id"] = "I1" if row.get("default") == "PD" else row["issuer_id"]
        row |= draw.choice(({}, {"reference_notional": 100_000}))
    more = ADDING[kind](draw, row, held)
    for table, rows in more.items():
        tables[table] += [{"instrument_id": name, **each} for each in rows]
    tables["instruments"].append(row)
    tables["positions"].append(held)


def _speeds(draw: random.Random) -> Row:
    prepayment = draw.choice((None, None, "CPR 7", "PSA 150", "SMM 0.8"))
    lost: Row = {"default": draw.choice(("CDR 3", "SDA 200", "PD")), "severity": 0.35, "recovery_lag_months": 5}
    lost["servicer_advances"] = draw.choice(("true", None))
    return {"prepayment": prepayment} | draw.choice(({}, {}, lost))


def _days(draw: random.Random, count: int) -> list[date]:
    return sorted({AS_OF + timedelta(days=draw.randrange(-300, 1500)) for _ in range(count)})


def _arm(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    first = row["issue_date"] + timedelta(days=draw.randrange(30, 1400))
    row |= {"rate_type": "FLOATING", "index": "USD-SOFR-1Y", "margin": 0.02, "first_reset_date": first}
    row |= draw.choice(({}, {"reset_frequency": 2}, {"reset_frequency": 4}, {"reset_frequency": 1}))
    row |= draw.choice(({}, {"periodic_cap": 0.01}, {"periodic_cap": 0.005, "first_cap": 0.02}))
    bounds: tuple[Row, ...] = ({}, {"life_cap": 0.02}, {"life_cap": 0.015, "initial_rate": 0.05})
    row |= draw.choice((*bounds, {"cap": 0.08, "floor": 0.03}))
    steps = [{"date": day, "margin": round(draw.uniform(0, 0.04), 4)} for day in _days(draw, 2)]
    return {"steps": steps} if draw.random() < 0.3 else {}


def _capped(draw: random.Random, row: Row, held: Row) -> dict[str, list[Row]]:
    _arm(draw, row, held)
    row |= {"amortization": "LEVEL_PAY", "payment_cap": draw.choice((0.02, 0.075)), "io_months": None}
    row |= draw.choice(({"neg_am_cap": 1.01}, {"neg_am_cap": 1.1, "recast_months": 24}, {"recast_months": 36}))
    row |= draw.choice(({}, {"original_balance": abs(held["notional"]) * 1.02}))
    row["coupon"], row["margin"] = 0.012, 0.05
    row |= draw.choice(({}, {"amortization_months": 480}, {"reference_notional": 100_000, "payment_amount": 1900.0}))
    return {}


def _holiday(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    rows = []
    for day in _days(draw, draw.randrange(1, 4)):
        kind, extends = draw.choice(("FULL", "INTEREST_ONLY")), draw.choice(("true", "false", None))
        until = day + timedelta(days=draw.randrange(0, 400))
        rows.append({"from_date": day, "to_date": until, "kind": kind, "extends_maturity": extends})
    if draw.random() < 0.25:
        end = row["maturity_date"]
        late = {"from_date": end - timedelta(days=90), "to_date": end + timedelta(days=100)}
        rows.append(late | {"kind": "FULL", "extends_maturity": draw.choice(("true", "false"))})
    if draw.random() < 0.3:
        row |= {"rounding": "CENT", "prepayment": None, "default": None}
    if draw.random() < 0.2:
        row |= {"amortization": "LEVEL_PAY", "reference_notional": 100_000, "payment_amount": 2500.0}
    return {"payment_holidays": rows}


def _draws(draw: random.Random, row: Row, held: Row) -> dict[str, list[Row]]:
    if draw.random() < 0.3:
        _arm(draw, row, held)
    return {"draws": [{"date": day, "amount": round(draw.uniform(500, 30_000), 2)} for day in _days(draw, 4)]}


def _commitment(draw: random.Random, row: Row, held: Row) -> dict[str, list[Row]]:
    row |= {"draw_rate": draw.choice((0.1, 0.6))}
    row |= draw.choice(({}, {"commitment_end_date": AS_OF + timedelta(days=draw.randrange(100, 900))}))
    held["undrawn"] = round(draw.uniform(1000, 90_000), 2)
    return {}


def _balloon(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    row |= {"amortization": "LEVEL_PAY", "amortization_months": draw.choice((200, 241, 360))}
    return {}


def _step(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    row |= {"compounding": draw.choice((None, "SEMIANNUAL")) if row["product_type"] == "LOAN" else None}
    steps = [{"date": day, "coupon": round(draw.uniform(0.01, 0.09), 4)} for day in _days(draw, 3)]
    return {"steps": steps}


def _floater(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    row |= {"rate_type": "FLOATING", "index": draw.choice(("USD-SOFR-3M", "USD-SOFR")), "margin": 0.015}
    row |= draw.choice(({}, {"cap": 0.062, "floor": 0.04}))
    more: dict[str, list[Row]] = {
        "steps": [{"date": day, "margin": round(draw.uniform(0, 0.03), 4)} for day in _days(draw, 2)]
    }
    more |= _holiday(draw, row, {}) if draw.random() < 0.4 else {}
    row["rounding"] = None
    return more


def _margin_bond(draw: random.Random, row: Row, _: Row) -> dict[str, list[Row]]:
    row |= {"rate_type": "FLOATING", "index": "USD-SOFR-3M", "margin": 0.01, "redemption_per_100": 101}
    return {"steps": [{"date": day, "margin": round(draw.uniform(0, 0.03), 4)} for day in _days(draw, 2)]}


ADDING = {
    "arm": _arm,
    "capped arm": _capped,
    "holiday": _holiday,
    "draws": _draws,
    "commitment": _commitment,
    "balloon": _balloon,
    "step": _step,
    "floater": _floater,
    "step bond": _step,
    "margin bond": _margin_bond,
}
