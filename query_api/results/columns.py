"""Which columns a result table has, in which order, and in which unit."""

import json
from dataclasses import dataclass

import pyarrow as pa

from domain.measures.failures import failure_text, holes_text
from domain.measures.measures import MEASURES, Measure
from query_api.errors import BadQuery
from query_api.near import nearest, nearest_or_all
from query_api.runs import RunRow

MEASURE_OF: dict[str, Measure] = {column: measure for measure in MEASURES for column in measure.result_columns}

DETAIL = "detail"
IDENTITY = ("position_id", "instrument_id", "book_id", "product_type", "currency")
FIRST = (*IDENTITY, "scenario_id", "status", "reason")
"""Of every position row, whatever else is asked for."""


@dataclass(frozen=True)
class ResultColumn:
    """`number` is its place among the run's columns."""

    number: int
    name: str
    measure: Measure

    @property
    def base_name(self) -> str | None:
        return f"{self.name}_base" if self.measure.is_amount else None


@dataclass(frozen=True)
class Shown:
    """A column of numbers as it is shown: in its own currency, or turned into base."""

    column: ResultColumn
    in_base: bool

    @property
    def name(self) -> str:
        return f"{self.column.name}_base" if self.in_base else self.column.name

    @property
    def unit(self) -> str:
        return self.column.measure.unit.value


@dataclass(frozen=True)
class Layout:
    """The numbers of a table in their order, and whether the sentence on a failure follows them."""

    shown: list[Shown]
    detail: bool = True

    @property
    def columns(self) -> list[ResultColumn]:
        """Those to read, each once, in the run's order."""
        found = {each.column.number: each.column for each in self.shown}
        return [found[number] for number in sorted(found)]

    def fields(self, base_currency: str) -> list[pa.Field]:
        return [
            pa.field(
                each.name,
                pa.float64(),
                metadata={"unit": each.unit} | ({"in": base_currency} if each.in_base else {}),
            )
            for each in self.shown
        ]


def columns_of_run(run: RunRow) -> list[ResultColumn]:
    return [ResultColumn(number, name, MEASURE_OF[name]) for number, name in enumerate(run.columns)]


def chosen_columns(run: RunRow, measures: list[str] | None) -> list[ResultColumn]:
    """The columns of the measures named (`PV`, `pv_base`, `key_rate_dv01_5y`), in the run's order; all if none is."""
    columns = columns_of_run(run)
    if not measures:
        return [column for column in columns if not column.measure.is_beside]
    wanted: set[str] = set()
    for name in measures:
        asked = {column.name for column in columns if _is_asked(column, name.strip().lower())}
        if not asked:
            raise BadQuery(
                f"run {run.run_id} has no measure {name!r}",
                f"{_nearest_measures(run, name)}ask for {', '.join(run.measures)}, or submit a run with this measure",
                measures=run.measures,
            )
        wanted |= asked
    return [column for column in columns if column.name in wanted]


def layout(run: RunRow, measures: list[str] | None = None, columns: list[str] | None = None) -> Layout:
    """By measures: all their columns, then the twins in base currency. By columns: those and no other, as named."""
    if measures and columns:
        raise BadQuery("columns and measures are both named", "name one of them: columns are what measures have")
    if not columns:
        chosen = chosen_columns(run, measures)
        twins = [Shown(column, True) for column in chosen if column.base_name]
        return Layout([Shown(column, False) for column in chosen] + twins)
    shown = [each for name in columns for each in _named(run, name.strip().lower())]
    return Layout(list(dict.fromkeys(shown)), DETAIL in (name.strip().lower() for name in columns))


def _named(run: RunRow, name: str) -> list[Shown]:
    """Several where the name is a measure's; none where it is one of the first columns, which are always there."""
    if name in (*FIRST, DETAIL):
        return []
    every = [Shown(column, in_base) for column in columns_of_run(run) for in_base in _ways(column)]
    found = [each for each in every if each.name == name]
    of_measure = [
        each for each in every if f"{each.column.measure.name.lower()}{'_base' if each.in_base else ''}" == name
    ]
    if not (found or of_measure):
        known = [each.name for each in every] + [measure.lower() for measure in run.measures] + [DETAIL]
        fix = f"{nearest_or_all(name, known)}; attributes stand under `with`"
        raise BadQuery(f"run {run.run_id} has no column {name!r}", fix, columns=known)
    return found or of_measure


def _ways(column: ResultColumn) -> tuple[bool, ...]:
    return (False, True) if column.base_name else (False,)


def one_column(run: RunRow, name: str) -> ResultColumn:
    """The single column that a ranking or a map is about."""
    columns = chosen_columns(run, [name])
    if len(columns) > 1:
        raise BadQuery(f"{name} is several columns", f"name one of {', '.join(column.name for column in columns)}")
    return columns[0]


def table_metadata(run: RunRow) -> dict[str, str]:
    return {
        "run_id": str(run.run_id),
        "as_of": run.as_of.isoformat(),
        "base_currency": run.base_currency,
        "blocks_root": run.blocks_root or "",
        "left_out": holes_text(run.positions, run.failed or 0, run.partial),
        "failures": json.dumps([failure_text(each) for each in run.failures], ensure_ascii=False),
    }


def _nearest_measures(run: RunRow, name: str) -> str:
    near = nearest(name, [*(column.name for column in columns_of_run(run)), *run.measures])
    return f"the nearest: {', '.join(near)}; " if near else ""


def _is_asked(column: ResultColumn, name: str) -> bool:
    known = (column.name, column.measure.name.lower())
    return name in known or (column.measure.is_amount and name.removesuffix("_base") in known)
