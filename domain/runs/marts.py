"""A run's figures as plain tables for other tools: that they were asked for, written, and dropped again.

A mart is a copy: the log keeps how many rows were written and the hash of them, table by table, so that anybody can
tell whether a tool was shown what the run said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from domain.event import Envelope, Event, stream_id
from domain.refusals import Unknown


class MartRequested(Event):
    """Somebody wants the tables of a run; whichever process manager comes first writes them."""

    TOPIC: ClassVar[str] = "mart.requested"

    run_id: UUID


class MartPublished(Event):
    """The tables hold the figures that the run had at this completion. `rows` and `contents` are by table: how many,
    and the SHA-256 of them as COPY takes them."""

    TOPIC: ClassVar[str] = "mart.published"

    run_id: UUID
    completed_version: int
    positions: int
    scenarios: int
    columns: list[str]
    rows: dict[str, int]
    contents: dict[str, str]


class MartDropped(Event):
    TOPIC: ClassVar[str] = "mart.dropped"

    run_id: UUID
    reason: str


MartEvent = MartRequested | MartPublished | MartDropped


@dataclass(frozen=True)
class Mart:
    version: int = 0
    published: MartPublished | None = None
    is_wanted: bool = False
    """asked for and not written yet"""

    def holds(self, completed_version: int) -> bool:
        """Whether the tables are there, with the figures of this completion."""
        return self.published is not None and self.published.completed_version == completed_version


@dataclass(frozen=True)
class MartContents:
    """What has been written."""

    completed_version: int
    positions: int
    scenarios: int
    columns: list[str]
    rows: dict[str, int]
    contents: dict[str, str]


def mart_stream(run_id: UUID) -> UUID:
    return stream_id("mart", run_id)


def evolve(mart: Mart, event: MartEvent) -> Mart:
    mart = replace(mart, version=event.originator_version)
    match event:
        case MartRequested():
            return replace(mart, is_wanted=True)
        case MartPublished():
            return replace(mart, published=event, is_wanted=False)
        case MartDropped():
            return replace(mart, published=None, is_wanted=False)


def fold(events: Sequence[Event]) -> Mart:
    mart = Mart()
    for event in events:
        if isinstance(event, MartEvent):
            mart = evolve(mart, event)
    return mart


def request(mart: Mart, envelope: Envelope, run_id: UUID, completed_version: int) -> list[MartRequested]:
    """Nothing where it is there, or on its way."""
    if mart.is_wanted or mart.holds(completed_version):
        return []
    return [MartRequested(**envelope.at(mart_stream(run_id), mart.version + 1), run_id=run_id)]


def publish(mart: Mart, envelope: Envelope, run_id: UUID, written: MartContents) -> list[MartPublished]:
    if mart.holds(written.completed_version):
        return []
    return [MartPublished(**envelope.at(mart_stream(run_id), mart.version + 1), run_id=run_id, **vars(written))]


def drop(mart: Mart, envelope: Envelope, run_id: UUID, reason: str) -> list[MartDropped]:
    if mart.published is None:
        message = f"the figures of run {run_id} are in no table of schema mart"
        raise Unknown("MART_NOT_PUBLISHED", message, "`tenor mart list` names the runs that are")
    return [MartDropped(**envelope.at(mart_stream(run_id), mart.version + 1), run_id=run_id, reason=reason)]


class MartReaderCreated(Event):
    """A login role that may read schema mart: of these nodes and below, `*` for all."""

    TOPIC: ClassVar[str] = "mart.reader_created"

    reader: str
    nodes: list[str]


class MartReaderDropped(Event):
    TOPIC: ClassVar[str] = "mart.reader_dropped"

    reader: str


def reader_stream(reader: str) -> UUID:
    return stream_id("mart_reader", reader)
