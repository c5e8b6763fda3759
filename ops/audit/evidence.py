"""What the HTTP service `audit` hands out: the same functions as the command line, refusing as a query does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from ops.audit.certificate.issue import certify
from ops.audit.lineage.lineage import lineage
from ops.audit.sealing.signed_notes import verifier_key
from ops.ports import Sealing, Storage
from query_api.errors import BadQuery, NotFound, NotProvable, QueryRefused
from query_api.services.audit import Evidence

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
            return lineage(storage, run, position, measure, scenario, load_portfolio)

    def certificate_of(run: str) -> bytes:
        with refusing_as_a_query():
            return certify(sealing, run, seal_first=False)

    return Evidence(lineage_of, certificate_of, verifier_key)


@contextmanager
def refusing_as_a_query() -> Iterator[None]:
    """The code stays that of the command line."""
    try:
        yield
    except Refused as refusal:
        refused = KINDS.get(refusal.code, NotProvable)(str(refusal), refusal.fix)
        refused.code = refusal.code
        raise refused from refusal
