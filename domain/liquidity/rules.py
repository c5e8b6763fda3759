"""Rules of liquidity as data: what each weighs, by product, asset class, rating and days; in files of the package.

A set's rows that came into force last, on or before the valuation date, hold. Of them the first that matches holds.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from domain.market.parts import add_tenor, is_tenor
from domain.portfolio.ratings import SCALE
from domain.portfolio.tables import ASSET_CLASSES, PRODUCT_TYPES
from domain.refusals import Refused

SIDES_OF: Mapping[str, tuple[str, ...]] = {
    "LCR": ("HQLA", "INFLOW", "OUTFLOW"),
    "NSFR": ("RSF",),
    "LIQUIDATION": ("TIME", "COST"),
}
RULE_SETS = tuple(SIDES_OF)
CAP = "CAP"
"""Item of the row that says how much of the outflows the inflows may make up for."""
COLUMNS = (
    *("rule_set", "effective_from", "paragraph", "side", "item", "product_type", "asset_class"),
    *("rating_from", "rating_to", "days_from", "days_to", "factor"),
)
CLASSES = frozenset(
    (
        *ASSET_CLASSES,
        *("COVERED_BOND", "RETAIL_REVOLVER", "RETAIL_OTHER", "LAND_ADC", "HVCRE", "CASH", "COLLECTION_ITEMS"),
    )
)


class LiquidityRuleFileBroken(Refused):
    """A rule file that says nothing certain stops whoever reads it."""

    def __init__(self, file: str, line: int, message: str, fix: str) -> None:
        super().__init__("BROKEN_RULES", f"{file}, line {line}: {message}", fix)


@dataclass(frozen=True)
class Rule:
    """An empty text matches anything; `product_type` and `asset_class` may be shell-style patterns.

    Days count from the valuation date, both ends included; a tenor stands for the days to its date. Without a factor
    the row names what the book does not determine: it is counted and weighs nothing.
    """

    rule_set: str
    effective_from: date
    paragraph: str
    side: str
    item: str
    product_type: str
    asset_class: str
    rating_from: str
    rating_to: str
    days_from: str
    days_to: str
    factor: float | None

    def first_day(self, as_of: date) -> int:
        return days_of(self.days_from, as_of) if self.days_from else 1

    def last_day(self, as_of: date) -> int | None:
        """None where there is no end."""
        return days_of(self.days_to, as_of) if self.days_to else None


def days_of(text: str, as_of: date) -> int:
    return int(text) if text.isdigit() else (add_tenor(as_of, text) - as_of).days


def rules_in_force(rule_set: str, as_of: date, rules: Sequence[Rule] | None = None) -> tuple[Rule, ...]:
    """Of the set, in the order of their file."""
    if rule_set not in RULE_SETS:
        message = f"there is no rule set {rule_set!r} of liquidity"
        raise Refused("UNKNOWN_RULE_SET", message, f"use one of {', '.join(RULE_SETS)}")
    mine = [rule for rule in (shipped() if rules is None else rules) if rule.rule_set == rule_set]
    begun = [rule.effective_from for rule in mine if rule.effective_from <= as_of]
    if not begun:
        first = min(rule.effective_from for rule in mine)
        message = f"{rule_set} is in force from {first}, and the run is as of {as_of}"
        raise Refused("RULE_SET_NOT_IN_FORCE", message, "ask for another set, or of a later run")
    return tuple(rule for rule in mine if rule.effective_from == max(begun))


@cache
def shipped() -> tuple[Rule, ...]:
    """All rows of the package's files."""
    folder = files("domain").joinpath("data", "liquidity")
    found = [folder.joinpath(f"{rule_set.lower()}.csv") for rule_set in RULE_SETS]
    return tuple(rule for file in found for rule in parse_rules(file.read_text(encoding="utf-8"), file.name))


def parse_rules(text: str, file: str) -> tuple[Rule, ...]:
    """Rows of a file; lines that begin with # are remarks. Raises LiquidityRuleFileBroken at the first wrong one."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        raise LiquidityRuleFileBroken(file, 1, "there are no rules", f"begin with the columns {','.join(COLUMNS)}")
    head, *rows = lines
    if tuple(next(csv.reader([head[1]]))) != COLUMNS:
        raise LiquidityRuleFileBroken(file, head[0], "these are not the columns of rules", f"write {','.join(COLUMNS)}")
    return tuple(_rule(file, number, next(csv.reader([line]))) for number, line in rows)


def _rule(file: str, line: int, cells: Sequence[str]) -> Rule:
    if len(cells) != len(COLUMNS):
        message = f"{len(cells)} cells for {len(COLUMNS)} columns"
        raise LiquidityRuleFileBroken(file, line, message, "give every column a cell, empty where it matches anything")
    row = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
    for message, fix in _problems(row):
        raise LiquidityRuleFileBroken(file, line, message, fix)
    begins, factor = date.fromisoformat(row.pop("effective_from")), row.pop("factor")
    return Rule(**row, effective_from=begins, factor=float(factor) if factor else None)


def _problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    sides = SIDES_OF.get(row["rule_set"])
    if sides is None:
        yield f"there is no rule set {row['rule_set']!r}", f"use one of {', '.join(RULE_SETS)}"
    elif row["side"] not in sides:
        yield f"{row['rule_set']} has no side {row['side']!r}", f"use one of {', '.join(sides)}"
    if not row["item"]:
        yield "the rule has no item", "name what the row is about"
    if not _is_date(row["effective_from"]):
        yield f"effective_from {row['effective_from']!r} is no date", "write it as 2018-01-01"
    for name, known in (("product_type", PRODUCT_TYPES), ("asset_class", CLASSES)):
        if row[name] and not any(fnmatchcase(each, row[name]) for each in known):
            yield f"{name} {row[name]!r} matches none", f"use one of {', '.join(sorted(known))}, or a pattern"
    yield from _range_problems(row)
    if row["factor"] and not _is_share(row["factor"]):
        yield f"factor {row['factor']!r} is no number from 0 to 1", "write a decimal: 0.85"


def _range_problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    ratings = [row[name] for name in ("rating_from", "rating_to") if row[name]]
    wrong = [text for text in ratings if text not in SCALE]
    if wrong:
        yield f"{wrong[0]!r} is no rating", f"use one of {', '.join(SCALE)}"
    elif len(ratings) == 1:
        yield "a range of ratings has one end", "give rating_from and rating_to, or neither"
    elif ratings and SCALE.index(ratings[0]) > SCALE.index(ratings[1]):
        yield f"{ratings[0]} is below {ratings[1]}", "begin with the better rating"
    days = [row[name] for name in ("days_from", "days_to") if row[name]]
    unread = [text for text in days if not (text.isdigit() or is_tenor(text))]
    if unread:
        yield f"{unread[0]!r} is no number of days", "write days, or a tenor: 30, 6M"
    elif len(days) == 2 and days_of(days[0], _ANY_DAY) > days_of(days[1], _ANY_DAY):
        yield f"the days from {days[0]} to {days[1]} are none", "begin with the earlier day"


_ANY_DAY = date(2025, 1, 1)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_share(text: str) -> bool:
    try:
        return 0.0 <= float(text) <= 1.0
    except ValueError:
        return False
