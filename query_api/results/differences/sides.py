"""Two runs beside one another: the positions of each with one measure, and which of them are the same."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from query_api.errors import BadQuery, NotFound
from query_api.reading import Array, Connection
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.positions import LoadBook, book_of
from query_api.results.columns import ResultColumn, one_column
from query_api.results.table import position_results
from query_api.runs import RunRow, queryable_run

NOWHERE = -1
SELECT_NODES = "SELECT node_id FROM read.portfolio_node WHERE snapshot_id = %s"
WHO = ("position_id", "book_id", "product_type")


@dataclass(frozen=True)
class Question:
    """`node`: positions that hang on it or below it, in either run."""

    from_run: str
    to_run: str
    measure: str = "PV"
    scenario: str = "BASE"
    node: str | None = None


@dataclass(frozen=True)
class Side:
    """Positions of a run in its order: their `rows` there, and the measure in base currency, NaN where blank."""

    run: RunRow
    book: NamedPortfolio
    rows: Array
    ids: pa.Array
    books: pa.Array
    products: pa.Array
    values: Array
    seen_nodes: frozenset[str] | None
    """within a scope, the nodes of it; None where all are"""


@dataclass(frozen=True)
class Both:
    """`place` [positions of `later`] among those of `earlier`, NOWHERE where new; `gone` places of `earlier`."""

    question: Question
    measure: str
    earlier: Side
    later: Side
    place: Array
    gone: Array

    @property
    def is_common(self) -> Array:
        found: Array = self.place != NOWHERE
        return found

    @property
    def was(self) -> Array:
        """[positions of `later`, then those that are gone] the earlier value, NaN where there is none."""
        values = np.append(self.earlier.values, np.nan)  # NOWHERE is the last
        return np.concatenate([values[self.place], self.earlier.values[self.gone]])

    @property
    def now(self) -> Array:
        return np.concatenate([self.later.values, np.full(len(self.gone), np.nan)])


def both_sides(connection: Connection, question: Question, load_book: LoadBook | None) -> Both:
    first, second = (queryable_run(connection, name) for name in (question.from_run, question.to_run))
    if first.base_currency != second.base_currency:
        message = f"one run is in {first.base_currency}, the other in {second.base_currency}"
        raise BadQuery(message, f"submit the later one with base currency {first.base_currency}")
    earlier, later = (_side(connection, run, question, load_book) for run in (first, second))
    if question.node is not None and not any(question.node in side.book.nodes for side in (earlier, later)):
        raise NotFound(f"neither run has a node {question.node!r}", "take one from the tree of a portfolio")
    place = pc.fill_null(pc.index_in(later.ids, value_set=earlier.ids), NOWHERE).to_numpy().astype(np.int64)
    if question.node is None and not (place != NOWHERE).any():
        message = f"runs {first.run_id} and {second.run_id} have no position in common"
        raise BadQuery(message, "compare runs over portfolios that share ids of positions")
    is_gone = np.ones(len(earlier.ids), bool)
    is_gone[place[place != NOWHERE]] = False
    return Both(question, _amount(second, question).name, earlier, later, place, np.flatnonzero(is_gone))


def _amount(run: RunRow, question: Question) -> ResultColumn:
    column = one_column(run, question.measure)
    if not column.base_name:
        message = f"{question.measure} is no amount: its totals are averages, and differences of them do not add up"
        raise BadQuery(message, "compare PV, DV01, CS01 or another amount")
    return column


def _side(connection: Connection, run: RunRow, question: Question, load_book: LoadBook | None) -> Side:
    name = _amount(run, question).base_name
    assert name is not None
    book = book_of(connection, run, load_book)
    found = position_results(connection, run.run_id, scenario=question.scenario, columns=[name])
    whole = pa.Table.from_batches(found.batches, found.schema)
    rows = np.arange(whole.num_rows)
    if question.node is not None:
        rows = np.flatnonzero(book.below(question.node)) if question.node in book.nodes else rows[:0]
    ids, books, products = (_some_of(whole[each], rows) for each in WHO)
    return Side(run, book, rows, ids, books, products, whole[name].to_numpy()[rows], _seen_nodes(connection, run))


def _seen_nodes(connection: Connection, run: RunRow) -> frozenset[str] | None:
    if run.rows is None:
        return None
    return frozenset(row[0] for row in connection.execute(SELECT_NODES, (run.portfolio_snapshot_id,)))


def _some_of(column: pa.ChunkedArray, rows: Array) -> pa.Array:
    return pa.concat_arrays([*column.chunks, pa.array([], pa.string())]).take(pa.array(rows))
