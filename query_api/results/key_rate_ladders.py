"""Risk read off the totals: the key-rate ladder of a group, and what each scenario gains or loses against BASE."""

from typing import Any

from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.scenarios.versions import BASE
from query_api.errors import NotFound
from query_api.reading import Connection
from query_api.results.asked_groups import parse_by
from query_api.results.chosen.positions import LoadBook
from query_api.results.chosen.selection import ALL
from query_api.results.columns import ResultColumn, chosen_columns
from query_api.results.in_scope import is_whole, refuse_above
from query_api.results.total import Total
from query_api.results.totals import groupings, read_totals, sum_by
from query_api.runs import NamedRun, RunRow, queryable_run, scenario_numbers

Row = dict[str, Any]


def key_rate_ladder(
    connection: Connection,
    named: NamedRun,
    *,
    by: str = "total",
    key: str | None = None,
    scenario: str | None = None,
    load_book: LoadBook | None = None,
) -> list[Row]:
    """A row for each key rate and scenario; the native `key_rate_dv01` is blank where a group holds many currencies."""
    run = queryable_run(connection, named)
    columns = chosen_columns(run, ["KEY_RATE_DV01"])
    found = _totals(connection, run, by, columns, scenario_numbers(run, scenario), key, load_book)
    return [
        {
            by: total.key,
            "scenario_id": run.scenario_ids[total.scenario_no],
            "tenor": label,
            "tenor_yr": tenor_yr,
            "currency": total.currency,
            "key_rate_dv01": total.natives.get(column.number),
            "base_currency": run.base_currency,
            "key_rate_dv01_base": total.values.get(column.number),
        }
        for total in found
        for column, label, tenor_yr in zip(columns, KEY_RATE_LABELS, KEY_RATE_TENORS_YR, strict=True)
    ]


def scenario_changes(
    connection: Connection, named: NamedRun, *, by: str = "total", load_book: LoadBook | None = None
) -> list[Row]:
    """PV in base currency by group and scenario, and the gain against BASE (each under its own exchange rates)."""
    run = queryable_run(connection, named)
    columns = chosen_columns(run, ["PV"])
    (present_value,) = columns
    found = _totals(connection, run, by, columns, scenario_numbers(run, None), None, load_book)
    base_no = run.scenario_ids.index(BASE)
    before = {t.key: t.values.get(present_value.number) for t in found if t.scenario_no == base_no}
    return [
        {
            by: total.key,
            "scenario_id": run.scenario_ids[total.scenario_no],
            "base_currency": run.base_currency,
            "pv_base": total.values.get(present_value.number),
            "pv_change_base": _difference(total.values.get(present_value.number), before.get(total.key)),
            "positions": total.positions,
            "left_out": total.left_out,
        }
        for total in found
    ]


def _difference(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _totals(
    connection: Connection,
    run: RunRow,
    by: str,
    columns: list[ResultColumn],
    scenarios: list[int],
    key: str | None,
    load_book: LoadBook | None,
) -> list[Total]:
    """As kept; within a scope summed where nothing is kept of it."""
    found = read_totals(connection, run, by, columns, scenarios, key)
    refuse_above(run, by, found)
    if run.rows is not None and load_book and not (found and is_whole(run, by, found)):
        summed = sum_by(connection, run, parse_by(by), columns, scenarios, ALL, load_book)
        found = [total for total in summed if key in (None, total.key)]
    if not found:
        group = by if key is None else f"{by} {key!r}"
        raise NotFound(
            f"run {run.run_id} has no totals for {group}", f"group by one of {', '.join(groupings(connection, run))}"
        )
    return found
