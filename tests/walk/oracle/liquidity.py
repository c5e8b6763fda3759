"""Liquidity as the contract words it (cash flows, 7a), one position at a time; factors as the Basel text has them.

LCR: bonds at PV x (1 - haircut), half or all of what performing loans pay to day 30, a part of what is undrawn,
inflows at most 75 % of outflows. NSFR: balances to 6 months, 1 year and beyond. LIQUIDATION: days and cost of a sale.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from tests.walk.oracle.dates import add_months
from tests.walk.oracle.flows import Flow, project
from tests.walk.oracle.market import Market, MissingMarketData
from tests.walk.oracle.pricer import value
from tests.walk.oracle.terms import Terms

Entry = tuple[str, str, float | None, float | None]
"""side, item, amount, factor"""
Key = tuple[str, str, str]
"""side, item, currency"""

LETTERS = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-", "B+", "B", "B-"),
    *("CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
MOODYS = (
    *("Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3", "B1", "B2", "B3"),
    *("Caa1", "Caa2", "Caa3", "Ca"),
)
BONDS = ("BOND", "CALLABLE_BOND")
FIRMS = ("CORPORATE", "SPECIALISED_LENDING", "COMMERCIAL_RE", "COMMERCIAL_RE_INCOME")
HOUSEHOLDS = ("RETAIL", "RETAIL_TRANSACTOR", "RETAIL_REVOLVER", "RETAIL_OTHER", "RESIDENTIAL_RE")


def attribute(terms: Terms, name: str) -> str:
    return next((row[name] for row in (terms.position, terms.instrument, terms.issuer) if row.get(name)), "")


def number(terms: Terms, name: str) -> float | None:
    text = attribute(terms, name)
    return float(text) if text else None


def notch(terms: Terms) -> int | None:
    """None where it cannot be read; past the scale where there is none. Of two the lower, of three the middle one."""
    found = []
    for name in ("rating", "rating_2", "rating_3"):
        text = attribute(terms, name)
        if text in ("", "NR", "UNRATED", "WR"):
            continue
        if text not in (*LETTERS, *MOODYS):
            return None
        found.append(LETTERS.index(text) if text in LETTERS else MOODYS.index(text))
    found.sort()
    return len(LETTERS) if not found else found[0] if len(found) == 1 else found[1]


def level(terms: Terms) -> str:
    """Of a bond: 1, 2A, 2B, none; or why nobody can tell."""
    asset_class, step = attribute(terms, "asset_class"), notch(terms)
    if step is None:
        return "UNREADABLE_RATING" if asset_class in ("SOVEREIGN", "CORPORATE", "CORPORATE_SME") else "NONE"
    if asset_class == "" and step <= LETTERS.index("BBB-"):
        return "NO_ASSET_CLASS"
    grades = {"SOVEREIGN": "1", "COVERED_BOND": "2A", "CORPORATE": "2A", "CORPORATE_SME": "2A"}
    if asset_class not in grades or is_defaulted(terms):
        return "NONE"
    if step <= LETTERS.index("AA-"):
        return grades[asset_class]
    if asset_class == "COVERED_BOND":
        return "NONE"
    if step <= LETTERS.index("A-"):
        return "2A" if asset_class == "SOVEREIGN" else "2B"
    return "2B" if step <= LETTERS.index("BBB-") else "NONE"


def is_defaulted(terms: Terms) -> bool:
    marked = attribute(terms, "defaulted") == "true" or attribute(terms, "nonaccrual") == "true"
    return marked or attribute(terms, "asset_class") == "DEFAULTED" or (number(terms, "days_past_due") or 0) > 90


def by_contract(terms: Terms, market: Market) -> list[Flow]:
    plain = {k: v for k, v in terms.instrument.items() if k not in ("prepayment", "default")}
    return project(replace(terms, instrument=plain), market)


def worth(terms: Terms, market: Market) -> float | None:
    try:
        market.fx(terms.currency, "USD")
        return value(terms, market)
    except MissingMarketData:
        return None


def lcr(terms: Terms, market: Market) -> Iterator[Entry]:
    if terms.product in BONDS:
        yield _liquid(terms, worth(terms, market))
    if terms.product == "LOAN":
        last = market.as_of + timedelta(days=30)
        paid = sum(flow.amount for flow in by_contract(terms, market) if flow.pay <= last)
        if paid:
            yield ("INFLOW", *_inflow(terms, paid))
    if terms.product == "FX_FWD":
        yield "INFLOW", "DERIVATIVES_NOT_DETERMINED", None, None
    undrawn = number(terms, "undrawn")
    if undrawn:
        asset_class = attribute(terms, "asset_class")
        item, factor = {
            **dict.fromkeys(HOUSEHOLDS, ("UNDRAWN_RETAIL", 0.05)),
            **dict.fromkeys((*FIRMS, "CORPORATE_SME"), ("UNDRAWN_CORPORATE", 0.1)),
            "SOVEREIGN": ("UNDRAWN_SOVEREIGN", 0.1),
            "BANK": ("UNDRAWN_BANK", 0.4),
            "": ("NO_ASSET_CLASS", None),
        }[asset_class]
        yield "OUTFLOW", item, undrawn, factor


def _liquid(terms: Terms, pv: float | None) -> Entry:
    found = level(terms)
    if found.startswith(("NO_", "UNREADABLE")):
        return "HQLA", found, pv, None
    if terms.notional < 0:
        return "HQLA", "SHORT_POSITION", pv, None
    if pv is None:
        return "HQLA", "NOT_PRICED", None, None
    asset_class = attribute(terms, "asset_class")
    kind = asset_class if asset_class in ("SOVEREIGN", "COVERED_BOND") else "CORPORATE"
    return {
        "1": ("HQLA", "LEVEL_1", pv, 1.0),
        "2A": ("HQLA", f"LEVEL_2A_{kind}", pv, 0.85),
        "2B": ("HQLA", f"LEVEL_2B_{kind}", pv, 0.5),
        "NONE": ("HQLA", "NOT_ELIGIBLE", pv, 0.0),
    }[found]


def _inflow(terms: Terms, paid: float) -> tuple[str, float, float | None]:
    asset_class = attribute(terms, "asset_class")
    if is_defaulted(terms):
        return "NON_PERFORMING", paid, 0.0
    if asset_class in HOUSEHOLDS:
        return "RETAIL", paid, 0.5
    if asset_class == "CORPORATE_SME":
        return "SME", paid, 0.5
    if asset_class in FIRMS:
        return "CORPORATE", paid, 0.5
    return {
        "SOVEREIGN": ("SOVEREIGN", paid, 0.5),
        "BANK": ("BANK", paid, 1.0),
        "": ("NO_ASSET_CLASS", paid, None),
    }[asset_class]


def nsfr(terms: Terms, market: Market) -> Iterator[Entry]:
    if terms.product == "FX_FWD":
        yield "RSF", "DERIVATIVES_NOT_DETERMINED", None, None
        return
    if terms.notional < 0:
        yield "RSF", "SHORT_POSITION", terms.notional, None
        return
    if terms.product in BONDS and worth(terms, market) is None:
        yield "RSF", "NOT_PRICED", None, None
        return
    half, whole = add_months(market.as_of, 6), add_months(market.as_of, 12)
    balances = [0.0, 0.0, 0.0]
    for flow in by_contract(terms, market):
        balances[0 if flow.pay <= half else 1 if flow.pay <= whole else 2] += flow.principal
    for bucket, balance in enumerate(balances):
        if balance:
            item, factors = _required(terms)
            factor = None if factors is None else factors[bucket]
            name = item if factors is None else f"{item}_{('TO_6M', 'TO_1Y', 'BEYOND_1Y')[bucket]}"
            yield "RSF", name, balance, factor


def _required(terms: Terms) -> tuple[str, tuple[float, float, float] | None]:
    """Item, and factors to 6 months, to a year, beyond."""
    if is_defaulted(terms):
        return "NON_PERFORMING", (1.0, 1.0, 1.0)
    if terms.product in BONDS:
        found = level(terms)
        if found.startswith(("NO_", "UNREADABLE")):
            return found, None
        same = {"1": 0.05, "2A": 0.15, "2B": 0.5}.get(found)
        return (f"LEVEL_{found}", (same, same, same)) if same else ("OTHER_SECURITIES", (0.5, 0.5, 0.85))
    asset_class, step = attribute(terms, "asset_class"), notch(terms)
    if asset_class == "":
        return "NO_ASSET_CLASS", None
    if asset_class == "BANK":
        return "LOANS_BANK", (0.15, 0.5, 1.0)
    low = {"SOVEREIGN": "A-", "CORPORATE": "AA-", "CORPORATE_SME": "AA-"}.get(asset_class)
    if low and step is not None and step <= LETTERS.index(low):
        return "LOANS_LOW_RISK_WEIGHT", (0.5, 0.5, 0.65)
    name = (
        "RETAIL"
        if asset_class.startswith("RETAIL")
        else "RESIDENTIAL_MORTGAGE"
        if asset_class.startswith("RESIDENTIAL")
        else "SOVEREIGN"
        if asset_class == "SOVEREIGN"
        else "CORPORATE"
    )
    return f"LOANS_{name}", (0.5, 0.5, 0.85)


def liquidation(terms: Terms, market: Market) -> Iterator[Entry]:
    volume, bid_ask_bp = number(terms, "daily_volume"), number(terms, "bid_ask_bp")
    if volume:
        yield "TIME", "DAYS", abs(terms.notional) / (0.25 * volume), 1.0
    else:
        yield "TIME", "NO_DAILY_VOLUME", None, None
    if bid_ask_bp is None:
        yield "COST", "NO_BID_ASK_BP", None, None
    else:
        pv = worth(terms, market)
        cost = None if pv is None else abs(pv) * bid_ask_bp / 10_000 / 2
        yield "COST", "COST" if pv is not None else "NOT_PRICED", cost, None if pv is None else 1.0


SETS = {"LCR": lcr, "NSFR": nsfr, "LIQUIDATION": liquidation}


def table(rule_set: str, held: list[Terms], market: Market) -> dict[Key, tuple[float | None, float | None, int]]:
    """By side, item and currency: amount, weighted, positions; TOTAL in base currency, under the currency ''."""
    cells: dict[Key, list[tuple[float | None, float | None]]] = defaultdict(list)
    for terms in held:
        whole: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for side, item, amount, factor in SETS[rule_set](terms, market):
            weighted = None if amount is None or factor is None else amount * factor
            cells[side, item, terms.currency].append((amount, weighted))
            if amount is not None and weighted is not None:
                rate = 1.0 if side == "TIME" else market.fx(terms.currency, "USD")
                whole[side].append((amount * rate, weighted * rate))
        for side, parts in whole.items():
            cells[side, "TOTAL", ""].append((sum(a for a, _ in parts), sum(w for _, w in parts)))
    found = {key: (*_together(key[0], parts), len(parts)) for key, parts in cells.items()}
    if rule_set == "LCR" and ("INFLOW", "TOTAL", "") in found:
        amount, weighted, positions = found["INFLOW", "TOTAL", ""]
        outflows = found.get(("OUTFLOW", "TOTAL", ""), (0.0, 0.0, 0))[1]
        assert weighted is not None and outflows is not None
        found["INFLOW", "TOTAL", ""] = (amount, min(weighted, 0.75 * outflows), positions)
    return found


def _together(side: str, parts: list[tuple[float | None, float | None]]) -> tuple[float | None, float | None]:
    columns = [[part[place] for part in parts if part[place] is not None] for place in (0, 1)]
    add = max if side == "TIME" else sum
    amount, weighted = (add(each) if each else None for each in columns)  # type: ignore[type-var,arg-type]
    return amount, weighted
