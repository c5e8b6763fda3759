"""What a market that can be used leaves in doubt, told when it is loaded."""

from collections.abc import Iterator

from domain.documents import Problem
from domain.market.document import MarketDocument, suspicions_of
from domain.market.fx_chains import chain
from domain.market.index_conventions import is_listed, overnight_index
from domain.market.par_quotes import index_of, projected_indices
from domain.market.parts import ParCurve
from domain.market.rating_transitions import NAME, used_as_printed

BY_INDEX = ("SWAP", "FRA")


def market_warnings(market: MarketDocument) -> list[Problem]:
    """Rates beyond what decimals usually are, conventions that had to be guessed, currencies without a way to base."""
    return [*suspicions_of(market), *_guessed_conventions(market), *_unreached(market), *_as_printed(market)]


def _guessed_conventions(market: MarketDocument) -> Iterator[Problem]:
    for i, curve in enumerate(market.curves):
        if not isinstance(curve, ParCurve) or not any(node.type in BY_INDEX for node in curve.nodes):
            continue
        index, path = index_of(curve, market.projection), f"curves[{i}].index"
        could_be, of_currency = projected_indices(curve, market.projection), overnight_index(curve.currency)
        if curve.index is None and len(could_be) > 1:
            message = f"{curve.curve_id}: swaps are taken to be on {index}, the first of {', '.join(could_be)}"
            yield Problem(path, "INDEX_GUESSED", str(index), message, 'name one with "index"')
        elif index is None and (known := _on_curve(market, curve)):
            message = (
                f"{curve.curve_id}: swaps are taken to be on the overnight index {of_currency or 'of its currency'}"
            )
            fix = f'name the index if it is another: "index": "{known}"'
            yield Problem(path, "INDEX_GUESSED", of_currency, message, fix)
        elif index is not None and not is_listed(index):
            message = f"{curve.curve_id}: no conventions are known for {index}: those of overnight swaps are used"
            fix = 'give them beside the quotes: "fixed_frequency", "fixed_day_count", "float_frequency"'
            yield Problem(path, "INDEX_NOT_LISTED", index, message, fix)


def _on_curve(market: MarketDocument, curve: ParCurve) -> str:
    """A tenor index, or what else is projected on the curve, where it is not the overnight index of its currency."""
    names = sorted(name for name, known in market.projection.items() if known == curve.curve_id)
    return next((name for name in names if name != overnight_index(curve.currency)), "")


def _unreached(market: MarketDocument) -> Iterator[Problem]:
    pairs, base = [spot.pair for spot in market.fx_spots], market.base_currency
    for currency in sorted(market.discount):
        if currency != base and chain(pairs, currency, base) is None:
            message = f"no chain of spots leads from {currency} to {base}: positions in {currency} will have no value"
            yield Problem("fx_spots", "NO_SPOT", currency + base, message, f"add a spot of {currency}")


def _as_printed(market: MarketDocument) -> Iterator[Problem]:
    for name, state, total in used_as_printed(market.rating_transitions):
        message = f"{name}: the row of {state} adds up to {total:.12g}, and is used as it is printed"
        fix = "scale the row if its rounding matters"
        yield Problem(f"{NAME}.{name}", "ROW_AS_PRINTED", f"{total:.12g}", message, fix)
