"""A portfolio that was brought and not stored: said in the log, so that somebody can be told."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from domain.event import Envelope, Event, stream_id


class PortfolioRejected(Event):
    """`errors` counts what was wrong by its code; the rows themselves stay with whoever brought them."""

    TOPIC: ClassVar[str] = "portfolio.rejected"

    name: str
    as_of: date
    errors: dict[str, int]


def reject(envelope: Envelope, name: str, as_of: date, errors: Sequence[dict[str, Any]]) -> PortfolioRejected:
    """One for each request: sent again under its key, it meets the stream."""
    counts = dict(sorted(Counter(str(each["code"]) for each in errors).items()))
    place = envelope.at(stream_id("portfolio_rejected", envelope.correlation_id), 1)
    return PortfolioRejected(**place, name=name, as_of=as_of, errors=counts)
