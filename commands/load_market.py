"""Load a market document as a snapshot."""

from contextlib import suppress
from typing import Any

from commands.define_scenario import invalid_input
from domain.event import Envelope
from domain.market.document import InvalidMarket, canonical_json, parse_market, sha256_of
from domain.ports import AlreadyThere, BlobStore, EventStore
from domain.snapshot import Snapshot, SnapshotKind, register, snapshot_id


def load_market(store: EventStore, blobs: BlobStore, envelope: Envelope, raw: bytes) -> dict[str, Any]:
    try:
        market = parse_market(raw)
    except InvalidMarket as invalid:
        raise invalid_input("INVALID_MARKET", "the market cannot be used", invalid) from invalid
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
    return {"snapshot_id": str(identity), "sha256": sha256, "as_of": market.as_of.isoformat()}
