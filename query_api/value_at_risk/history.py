"""Which of a run's scenarios are its history: the members of a set, or those that are named SET.2024-03-11."""

import re
from dataclasses import dataclass

from domain.scenarios.versions import BASE
from query_api.errors import BadQuery
from query_api.reading import Connection
from query_api.runs import RunRow
from query_api.scenarios import set_versions

DATED = re.compile(r"(.+)\.\d{4}-\d{2}-\d{2}(?:@\d+)?")
FEWEST = 2
BRING_ONE = "`tenor scenario history FILE --set NAME`, then `tenor run submit --scenarios @NAME`"


@dataclass(frozen=True)
class RunHistory:
    """In the set's order, which is that of the dates."""

    name: str
    """of the set, `hist500@1`; without a version where the run's own scenarios were looked at"""
    scenarios: list[str]
    """id@version"""
    numbers: list[int]
    """their places among the run's scenarios"""


def history_of_run(connection: Connection, run: RunRow, history: str | None) -> RunHistory:
    name, members = days_of(connection, run, history)
    place = {scenario: number for number, scenario in enumerate(run.scenarios)}
    missing = [scenario for scenario in members if scenario not in place]
    if missing:
        more = f" and {len(missing) - 1} more of {len(members)}" if len(missing) > 1 else ""
        message = f"run {run.run_id} has no scenario {missing[0]}{more}"
        raise BadQuery(message, f"submit a run with --scenarios @{name}")
    return RunHistory(name, members, [place[scenario] for scenario in members])


def days_of(connection: Connection, run: RunRow, history: str | None) -> tuple[str, list[str]]:
    """The name and the scenarios of a set, or of the history that the run itself has; BASE is no move."""
    if history:
        found = set_versions(connection, history)[0]
        name, members = f"{found['scenario_set_id']}@{found['version']}", found["scenarios"]
        members = [scenario for scenario in members if scenario != BASE]
    else:
        members = dated_scenarios(run.scenarios)
        name = name_of(members[0])
    if len(members) < FEWEST:
        raise BadQuery(f"{name} has {len(members)} scenario: no distribution", "bring a longer history")
    return name, members


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
