"""Rule sets: regulations as data files, each parameter with its paragraph and the days on which it is in force.

A file is read whole and judged line by line before anything is worked out with it.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

from domain.refusals import Refused, Unknown

COLUMNS = ("rule", "paragraph", "parameter", "value", "effective_from", "effective_to")
LIST_COLUMNS = ("rule_set", "family", "effective_from", "effective_to", "title", "status")
PROPOSED = "PROPOSED"
"""Not law: gone by where it is named, and never otherwise."""
LIST = "rule_sets.csv"
FOLDER = ("data", "rules")


class RuleFileBroken(Refused):
    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(
            "RULE_FILE_BROKEN", f"{file}, line {line}: {what}", "mend the line, or install the release's own file again"
        )


@dataclass(frozen=True)
class Parameter:
    rule: str
    paragraph: str
    parameter: str
    value: float
    effective_from: date
    effective_to: date | None
    line: int

    def holds_on(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True)
class RuleSet:
    name: str
    family: str
    effective_from: date
    effective_to: date | None
    title: str
    is_proposed: bool
    parameters: tuple[Parameter, ...]

    def on(self, day: date) -> "Rules":
        """What holds on a day; of a set that has ended, what held on its last."""
        day = day if self.effective_to is None else min(day, self.effective_to)
        return Rules(self.name, {(each.rule, each.parameter): each for each in self.parameters if each.holds_on(day)})


@dataclass(frozen=True)
class Rules:
    """The parameters of a rule set on a day."""

    rule_set: str
    parameters: Mapping[tuple[str, str], Parameter]

    def value(self, rule: str, parameter: str) -> float:
        return self._parameter(rule, parameter).value

    def values(self, rule: str) -> dict[str, float]:
        """By parameter, in the order of the file."""
        return {each.parameter: each.value for each in self.parameters.values() if each.rule == rule}

    def paragraph(self, rule: str, parameter: str = "") -> str:
        """Where the parameter of the rule stands; without one, the rule's first."""
        found = self.parameters.get((rule, parameter))
        if found is not None:
            return found.paragraph
        return next((each.paragraph for each in self.parameters.values() if each.rule == rule), "")

    def _parameter(self, rule: str, parameter: str) -> Parameter:
        found = self.parameters.get((rule, parameter))
        if found is None:
            raise RuleFileBroken(f"{self.rule_set}.csv", 1, f"no row in force gives {parameter} of {rule}")
        return found


def rule_set_named(name: str) -> RuleSet:
    listed = {each.name: each for each in listed_rule_sets()}
    if name not in listed:
        raise Unknown("RULE_SET_UNKNOWN", f"there is no rule set {name!r}", f"use one of {', '.join(sorted(listed))}")
    return _with_parameters(listed[name])


def rules_pinned(asked: tuple[str, ...], as_of: date) -> tuple[str, ...]:
    """What a run goes by: those named, and of each other family the newest in force on the day."""
    chosen: dict[str, str] = {}
    for name in asked:
        rule_set = rule_set_named(name)
        if rule_set.effective_from > as_of:
            message = f"{name} is in force from {rule_set.effective_from}, and the market is dated {as_of}"
            raise Refused("RULE_SET_NOT_IN_FORCE", message, "name one that has begun by then")
        if rule_set.family in chosen:
            message = f"{chosen[rule_set.family]} and {name} are both of the family {rule_set.family}"
            raise Refused("RULE_SETS_OF_ONE_FAMILY", message, "name one of them")
        chosen[rule_set.family] = name
    for rule_set in sorted(listed_rule_sets(), key=lambda each: each.effective_from, reverse=True):
        if rule_set.effective_from <= as_of and not rule_set.is_proposed and rule_set.family not in chosen:
            chosen[rule_set.family] = rule_set_named(rule_set.name).name
    return tuple(chosen[family] for family in sorted(chosen))


def rules_of_families(pinned: tuple[str, ...], as_of: date) -> dict[str, Rules]:
    """By family; a run that pins none goes by what is in force on its day."""
    sets = [rule_set_named(name) for name in pinned or rules_pinned((), as_of)]
    return {each.family: each.on(as_of) for each in sets}


# --- files ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def listed_rule_sets() -> tuple[RuleSet, ...]:
    return tuple(
        RuleSet(
            row["rule_set"],
            row["family"],
            _day(LIST, line, row["effective_from"]),
            _day(LIST, line, row["effective_to"]) if row["effective_to"] else None,
            row["title"],
            row["status"] == PROPOSED,
            (),
        )
        for line, row in _rows(LIST, LIST_COLUMNS)
    )


@lru_cache(maxsize=16)
def _with_parameters(listed: RuleSet) -> RuleSet:
    file = f"{listed.name}.csv"
    return RuleSet(**{**vars(listed), "parameters": read_parameters(file, _rows(file, COLUMNS))})


def read_parameters(file: str, rows: Iterator[tuple[int, dict[str, str]]]) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    lines: dict[tuple[str, str], list[Parameter]] = {}
    for line, row in rows:
        parameter = _parameter(file, line, row)
        for other in lines.setdefault((parameter.rule, parameter.parameter), []):
            if _overlap(parameter, other):
                said = f"{parameter.parameter} of {parameter.rule} is in line {other.line} for the same days"
                raise RuleFileBroken(file, line, said)
        lines[parameter.rule, parameter.parameter].append(parameter)
        found.append(parameter)
    if not found:
        raise RuleFileBroken(file, 1, "the file has no parameters")
    return tuple(found)


def _parameter(file: str, line: int, row: dict[str, str]) -> Parameter:
    for name in ("rule", "paragraph", "parameter"):
        if not row[name]:
            raise RuleFileBroken(file, line, f"{name} is empty")
    begins = _day(file, line, row["effective_from"])
    ends = _day(file, line, row["effective_to"]) if row["effective_to"] else None
    if ends is not None and ends < begins:
        raise RuleFileBroken(file, line, f"it ends on {ends}, before it begins")
    value = _number(file, line, row["value"])
    return Parameter(row["rule"], row["paragraph"], row["parameter"], value, begins, ends, line)


def _overlap(one: Parameter, other: Parameter) -> bool:
    first, second = sorted((one, other), key=lambda each: each.effective_from)
    return first.effective_to is None or second.effective_from <= first.effective_to


def _number(file: str, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RuleFileBroken(file, line, f"the value {text!r} is no number")
    return value


def _day(file: str, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RuleFileBroken(file, line, f"{text!r} is no ISO 8601 date") from None


def _rows(file: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """With their lines, the header's being 1."""
    try:
        text = files("domain").joinpath(*FOLDER, file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileBroken(file, 1, f"it cannot be read: {error}") from error
    reader = csv.reader(text.splitlines())
    header = tuple(next(reader, ()))
    if header != columns:
        raise RuleFileBroken(file, 1, f"the header is not {','.join(columns)}")
    for cells in reader:
        if len(cells) != len(columns):
            raise RuleFileBroken(file, reader.line_num, f"{len(cells)} cells, not {len(columns)}")
        yield reader.line_num, dict(zip(columns, cells, strict=True))
