"""Totals of a run's results, for the limits of a measure that capital does not work out."""

from collections.abc import Mapping

from compute.capital.limit_uses import TotalsOf
from domain.capital.policies import Limit
from domain.scenarios.versions import BASE
from ops.ports import Storage
from query_api.reading import reading
from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.chosen.selection import Wanted
from query_api.results.columns import columns_of_run, layout
from query_api.results.totals import TotalsAnswer, totals_asked
from query_api.runs import queryable_run

TOTAL, NODE = "total", "node"


def totals_for(storage: Storage, run_id: str) -> TotalsOf:
    """Totals of results, by the reader that results have."""

    def totals_of(limit: Limit) -> Mapping[str, float | None]:
        with reading(storage.connect) as connection:
            run = queryable_run(connection, run_id)
            columns = {each.measure.name: each for each in columns_of_run(run) if each.name == limit.metric.lower()}
            if limit.metric not in columns or BASE not in run.scenario_ids:
                return {}
            column = columns[limit.metric]
            name = column.base_name or column.name
            by = limit.by or (NODE if limit.node else TOTAL)
            key, wanted = (limit.node, Wanted()) if not limit.by else (None, Wanted(node=limit.node))
            asked = layout(run, columns=[name])
            answer = totals_asked(
                connection,
                run,
                by,
                asked,
                scenario=BASE,
                key=key,
                wanted=wanted,
                load_book=lambda sha256: NamedPortfolio(storage.portfolio(sha256)),
            )
        return _by_group(answer, name, by if limit.by else None)

    return totals_of


def _by_group(answer: TotalsAnswer, name: str, by: str | None) -> dict[str, float | None]:
    """A group without a figure has none; the whole of a run has the group ''."""
    rows = answer.table.to_pylist()
    if by is None:
        return {"": rows[0][name]} if rows else {"": None}
    return {str(row[answer.table.column_names[0]]): row[name] for row in rows if row[name] is not None}
