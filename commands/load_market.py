"""Load a market document as a snapshot."""

from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from commands.define_scenario import invalid_input
from commands.once import once, use_before
from commands.tapes.markets.prepare import MarketMade
from domain.answered_commands import Key
from domain.documents import Problem
from domain.event import Envelope, Event
from domain.market.document import InvalidMarket, MarketDocument, canonical_json, parse_market, sha256_of
from domain.market.prepayment import NAME, readable_models
from domain.market.warnings import market_warnings
from domain.ports import BlobStore, EventStore
from domain.snapshot import Content, Snapshot, SnapshotKind, bring, register, snapshot_id

FindUnsolved = Callable[[MarketDocument], list[Problem]]
"""Says which curves have no solution; handed down, since curves are solved by compute."""


def load_market(
    store: EventStore,
    blobs: BlobStore,
    envelope: Envelope,
    raw: bytes,
    find_unsolved: FindUnsolved,
    *,
    rates_are_decimals: bool = False,
    key: Key | None = None,
    made: MarketMade | None = None,
) -> dict[str, Any]:
    """Refuses what cannot be read, what cannot be solved, and what looks like percent unless that is meant.

    `made` says from which lines of which files the document was built, where it was built from quotes.
    """
    use_before(store, key)
    market = usable_market(raw, find_unsolved, rates_are_decimals=rates_are_decimals)
    loaded, _ = once(store, envelope, key, lambda: _decide(store, blobs, envelope, market, len(raw), made))
    told = [asdict(each) for each in market_warnings(market)]
    return {**loaded, "warnings": [*(made.warnings if made else ()), *told]}


def _decide(
    store: EventStore,
    blobs: BlobStore,
    envelope: Envelope,
    market: MarketDocument,
    raw_bytes: int,
    made: MarketMade | None,
) -> tuple[list[Event], dict[str, object]]:
    """The content is registered once and, since its date is its own, brought once."""
    content = sha256_of(market)
    identity = snapshot_id(SnapshotKind.MARKET, content)
    events: list[Event] = []
    if not store.stream(identity):
        blobs.put(content, canonical_json(market))
        events += register(
            Snapshot(),
            envelope,
            Content(
                kind=SnapshotKind.MARKET,
                sha256=content,
                rows={"curves": len(market.curves), "fx_spots": len(market.fx_spots), "fixings": len(market.fixings)},
                control_totals={},
                source={"bytes": raw_bytes, **named_models(market), **_origin(blobs, made)},
                as_of=market.as_of,
                base_currency=market.base_currency,
            ),
        )
    brought = bring(envelope, SnapshotKind.MARKET, identity, as_of=market.as_of)
    if not store.stream(brought.originator_id):
        events.append(brought)
    return events, {"snapshot_id": str(identity), "sha256": content, "as_of": market.as_of.isoformat()}


def _origin(blobs: BlobStore, made: MarketMade | None) -> dict[str, Any]:
    """The files that the document was built from, and the line of each number."""
    if made is None:
        return {}
    lines_sha256 = sha256(made.lines).hexdigest()
    blobs.put(lines_sha256, made.lines)
    return {**made.source, "lines_sha256": lines_sha256}


def named_models(market: MarketDocument) -> dict[str, dict[str, int]]:
    """Versions of the prepayment models by name, for those who read results; nothing where there is none."""
    models = readable_models(market.prepayment_models)
    return {NAME: {name: model.version for name, model in models.items()}} if models else {}


def usable_market(raw: bytes, find_unsolved: FindUnsolved, *, rates_are_decimals: bool) -> MarketDocument:
    try:
        market = parse_market(raw, rates_are_decimals=rates_are_decimals)
        if unsolved := find_unsolved(market):
            raise InvalidMarket(unsolved)
    except InvalidMarket as invalid:
        raise invalid_input("INVALID_MARKET", "the market cannot be used", invalid) from invalid
    return market
