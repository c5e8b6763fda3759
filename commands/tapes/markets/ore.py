"""A market from quotes with the keys of Open Source Risk: curves by currency and index, spots, fixings, volatilities.

MM, FRA and IR_SWAP of one currency and index tenor are the quotes of one PAR curve; ZERO and DISCOUNT of one curve id
are a ZERO curve. Forward starts of swaps and deposits are not read: every quote starts on the valuation date.
Source: Open Source Risk, user guide, Market Data.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from commands.tapes.markets.credit_and_volatility import credit_curves, fx_surfaces, swaption_surfaces
from commands.tapes.markets.draft import Draft
from commands.tapes.markets.quotes import Quote
from domain.currencies import ISO_4217
from domain.market.index_conventions import overnight_index, term_index_family
from domain.market.parts import add_tenor, is_tenor
from domain.tapes.dates import patterns_of, read_date

DAY = "1D"
OVERNIGHT = (DAY, "0D", "ON")
DAYS_360, DAYS_365 = ("A360", "ACT360", "ACT/360", "ACTUAL/360"), ("A365", "A365F", "ACT/365", "ACT/365F", "ACTUAL/365")
_FEWEST_PARTS = 4
_TENOR = re.compile(r"\d+[DWMY](\d+[DWMY])*")
_DATES = patterns_of(("YYYYMMDD",))


def build(quotes: Iterable[Quote], draft: Draft) -> None:
    by_kind: dict[str, list[Quote]] = defaultdict(list)
    for quote in _of_the_day(quotes, draft):
        by_kind["/".join(quote.parts[:2]) if "/" in quote.key else "FIXING"].append(quote)
    _par_curves(by_kind, draft)
    _zero_curves(by_kind, draft)
    _spots(by_kind.pop("FX/RATE", []), draft)
    _fixings(by_kind.pop("FIXING", []), draft)
    swaption_surfaces(by_kind, draft, _index_of(draft))
    fx_surfaces(by_kind, draft)
    credit_curves(by_kind, draft)
    for kind, left in by_kind.items():
        for quote in left:
            draft.leave(kind, "quotes of this kind are no part of a market here", quote.key, quote.place)


def _of_the_day(quotes: Iterable[Quote], draft: Draft) -> Iterable[Quote]:
    """The first of a key that is there twice, as Open Source Risk itself reads it."""
    seen: dict[tuple[str, date], Quote] = {}
    for quote in quotes:
        kind = "/".join(quote.parts[:2])
        is_fixing = "/" not in quote.key
        if not is_fixing and len(quote.parts) < _FEWEST_PARTS:
            draft.leave(kind, "its key is too short", quote.key, quote.place)
            continue
        first = seen.setdefault((quote.key, quote.day), quote)
        if first is not quote:
            if first.value != quote.value:
                draft.leave(kind, "the same key has another value on an earlier line", quote.key, quote.place)
        elif not is_fixing and quote.day != draft.as_of:
            draft.leave(kind, f"its date is not {draft.as_of}", quote.key, quote.place)
        elif is_fixing and quote.day > draft.as_of:
            draft.leave("FIXING", f"it is dated after {draft.as_of}", quote.key, quote.place)
        else:
            yield quote


# --- curves of swaps, deposits and forward rate agreements ----------------------------------------------------------


class _Par:
    """What is quoted on one index, by where a node stands."""

    def __init__(self) -> None:
        self.nodes: dict[date, tuple[dict[str, object], Quote]] = {}

    def add(self, day: date, node: dict[str, object], quote: Quote) -> bool:
        return self.nodes.setdefault(day, (node, quote))[1] is quote


def _par_curves(by_kind: dict[str, list[Quote]], draft: Draft) -> None:
    """Swaps first; then forward rate agreements and deposits that end before the first swap."""
    curves: dict[tuple[str, str, str], _Par] = {}
    for kind, read in (("IR_SWAP/RATE", _swap), ("FRA/RATE", _fra), ("MM/RATE", _deposit)):
        for quote in by_kind.pop(kind, []):
            found = read(quote, draft.as_of)
            if found is None:
                draft.leave(kind, "its key is not one of a curve here", quote.key, quote.place)
                continue
            key, day, node = found
            curve = curves.setdefault(key, _Par())
            swaps = [at for at, (each, _) in curve.nodes.items() if each["type"] in ("SWAP", "OIS")]
            if kind != "IR_SWAP/RATE" and swaps and day >= min(swaps):
                draft.leave(kind, "it ends after the first swap of its curve", quote.key, quote.place)
            elif not curve.add(day, node, quote):
                draft.leave(kind, "another quote of its curve ends on the same day", quote.key, quote.place)
    for key, curve in sorted(curves.items(), key=lambda each: (each[0][1] not in OVERNIGHT, each[0])):
        _add_par(key, curve, draft)


Found = tuple[tuple[str, str, str], date, dict[str, object]] | None
Reader = Callable[[Quote, date], Found]


def _swap(quote: Quote, as_of: date) -> Found:
    """IR_SWAP/RATE/CCY[/INDEX]/START/TENOR/TERM"""
    currency, name, rest = _head(quote, 3)
    if rest is None or not is_tenor(rest[1]):
        return None
    index_tenor = DAY if rest[1] in OVERNIGHT else rest[1]
    node = _node(rest[2], as_of)
    if node is None:
        return None
    kind = "OIS" if index_tenor == DAY else "SWAP"
    return (currency, index_tenor, name), node[0], {"type": kind, **node[1], "rate": quote.value}


def _fra(quote: Quote, as_of: date) -> Found:
    """FRA/RATE/CCY/START/TENOR, both in whole months"""
    currency, name, rest = _head(quote, 2)
    months = [_months(each) for each in rest] if rest else []
    if rest is None or None in months or not is_tenor(rest[1]):
        return None
    start, length = (int(each or 0) for each in months)
    node = {"type": "FRA", "tenor": f"{start}X{start + length}", "rate": quote.value}
    return (currency, rest[1], name), add_tenor(as_of, f"{start + length}M"), node


def _deposit(quote: Quote, as_of: date) -> Found:
    """MM/RATE/CCY[/INDEX]/START/TERM: one night from today is of the overnight curve, any other of its term's index."""
    currency, name, rest = _head(quote, 2)
    if rest is None or not is_tenor(rest[1]) or (rest[1] == DAY and rest[0] not in ("0D", DAY)):
        return None
    if rest[1] == DAY and rest[0] != "0D":
        return None
    node = {"type": "DEPOSIT", "tenor": rest[1], "rate": quote.value}
    return (currency, rest[1], name), add_tenor(as_of, rest[1]), node


