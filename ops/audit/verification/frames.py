"""Frames of position results against those of the blocks: they are the same bytes, unless a later release has packed
one of the two anew; then their numbers are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import zstandard

from domain.measures.measures import columns_of
from domain.ports import PART_POSITIONS, BlockCodec, Packed
from ops.audit.verification.findings import Findings
from ops.audit.verification.locate import named
from ops.audit.verification.results import ResultRun
from query_api.frames import unpacked

SELECT_FRAMES = (
    "SELECT column_no, part_no, scenario_no, packed FROM {result_chunk} "
    "WHERE run_no = %b AND chunk_no = %b AND column_no = ANY(%b::int2[])"
)
COUNT_FRAMES = "SELECT count(*) FROM {result_chunk} WHERE run_no = %s"

Place = tuple[int, int, int]
"""column, part, scenario"""
Frames = dict[Place, Any]
Told = tuple[str, str, str]
"""code, where, message"""


@dataclass(frozen=True)
class Beside:
    """What one version of the results has in place of a block."""

    one: ResultRun
    chunk_no: int
    columns: list[int]
    frames: Frames


class PublishedFrames:
    def __init__(self, connection: Any, runs: Sequence[ResultRun]) -> None:
        self._connection = connection
        self._runs: dict[UUID, list[ResultRun]] = {}
        for one in runs:
            self._runs.setdefault(one.run.run_id, []).append(one)

    def beside(self, run_id: UUID, chunk_no: int, columns: Sequence[str]) -> list[Beside]:
        """None for a chunk that was given up, whatever facts came later: its results are blank (compare_blanks). Kept
        cash flows are no results."""
        return [
            self._beside(one, chunk_no, places)
            for one in self._runs.get(run_id, ())
            if chunk_no not in one.run.completed.failed_chunks and (places := places_of(one, columns))
        ]

    def compare_blanks(self, codec: BlockCodec, findings: Findings) -> None:
        """Of chunks that were given up; and that no run has frames too many."""
        for one in (one for of_run in self._runs.values() for one in of_run):
            asked = one.run.requested
            every = list(range(len(columns_of(tuple(asked.measures)))))
            for chunk_no in one.run.completed.failed_chunks:
                blank = np.full((len(asked.scenarios), positions_of(one, chunk_no)), np.nan)
                packed = [codec.pack(blank)] * len(every)
                for code, where, message in compare(self._beside(one, chunk_no, every), packed):
                    findings.add(code, where, message)
            self._count(one, len(every), findings)

    def _count(self, one: ResultRun, columns: int, findings: Findings) -> None:
        asked = one.run.requested
        chunks = -(-asked.positions // asked.chunk_size)
        parts = sum(-(-positions_of(one, chunk_no) // PART_POSITIONS) for chunk_no in range(chunks))
        expected = parts * columns * len(asked.scenarios)
        (count,) = self._connection.execute(one.tables.sql(COUNT_FRAMES), (one.run.run_no,)).fetchone()
        if count != expected:
            message = f"{count:,} frames are there, the run has {expected:,}"
            findings.add("RESULTS_EDITED", one.where("result_chunk"), message)

    def _beside(self, one: ResultRun, chunk_no: int, columns: list[int]) -> Beside:
        with self._connection.cursor(binary=True) as cursor:
            rows = cursor.execute(one.tables.sql(SELECT_FRAMES), (one.run.run_no, chunk_no, columns)).fetchall()
        return Beside(
            one, chunk_no, columns, {(column, part, scenario): frame for column, part, scenario, frame in rows}
        )


def compare(beside: Beside, packed: Packed) -> list[Told]:
    """`packed` are the block's columns, in the order of `beside.columns`."""
    told = []
    for column, parts in zip(beside.columns, packed, strict=True):
        for part, of_scenarios in enumerate(parts):
            places = [(column, part, scenario) for scenario in range(len(of_scenarios))]
            if any(beside.frames.get(place) != frame for place, frame in zip(places, of_scenarios, strict=True)):
                told += list(differences(beside, places, of_scenarios))
    return told


def differences(beside: Beside, places: list[Place], of_scenarios: Sequence[Any]) -> Iterator[Told]:
    """Of one column and part: the frames of its scenarios, which are XOR those of the first."""
    gone = [place for place in places if place not in beside.frames]
    for place in gone:
        yield "RESULTS_EDITED", where_of(beside, place), "the frame is gone"
    if gone:
        return
    given = numbers(of_scenarios)
    try:
        stands = numbers([beside.frames[place] for place in places])
    except ValueError as error:
        yield "RESULTS_EDITED", where_of(beside, places[0]), f"the frame cannot be read: {error}"
        return
    for place, here, there in zip(places, stands, given, strict=True):
        other = np.flatnonzero(here.view(np.uint64) != there.view(np.uint64)) if len(here) == len(there) else [0]
        if len(other):
            yield "RESULTS_EDITED", where_of(beside, place), message_of(beside, place, here, there, int(other[0]))


def numbers(frames: Sequence[Any]) -> list[Any]:
    """float64 [positions] of each scenario."""
    try:
        found = unpacked({0: dict(enumerate(frames))}, slice(0, PART_POSITIONS))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return [found[scenario] for scenario in range(len(frames))]


def where_of(beside: Beside, place: Place) -> str:
    asked = beside.one.run.requested
    column, part, scenario = place
    name = named(columns_of(tuple(asked.measures)), column)
    where = beside.one.where("result_chunk")
    return f"{where}, chunk {beside.chunk_no} part {part}, {name} under {named(asked.scenarios, scenario)}"


def message_of(beside: Beside, place: Place, here: Any, there: Any, first: int) -> str:
    if len(here) != len(there):
        return f"the frame has {len(here):,} numbers, its block {len(there):,}"
    other = int((here.view(np.uint64) != there.view(np.uint64)).sum())
    row = beside.chunk_no * beside.one.run.requested.chunk_size + place[1] * PART_POSITIONS + first
    return (
        f"{other:,} of {len(here):,} numbers are not those of its block; the first, of the run's position no. "
        f"{row + 1}, is {here[first]:.17g}, its block has {there[first]:.17g}"
    )


def places_of(one: ResultRun, columns: Sequence[str]) -> list[int]:
    every = columns_of(tuple(one.run.requested.measures))
    return [every.index(name) for name in columns if name in every]


def positions_of(one: ResultRun, chunk_no: int) -> int:
    asked = one.run.requested
    return min(asked.chunk_size, asked.positions - chunk_no * asked.chunk_size)
