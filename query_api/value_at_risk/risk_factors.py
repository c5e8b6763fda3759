"""The moves of a history as risk factors: key rates by currency, spreads by match, currencies against base."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from domain.market.document import MarketDocument
from domain.market.fx_chains import chain
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.scenarios.shocks import (
    CurveMoveShock,
    FxShock,
    KeyRateShock,
    ParallelShock,
    ScenarioDocument,
    Shock,
    SpreadShock,
    TwistShock,
    VolShock,
    matches,
)
from domain.scenarios.versions import split_reference
from query_api.errors import BadQuery
from query_api.reading import Connection

Array = np.ndarray[Any, Any]
Match = tuple[tuple[str, str], ...]

SELECT_DOCUMENTS = """
SELECT s.scenario_id, s.version, s.document FROM read.scenario s
  JOIN unnest(%s::text[], %s::int[]) AS asked (scenario_id, version) USING (scenario_id, version)
"""


class FactorKind(StrEnum):
    RATE = "RATE"
    SPREAD = "SPREAD"
    FX = "FX"


class Factor(NamedTuple):
    """`RATE USD 5y`, moves in basis points; `SPREAD rating=BBB`, the same; `FX EUR`, per cent against base."""

    kind: FactorKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class FactorMoves:
    factors: list[Factor]
    moves: Array
    """[scenarios, factors]"""
    matches: list[Match]
    """of the spreads, in the factors' order"""


def documents_of(connection: Connection, pinned: Sequence[str]) -> list[ScenarioDocument]:
    asked = [split_reference(each) for each in pinned]
    rows = connection.execute(SELECT_DOCUMENTS, ([name for name, _ in asked], [version for _, version in asked]))
    found = {(name, version): document for name, version, document in rows}
    missing = [each for each, key in zip(pinned, asked, strict=True) if key not in found]
    if missing:
        raise BadQuery(f"the read models do not know scenario {missing[0]} yet", "ask again in a moment")
    return [ScenarioDocument.model_validate(found[key]) for key in asked]


def factor_moves(
    documents: Sequence[ScenarioDocument], market: MarketDocument, base_currency: str, currencies: Sequence[str]
) -> FactorMoves:
    """Of the currencies asked for. A volatility's moves are no factor: the sensitivities say nothing of it by surface.

    A currency's rates move as its discount curve does, read off at the key rates.
    """
    refuse_unreadable(documents)
    foreign = [each for each in currencies if each != base_currency]
    spreads = sorted({_match(shock) for each in documents for shock in each.shocks if isinstance(shock, SpreadShock)})
    factors = [Factor(FactorKind.RATE, f"{each} {label}") for each in currencies for label in KEY_RATE_LABELS]
    factors += [Factor(FactorKind.SPREAD, ";".join(f"{name}={pattern}" for name, pattern in each)) for each in spreads]
    factors += [Factor(FactorKind.FX, each) for each in foreign]
    quoted = [spot.pair for spot in market.fx_spots]
    rows = [
        [
            *(bp for each in currencies for bp in _key_rate_bp(document, market, each)),
            *(_spread_bp(document, each) for each in spreads),
            *(_fx_pct(document, quoted, each, base_currency) for each in foreign),
        ]
        for document in documents
    ]
    return FactorMoves(factors, np.array(rows, float).reshape(len(documents), len(factors)), spreads)


def refuse_unreadable(documents: Sequence[ScenarioDocument]) -> None:
    readable = (ParallelShock, KeyRateShock, TwistShock, CurveMoveShock, SpreadShock, FxShock, VolShock)
    for document in documents:
        for shock in document.shocks:
            if not isinstance(shock, readable):
                message = f"{document.scenario_id} has a shock of kind {shock.kind}, which is no move of rates"
                raise BadQuery(message, "use a history of CURVE_MOVE, PARALLEL, SPREAD and FX shocks")


def _key_rate_bp(document: ScenarioDocument, market: MarketDocument, currency: str) -> Array:
    curve_id, total = market.discount.get(currency), np.zeros(len(KEY_RATE_TENORS_YR))
    for shock in document.shocks:
        moves = _curve_bp(shock, market)
        if moves is not None and matches(getattr(shock, "curves", ""), curve_id):
            total = total + moves
    return total


def _curve_bp(shock: Shock, market: MarketDocument) -> Array | None:
    """At the key rates; None for what moves no curve."""
    match shock:
        case ParallelShock():
            return np.full(len(KEY_RATE_TENORS_YR), shock.bp)
        case KeyRateShock():
            return np.where(np.array(KEY_RATE_TENORS_YR) == shock.tenor_yr, shock.bp, 0.0)
        case TwistShock():
            return np.interp(KEY_RATE_TENORS_YR, (0.0, shock.pivot_yr, 30.0), (shock.short_bp, 0.0, shock.long_bp))
        case CurveMoveShock():
            return np.interp(KEY_RATE_TENORS_YR, *shock.corners(market.as_of))
        case _:
            return None


def _match(shock: SpreadShock) -> Match:
    return tuple(sorted(shock.match.items()))


def _spread_bp(document: ScenarioDocument, match: Match) -> float:
    return sum(shock.bp for shock in document.shocks if isinstance(shock, SpreadShock) and _match(shock) == match)


def _fx_pct(document: ScenarioDocument, quoted: Sequence[str], currency: str, base: str) -> float:
    """What the currency gains against base, by the pairs that lead there; 0 where none do."""
    factor = dict.fromkeys(quoted, 1.0)
    for shock in document.shocks:
        if isinstance(shock, FxShock):
            inverse = shock.pair[3:] + shock.pair[:3]
            if shock.pair in factor:
                factor[shock.pair] *= 1 + shock.pct / 100
            elif inverse in factor:
                factor[inverse] /= 1 + shock.pct / 100
    steps = chain(quoted, currency, base) or ()
    gain = math.prod(1 / factor[step.pair] if step.is_inverse else factor[step.pair] for step in steps)
    return (gain - 1) * 100
