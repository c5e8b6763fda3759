"""From one market to a later one, step by step: time, rates, spreads, and what else there is."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.market.document import MarketDocument
from domain.market.parts import CreditCurve, Curve, Fixing, ParCurve, SpreadCurve, ZeroCurve

TIME, RATES, SPREADS, OTHER_MARKET = "TIME", "RATES", "SPREADS", "OTHER_MARKET"
OF_RATES = ("curves", "discount", "projection")
OF_SPREADS = ("spread_curves", "credit_curves")

Noded = ZeroCurve | ParCurve | SpreadCurve | CreditCurve


def steps_between(first: MarketDocument, second: MarketDocument) -> Iterator[tuple[str, MarketDocument]]:
    """Each step with the market that it leads to; the last is the second market."""
    now = at_another_day(first, second)
    yield TIME, now
    for step, names in ((RATES, OF_RATES), (SPREADS, OF_SPREADS)):
        now = now.model_copy(update={name: getattr(second, name) for name in names})
        yield step, now
    yield OTHER_MARKET, second


def at_another_day(market: MarketDocument, other: MarketDocument) -> MarketDocument:
    """The market by tenor, seen from the other's day: a node on a date keeps its distance, what has been fixed by then
    is known, and turns of the year stay where they are."""
    if other.as_of == market.as_of:
        return market
    later = other.as_of - market.as_of
    return market.model_copy(
        update={
            "as_of": other.as_of,
            "curves": tuple(_moved(_without_past_turns(curve, other.as_of), later) for curve in market.curves),
            "spread_curves": tuple(_moved(curve, later) for curve in market.spread_curves),
            "credit_curves": tuple(_moved(curve, later) for curve in market.credit_curves),
            "fixings": _known(market, other),
        }
    )


def _moved(curve: Noded, later: timedelta) -> Noded:
    nodes = [node if node.date is None else node.model_copy(update={"date": node.date + later}) for node in curve.nodes]
    return curve.model_copy(update={"nodes": tuple(nodes)})


def _without_past_turns(curve: Curve, as_of: date) -> Curve:
    return curve.model_copy(update={"jumps": tuple(jump for jump in curve.jumps if jump.date >= as_of)})


def _known(market: MarketDocument, other: MarketDocument) -> tuple[Fixing, ...]:
    """Fixings of both markets up to the date of `other`; where both have a day, the first market's."""
    by_day = {(each.index, each.date): each for each in (*other.fixings, *market.fixings)}
    return tuple(each for each in by_day.values() if each.date <= other.as_of)
