"""Where a run keeps the cash flows of a position: in which block of the log, among those of which book."""

from typing import Any

from domain.portfolio.columns import Portfolio
from domain.runs.facts import CashflowsProjected, fact_stream
from domain.runs.run import RunRequested
from ops.audit.lineage.blocks import described_block
from ops.audit.lineage.rows import text_at
from ops.ports import Storage


def kept_flows(
    storage: Storage, connection: Any, requested: RunRequested, portfolio: Portfolio, row: int
) -> dict[str, Any] | None:
    """The block that holds its book's sums; None where the run keeps none."""
    chunk_no = row // requested.chunk_size
    stream = fact_stream(requested.originator_id, CashflowsProjected.__name__, chunk_no)
    fact = next(iter(storage.store.stream(stream)), None)
    if not isinstance(fact, CashflowsProjected):
        return None
    instrument = int(portfolio.instrument_row[row])
    return {
        "scenarios": list(requested.cashflows),
        "book": text_at(portfolio, "portfolio", "node_id", int(portfolio.book_row[row])),
        "product_type": text_at(portfolio, "instruments", "product_type", instrument),
        "currency": text_at(portfolio, "instruments", "currency", instrument),
        "block": described_block(connection, fact),
    }


def kept_line(kept: dict[str, Any] | None) -> list[str]:
    if kept is None:
        return []
    block = kept["block"]
    of = ", ".join(kept[name] for name in ("book", "product_type", "currency"))
    scenarios = ", ".join(kept["scenarios"])
    return [
        f"flows     kept under {scenarios} in the sums of {of}: {block['topic']} chunk {block['chunk_no']}, sha256 "
        f"{block['content_sha256'][:16]}…, event {block['event_position']:,}"
    ]
