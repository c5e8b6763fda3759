"""The market file (contract, section 3): the document, what makes one invalid, and its canonical bytes."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from domain.currencies import ISO_4217
from domain.documents import (
    MAX_TOLD,
    Currency,
    InvalidDocument,
    IsoDate,
    Part,
    Problem,
    Text,
    canonical_json_of,
    merged,
    read_json,
    shown,
    structure_problems,
    unknown_field,
)
from domain.market.par_quotes import quote_problems
from domain.market.parts import (
    CreditCurve,
    Curve,
    Fixing,
    FxSpot,
    HullWhite,
    Node,
    ParCurve,
    SpreadCurve,
    VolatilitySurface,
)
from domain.market.percent import suspected_in_market
from domain.market.prepayment import model_problems, normal, readable_models, suspicions
from domain.market.rating_transitions import transition_problems

MAX_LISTED = 12


class MarketDocument(Part):
    """Keys at the top that are not known are refused when a market is brought; one stored before may have them."""

    model_config = ConfigDict(extra="allow")

    as_of: IsoDate
    base_currency: Currency
    curves: tuple[Curve, ...]
    spread_curves: tuple[SpreadCurve, ...] = ()
    credit_curves: tuple[CreditCurve, ...] = ()
    discount: dict[Currency, Text] = Field(default_factory=dict)
    projection: dict[Text, Text] = Field(default_factory=dict)
    fx_spots: tuple[FxSpot, ...] = ()
    fixings: tuple[Fixing, ...] = ()
    volatilities: tuple[VolatilitySurface, ...] = ()
    hull_white: dict[Currency, HullWhite] = Field(default_factory=dict)
    prepayment_models: dict[str, Any] = Field(default_factory=dict)
    """`prepayment.PrepaymentModel` since they are read; what was stored before may be anything"""
    rating_transitions: dict[str, Any] = Field(default_factory=dict)


class InvalidMarket(InvalidDocument):
    """A market file that cannot be used."""


def parse_market(raw: bytes | str, *, rates_are_decimals: bool = False) -> MarketDocument:
    """The market that a user brings; raises InvalidMarket with everything that is wrong with it.

    Rates that look like percent are wrong unless `rates_are_decimals` says that they are meant.
    """
    content, problems = read_json(raw)
    if content is None and problems:
        raise InvalidMarket(problems)
    document, structure = _validated(content)
    market = _readable(content, document)
    in_percent = () if rates_are_decimals else suspected_in_market(market.entries, market.hull_white)
    models = content.get("prepayment_models") if isinstance(content, dict) else None
    of_models = model_problems(
        models, market.curve_ids, _listed(market.curve_ids), rates_are_decimals=rates_are_decimals
    )
    of_matrices = transition_problems(content.get("rating_transitions") if isinstance(content, dict) else None)
    of_rules = (_rule_problems(market), of_models, of_matrices)
    problems = merged(problems, structure, _unknown_keys(content), *of_rules, in_percent)
    if document is None or problems:
        raise InvalidMarket(problems)
    return document.model_copy(update={"prepayment_models": normal(document.prepayment_models)})


def stored_market(raw: bytes) -> MarketDocument:
    """A market that was taken in once: the rules of its day were other ones, and it is not judged again."""
    return MarketDocument.model_validate(json.loads(raw))


def suspicions_of(market: MarketDocument) -> list[Problem]:
    """What looks like percent in a market whose bringer says that it is meant."""
    of_models = readable_models(market.prepayment_models).items()
    return [
        *suspected_in_market(_readable({}, market).entries, market.hull_white),
        *(each for name, model in of_models for each in suspicions(f"prepayment_models.{name}", model)),
    ]


def canonical_json(document: MarketDocument) -> bytes:
    """The same content in another order, or with defaults written out, gives the same bytes."""
    content = document.model_dump(mode="json")
    for name, key in _ORDER.items():
        content[name] = sorted(content[name], key=lambda entry: tuple(entry[field] for field in key))
    return canonical_json_of(content)


def sha256_of(document: MarketDocument) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()


_ORDER: dict[str, tuple[str, ...]] = {
    "curves": ("curve_id",),
    "spread_curves": ("curve_id",),
    "credit_curves": ("curve_id",),
    "fx_spots": ("pair",),
    "fixings": ("index", "date"),
    "volatilities": ("surface_id",),
}


_ENTRIES: dict[str, TypeAdapter[Any]] = {
    "curves": TypeAdapter(Curve),
    "spread_curves": TypeAdapter(SpreadCurve),
    "credit_curves": TypeAdapter(CreditCurve),
    "fx_spots": TypeAdapter(FxSpot),
    "fixings": TypeAdapter(Fixing),
    "volatilities": TypeAdapter(VolatilitySurface),
}
_DATE: TypeAdapter[date] = TypeAdapter(IsoDate)
_HULL_WHITE: TypeAdapter[HullWhite] = TypeAdapter(HullWhite)


@dataclass(frozen=True)
class _Readable:
    """What can be read of a document, entry by entry, so that one broken entry does not hide what else is wrong."""

    as_of: date | None
    entries: Mapping[str, list[tuple[str, Any]]]
    curve_ids: frozenset[str]
    """of all curves, readable or not"""
    discount: Mapping[str, Any]
    projection: Mapping[str, Any]
    hull_white: Mapping[str, HullWhite]


def _validated(content: Any) -> tuple[MarketDocument | None, list[Problem]]:
    try:
        return MarketDocument.model_validate(content), []
    except ValidationError as error:
        return None, structure_problems(error, content, whole=MarketDocument)


def _unknown_keys(content: Any) -> Iterator[Problem]:
    known = MarketDocument.model_fields
    names = [name for name in content if name not in known] if isinstance(content, dict) else []
    for place, name in enumerate(names):
        yield unknown_field(shown(name), name, known if place < MAX_TOLD else ())


def _readable(content: Any, document: MarketDocument | None) -> _Readable:
    content = content if isinstance(content, dict) else {}
    entries = {
        name: [
            (f"{name}[{i}]", entry)
            for i, each in enumerate(_list(content.get(name)) if document is None else getattr(document, name))
            if (entry := _read(adapter, each) if document is None else each) is not None
        ]
        for name, adapter in _ENTRIES.items()
    }
    ids = {str(each.get("curve_id")) for each in _list(content.get("curves")) if isinstance(each, dict)}
    mapping = {
        name: value if isinstance(value := content.get(name), dict) else {} for name in ("discount", "projection")
    }
    given = content.get("hull_white") if document is None else document.hull_white
    hull_white = {
        currency: found
        for currency, each in (given.items() if isinstance(given, dict) else ())
        if (found := _read(_HULL_WHITE, each) if document is None else each) is not None
    }
    as_of = _read(_DATE, content.get("as_of")) if document is None else document.as_of
    return _Readable(as_of, entries, frozenset(ids), hull_white=hull_white, **mapping)


def _read(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _rule_problems(market: _Readable) -> Iterator[Problem]:
    """The rules that reach beyond one field."""
    for name in ("curves", "spread_curves", "credit_curves"):
        for path, curve in market.entries[name]:
            if isinstance(curve, ParCurve):
                yield from quote_problems(path, curve)
            else:
                yield from node_problems(path, curve.nodes, market.as_of)
        yield from _repeated(market.entries[name], "curve_id")
    yield from _jump_problems(market.entries["curves"], market.as_of)
    yield from _repeated(market.entries["volatilities"], "surface_id")
    yield from _surface_problems(market.entries["volatilities"])
    yield from _reference_problems(market)
    yield from _spot_problems(market.entries["fx_spots"])
    yield from _fixing_problems(market.entries["fixings"], market.as_of)


def node_problems(path: str, nodes: Iterable[Node], as_of: date | None) -> Iterator[Problem]:
    """A node or more, all after the valuation date, in ascending order of their dates."""
    nodes = list(nodes)
    if not nodes:
        yield Problem(f"{path}.nodes", "TOO_FEW_NODES", "0", "the curve has no nodes", "give at least one node")
    if as_of is None:
        return
    previous = as_of
    for i, node in enumerate(nodes):
        day, where = node.on(as_of), f"{path}.nodes[{i}]"
        value = node.tenor or day.isoformat()
        if day <= as_of:
            yield Problem(where, "NODE_NOT_AFTER_AS_OF", value, f"{day} is not after {as_of}", "remove the node")
        elif day == previous:
            yield Problem(where, "DUPLICATE_NODE", value, f"there are two nodes on {day}", "keep one of them")
        elif day < previous:
            message = f"{day} comes after {previous} in the list"
            yield Problem(where, "NODES_NOT_SORTED", value, message, "sort the nodes by date")
        previous = max(previous, day)


def _jump_problems(curves: list[tuple[str, Any]], as_of: date | None) -> Iterator[Problem]:
    for path, curve in curves:
        for i, jump in enumerate(curve.jumps):
            if as_of is not None and jump.date < as_of:
                message = f"the turn of {jump.date} is before {as_of}"
                yield Problem(
                    f"{path}.jumps[{i}].date", "JUMP_BEFORE_AS_OF", str(jump.date), message, "remove the jump"
                )


def _repeated(entries: list[tuple[str, Any]], key: str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, entry in entries:
        value = getattr(entry, key)
        if value in first:
            yield Problem(
                f"{path}.{key}", "DUPLICATE_ID", value, f"{first[value]} has this id too", "rename one of them"
            )
        first.setdefault(value, path)


def _surface_problems(surfaces: list[tuple[str, VolatilitySurface]]) -> Iterator[Problem]:
    """An underlying has one surface of a product: nothing says which of two would price it."""
    first: dict[tuple[str, str], str] = {}
    for path, surface in surfaces:
        underlying = surface.pair if surface.product == "FX" else surface.index
        key = (surface.product, underlying or "")
        if key in first:
            message = f"{first[key]} has the {surface.product} volatilities of {underlying} too"
            yield Problem(
                path, "DUPLICATE_SURFACE", surface.surface_id, message, "keep one surface for each underlying"
            )
        first.setdefault(key, surface.surface_id)


def _reference_problems(market: _Readable) -> Iterator[Problem]:
    currencies_of: dict[str, set[str]] = {}
    for _, curve in market.entries["curves"]:
        currencies_of.setdefault(curve.curve_id, set()).add(curve.currency)
    par = {
        f"{path}.discount_curve": c.discount_curve for path, c in market.entries["curves"] if isinstance(c, ParCurve)
    }
    discount = {f"discount.{currency}": curve_id for currency, curve_id in market.discount.items()}
    projection = {f"projection.{index}": curve_id for index, curve_id in market.projection.items()}
    there = _listed(market.curve_ids)
    for path, curve_id in (par | discount | projection).items():
        if isinstance(curve_id, str) and curve_id not in market.curve_ids:
            message = f"there is no curve {curve_id!r}; there are: {there}"
            yield Problem(path, "UNKNOWN_CURVE", curve_id, message, "name one of `curves`, or add the curve")
    for currency, curve_id in market.discount.items():
        known = currencies_of.get(curve_id, {currency}) if isinstance(curve_id, str) else {currency}
        if currency not in known and currency in ISO_4217:
            message = f"{curve_id} is a curve in {', '.join(sorted(known))}"
            yield Problem(f"discount.{currency}", "WRONG_CURRENCY", curve_id, message, f"name a curve in {currency}")


def _listed(names: Iterable[str]) -> str:
    """In every message that names what there is: the first of many."""
    some = sorted(names)
    more = f" and {len(some) - MAX_LISTED:,} more" if len(some) > MAX_LISTED else ""
    return ", ".join(some[:MAX_LISTED]) + more if some else "none"


def _spot_problems(spots: list[tuple[str, FxSpot]]) -> Iterator[Problem]:
    first: dict[frozenset[str], str] = {}
    for path, spot in spots:
        currencies = frozenset((spot.pair[:3], spot.pair[3:]))
        if currencies in first:
            message = f"{first[currencies]} quotes these two currencies too"
            yield Problem(f"{path}.pair", "DUPLICATE_PAIR", spot.pair, message, "keep one quote")
        first.setdefault(currencies, path)


def _fixing_problems(fixings: list[tuple[str, Fixing]], as_of: date | None) -> Iterator[Problem]:
    first: dict[tuple[str, date], Fixing] = {}
    for path, fixing in fixings:
        day = fixing.date.isoformat()
        if as_of is not None and fixing.date > as_of:
            yield Problem(f"{path}.date", "FIXING_AFTER_AS_OF", day, f"{day} is after {as_of}", "remove the fixing")
        if first.setdefault((fixing.index, fixing.date), fixing).rate != fixing.rate:
            message = f"{fixing.index} has another rate on {day} already"
            yield Problem(path, "DUPLICATE_FIXING", str(fixing.rate), message, "keep the right one")
