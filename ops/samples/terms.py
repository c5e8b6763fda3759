"""The small parts that the sample fund's tables are made of: lives, dates, calendars, books and tags."""

from collections.abc import Sequence

import numpy as np

from ops.samples.market import INDEX_OF
from ops.samples.obligors import CURRENCIES, FUNDS, Array, Columns

AS_OF_MONTH = (2026 - 1970) * 12


def lives(rng: np.random.Generator, term_mo: Array, step_mo: int, days: Sequence[int] = ()) -> Columns:
    """Issue and maturity a whole number of months apart, the one behind and the other ahead of the valuation date."""
    n = term_mo.size
    left_mo = 1 + (rng.random(n) * (term_mo - 1)).astype(np.int64)
    day = rng.choice(days, n) if len(days) else rng.choice(np.r_[1:29, 31], n)
    last = AS_OF_MONTH + left_mo
    first = last - np.maximum(step_mo, term_mo)
    return {"issue_date": dates_in(first, day), "maturity_date": dates_in(last, day), "end_of_month": day == 31}


def currency_codes(currency: Array) -> Array:
    return np.where(currency == "USD", 0, np.where(currency == "EUR", 1, 2))


def indices(currency: Array) -> Array:
    return np.array([INDEX_OF[each] for each in CURRENCIES])[currency_codes(currency)]


def money_market(currency: Array) -> Array:
    return np.where(currency == "GBP", "ACT/365F", "ACT/360")


def calendars(currency: Array, government: Array | bool = False) -> Array:
    american = np.where(government, "US.GOVT", "US.SETTLEMENT")
    names: Array = np.where(currency == "USD", american, np.where(currency == "EUR", "TARGET", "UK"))
    return names


def in_books(rng: np.random.Generator, *books: str, n: int) -> Array:
    choices = np.array([f"{fund}.{book}" for fund in FUNDS for book in books])
    return rng.choice(choices, n)


def some_tags(rng: np.random.Generator, n: int, *choices: str) -> Array:
    return rng.choice(np.array([*choices, ""]), n)


def ids_of(letter: str, n: int) -> Array:
    return np.array([f"{letter}{row:08d}" for row in range(1, n + 1)], dtype="U9")


def dates_in(month: Array, day: Array) -> Array:
    """Days of months counted from January 1970, clipped to their month."""
    first = month.astype("datetime64[M]")
    length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    days: Array = first.astype("datetime64[D]") + (np.minimum(day, length) - 1)
    return days