def _head(quote: Quote, count: int) -> tuple[str, str, list[str] | None]:
    """Currency, the index's own name where the key has one, and the parts that follow."""
    currency, rest = quote.parts[2], quote.parts[3:]
    name = rest.pop(0) if len(rest) == count + 1 else ""
    return currency, name.upper(), rest if len(rest) == count and currency in ISO_4217 else None


def _node(text: str, as_of: date) -> tuple[date, dict[str, object]] | None:
    """Where a tenor or a date stands; None for what is neither, or not after the valuation date."""
    if is_tenor(text):
        return add_tenor(as_of, text), {"tenor": text}
    day = read_date(text, _DATES)
    return (day, {"date": day.isoformat()}) if day is not None and day > as_of else None


def _months(text: str) -> int | None:
    found = re.fullmatch(r"(\d+)([MY])", text)
    return int(found[1]) * (12 if found[2] == "Y" else 1) if found else None


def _add_par(key: tuple[str, str, str], curve: _Par, draft: Draft) -> None:
    currency, tenor, name = key
    index = index_name(currency, tenor, name)
    only_deposit = len(curve.nodes) == 1 and next(iter(curve.nodes.values()))[0]["type"] == "DEPOSIT"
    if index is None or (only_deposit and tenor != DAY):
        why = "no index of its currency and tenor is listed" if index is None else "it is alone on its index"
        for _, quote in curve.nodes.values():
            draft.leave("/".join(quote.parts[:2]), why, quote.key, quote.place)
        return
    ordered = [curve.nodes[day] for day in sorted(curve.nodes)]
    entry: dict[str, object] = {"curve_id": index, "currency": currency, "kind": "PAR", "index": index}
    discount = draft.document.setdefault("discount", {})
    if tenor != DAY and currency in discount:
        entry["discount_curve"] = discount[currency]
    draft.add("curves", index, entry | {"nodes": [node for node, _ in ordered]}, [quote.place for _, quote in ordered])
    discount.setdefault(currency, index)
    draft.document.setdefault("projection", {})[index] = index


def index_name(currency: str, tenor: str, name: str = "") -> str | None:
    """As our indices are called: EUR-ESTR for a night, EUR-EURIBOR-6M for a tenor; None where none is listed."""
    if tenor in OVERNIGHT:
        return f"{currency}-{name}" if name else overnight_index(currency) or None
    family = f"{currency}-{name}" if name else term_index_family(currency)
    return f"{family}-{tenor}" if family else None


# --- zero rates and discount factors --------------------------------------------------------------------------------


