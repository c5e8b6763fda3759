"""The sample fund's paper with options in it: callable bonds and when they may be called, and structured notes."""

import json

import numpy as np
import pyarrow as pa

from ops.samples.market import RESET_DAYS
from ops.samples.obligors import FUNDS, Array, Columns, arrow_table, currencies, pick
from ops.samples.terms import (
    AS_OF_MONTH,
    calendars,
    dates_in,
    ids_of,
    in_books,
    indices,
    lives,
    money_market,
    some_tags,
)

Tables = tuple[pa.Table, pa.Table]

_POSITIONS_PER_BOND = 4
_PAYMENT_DAYS = (1, 5, 12, 15, 20, 25)
_PUTABLE = 0.1
_NO_CALL_SHARE = 0.4
"""Of its life a bond is safe from calls."""

_PAYOFFS = (
    {"kind": "CAPPED_FLOATER", "margin": 0.008, "cap": 0.055, "floor": 0.01},
    {"kind": "INVERSE_FLOATER", "fixed_rate": 0.085, "leverage": 1.2, "floor": 0.0},
    {"kind": "RANGE_ACCRUAL", "coupon": 0.055, "lower": 0.01, "upper": 0.05, "observation": "MONTHLY"},
    {"kind": "CMS", "tenor_yr": 10, "gearing": 0.9, "floor": 0.0, "cap": 0.07},
    {"kind": "CMS_SPREAD", "long_yr": 10, "short_yr": 2, "gearing": 4.0, "margin": 0.015, "floor": 0.0, "cap": 0.08},
    {"kind": "DIGITAL", "coupon": 0.05, "strike": 0.03, "pays": "ABOVE"},
)
_SEASONED = ("CAPPED_FLOATER", "INVERSE_FLOATER")
"""On an index that the market has fixings of; the others begin after the valuation date."""


def callable_bonds(rng: np.random.Generator, n: int, issuers: Columns) -> Tables:
    """Companies' bonds; `exercise_table` says when they may be called, or a few of them put."""
    count = -(-n // _POSITIONS_PER_BOND)
    currency = currencies(rng, count)
    issuer = pick(rng, issuers, "CORP", currency)
    putable = rng.random(count) < _PUTABLE
    instruments = {
        "instrument_id": np.char.add(np.where(putable, "P", "C"), ids_of("B", count)),
        "product_type": np.full(count, "CALLABLE_BOND"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
        **_terms(rng, currency, issuers["rating"][issuer]),
    }
    held = np.arange(n) // _POSITIONS_PER_BOND
    positions = {
        "instrument_id": instruments["instrument_id"][held],
        "book_id": np.char.add(rng.choice(FUNDS, n), ".CALLABLES"),
        "notional": np.maximum(1, rng.lognormal(6.5, 0.9, n).round()) * 1000.0,
        "accounting_class": rng.choice(["AFS", "TRADING"], n),
        "tags": some_tags(rng, n, "STRATEGY=CARRY", "STRATEGY=RELATIVE_VALUE"),
    }
    return arrow_table(instruments), arrow_table(positions)


def _terms(rng: np.random.Generator, currency: Array, rating: Array) -> Columns:
    count = currency.size
    return {
        **lives(rng, rng.choice([60, 84, 96, 120], count), 12, _PAYMENT_DAYS),
        "rate_type": np.full(count, "FIXED"),
        "coupon": (0.035 + rng.gamma(2, 0.008, count)).round(4),
        "frequency": np.where(currency == "EUR", 1, 2),
        "day_count": np.where(currency == "USD", "30/360", "ACT/ACT.ICMA"),
        "calendar": calendars(currency),
        "business_day": np.full(count, "FOLLOWING"),
        "spread_curve": np.char.add(rating, "-BOND"),
        "seniority": np.full(count, "SENIOR_UNSECURED"),
        "notice_days": rng.choice([0, 15, 30], count),
    }


def structured_notes(rng: np.random.Generator, n: int, issuers: Columns) -> Tables:
    """One of each payoff in turn."""
    kind = np.array([each["kind"] for each in _PAYOFFS])[np.arange(n) % len(_PAYOFFS)]
    currency = currencies(rng, n)
    issuer = pick(rng, issuers, "CORP", currency)
    term_mo = rng.choice([36, 60, 84, 120], n)
    life, seasoned = lives(rng, term_mo, 3, RESET_DAYS), np.isin(kind, _SEASONED)
    day, month = np.full(n, 15), np.full(n, AS_OF_MONTH + 1)
    instruments = {
        "instrument_id": ids_of("N", n),
        "product_type": np.full(n, "STRUCTURED"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
        "issue_date": np.where(seasoned, life["issue_date"], dates_in(month, day)),
        "maturity_date": np.where(seasoned, life["maturity_date"], dates_in(month + term_mo, day)),
        "end_of_month": life["end_of_month"] & seasoned,
        "index": indices(currency),
        "frequency": np.full(n, 4),
        "day_count": money_market(currency),
        "calendar": calendars(currency),
        "business_day": np.full(n, "MODIFIED_FOLLOWING"),
        "spread_curve": np.char.add(issuers["rating"][issuer], "-BOND"),
        "seniority": np.full(n, "SENIOR_UNSECURED"),
        "payoff": np.array([json.dumps(each) for each in _PAYOFFS])[np.arange(n) % len(_PAYOFFS)],
    }
    positions = {
        "instrument_id": instruments["instrument_id"],
        "book_id": in_books(rng, "STRUCTURED", n=n),
        "notional": np.maximum(1, rng.lognormal(7.0, 0.6, n).round()) * 1000.0,
        "accounting_class": np.full(n, "TRADING"),
        "tags": some_tags(rng, n, "STRATEGY=CARRY"),
    }
    return arrow_table(instruments), arrow_table(positions)


def exercise_table(bonds: pa.Table) -> pa.Table:
    """Every coupon anniversary after the time without calls, at a premium that falls to par in the last year; a put
    once, in the middle of that time, at par."""
    issue, maturity = (
        bonds.column(name).to_numpy().astype("datetime64[D]") for name in ("issue_date", "maturity_date")
    )
    years = (maturity.astype("datetime64[M]") - issue.astype("datetime64[M]")).astype(np.int64) // 12
    calls = np.maximum(years - 1 - (years * _NO_CALL_SHARE).astype(np.int64), 1)
    bond = np.repeat(np.arange(calls.size), calls)
    left = 1 + np.arange(bond.size) - np.repeat(np.cumsum(calls) - calls, calls)
    """[exercises] whole years from the exercise to maturity"""
    premium = bonds.column("coupon").to_numpy()[bond] * 50 * (left - 1) / np.maximum(calls[bond] - 1, 1)
    month = maturity.astype("datetime64[M]").astype(np.int64)[bond] - 12 * left
    day = (maturity - maturity.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)[bond] + 1
    ids = bonds.column("instrument_id").to_numpy(zero_copy_only=False).astype("U10")
    is_put = np.char.startswith(ids, "P")[bond]
    kept = ~is_put | (left == np.maximum(calls[bond] // 2, 1))
    columns = {
        "instrument_id": ids[bond],
        "date": dates_in(month, day),
        "price_per_100": np.where(is_put, 100.0, 100.0 + premium.round(3)),
        "kind": np.where(is_put, "PUT", "CALL"),
    }
    return arrow_table({name: values[kept] for name, values in columns.items()})
