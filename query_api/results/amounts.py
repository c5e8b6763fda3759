"""Some columns of all positions under some scenarios, chunk after chunk: for what is worked out of a run's results."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from query_api.errors import BadQuery
from query_api.reading import Array, Connection
from query_api.results.columns import columns_of_run
from query_api.results.table import chunks_of, read_piece
from query_api.runs import RunRow


class ChunkAmounts(NamedTuple):
    rows: slice
    """places of the positions in the run"""
    amounts_ccy: list[list[Array]]
    """[scenarios][columns] of the chunk's positions, each in its own currency; NaN without a value"""


def chunk_amounts(
    connection: Connection, run: RunRow, scenarios: Sequence[int], columns: Sequence[str]
) -> Iterator[ChunkAmounts]:
    """Columns as results name them, in lower case; refused where the run has not worked them out."""
    numbers = _numbers(run, columns)
    cursor = connection.cursor(binary=True)
    for piece in chunks_of(run):
        read = read_piece(cursor, run, piece, list(scenarios), numbers)
        yield ChunkAmounts(piece.rows, [[read[number][scenario] for number in numbers] for scenario in scenarios])


def _numbers(run: RunRow, columns: Sequence[str]) -> list[int]:
    known = {column.name: column for column in columns_of_run(run)}
    missing = [name for name in columns if name not in known]
    if missing:
        fix = "submit a run with this measure, or with all of them: leave --measures out"
        raise BadQuery(f"run {run.run_id} has no {missing[0]}, which the report is worked out of", fix)
    return [known[name].number for name in columns]
