"""Load a market document as a snapshot."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from commands.define_scenario import invalid_input
from domain.documents import Problem
from domain.event import Envelope
from domain.market.document import InvalidMarket, MarketDocument, canonical_json, parse_market, sha256_of
from domain.market.warnings import market_warnings
from domain.ports import AlreadyThere, BlobStore, EventStore
from domain.snapshot import Snapshot, SnapshotKind, register, snapshot_id

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
) -> dict[str, Any]:
    """Refuses what cannot be read, what cannot be solved, and what looks like percent unless that is meant."""
    market = usable_market(raw, find_unsolved, rates_are_decimals=rates_are_decimals)
    sha256 = sha256_of(market)
    identity = snapshot_id(SnapshotKind.MARKET, sha256)
    if not store.stream(identity):
        blobs.put(sha256, canonical_json(market))
        events = register(
            Snapshot(),
            envelope,
            kind=SnapshotKind.MARKET,
            sha256=sha256,
            rows={"curves": len(market.curves), "fx_spots": len(market.fx_spots), "fixings": len(market.fixings)},
            control_totals={},
            source={"bytes": len(raw)},
            as_of=market.as_of,
            base_currency=market.base_currency,
        )
        with suppress(AlreadyThere):  # somebody registered the same content at the same moment: it is one snapshot
            store.append(events)
    warnings = [asdict(each) for each in market_warnings(market)]
    return {
        "snapshot_id": str(identity),
        "sha256": sha256,
        "as_of": market.as_of.isoformat(),
        "warnings": warnings,
    }


def usable_market(raw: bytes, find_unsolved: FindUnsolved, *, rates_are_decimals: bool) -> MarketDocument:
    try:
        market = parse_market(raw, rates_are_decimals=rates_are_decimals)
        if unsolved := find_unsolved(market):
            raise InvalidMarket(unsolved)
    except InvalidMarket as invalid:
        raise invalid_input("INVALID_MARKET", "the market cannot be used", invalid) from invalid
    return market
