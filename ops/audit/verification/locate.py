"""Which rows of a run's results are not what its blocks give, and by how much: the run is added up once more."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from domain.measures.measures import columns_of
from domain.runs.run import RunCompleted, RunRequested, fold
from ops.ports import Storage
from projections.results.ahead import Begun, PortfolioLayout
from projections.results.blocks import BlockDamaged, RunFacts
from projections.results.publication import PORTFOLIO_TABLES
from projections.results.rows import COLUMNS, RunRows

KEYS = {
    "result_status": ("chunk_no", "scenario_no"),
    "result_position": ("chunk_no",),
    "result_row": ("first_position_id",),
    "rollup": ("dimension", "key", "scenario_no"),
    "rollup_reason": ("dimension", "key", "scenario_no"),
    "top": ("scenario_no", "column_no"),
}
INTEGERS = {"run_no": ">q", "chunk_no": ">i", "scenario_no": ">h", "column_no": ">h", "positions": ">i"}
DOUBLES = ("value", "value_native")
"""Arrays: over the run's columns in rollup, over ranks in top."""
MAX_ROWS = 100
"""Of a table that are told one by one; the rest are counted."""

Fields = dict[str, bytes | None]
Rows = dict[tuple[bytes | None, ...], Fields]


@dataclass(frozen=True)
class Run:
    run_id: UUID
    run_no: int
    requested: RunRequested
    completed: RunCompleted


class Locator:
    """Keeps the last portfolio: runs over one come one after another."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._book: PortfolioLayout | None = None

    def recount(self, run: Run) -> RunRows | str:
        """The rows that the run's blocks give; or why they cannot be had."""
        storage, completed = self._storage, run.completed
        try:
            history: Any = storage.store.stream(run.run_id)
            attempt = fold(history[: completed.originator_version]).attempt
            facts = RunFacts(storage.store, storage.block_codec, run.requested, completed.failed_chunks, attempt)
            begun = Begun.of(self._book_of(run.requested.portfolio_sha256), facts)
            for chunk_no in range(facts.chunks):
                begun.take(facts.chunk(chunk_no))
        except (BlockDamaged, LookupError, ValueError) as error:
            return str(error)
        return RunRows(run.run_no, begun)

    def _book_of(self, sha256: str) -> PortfolioLayout:
        if self._book is None or self._book.sha256 != sha256:
            portfolio = self._storage.portfolio(sha256, PORTFOLIO_TABLES)
            self._book = PortfolioLayout.of(sha256, portfolio)
        return self._book

    def differing_rows(self, run: Run, table: str, stored: bytes, again: RunRows) -> Iterator[tuple[str, str]]:
        """(place, message) of each row that is gone, too many or other."""
        stands, given = rows_of(table, stored), rows_of(table, b"".join(bytes(part) for part in again.of(table)))
        different = [key for key in given | stands if stands.get(key) != given.get(key)]
        for key in different[:MAX_ROWS]:
            place = place_of(run, table, key)
            if key not in stands:
                yield place, f"the row is gone: {told_row(run, table, given[key])}"
            elif key not in given:
                yield place, "no row should be here"
            else:
                yield place, "; ".join(differing_fields(run, table, stands[key], given[key]))
        if len(different) > MAX_ROWS:
            yield "", f"{len(different) - MAX_ROWS:,} more rows differ"

    @staticmethod
    def differing_values(table: str, stands: list[Any], given: list[Any]) -> Iterator[str]:
        """Of a small table, row by row; of the run's own row, value by value."""
        if table == "result_run":
            names = ("priced", "failed", "failure_counts", "partial", "failures")
            pairs = zip(names, stands, given, strict=True)
            yield from (
                f"{name} is {here}, the run's blocks give {there}" for name, here, there in pairs if here != there
            )
            return
        yield from (f"the row {row} should not be here" for row in stands if row not in given)
        yield from (f"the row {row} is gone" for row in given if row not in stands)


def rows_of(table: str, copied: bytes) -> Rows:
    """COPY's binary rows by key."""
    names, rows, at = ("run_no", *COLUMNS[table]), Rows(), 0
    while at < len(copied):
        fields: Fields = {}
        at += 2
        for name in names:
            (size,) = struct.unpack_from(">i", copied, at)
            at += 4
            fields[name] = None if size < 0 else copied[at : at + size]
            at += max(size, 0)
        rows[tuple(fields[name] for name in KEYS[table])] = fields
    return rows


def place_of(run: Run, table: str, key: tuple[bytes | None, ...]) -> str:
    words = []
    for name, value in zip(KEYS[table], key, strict=True):
        assert value is not None
        if name == "scenario_no":
            words.append(f"under {named(run.requested.scenarios, integer(name, value))}")
        elif name == "column_no":
            words.append(named(columns_of(tuple(run.requested.measures)), integer(name, value)))
        elif name in INTEGERS:
            words.append(f"{name.removesuffix('_no')} {integer(name, value)}")
        else:
            words.append(repr(value.decode()) if name == "key" else value.decode())
    return f", {' '.join(words)}"


def named(names: Any, place: int) -> str:
    return str(names[place]) if 0 <= place < len(names) else f"no. {place}"


def told_row(run: Run, table: str, given: Fields) -> str:
    """The first figures of a row that is gone."""
    values = numbers(given["value"]) if "value" in given else []
    names = labels(run, table, len(values))
    figures = [f"{name} {value:.17g}" for name, value in zip(names, values, strict=True) if not np.isnan(value)]
    return ", ".join(figures[:3]) or "nothing else is known of it"


def differing_fields(run: Run, table: str, stands: Fields, given: Fields) -> Iterator[str]:
    for name in given:
        here, there = stands[name], given[name]
        if here == there:
            continue
        if name in DOUBLES and here is not None and there is not None:
            yield from differing_numbers(run, table, name, numbers(here), numbers(there))
        elif name in INTEGERS and here is not None and there is not None:
            yield f"{name} is {integer(name, here)}, the run's blocks give {integer(name, there)}"
        elif name == "reasons" and here is not None and there is not None:
            yield f"reasons are {here[1:].decode()}, the run's blocks give {there[1:].decode()}"
        elif (table, name) == ("rollup", "currency"):
            yield f"{name} is {word(here)}, the run's blocks give {word(there)}"
        else:
            yield f"{name} is not what the run's blocks give"


def differing_numbers(run: Run, table: str, name: str, here: Any, there: Any) -> Iterator[str]:
    if len(here) != len(there):
        yield f"{name} has {len(here)} numbers, the run's blocks give {len(there)}"
        return
    names, suffix = labels(run, table, len(here)), "" if name == "value" else " (own currency)"
    for place in np.flatnonzero(here.view(np.uint64) != there.view(np.uint64)).tolist():
        yield f"{names[place]}{suffix} is {here[place]:.17g}, the run's blocks give {there[place]:.17g}"


def labels(run: Run, table: str, count: int) -> list[str]:
    if table == "top":
        return [f"rank {rank}" for rank in range(1, count + 1)]
    names = columns_of(tuple(run.requested.measures))
    return [named(names, place) for place in range(count)]


def integer(name: str, value: bytes) -> int:
    number: int = struct.unpack(INTEGERS[name], value)[0]
    return number


def numbers(array: bytes | None) -> Any:
    """float8[] in the binary format: five words, then each number behind its size."""
    items = np.frombuffer((array or b"")[20:], np.dtype([("bytes", ">i4"), ("value", ">f8")]))
    return items["value"].astype("<f8")


def word(value: bytes | None) -> str:
    return "nothing" if value is None else repr(value.decode())
