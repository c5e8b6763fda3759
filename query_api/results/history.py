"""Which of a run's scenarios are its history: the members of a set, or those that are named SET.2024-03-11."""

import re
from dataclasses import dataclass

from domain.scenario_book import BASE
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.runs import RunRow
from query_api.scenarios import set_versions

DATED = re.compile(r"(.+)\.\d{4}-\d{2}-\d{2}(?:@\d+)?")
FEWEST = 2
BRING_ONE = "`tenor scenario history FILE --set NAME`, then `tenor run submit --scenarios @NAME`"


@dataclass(frozen=True)
class RunHistory:
    """`name` as asked for, or as the scenarios are called; in the set's order, which is that of the dates."""

    name: str
    scenarios: list[str]
    """id@version"""
    numbers: list[int]
    """their places among the run's scenarios"""


def history_of_run(connection: Connection, run: RunRow, history: str | None) -> RunHistory:
    members = members_of(connection, history) if history else dated_scenarios(run.scenarios)
    name = history.removeprefix("@") if history else name_of(members[0])
    place = {scenario: number for number, scenario in enumerate(run.scenarios)}
    missing = [scenario for scenario in members if scenario not in place]
    if missing:
        more = f" and {len(missing) - 1} more of {len(members)}" if len(missing) > 1 else ""
        raise BadQuery(f"run {run.run_id} has no scenario {missing[0]}{more}", f"submit a run with --scenarios @{name}")
    if len(members) < FEWEST:
        raise BadQuery(f"{name} has {len(members)} scenario: no distribution", "bring a longer history")
    return RunHistory(name, members, [place[scenario] for scenario in members])


def members_of(connection: Connection, history: str) -> list[str]:
    """Of a set, the latest version unless one is named; BASE is no move."""
    scenarios = set_versions(connection, history)[0]["scenarios"]
    return [scenario for scenario in scenarios if scenario != BASE]


def dated_scenarios(scenarios: list[str]) -> list[str]:
    dated = [scenario for scenario in scenarios if DATED.fullmatch(scenario)]
    names = sorted({name_of(scenario) for scenario in dated})
    if not names:
        raise BadQuery("the run has no scenarios of a history", BRING_ONE)
    if len(names) > 1:
        raise BadQuery(f"the run has several histories: {', '.join(names)}", "name one of them as the history")
    return sorted(dated, key=lambda scenario: scenario.partition("@")[0])


def name_of(scenario: str) -> str:
    found = DATED.fullmatch(scenario)
    return found[1] if found else scenario
