"""The paths of macro variables that a run's scenarios bring."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from compute.stress.reports import OfScenario, Row, StressedRun, table_of
from domain.scenarios.macro import macro_path
from domain.scenarios.shocks import ScenarioDocument

NO_PATH = "no path of macro variables"
COLUMNS = {
    "scenario": pa.string(),
    "variable": pa.string(),
    "quarter_index": pa.int64(),
    "quarter": pa.string(),
    "value": pa.float64(),
    "change": pa.float64(),
}


def has_path(document: ScenarioDocument) -> bool:
    return macro_path(document) is not None


def macro_table(run: StressedRun, scenarios: Sequence[OfScenario]) -> pa.Table:
    """Quarter 0 is the jump-off; nothing has changed there."""
    return table_of([row for each in scenarios for row in _rows(run, each)], COLUMNS)


def _rows(run: StressedRun, scenario: OfScenario) -> Iterator[Row]:
    path = macro_path(scenario.document)
    assert path is not None
    names = path.names(run.requested.as_of)
    for variable, values in path.values.items():
        whole = zip((path.start[variable], *values), (0.0, *path.changes[variable]), strict=True)
        for place, (value, change) in enumerate(whole):
            yield {
                "scenario": scenario.name,
                "variable": variable,
                "quarter_index": place,
                "quarter": names[place],
                "value": value,
                "change": change,
            }
