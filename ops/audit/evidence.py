"""What the HTTP service `audit` hands out: the same functions as the command line, refusing as a query does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from domain.access.asking import asked_by, who_asks
from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from ops.audit.certificate.issue import certify
from ops.audit.lineage.lineage import lineage, what_is_asked
from ops.audit.run_events import read_run
from ops.audit.sealing.signed_notes import verifier_key
from ops.ports import Sealing, Storage
from query_api.errors import BadQuery, NotFound, NotProvable, QueryRefused
from query_api.services.audit import Evidence

Row = dict[str, Any]
KINDS: dict[str, type[QueryRefused]] = {
    "UNKNOWN_RUN": NotFound,
    "UNKNOWN_POSITION": NotFound,
    "UNKNOWN_MEASURE": BadQuery,
    "UNKNOWN_SCENARIO": BadQuery,
}
"""By the code of the refusal; every other one says that the log cannot vouch for what was asked."""


def build_evidence(storage: Storage, sealing: Sealing, load_portfolio: Callable[[str], Portfolio]) -> Evidence:
    def lineage_of(run: str, position: str, measure: str, scenario: str) -> dict[str, object]:
        with refusing_as_a_query():
            return lineage_in_scope(storage, run, position, measure, scenario, load_portfolio)

    def certificate_of(run: str) -> bytes:
        with refusing_as_a_query():
            return certify(sealing, run, seal_first=False)

    return Evidence(lineage_of, certificate_of, verifier_key)


def lineage_in_scope(
    storage: Storage, run: str, position: str, measure: str, scenario: str, load_portfolio: Callable[[str], Portfolio]
) -> dict[str, object]:
    """Whoever may see the position may see what it came from, but for nodes of the tree above the scope."""
    asks = who_asks()
    if asks.is_whole:
        return lineage(storage, run, position, measure, scenario, load_portfolio)
    requested = read_run(storage.store, run).requested
    seen = load_portfolio(requested.portfolio_sha256)
    what_is_asked(requested, seen, position, measure, scenario)
    nodes = set(seen.tables["portfolio"].columns["node_id"].categories)
    with asked_by(replace(asks, nodes=None)):
        found = lineage(storage, run, position, measure, scenario, load_portfolio)
    of_portfolio = found["portfolio"]
    rows = [_row_in_scope(row, nodes) for row in of_portfolio["rows"] if _is_seen(row, nodes)]
    return found | {"portfolio": of_portfolio | {"rows": rows}}


def _is_seen(row: Row, nodes: set[str]) -> bool:
    return row["table"] != "portfolio" or row["key"] in nodes


def _row_in_scope(row: Row, nodes: set[str]) -> Row:
    """Of a node of the tree, without a parent that is not seen."""
    if row["table"] != "portfolio" or row["fields"].get("parent_id") in nodes:
        return row
    return row | {"fields": {name: value for name, value in row["fields"].items() if name != "parent_id"}}


@contextmanager
def refusing_as_a_query() -> Iterator[None]:
    """The code stays that of the command line."""
    try:
        yield
    except Refused as refusal:
        refused = KINDS.get(refusal.code, NotProvable)(str(refusal), refusal.fix)
        refused.code = refusal.code
        raise refused from refusal
