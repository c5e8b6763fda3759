"""A published case: what it gives, what it expects, and how an adapter says that the library cannot express it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

VALUE = "value"
"""Name of the one figure of a case that expects a bare number or a bare list."""

EPOCH = date(1970, 1, 1).toordinal()

Figure = float | Sequence[Any]
Figures = Mapping[str, Figure]


class NotExpressible(Exception):
    """The library has no term, convention or kernel for what a case asks; the message says which."""


class Inputs:
    """The inputs of a case, by name and type. Whatever an adapter has not read may matter: `unread` tells."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def value(self, name: str) -> Any:
        if name not in self:
            raise NotExpressible(f"inputs lack {name!r}")
        self._read.add(name)
        return self._given[name]

    def number(self, name: str, default: float | None = None) -> float:
        if default is not None and name not in self:
            return default
        return as_number(name, self.value(name))

    def whole(self, name: str, default: int | None = None) -> int:
        number = self.number(name, default)
        if number != int(number):
            raise NotExpressible(f"{name} = {number} is not whole")
        return int(number)

    def numbers(self, name: str) -> list[float]:
        given = self.value(name)
        if not isinstance(given, list):
            raise NotExpressible(f"{name} is no list")
        return [as_number(name, each) for each in given]

    def text(self, name: str, default: str | None = None) -> str:
        return default if default is not None and name not in self else str(self.value(name))

    def flag(self, name: str) -> bool:
        return name in self and bool(self.value(name))

    def day(self, name: str) -> int:
        """Epoch day of an ISO date."""
        text = self.text(name)
        try:
            return date.fromisoformat(text).toordinal() - EPOCH
        except ValueError:
            raise NotExpressible(f"{name} = {text!r} is no ISO date") from None

    def table(self, name: str) -> Mapping[str, Any]:
        given = self.value(name)
        if not isinstance(given, dict):
            raise NotExpressible(f"{name} is no table")
        return given

    def skip(self, *names: str) -> None:
        """These change no figure: remarks, labels, terms of another route to the same number."""
        self._read.update(names)

    def unread(self) -> list[str]:
        return [name for name in self._given if name not in self._read]


@dataclass(frozen=True)
class Case:
    id: str
    instrument: str
    inputs: Inputs
    expected: Mapping[str, Any]
    """figure by name, VALUE for a bare one"""
    tolerance: Mapping[str, float]
    """absolute, by the same names"""
    source: str
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """inputs of the other cases of the file by id, for a case that refers to one"""

    def other(self, case_id: str) -> Inputs:
        if case_id not in self.others:
            raise NotExpressible(f"refers to case {case_id}, which the file lacks")
        return Inputs(self.others[case_id])


Adapter = Callable[[Case], Figures]


def as_number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise NotExpressible(f"{name} = {given!r} is no number")
    return float(given)


def read_case(given: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> Case:
    """A case of the file; NotExpressible where it lacks what every case has."""
    instrument = given.get("instrument") or given.get("topic")
    expected, tolerance = given.get("expected"), given.get("tolerance")
    if not instrument or expected is None or tolerance is None or not isinstance(given.get("inputs"), dict):
        raise NotExpressible("a case has an instrument or topic, inputs, expected and tolerance")
    figures = expected if isinstance(expected, dict) else {VALUE: expected}
    tolerances = tolerance if isinstance(tolerance, dict) else dict.fromkeys(figures, tolerance)
    if set(figures) - set(tolerances):
        raise NotExpressible(f"no tolerance for {', '.join(sorted(set(figures) - set(tolerances)))}")
    source = str(given.get("source", ""))
    return Case(str(given.get("id")), str(instrument), Inputs(given["inputs"]), figures, tolerances, source, others)
