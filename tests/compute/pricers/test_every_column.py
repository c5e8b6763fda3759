"""Every product, every column: it changes a number, or ingestion warns of it, or refuses it. None is silent."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands.ingestion.findings import RowError
from commands.ingestion.prepare import Prepared, prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.product_families import price_chunk
from domain.market.document import parse_market
from domain.portfolio.exposure_columns import EXPOSURE_NAMES
from domain.portfolio.tables import INSTRUMENTS, POSITIONS, PRODUCT_TYPES
from domain.portfolio.term_use import FUNDED, HELD_READ_BY, LABELS, READ_BY
from domain.scenarios.shocks import BASE_SCENARIO
from tests.builders.derivative_fund import AS_OF, INDEX
from tests.builders.instruments import bond, cap, default_swap, floater, fx, fx_option, loan, pool, swap, swaption
from tests.builders.markets import CREDIT, HULL_WHITE, given
from tests.compute.pricers.structured.reference import note

Terms = dict[str, Any]

ON_EURIBOR = "OTHER-3M"
LATE = {"maturity_date": date(2038, 2, 28)}
SOON = {"maturity_date": date(2027, 2, 28), "frequency": 2}
"""Dates on which `end_of_month` tells; notes are dear, so theirs are few."""
RESETS: Terms = {"first_reset_date": date(2026, 8, 28), "floor": "", "margin": 0.04, "recast_months": 60}
VARIANTS: dict[str, Terms] = {
    "loan": loan(**LATE),
    "loan, by days": loan(**LATE, day_count="ACT/360"),
    "linear loan": loan(**LATE, amortization="LINEAR"),
    "bullet loan": loan(**LATE, amortization="BULLET"),
    "custom loan": loan(**LATE, amortization="CUSTOM"),
    "floating loan": floater(**LATE, product_type="LOAN", amortization="LEVEL_PAY", frequency=12),
    "arm": floater(
        **LATE,
        **RESETS,
        product_type="LOAN",
        amortization="LEVEL_PAY",
        amortization_months=480,
        frequency=12,
        coupon=0.03,
    ),
    "linear arm": floater(**LATE, product_type="LOAN", amortization="LINEAR", frequency=12, coupon=0.03, **RESETS),
    "bond": bond(**LATE),
    "bond, by days": bond(**LATE, day_count="ACT/360"),
    "zero bond": bond(**LATE, rate_type="ZERO", coupon=""),
    "floater": floater(**LATE),
    "callable": bond(**LATE, product_type="CALLABLE_BOND"),
    "pool": pool(first_payment_date=date(2026, 2, 28)),
    "pool in mid-month": pool(day_count="ACT/360"),
    "capped note": note({"kind": "CAPPED_FLOATER", "margin": 0.01}, cap=0.05, **SOON),
    "inverse note": note({"kind": "INVERSE_FLOATER", "leverage": 2}, coupon=0.09, **SOON),
    "cms note": note({"kind": "CMS"}, **SOON),
    "cms spread note": note({"kind": "CMS_SPREAD", "gearing": 4, "floor": 0}, **SOON),
    "range note": note({"kind": "RANGE_ACCRUAL", "upper": 0.04, "observation": "MONTHLY"}, coupon=0.05, **SOON),
    "range note on a swap": note(
        {"kind": "RANGE_ACCRUAL", "upper": 0.04, "observation": "MONTHLY", "tenor_yr": 5}, coupon=0.05, **SOON
    ),
    "digital note": note({"kind": "DIGITAL"}, coupon=0.05, strike=0.04, **SOON),
    "swap": swap(maturity_date=date(2033, 2, 28)),
    "cap": cap(maturity_date=date(2033, 2, 28)),
    "cap without a count": cap(maturity_date=date(2033, 2, 28), float_day_count=""),
    "swaption": swaption(maturity_date=date(2033, 2, 28)),
    "swaption without counts": swaption(maturity_date=date(2033, 2, 28), float_day_count="", fixed_day_count=""),
    "forward": fx(),
    "option": fx_option(),
    "default swap": default_swap(),
}
VALUES: dict[str, tuple[Any, Any]] = {
    "issue_date": (date(2024, 3, 10), date(2026, 3, 2)),
    "first_payment_date": ("", date(2026, 7, 1)),
    "maturity_date": (date(2038, 2, 28), date(2039, 6, 30)),
    "last_regular_payment_date": ("", date(2037, 9, 30)),
    "fixing_lag_days": ("", 4),
    "payment_amount": (25_000, 30_000),
    "rate_type": ("FIXED", "ZERO"),
    "coupon": (0.04, 0.05),
    "index": (INDEX, ON_EURIBOR),
    "margin": ("", 0.003),
    "cap": (0.05, 0.045),
    "floor": (0.02, 0.035),
    "frequency": (4, 2),
    "day_count": ("ACT/360", "30/360"),
    "calendar": ("", "US.GOVT"),
    "business_day": ("", "FOLLOWING"),
    "settlement_days": ("", 2),
    "amortization": ("LINEAR", "BULLET"),
    "io_months": ("", 60),
    "redemption_per_100": ("", 98),
    "reference_notional": (600_000, 500_000),
    "discount_curve": ("", "TERM"),
    "spread": ("", 0.01),
    "spread_curve": ("", "BBB"),
    "credit_curve": ("ACME", "ZETA"),
    "prepayment": ("", "CPR 8"),
    "default": ("", "CDR 2"),
    "severity": (0.2, 0.6),
    "recovery_lag_months": ("", 6),
    "servicing_fee": ("", 0.002),
    "wac": (0.065, 0.07),
    "wam": (320, 300),
    "age": (10, 20),
    "payment_delay_days": ("", 24),
    "amortization_months": ("", 240),
    "compounding": ("", "ANNUAL"),
    "rounding": ("", "CENT"),
    "notice_days": ("", 30),
    "end_of_month": ("", "true"),
    "adjust_accrual": ("", "true"),
    "spot_lag_days": ("", 2),
    "servicer_advances": ("", "true"),
    "pay_receive": ("PAY", "RECEIVE"),
    "fixed_frequency": (1, 4),
    "fixed_day_count": ("30/360", "ACT/365F"),
    "float_frequency": (4, 1),
    "float_day_count": ("ACT/360", "ACT/365F"),
    "strike": (0.04, 0.03),
    "expiry_date": (date(2028, 5, 10), date(2029, 5, 10)),
    "option_type": ("CAP", "FLOOR"),
    "pair": ("EURUSD", "GBPUSD"),
    "payoff": ("", ""),
    "original_balance": (900_000, 1_050_000),
    "first_reset_date": (date(2026, 8, 28), date(2027, 5, 28)),
    "reset_frequency": ("", 2),
    "periodic_cap": (0.001, 0.003),
    "life_cap": (0.004, 0.006),
    "first_cap": (0.002, 0.004),
    "initial_rate": (0.03, 0.032),
    "payment_cap": (0.001, 0.002),
    "neg_am_cap": (1.001, 1.003),
    "recast_months": (36, 60),
    "draw_rate": ("", 0.2),
    "commitment_end_date": (date(2027, 3, 1), date(2028, 3, 1)),
}
OF_PRODUCT: dict[tuple[str, str], tuple[Any, Any]] = {
    ("SWAPTION", "option_type"): ("PAYER", "RECEIVER"),
    ("CDS", "option_type"): ("BUY", "SELL"),
    ("FX_OPTION", "option_type"): ("CALL", "PUT"),
    ("CDS", "issue_date"): (date(2026, 1, 2), date(2026, 4, 2)),
    ("CAP_FLOOR", "issue_date"): (date(2024, 3, 10), date(2027, 3, 10)),
    ("IRS", "issue_date"): (date(2024, 3, 10), date(2027, 3, 10)),
    ("ABS_MBS", "first_payment_date"): (date(2026, 2, 1), date(2026, 2, 20)),
    ("SWAPTION", "first_payment_date"): ("", date(2028, 12, 10)),
    ("STRUCTURED", "maturity_date"): (date(2027, 2, 28), date(2028, 6, 30)),
    ("STRUCTURED", "frequency"): (1, 2),
    ("cms spread note", "cap"): (0.01, 0.02),
    ("FX_FWD", "strike"): (1.2, 1.3),
    ("FX_OPTION", "strike"): (1.2, 1.3),
    ("FX_OPTION", "expiry_date"): (date(2027, 3, 1), date(2028, 3, 1)),
    ("FX_FWD", "maturity_date"): (date(2027, 3, 1), date(2028, 3, 1)),
    ("CDS", "maturity_date"): (date(2031, 6, 20), date(2032, 6, 20)),
    ("ABS_MBS", "day_count"): ("30/360", "ACT/365F"),
    ("arm", "floor"): (0.06, 0.09),
    ("linear arm", "floor"): (0.06, 0.09),
}
"""Two values where those of VALUES do not fit the product."""

OF_RESETS = {
    *("initial_rate", "first_cap", "periodic_cap", "life_cap", "reset_frequency"),
    *("payment_cap", "neg_am_cap", "recast_months", "original_balance"),
}
"""Refused, each with an error of its own, where no rate resets."""

BURNT: dict[str, Any] = {
    "rate": {"curve": "USD-OIS", "tenor_yr": 5, "spread": 0.01},
    "incentive": "DIFFERENCE",
    "a": 0.2, "b": 0.1, "c": 0.0, "d": 100.0,
    "burnout": {"floor": 0.3, "slope": 0.7},
}  # fmt: skip
COMPANIONS: dict[str, Terms] = {
    "reference_notional": {"payment_amount": 12_000},
    "calendar": {"business_day": "FOLLOWING"},
    "business_day": {"calendar": "WEEKEND"},
    "adjust_accrual": {"business_day": "FOLLOWING", "calendar": "WEEKEND"},
    "severity": {"default": "CDR 2"},
    "recovery_lag_months": {"default": "CDR 2", "severity": 0.4},
    "servicer_advances": {"default": "CDR 2", "severity": 0.4, "recovery_lag_months": 6},
    "default": {"severity": 0.4},
    "rate_type": {"index": INDEX, "coupon": 0.05},
    "initial_rate": {"life_cap": 0.004},
    "neg_am_cap": {"payment_cap": 0.001},
    "original_balance": {"payment_cap": 0.001, "neg_am_cap": 1.002, "prepayment": "MODEL burnt"},
    "recast_months": {"payment_cap": 0.001},
    "commitment_end_date": {"draw_rate": 0.2},
    "rounding": {"prepayment": "CPR 8"},
    "day_count": {"fixed_day_count": "30/360", "float_day_count": "ACT/360"},
}
"""Terms that go with a column: it is tried with them and without."""

PAYOFFS = {"payoff": (note({"kind": "CMS"})["payoff"], note({"kind": "CMS", "gearing": 0.5})["payoff"])}
MEASURES = ("PV", "ACCRUED_INTEREST", "DV01", "CS01", "YIELD", "WAL", "WAM", "CLEAN_PRICE", "VEGA")

DEPENDS_ON_THE_DAY = {("zero bond", "issue_date"), ("pool", "day_count"), ("pool in mid-month", "end_of_month")}
"""Read, though this row's numbers do not show it: a nil coupon accrues nothing (a date after maturity is refused), the
first pool's month has not begun to accrue, the second's dates are no month ends."""

CLIPPED = {"capped note", "cms spread note", "range note", "range note on a swap", "digital note"}
"""The rates set on the days tried pay these notes the same: beyond the cap, of one spread, in the range."""

PAST_MATURITY = ("severity", "recovery_lag_months")
"""Read where principal is still owed after maturity, which no row here is."""


def document() -> dict[str, Any]:
    """Two of all that a column may name."""
    market = given()
    volatilities = market["volatilities"]
    others = [each | {"surface_id": "O-" + each["surface_id"], "index": ON_EURIBOR} for each in volatilities[:2]]
    sterling = volatilities[2] | {"surface_id": "GBP", "pair": "GBPUSD", "vols": [0.09, 0.09, 0.09]}
    zeta = CREDIT[0] | {"curve_id": "ZETA", "nodes": [{"tenor": "1825D", "hazard_rate": 0.05}]}
    names = [INDEX, ON_EURIBOR, *(f"USD-CMS-{tenor}Y" for tenor in (2, 5, 10))]
    fixings = [
        {
            "index": name,
            "date": date.fromordinal(AS_OF.toordinal() - k).isoformat(),
            "rate": 0.04 + n * 0.001 + k * 1e-6,
        }
        for n, name in enumerate(names)
        for k in range(800)
    ]
    return market | {
        "volatilities": [*volatilities, *others, sterling],
        "credit_curves": [*CREDIT, zeta],
        "projection": market["projection"] | {ON_EURIBOR: "USD-OIS"},
        "curves": [*market["curves"], market["curves"][2] | {"curve_id": "GBP", "currency": "GBP"}],
        "discount": market["discount"] | {"GBP": "GBP"},
        "fx_spots": [*market["fx_spots"], {"pair": "GBPUSD", "spot": 1.35}],
        "fixings": fixings,
        "hull_white": {"USD": HULL_WHITE},
        "prepayment_models": {"burnt": BURNT},
    }


def trials() -> list[tuple[str, str, Terms, Terms]]:
    """Of each kind of row and each column: the row with two values of it, alone and with what goes with it."""
    made = []
    for kind, base in VARIANTS.items():
        product = base["product_type"]
        for column in READ_BY:
            if column in ("instrument_id", "product_type", "currency", *LABELS):
                continue
            low, high = OF_PRODUCT.get((kind, column), OF_PRODUCT.get((product, column), VALUES[column]))
            if column == "payoff":
                low, high = PAYOFFS["payoff"]
            elif column == "rate_type" and product not in ("LOAN", "BOND", "CALLABLE_BOND"):
                low, high = "", "FIXED"
            elif column == "rate_type" and product == "LOAN":
                low, high = "FIXED", "FLOATING"
            elif column == "amortization" and kind == "custom loan":
                low, high = "CUSTOM", "BULLET"
            for terms in ({}, COMPANIONS.get(column)):
                if terms is not None:
                    row = base | {name: each for name, each in terms.items() if name != "maturity_date" or name in base}
                    made.append((kind, column, row | {column: low}, row | {column: high}))
    return made


def bring(folder: Path, rows: list[Terms]) -> Prepared:
    """A position of 1,000,000 in each row; those with errors are left out."""
    folder.mkdir()
    names = [f"I{number:05d}" for number in range(len(rows))]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    chosen = list(zip(names, rows, strict=True))
    custom = [name for name, row in chosen if row.get("amortization") == "CUSTOM"]
    called = [name for name, row in chosen if row["product_type"] == "CALLABLE_BOND"]
    tables = {
        "portfolio": ["node_id,parent_id,name,kind", "FUND,,Fund,FUND", "BOOK,FUND,Book,BOOK"],
        "instruments": [
            ",".join(["instrument_id", *columns]),
            *(",".join([name, *(str(row.get(column, "")) for column in columns)]) for name, row in chosen),
        ],
        "positions": [
            "position_id,instrument_id,book_id,notional,undrawn",
            *(f"{name},{name},BOOK,1000000,{300_000 if row.get('draw_rate') else ''}" for name, row in chosen),
        ],
        "cashflows": [
            "instrument_id,pay_date,principal,interest",
            *(f"{name},{flow}" for name in custom for flow in ("2027-03-31,400000,30000", "2034-03-10,600000,20000")),
        ],
        "exercises": ["instrument_id,date,price_per_100,kind", *(f"{name},2029-03-31,101,CALL" for name in called)],
    }
    for name, lines in tables.items():
        if len(lines) > 1:
            (folder / f"{name}.csv").write_text("\n".join(lines))
    return prepare_portfolio(folder, accept_valid=True)


def numbers(prepared: Prepared) -> dict[int, np.ndarray[Any, Any]]:
    """All measures of each row that was accepted, under BASE."""
    assert prepared.portfolio is not None
    parsed = parse_market(json.dumps(document()))
    run = resolve(prepared.portfolio, parsed, [BASE_SCENARIO], base_currency="USD", measures=MEASURES, chunk_size=4096)
    values = np.concatenate([block.values[:, 0] for block in price_chunk(run, 0).blocks.values()])
    ids = prepared.portfolio.tables["positions"].columns["position_id"]
    return {int(ids.categories[code][1:]): values[:, place] for place, code in enumerate(ids.values)}


def rows_with(findings: list[RowError], *codes: str) -> set[tuple[int, str | None]]:
    return {(each.row - 2, each.column) for each in findings if each.row and each.code in codes}


def test_no_column_is_silently_without_effect(tmp_path: Path) -> None:
    tried = trials()
    sides = {"low": [low for _, _, low, _ in tried], "high": [high for _, _, _, high in tried]}
    brought = [bring(tmp_path / side, rows) for side, rows in sides.items()]
    low, high = (numbers(prepared) for prepared in brought)
    warned = set().union(*(rows_with(prepared.warnings, "TERM_NOT_USED") for prepared in brought))
    wrong = []
    for number, (kind, column, _, _) in enumerate(tried):
        if number not in low or number not in high:
            continue  # refused, with an error of its own
        changes = not np.allclose(low[number], high[number], rtol=1e-11, atol=0, equal_nan=True)
        if column in PAST_MATURITY and VARIANTS[kind]["product_type"] in FUNDED:
            assert (number, column) not in warned or column == "recovery_lag_months"
        elif changes == ((number, column) in warned) and (kind, column) not in DEPENDS_ON_THE_DAY:
            if column == "fixing_lag_days" and kind in CLIPPED:
                continue
            wrong.append((kind, column, "changes numbers" if changes else "changes nothing, without a warning"))
    assert wrong == []
    # Of loans that do not reset the terms of resets are refused.
    fitting = {number for number, (kind, column, _, _) in enumerate(tried) if "arm" in kind or column not in OF_RESETS}
    assert len(low.keys() & high.keys() & fitting) > 0.98 * len(fitting)


def test_every_column_of_the_tables_has_its_row() -> None:
    assert {column.name for column in INSTRUMENTS.columns} == READ_BY.keys() | EXPOSURE_NAMES
    assert {column.name for column in POSITIONS.columns} == HELD_READ_BY.keys()
    products = {product for readings in READ_BY.values() for each in readings for product in each.products}
    assert products == set(PRODUCT_TYPES)
    assert {row["product_type"] for row in VARIANTS.values()} == set(PRODUCT_TYPES) - {"EXTERNAL"}


@pytest.mark.parametrize(
    ("kind", "column", "says"),
    [
        ("bond", "cap", "a BOND reads it where rate_type is FLOATING"),
        ("loan", "calendar", "LEVEL_PAY, LINEAR or BULLET, and business_day and calendar can move a payment"),
        ("swap", "servicing_fee", "an IRS does not read it; LOAN, BOND, CALLABLE_BOND do"),
        ("bond", "settlement_days", "it changes no number"),
        ("capped note", "margin", "the payoff gives this term itself"),
    ],
)
def test_the_warning_says_when_the_column_would_be_read(tmp_path: Path, kind: str, column: str, says: str) -> None:
    prepared = bring(tmp_path / "fund", [VARIANTS[kind] | {column: VALUES[column][1]}])
    assert [each.column for each in prepared.warnings] == [column]
    assert says in prepared.warnings[0].message


def test_a_column_that_says_its_default_says_nothing(tmp_path: Path) -> None:
    defaults = {"spread": 0, "servicing_fee": 0, "calendar": "NONE", "business_day": "UNADJUSTED", "io_months": 0}
    nothing = defaults | {"redemption_per_100": 100, "adjust_accrual": "false", "settlement_days": 0, "margin": 0}
    prepared = bring(tmp_path / "fund", [row | nothing for row in VARIANTS.values()])
    assert {each.column for each in prepared.warnings}.isdisjoint(nothing)
