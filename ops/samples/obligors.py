"""The sample fund's books and obligors, and the small parts that its tables are made of."""

from typing import Any

import numpy as np
import pyarrow as pa

from ops.samples.market import RATINGS

Array = np.ndarray[Any, Any]
Columns = dict[str, Any]

FUNDS = ("ALDER", "BIRCH", "CEDAR")
_DESKS = {
    "LENDING": ("CONSUMER-1", "CONSUMER-2", "MORTGAGE", "PROPERTY", "TERM-LOANS", "LEVERAGED"),
    "CREDIT": ("INVESTMENT-GRADE", "HIGH-YIELD", "FLOATERS", "CALLABLES", "CREDIT-HEDGES"),
    "TREASURY": ("GOVERNMENTS", "BILLS", "FX-HEDGES", "RATES-HEDGES", "STRUCTURED", "LIQUIDITY"),
}
_SECTORS = ("INDUSTRIALS", "ENERGY", "HEALTHCARE", "TECHNOLOGY", "UTILITIES", "CONSUMER", "FINANCIALS", "TRANSPORT")
PD_12M = dict(zip(RATINGS, (0.0001, 0.0002, 0.0006, 0.0018, 0.0085, 0.0340, 0.2200), strict=True))
_ISSUER_COUNTS = {"SOV": 6, "CORP": 334, "SEG": 60, "HOME": 40, "PROP": 60}
CURRENCIES = np.array(["USD", "EUR", "GBP"])
_HOME_CURRENCIES = np.repeat(CURRENCIES, [12, 5, 3])
"""In turn, so that every family has an obligor in every currency."""


def portfolio_table() -> pa.Table:
    rows: list[tuple[str, str | None, str, str]] = []
    for fund in FUNDS:
        rows.append((fund, None, f"{fund.title()} Fund", "FUND"))
        for desk, books in _DESKS.items():
            rows.append((f"{fund}.{desk}", fund, f"{fund.title()} {desk.title()}", "DESK"))
            rows += [(f"{fund}.{book}", f"{fund}.{desk}", f"{fund.title()} {book.title()}", "BOOK") for book in books]
    return arrow_table(dict(zip(("node_id", "parent_id", "name", "kind"), zip(*rows, strict=True), strict=True)))


def issuer_columns(rng: np.random.Generator) -> Columns:
    """Five families of obligors: sovereigns, companies, consumer segments, mortgage segments, property owners."""
    family = np.repeat(list(_ISSUER_COUNTS), list(_ISSUER_COUNTS.values()))
    number = np.concatenate([np.arange(1, n + 1) for n in _ISSUER_COUNTS.values()])
    weights = {
        "SOV": (0.4, 0.6, 0, 0, 0, 0, 0),
        "CORP": (0.02, 0.06, 0.22, 0.34, 0.20, 0.13, 0.03),
        "SEG": (0, 0, 0.30, 0.45, 0.25, 0, 0),
        "HOME": (0, 0.25, 0.45, 0.30, 0, 0, 0),
        "PROP": (0, 0, 0.25, 0.50, 0.25, 0, 0),
    }
    rating = np.concatenate([rng.choice(RATINGS, n, p=weights[name]) for name, n in _ISSUER_COUNTS.items()])
    currency = np.where(family == "SOV", CURRENCIES[(number - 1) % 3], _HOME_CURRENCIES[number % len(_HOME_CURRENCIES)])
    ids = np.array([f"{name}-{row:03d}" for name, row in zip(family, number, strict=True)])
    return {"issuer_id": ids, "family": family, "rating": rating, "currency": currency, "number": number}


def issuer_table(issuers: Columns) -> pa.Table:
    family, currency = issuers["family"], issuers["currency"]
    company = family == "CORP"
    sector_of = {"SOV": "GOVERNMENT", "SEG": "HOUSEHOLDS", "HOME": "HOUSEHOLDS", "PROP": "REAL_ESTATE"}
    class_of = {"SOV": "SOVEREIGN", "SEG": "RETAIL", "HOME": "RESIDENTIAL_RE", "PROP": "COMMERCIAL_RE"}
    sectors = np.array(_SECTORS)[issuers["number"] % len(_SECTORS)]
    sector = np.where(company, sectors, [sector_of.get(each, "") for each in family])
    corporate_class = np.where(sectors == "FINANCIALS", "BANK", "CORPORATE")
    lgd_of = {"SOV": 0.45, "CORP": 0.40, "SEG": 0.60, "HOME": 0.20, "PROP": 0.35}
    country_of = {"USD": "US", "EUR": "DE", "GBP": "GB"}
    name_of = {"SOV": "Treasury", "CORP": "Company", "SEG": "Consumer segment", "HOME": "Mortgage segment"}
    names = [f"{name_of.get(f, 'Property owner')} {n}" for f, n in zip(family, issuers["number"], strict=True)]
    return arrow_table(
        {
            "issuer_id": issuers["issuer_id"],
            "name": names,
            "sector": sector,
            "country": [country_of[each] for each in currency],
            "rating": issuers["rating"],
            "pd_12m": [PD_12M[each] for each in issuers["rating"]],
            "lgd": [lgd_of[each] for each in family],
            "asset_class": np.where(company, corporate_class, [class_of.get(each, "") for each in family]),
        }
    )


def pick(rng: np.random.Generator, issuers: Columns, family: str, currency: Array) -> Array:
    """Rows of issuers of one family whose home currency is the instrument's."""
    rows = np.empty(currency.size, dtype=np.int64)
    for code in CURRENCIES:
        pool = np.flatnonzero((issuers["family"] == family) & (issuers["currency"] == code))
        wanted = currency == code
        rows[wanted] = rng.choice(pool, int(wanted.sum()))
    return rows


def currencies(rng: np.random.Generator, n: int) -> Array:
    return rng.choice(CURRENCIES, n, p=[0.6, 0.25, 0.15])


def arrow_table(columns: Columns) -> pa.Table:
    return pa.table({name: _arrow(values) for name, values in columns.items()})


def _arrow(values: Any) -> pa.Array:
    """Empty texts and NaN become absent."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return pa.array(array, mask=np.isnan(array))
    if array.dtype.kind == "U":
        return pa.array(array.astype(object), mask=array == "", type=pa.string())
    return pa.array(values, from_pandas=True)
