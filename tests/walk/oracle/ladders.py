"""Ladders and repricing gaps of plain positions, as section 7a of the contract words them: one flow at a time."""

from dataclasses import dataclass, field, replace
from datetime import date

from tests.walk.oracle.dates import InvalidTerms, add_months
from tests.walk.oracle.flows import Flow, live_periods
from tests.walk.oracle.market import Market, MissingMarketData
from tests.walk.oracle.pricer import flows_of, is_past, present_value
from tests.walk.oracle.terms import Terms

LADDER = ("LOAN", "BOND", "CALLABLE_BOND", "ABS_MBS")
Key = tuple[str, str]
"""group, currency"""


@dataclass
class Row:
    principal: float = 0.0
    interest: float = 0.0
    pv: float = 0.0
    fixed: float = 0.0
    floating: float = 0.0
    swaps: float = 0.0
    size: float = 0.0
    """what a difference is measured by"""


@dataclass
class Group:
    rows: list[Row]
    positions: int = 0
    left_out: int = 0


@dataclass
class Book:
    """A row for each bucket of each group; `edges` None for the open one."""

    edges: list[date | None]
    groups: dict[Key, Group] = field(default_factory=dict)

    def bucket(self, day: date) -> int:
        """start < payment date <= end"""
        return next(n for n, edge in enumerate(self.edges) if edge is None or day <= edge)


def months_later(as_of: date, months: list[int]) -> list[date | None]:
    return [*(add_months(as_of, each) for each in months), None]


def book_of(positions: list[Terms], market: Market, base: str, months: list[int], by: str, contractual: bool) -> Book:
    book = Book(months_later(market.as_of, months))
    for terms in positions:
        key = (terms.position["book_id"] if by == "book" else "ALL", terms.currency)
        group = book.groups.setdefault(key, Group([Row() for _ in book.edges]))
        try:
            add(book, group, by_contract(terms) if contractual else terms, market, base, contractual)
        except (InvalidTerms, MissingMarketData):
            group.left_out += 1
    return book


def by_contract(terms: Terms) -> Terms:
    """No prepayment and no default; a pool is one of loans that neither prepay nor default."""
    kept = {k: v for k, v in terms.instrument.items() if k not in ("prepayment", "default")}
    return replace(terms, instrument=kept | ({"prepayment": "CPR 0"} if terms.product == "ABS_MBS" else {}))


def add(book: Book, group: Group, terms: Terms, market: Market, base: str, contractual: bool) -> None:
    if terms.product not in LADDER:
        group.left_out += 1
        return
    market.fx(terms.currency, base)
    if contractual and is_past(terms, market) and terms.notional != 0:
        raise InvalidTerms("nothing is due")
    flows = flows_of(terms, market)
    values = [present_value(terms, market, [flow]) for flow in flows]
    for flow, pv in zip(flows, values, strict=True):
        row = group.rows[book.bucket(flow.pay)]
        unpaid = capitalised(terms, flow)
        row.principal += flow.principal + unpaid
        row.interest += flow.interest - unpaid
        row.size += abs(flow.principal) + abs(flow.interest) + abs(terms.notional)
        row.pv += pv
    group.positions += 1
    reprice(book, group, terms, market, flows)


def capitalised(terms: Terms, flow: Flow) -> float:
    """Interest left unpaid stands in a contractual flow as principal of the other sign."""
    return -flow.principal if flow.principal * terms.notional < 0 else 0.0


def reprice(book: Book, group: Group, terms: Terms, market: Market, flows: list[Flow]) -> None:
    """Without speeds: those of the oracle's floaters that have some are left to the schedules."""
    if terms.instrument.get("rate_type") != "FLOATING" or is_past(terms, market):
        for flow in flows:
            group.rows[book.bucket(flow.pay)].fixed += flow.principal + capitalised(terms, flow)
        return
    first = flows[0]
    left = 0.0 if len(flows) == 1 else terms.notional - first.principal
    row = group.rows[book.bucket(first.pay)]
    row.floating += first.principal + capitalised(terms, first) + left
    assert first.pay == live_periods(terms, market.as_of)[0].pay
