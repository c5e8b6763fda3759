"""What the page shows, read in one snapshot of the database."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.scenarios.versions import BASE
from query_api.reading import Connection
from query_api.results.columns import chosen_columns
from query_api.results.top import top_positions
from query_api.results.total import Total
from query_api.results.totals import groupings, read_totals
from query_api.runs import RunRow, find_run, latest_queryable, newest_runs, scenario_numbers
from query_api.web.historical_scenarios import Past, is_past, past_of

RUNS_SHOWN = 15
TOP_SHOWN = 10
HEADLINES = ("PV", "DV01", "CS01")

SELECT_NAMES = "SELECT node_id, name FROM read.portfolio_node WHERE snapshot_id = %s AND kind = 'DESK'"
SELECT_HASHES = "SELECT snapshot_id, sha256 FROM read.snapshot WHERE snapshot_id = ANY(%s)"


@dataclass(frozen=True)
class Group:
    """Base currency: headline figures under BASE by column, and the gain of each scenario against BASE."""

    name: str
    positions: int
    left_out: int
    figures: dict[str, float | None]
    gains: dict[str, float | None]


@dataclass(frozen=True)
class RunFigures:
    run: RunRow
    hashes: dict[UUID, str]
    total: Group
    desks: list[Group]
    key_rates: list[tuple[str, float]]
    top: dict[str, list[dict[str, Any]]]
    groupings: list[str]
    names: dict[str, str | None]
    past: Past | None = None


@dataclass(frozen=True)
class PageFigures:
    runs: list[RunRow]
    shown: RunFigures | None = None
    unfinished: list[RunRow] = field(default_factory=list)


def page_figures(connection: Connection, run_id: str | None) -> PageFigures:
    """The run asked for, else the newest that can be queried."""
    runs = newest_runs(connection, RUNS_SHOWN)
    chosen = find_run(connection, run_id) if run_id else None
    if chosen is None and (latest := latest_queryable(connection)):
        chosen = find_run(connection, latest)
    shown = run_figures(connection, chosen) if chosen and chosen.is_queryable else None
    return PageFigures(runs, shown, [run for run in runs if not run.is_settled])


def run_figures(connection: Connection, run: RunRow) -> RunFigures:
    asked = [name for name in HEADLINES if name in run.measures]
    names = dict(connection.execute(SELECT_NAMES, (run.portfolio_snapshot_id,)).fetchall())
    hashes = connection.execute(SELECT_HASHES, ([run.portfolio_snapshot_id, run.market_snapshot_id],)).fetchall()
    (total,) = _groups(connection, run, "total", asked, {"": "All positions"}) or [_nothing()]
    return RunFigures(
        run,
        dict(hashes),
        total,
        _groups(connection, run, "desk", asked, names),
        _key_rates(connection, run),
        {name: top_positions(connection, run.run_id, measure=name, limit=TOP_SHOWN) for name in asked[:2]},
        groupings(connection, run),
        names,
        past_of(connection, run),
    )


def _groups(
    connection: Connection, run: RunRow, by: str, asked: list[str], names: dict[str, str | None]
) -> list[Group]:
    columns = chosen_columns(run, asked)
    found = read_totals(connection, run, by, columns, scenario_numbers(run, None))
    by_key: dict[str, dict[str, Total]] = {}
    for total in found:
        by_key.setdefault(total.key, {})[run.scenario_ids[total.scenario_no]] = total
    pv = next(column.number for column in columns if column.name == "pv")
    return [
        Group(
            names.get(key) or key or "(none)",
            under[BASE].positions,
            under[BASE].left_out,
            {column.name: under[BASE].values.get(column.number) for column in columns},
            {
                name: _gain(total, under[BASE], pv)
                for name, total in under.items()
                if name != BASE and not is_past(name)
            },
        )
        for key, under in by_key.items()
        if BASE in under
    ]


def _gain(total: Total, base: Total, column_no: int) -> float | None:
    after, before = total.values.get(column_no), base.values.get(column_no)
    return None if after is None or before is None else after - before


def _key_rates(connection: Connection, run: RunRow) -> list[tuple[str, float]]:
    if "KEY_RATE_DV01" not in run.measures:
        return []
    columns = chosen_columns(run, ["KEY_RATE_DV01"])
    for total in read_totals(connection, run, "total", columns, scenario_numbers(run, BASE)):
        return [(column.name.rpartition("_")[2], total.values.get(column.number) or 0.0) for column in columns]
    return []


def _nothing() -> Group:
    return Group("All positions", 0, 0, {}, {})
