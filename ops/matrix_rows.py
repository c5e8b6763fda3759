"""Rows of a market's transition matrix that do not quite add up to 1: a run says that it uses them as printed."""

from commands.submit_run import registered
from domain.market.document import MarketDocument
from domain.market.rating_transitions import used_as_printed
from domain.snapshot import SnapshotKind
from ops.ports import Storage

CODE = "ROWS_AS_PRINTED"


def rows_as_printed(market: MarketDocument) -> list[dict[str, str]]:
    """One remark for all of them."""
    found = used_as_printed(market.rating_transitions)
    if not found:
        return []
    rows = ", ".join(f"{state} {total:.12g}" for _, state, total in found)
    sentence = f"rows of the transition matrix {found[0][0]} do not add up to 1 and are used as printed: {rows}"
    return [{"code": CODE, "sentence": sentence, "fix": "scale them if their rounding matters"}]


def rows_of_snapshot(storage: Storage, market: str) -> list[dict[str, str]]:
    """`market`: the whole id of a snapshot."""
    return rows_as_printed(storage.market(registered(storage.store, market, SnapshotKind.MARKET).sha256))
