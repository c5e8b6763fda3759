"""Which columns a result table has, in which order, and in which unit."""

from dataclasses import dataclass

import pyarrow as pa

from domain.measures.measures import MEASURES, Measure
from query_api.errors import BadQuery
from query_api.runs import RunRow

MEASURE_OF: dict[str, Measure] = {column: measure for measure in MEASURES for column in measure.result_columns}

IDENTITY = ("position_id", "instrument_id", "book_id", "product_type", "currency")


@dataclass(frozen=True)
class ResultColumn:
    """`number` is its place among the run's columns."""

    number: int
    name: str
    measure: Measure

    @property
    def base_name(self) -> str | None:
        return f"{self.name}_base" if self.measure.is_amount else None


def columns_of_run(run: RunRow) -> list[ResultColumn]:
    return [ResultColumn(number, name, MEASURE_OF[name]) for number, name in enumerate(run.columns)]


def chosen_columns(run: RunRow, measures: list[str] | None) -> list[ResultColumn]:
    """The columns of the measures named (`PV`, `pv_base`, `key_rate_dv01_5y`), in the run's order; all if none is."""
    columns = columns_of_run(run)
    if not measures:
        return columns
    wanted: set[str] = set()
    for name in measures:
        asked = {column.name for column in columns if _is_asked(column, name.strip().lower())}
        if not asked:
            raise BadQuery(
                f"run {run.run_id} has no measure {name!r}",
                f"ask for {', '.join(run.measures)}, or submit a run with this measure",
                measures=run.measures,
            )
        wanted |= asked
    return [column for column in columns if column.name in wanted]


def one_column(run: RunRow, name: str) -> ResultColumn:
    """The single column that a ranking or a map is about."""
    columns = chosen_columns(run, [name])
    if len(columns) > 1:
        raise BadQuery(f"{name} is several columns", f"name one of {', '.join(column.name for column in columns)}")
    return columns[0]


def measure_fields(columns: list[ResultColumn], base_currency: str) -> list[pa.Field]:
    """The measure columns, then the twins in base currency; each says its unit."""
    own = [pa.field(column.name, pa.float64(), metadata={"unit": column.measure.unit.value}) for column in columns]
    return own + [
        pa.field(column.base_name, pa.float64(), metadata={"unit": column.measure.unit.value, "in": base_currency})
        for column in columns
        if column.base_name
    ]


def table_metadata(run: RunRow) -> dict[str, str]:
    return {
        "run_id": str(run.run_id),
        "as_of": run.as_of.isoformat(),
        "base_currency": run.base_currency,
        "blocks_root": run.blocks_root or "",
    }


def _is_asked(column: ResultColumn, name: str) -> bool:
    known = (column.name, column.measure.name.lower())
    return name in known or (column.measure.is_amount and name.removesuffix("_base") in known)
