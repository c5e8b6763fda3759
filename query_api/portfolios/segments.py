"""A snapshot's positions by segment: sums, weighted averages and concentration, at any node.

Amounts of several currencies are never added: each segment has a row for every currency.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from domain.documents import JsonObject
from domain.portfolio.columns import Portfolio
from domain.portfolio.tables import Kind
from query_api.errors import BadQuery, NotFound
from query_api.near import nearest_or_all
from query_api.reading import Array
from query_api.results.asked_groups import BETWEEN_KEYS, ChosenGroups, parse_by
from query_api.results.chosen.fields import Field, NamedPortfolio

AMOUNT = "notional"
MAX_TOP = 100
PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}


@dataclass(frozen=True)
class Asked:
    """`by` as of totals, with `NAME:@BANDS` for a set of bands and `DATE:quarter` for a period."""

    by: str
    node: str | None = None
    amount: str = AMOUNT
    weighted: tuple[str, ...] = ()
    concentration: str | None = None
    top: int = 10


@cache
def bands() -> dict[str, JsonObject]:
    """Sets of edges by name, as data."""
    text = files("domain").joinpath("data/bands.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row["bands"]: {"what": row["what"], "edges": row["edges"].split()} for row in rows}


def segments(portfolio: Portfolio, asked: Asked) -> list[JsonObject]:
    """A line for every segment and currency that has positions."""
    book = NamedPortfolio(portfolio)
    keys, codes = _groups(book, asked.by)
    currencies, of_currency = ChosenGroups(book, parse_by("currency"), [], []).coded
    chosen = _chosen(book, asked.node)
    amounts = _numbers(book, asked.amount)
    weighted = {name: _numbers(book, name) for name in asked.weighted}
    shared = _field(book, asked.concentration) if asked.concentration else None
    both = np.where(chosen, codes * len(currencies) + of_currency, -1)
    lines = []
    order = np.argsort(both, kind="stable")
    numbers, firsts = np.unique(both[order], return_index=True)
    for number, rows in zip(numbers.tolist(), np.split(order, firsts[1:]), strict=True):
        if number < 0:
            continue
        group, currency = divmod(number, len(currencies))
        line: JsonObject = {"segment": keys[group].replace(BETWEEN_KEYS, " | "), "currency": currencies[currency]}
        line |= _sums(amounts[rows], asked.amount)
        line |= _averages(amounts[rows], {name: values[rows] for name, values in weighted.items()})
        if shared is not None:
            line |= _concentration(amounts[rows], shared, rows, asked.top)
        lines.append(line)
    return lines


def _groups(book: NamedPortfolio, text: str) -> tuple[list[str], Array]:
    """Names with `@bands` are cut at their edges; a date with a period by it; all others as totals are."""
    keys, codes = [""], np.zeros(book.portfolio.position_count, dtype=np.int64)
    for number, (labels, places) in enumerate(_each(book, text)):
        used, inverse = np.unique(codes * len(labels) + places, return_inverse=True)
        first, second = np.divmod(used, len(labels))
        joint = BETWEEN_KEYS if number else ""
        keys = [keys[a] + joint + labels[b] for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        codes = inverse
    return keys, codes


def _each(book: NamedPortfolio, text: str) -> list[tuple[list[str], Array]]:
    plain: list[str] = []
    found: list[tuple[list[str], Array]] = []
    for word in [each.strip() for each in text.split(",")]:
        name, _, way = word.rpartition(":")
        if name and way.startswith("@"):
            plain.append(f"{name}:{','.join(_edges(way[1:]))}")
        elif name and way in PERIODS:
            found += _plain(book, plain)
            plain = []
            found.append(_periods(book, name, PERIODS[way]))
        else:
            plain.append(word)
    return [*found, *_plain(book, plain)]


def _plain(book: NamedPortfolio, words: Sequence[str]) -> list[tuple[list[str], Array]]:
    return [ChosenGroups(book, parse_by(",".join(words)), [], []).coded] if words else []


def _edges(name: str) -> list[str]:
    if name not in bands():
        raise BadQuery(f"there are no bands {name!r}", nearest_or_all(name, list(bands())))
    edges: list[str] = bands()[name]["edges"]
    return edges


def _periods(book: NamedPortfolio, name: str, period: str) -> tuple[list[str], Array]:
    """2025Q4, 2025-12 or 2025; '' without a date."""
    field = _field(book, name)
    if field.kinds != {Kind.DATE}:
        raise BadQuery(f"{name} is no date", f"group by {name} alone")
    days = field.numbers()
    known = ~np.isnan(days)
    months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    size = {"M": 1, "Q": 3, "Y": 12}[period]
    used, codes = np.unique(np.where(known, months // size, np.iinfo(np.int64).min), return_inverse=True)
    return [_period_text(each, period) for each in used.tolist()], codes


def _period_text(number: int, period: str) -> str:
    if number == np.iinfo(np.int64).min:
        return ""
    per_year = {"M": 12, "Q": 4, "Y": 1}[period]
    year, rest = 1970 + number // per_year, number % per_year + 1
    return {"M": f"{year}-{rest:02d}", "Q": f"{year}Q{rest}", "Y": str(year)}[period]


def _chosen(book: NamedPortfolio, node: str | None) -> Array:
    if node is None:
        return np.ones(book.portfolio.position_count, dtype=bool)
    try:
        return book.below(node)
    except ValueError:
        raise NotFound(f"the portfolio has no node {node!r}", "see its tree") from None


def _field(book: NamedPortfolio, name: str) -> Field:
    field = book.field(name)
    if field is None:
        raise BadQuery(f"positions have no {name!r}", nearest_or_all(name, book.names()))
    return field


def _numbers(book: NamedPortfolio, name: str) -> Array:
    field = _field(book, name)
    if not field.kinds <= {Kind.NUMBER, Kind.INTEGER, Kind.FLAG}:
        raise BadQuery(f"{name} is no number", "name a number, such as notional, coupon or fico")
    return field.numbers()


def _sums(amounts: Array, name: str) -> JsonObject:
    return {"positions": len(amounts), f"sum_{name}": float(np.nansum(amounts))}


def _averages(amounts: Array, columns: dict[str, Array]) -> JsonObject:
    """Weighted by the size of the amount, whichever its sign; `covered` is the share of it that has a value."""
    found: JsonObject = {}
    sizes = np.abs(np.nan_to_num(amounts))
    for name, values in columns.items():
        known = ~np.isnan(values)
        weight = float(sizes[known].sum())
        found[f"weighted_{name}"] = float(sizes[known] @ values[known]) / weight if weight else None
        found[f"covered_{name}"] = weight / float(sizes.sum()) if sizes.sum() else None
    return found


def _concentration(amounts: Array, field: Field, rows: Array, top: int) -> JsonObject:
    """Of the shares of each name in the size of the amounts: HHI is the sum of their squares, 1 / HHI how many equal
    names would be as concentrated; positions without a name are one each."""
    texts = field.texts(rows)
    names = [text if text is not None else f"\0{place}" for place, text in enumerate(texts)]
    used, inverse = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    sizes = np.bincount(inverse, weights=np.abs(np.nan_to_num(amounts)), minlength=len(used))
    total = float(sizes.sum())
    if not total:
        return {"hhi": None, "effective_number": None, "top_share": None, "top": []}
    shares = sizes / total
    order = np.argsort(-shares, kind="stable")[:top].tolist()
    hhi = float(shares @ shares)
    listed = [{"name": None if used[n].startswith("\0") else str(used[n]), "share": float(shares[n])} for n in order]
    return {"hhi": hhi, "effective_number": 1 / hhi, "top_share": float(shares[order].sum()), "top": listed}
