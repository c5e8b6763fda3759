"""The path of macro variables that a scenario brings: its own (MACRO), or the Federal Reserve's (SUPERVISORY)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from domain.scenarios.shocks import MacroShock, ScenarioDocument, SupervisoryShock
from domain.scenarios.supervisory import supervisory_path
from domain.scenarios.variables import SPREAD, TREASURY, VARIABLES, YIELD, changes, spread

QUARTERS = 4


@dataclass(frozen=True)
class MacroPath:
    """Variables in the order of VARIABLES; a variable that is not here does not move."""

    start: Mapping[str, float]
    """by variable, in the jump-off quarter"""
    values: Mapping[str, tuple[float, ...]]
    """by variable, in quarters 1, 2, …"""
    quarters: tuple[str, ...] = ()
    """names of the jump-off quarter and of all after it; none where the path counts from the valuation date"""
    changes: Mapping[str, tuple[float, ...]] = field(init=False)
    """by variable, from the jump-off quarter"""

    def __post_init__(self) -> None:
        moved = {name: changes(name, self.start[name], path) for name, path in self.values.items()}
        object.__setattr__(self, "changes", moved)

    def __len__(self) -> int:
        """Quarters after the jump-off."""
        return max(map(len, self.values.values()), default=0)

    def names(self, as_of: date) -> tuple[str, ...]:
        """Of the jump-off quarter and those after it; quarter 1 of a path of one's own is the one of `as_of`."""
        return self.quarters or tuple(_quarter_name(as_of, place - 1) for place in range(len(self) + 1))


def macro_path(scenario: ScenarioDocument) -> MacroPath | None:
    """Of a scenario with several the last; None where it says nothing of the economy."""
    found = None
    for shock in scenario.shocks:
        if isinstance(shock, MacroShock):
            found = _with_spread(shock.start, shock.path)
        elif isinstance(shock, SupervisoryShock):
            table = supervisory_path(shock.cycle, shock.name)
            found = _with_spread(table.start, table.values, table.quarters)
    return found


def _with_spread(
    start: Mapping[str, float], values: Mapping[str, Iterable[float]], quarters: tuple[str, ...] = ()
) -> MacroPath:
    """A path that brings both yields brings their spread, unless it says the spread itself."""
    starts, paths = dict(start), {name: tuple(path) for name, path in values.items()}
    if SPREAD not in paths and {YIELD, TREASURY} <= paths.keys():
        starts[SPREAD] = spread(starts[YIELD], starts[TREASURY])
        paths[SPREAD] = tuple(map(spread, paths[YIELD], paths[TREASURY]))
    known = [name for name in VARIABLES if name in paths]
    return MacroPath({name: starts[name] for name in known}, {name: paths[name] for name in known}, quarters)


def paths_of(scenarios: Iterable[ScenarioDocument]) -> Iterator[tuple[ScenarioDocument, MacroPath]]:
    """The scenarios that have one."""
    for each in scenarios:
        path = macro_path(each)
        if path is not None:
            yield each, path


def _quarter_name(as_of: date, ahead: int) -> str:
    year, place = divmod(as_of.year * QUARTERS + (as_of.month - 1) // 3 + ahead, QUARTERS)
    return f"{year} Q{place + 1}"