def _zero_curves(by_kind: dict[str, list[Quote]], draft: Draft) -> None:
    curves: dict[tuple[str, str], dict[date, tuple[dict[str, object], Quote]]] = defaultdict(dict)
    for kind in ("ZERO/RATE", "DISCOUNT/RATE"):
        for quote in by_kind.pop(kind, []):
            found = _zero(quote, draft.as_of) if kind == "ZERO/RATE" else _discount(quote, draft.as_of)
            if found is None:
                draft.leave(kind, "its key, day count or value is not one of a curve here", quote.key, quote.place)
                continue
            key, day, node = found
            if curves[key].setdefault(day, (node, quote))[1] is not quote:
                draft.leave(kind, "another quote of its curve ends on the same day", quote.key, quote.place)
    for (currency, curve_id), nodes in sorted(curves.items()):
        ordered = [nodes[day] for day in sorted(nodes)]
        entry = {"curve_id": curve_id, "currency": currency, "kind": "ZERO", "nodes": [node for node, _ in ordered]}
        draft.add("curves", curve_id, entry, [quote.place for _, quote in ordered])
        draft.document.setdefault("discount", {}).setdefault(currency, curve_id)
        index = _projected(currency, curve_id)
        if index is not None:
            draft.document.setdefault("projection", {}).setdefault(index, curve_id)


def _projected(currency: str, curve_id: str) -> str | None:
    """USD3M is the curve of the three months' index, USD1D that of the overnight one; any other name is an index."""
    tenor = curve_id.removeprefix(currency)
    if is_tenor(tenor):
        return index_name(currency, tenor)
    return curve_id if curve_id.startswith(f"{currency}-") else overnight_index(currency) or None


def _zero(quote: Quote, as_of: date) -> tuple[tuple[str, str], date, dict[str, object]] | None:
    """ZERO/RATE/CCY/CURVE/DAYCOUNT/TERM, or ZERO/RATE/CCY/TERM; continuously compounded."""
    parts = quote.parts[2:]
    if len(parts) == 2:
        parts = [parts[0], f"{parts[0]}{DAY}", "A365F", parts[1]]
    if len(parts) != 4 or parts[0] not in ISO_4217:
        return None
    node, day_count = _node(parts[3], as_of), parts[2].upper()
    if node is None or day_count not in (*DAYS_360, *DAYS_365):
        return None
    rate = quote.value * 365 / 360 if day_count in DAYS_360 else quote.value
    return (parts[0], parts[1]), node[0], {**node[1], "rate": rate}


def _discount(quote: Quote, as_of: date) -> tuple[tuple[str, str], date, dict[str, object]] | None:
    """DISCOUNT/RATE/CCY/CURVE/TERM: a discount factor, as the zero rate that gives it."""
    parts = quote.parts[2:]
    if len(parts) != 3 or parts[0] not in ISO_4217 or quote.value <= 0:
        return None
    node = _node(parts[2], as_of)
    if node is None:
        return None
    years = (node[0] - as_of).days / 365
    return (parts[0], parts[1]), node[0], {**node[1], "rate": -math.log(quote.value) / years}


# --- spots and fixings ----------------------------------------------------------------------------------------------


def _spots(quotes: list[Quote], draft: Draft) -> None:
    there: set[frozenset[str]] = set()
    for quote in quotes:
        pair = frozenset(quote.parts[2:])
        if len(quote.parts) != 4 or len(pair) != 2 or not pair <= ISO_4217 or quote.value <= 0:
            draft.leave("FX/RATE", "it is not a spot of two currencies", quote.key, quote.place)
        elif pair in there:
            draft.leave("FX/RATE", "the two currencies have another spot", quote.key, quote.place)
        else:
            there.add(pair)
            name = "".join(quote.parts[2:])
            draft.add("fx_spots", name, {"pair": name, "spot": quote.value}, quote.place)


def _fixings(quotes: list[Quote], draft: Draft) -> None:
    for quote in quotes:
        if quote.key.upper().startswith("FX-") or abs(quote.value) > 1:
            draft.leave("FIXING", "it is no rate", quote.key, quote.place)
            continue
        index = _renamed(quote.key.upper())
        entry: dict[str, object] = {"index": index, "date": quote.day.isoformat(), "rate": quote.value}
        draft.add("fixings", f"{index} {quote.day}", entry, quote.place)


def _renamed(index: str) -> str:
    return {"EUR-ESTER": "EUR-ESTR"}.get(index, index)


def _index_of(draft: Draft) -> Callable[[str], str | None]:
    """Of a currency the index on which most swaps are quoted: swaptions are on it."""
    sizes = {
        curve["index"]: (len(curve["nodes"]), curve["currency"])
        for curve in draft.document.get("curves", [])
        if curve.get("index") and any(node["type"] == "SWAP" for node in curve["nodes"])
    }

    def index(currency: str) -> str | None:
        found = [(size, name) for name, (size, of) in sizes.items() if of == currency]
        return max(found)[1] if found else overnight_index(currency) or None

    return index
