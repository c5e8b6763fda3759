"""The sample fund's derivatives: what hedges its loans and bonds, and little beside."""

import numpy as np
import pyarrow as pa

from ops.samples.market import RESET_DAYS, SPOTS, SWAP_RATES
from ops.samples.obligors import Array, Columns, arrow_table, currencies, pick
from ops.samples.terms import (
    AS_OF_MONTH,
    calendars,
    currency_codes,
    dates_in,
    ids_of,
    in_books,
    indices,
    lives,
    money_market,
    some_tags,
)

Tables = tuple[pa.Table, pa.Table]
_SIX_MONTHS = 6


def forwards(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Forwards that mostly sell the euro and sterling of the assets."""
    pair = _pairs(rng, n)
    months = rng.choice([1, 3, 6, 12, 24], n)
    instruments = {
        "instrument_id": ids_of("F", n),
        "product_type": np.full(n, "FX_FWD"),
        "currency": np.full(n, "USD"),
        "pair": pair,
        "strike": (_outright(pair, months) * np.exp(rng.normal(0, 0.012, n))).round(5),
        "maturity_date": dates_in(AS_OF_MONTH + months, rng.integers(1, 29, n)),
    }
    sold = np.where(rng.random(n) < 0.85, -1, 1)
    return _held(rng, instruments, "FX-HEDGES", sold * _amounts(rng, n, 14.0), "HEDGE=EUR_ASSETS", "HEDGE=GBP_ASSETS")


def fx_options(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Puts on the euro and sterling, some paid for by calls that are sold."""
    pair = _pairs(rng, n)
    months = rng.choice([1, 3, 6, 12, 24], n)
    is_put = rng.random(n) < 0.7
    instruments = {
        "instrument_id": ids_of("O", n),
        "product_type": np.full(n, "FX_OPTION"),
        "currency": np.full(n, "USD"),
        "pair": pair,
        "option_type": np.where(is_put, "PUT", "CALL"),
        "strike": (_outright(pair, months) * np.where(is_put, 0.97, 1.03)).round(4),
        "expiry_date": dates_in(AS_OF_MONTH + months, rng.integers(1, 29, n)),
    }
    amount = _amounts(rng, n, 14.0) * np.where(is_put, 1, -1)
    return _held(rng, instruments, "FX-HEDGES", amount, "HEDGE=EUR_ASSETS", "HEDGE=GBP_ASSETS")


def swaps(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Swaps that mostly pay fixed against the loans' coupons."""
    currency = currencies(rng, n)
    instruments = {
        "instrument_id": ids_of("S", n),
        "product_type": np.full(n, "IRS"),
        "currency": currency,
        **lives(rng, rng.choice([24, 36, 60, 84, 120], n), 12, RESET_DAYS),
        "coupon": _near_the_market(rng, currency),
        "pay_receive": np.where(rng.random(n) < 0.8, "PAY", "RECEIVE"),
        **_legs(currency),
    }
    return _held(rng, instruments, "RATES-HEDGES", _amounts(rng, n, 15.5), "HEDGE=FIXED_LOANS")


def stepping_swaps(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Swaps that pay fixed against loans that are repaid: their notional falls with them, a fifth of it a year."""
    currency = np.full(n, "USD")
    instruments = {
        "instrument_id": ids_of("J", n),
        "product_type": np.full(n, "IRS"),
        "currency": currency,
        **lives(rng, np.full(n, 60), 12, RESET_DAYS),
        "coupon": _near_the_market(rng, currency),
        "pay_receive": np.full(n, "PAY"),
        **_legs(currency),
    }
    return _held(rng, instruments, "RATES-HEDGES", _amounts(rng, n, 15.5), "HEDGE=FIXED_LOANS")


def step_table(stepping: pa.Table) -> pa.Table:
    """On each anniversary of their five years."""
    issued = stepping.column("issue_date").to_numpy().astype("datetime64[D]")
    month, years = issued.astype("datetime64[M]").astype(np.int64), np.tile(np.arange(1, 5), len(issued))
    day = (issued - issued.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return arrow_table(
        {
            "instrument_id": np.repeat(stepping.column("instrument_id").to_numpy(zero_copy_only=False).astype("U9"), 4),
            "date": dates_in(np.repeat(month, 4) + 12 * years, np.repeat(day, 4)),
            "notional_factor": 1.0 - 0.2 * years,
        }
    )


def cap_floors(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Caps that are bought for the floating funding; floors that are sold against the loans' own."""
    currency, is_cap = currencies(rng, n), rng.random(n) < 0.65
    legs = _legs(currency)
    instruments = {
        "instrument_id": ids_of("K", n),
        "product_type": np.full(n, "CAP_FLOOR"),
        "currency": currency,
        **lives(rng, rng.choice([36, 60, 84], n), 3, RESET_DAYS),
        "option_type": np.where(is_cap, "CAP", "FLOOR"),
        "strike": (_near_the_market(rng, currency) + np.where(is_cap, 0.0075, -0.0125)).round(4),
        **{name: legs[name] for name in ("index", "float_frequency", "float_day_count", "calendar", "business_day")},
    }
    amount = _amounts(rng, n, 15.0) * np.where(is_cap, 1, -1)
    return _held(rng, instruments, "RATES-HEDGES", amount, "HEDGE=FLOATING_FUNDING", "HEDGE=LOAN_FLOORS")


def swaptions(rng: np.random.Generator, n: int, _issuers: Columns) -> Tables:
    """Receivers against prepayment, payers against extension."""
    currency, is_receiver = currencies(rng, n), rng.random(n) < 0.6
    expiry_mo, tenor_mo, day = rng.choice([6, 12, 24, 60], n), rng.choice([60, 84, 120], n), rng.integers(1, 29, n)
    legs = _legs(currency)
    instruments = {
        "instrument_id": ids_of("W", n),
        "product_type": np.full(n, "SWAPTION"),
        "currency": currency,
        "option_type": np.where(is_receiver, "RECEIVER", "PAYER"),
        "expiry_date": dates_in(AS_OF_MONTH + expiry_mo, day),
        "maturity_date": dates_in(AS_OF_MONTH + expiry_mo + tenor_mo, day),
        "strike": _near_the_market(rng, currency),
        **{name: terms for name, terms in legs.items() if name != "float_day_count"},
    }
    return _held(rng, instruments, "RATES-HEDGES", _amounts(rng, n, 15.0), "HEDGE=PREPAYMENT", "HEDGE=EXTENSION")


def default_swaps(rng: np.random.Generator, n: int, issuers: Columns) -> Tables:
    """Protection on companies that the fund lends to, mostly bought; standard coupons, to a 20 June or December."""
    currency = rng.choice(["USD", "EUR"], n, p=[0.7, 0.3])
    issuer = pick(rng, issuers, "CORP", currency)
    high_yield = np.isin(issuers["rating"][issuer], ["BB", "B", "CCC"])
    twentieth = np.full(n, 20)
    instruments = {
        "instrument_id": ids_of("D", n),
        "product_type": np.full(n, "CDS"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
        "issue_date": dates_in(AS_OF_MONTH - rng.integers(1, 24, n), twentieth),
        "maturity_date": dates_in(AS_OF_MONTH - 1 + _SIX_MONTHS * rng.integers(1, 11, n), twentieth),
        "option_type": np.where(rng.random(n) < 0.8, "BUY", "SELL"),
        "coupon": np.where(high_yield, 0.05, 0.01),
        "credit_curve": np.char.add(issuers["rating"][issuer], "-CDS"),
        "calendar": calendars(currency),
        "seniority": np.full(n, "SENIOR_UNSECURED"),
    }
    return _held(rng, instruments, "CREDIT-HEDGES", _amounts(rng, n, 14.5), "HEDGE=LOAN_CREDIT")


def _held(rng: np.random.Generator, instruments: Columns, book: str, notional: Array, *tags: str) -> Tables:
    """Each contract is one position, at fair value."""
    n = notional.size
    positions = {
        "instrument_id": instruments["instrument_id"],
        "book_id": in_books(rng, book, n=n),
        "notional": notional,
        "accounting_class": np.full(n, "TRADING"),
        "tags": some_tags(rng, n, *tags),
    }
    return arrow_table(instruments), arrow_table(positions)


def _legs(currency: Array) -> Columns:
    n = currency.size
    return {
        "index": indices(currency),
        "fixed_frequency": np.where(currency == "GBP", 2, 1),
        "fixed_day_count": np.where(currency == "EUR", "30E/360", money_market(currency)),
        "float_frequency": np.full(n, 4),
        "float_day_count": money_market(currency),
        "calendar": calendars(currency),
        "business_day": np.full(n, "MODIFIED_FOLLOWING"),
    }


def _near_the_market(rng: np.random.Generator, currency: Array) -> Array:
    """Rates that swaps were dealt at: today's, give or take half a point."""
    rate: Array = np.array(list(SWAP_RATES.values()))[currency_codes(currency)] + rng.normal(0, 0.005, currency.size)
    return np.maximum(rate, 0.005).round(5)


def _pairs(rng: np.random.Generator, n: int) -> Array:
    return rng.choice(["EURUSD", "GBPUSD"], n, p=[0.65, 0.35])


def _outright(pair: Array, months: Array) -> Array:
    """The forward rate, roughly."""
    carry = np.where(pair == "EURUSD", 0.0155, -0.0005)
    outright: Array = np.where(pair == "EURUSD", SPOTS["EURUSD"], SPOTS["GBPUSD"]) * np.exp(carry * months / 12)
    return outright


def _amounts(rng: np.random.Generator, n: int, log_size: float) -> Array:
    amounts: Array = rng.lognormal(log_size, 0.8, n).round(-3) + 1000
    return amounts
