"""What a framework says of exposures: EAD, weight, rule, why a weight is blank, and the steps that led there."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.measures.failures import Reason

Array = NDArray[np.float64]
Chosen = NDArray[np.int64] | NDArray[np.bool_]
Cited = tuple[str, str]
"""A rule, and the parameter of it that gave the weight: empty where the rule is of one paragraph."""
NOTHING: Cited = ("", "")
SHORT = {"RWA_SA": "sa", "RWA_IRB": "irb", "RWA_US_SA": "us"}
"""What a measure's columns end in."""


@dataclass(frozen=True)
class Step:
    name: str
    value: float
    arithmetic: str


@dataclass
class Outcome:
    """[n] each. `steps` is kept where one exposure is explained; the last word on a step stands."""

    ead_ccy: Array
    weight: Array
    rwa_ccy: Array
    reason: NDArray[np.uint8]
    rule: NDArray[np.int16]
    """place in `rules`; -1 where no rule was applied"""
    rules: list[Cited] = field(default_factory=list)
    steps: dict[str, Step] | None = None

    @classmethod
    def blank(cls, count: int, is_explained: bool) -> "Outcome":
        unknown = np.full(count, np.nan)
        reason, rule = np.zeros(count, np.uint8), np.full(count, -1, np.int16)
        return cls(unknown, unknown.copy(), unknown.copy(), reason, rule, [], {} if is_explained else None)

    def weigh(self, rows: Chosen, weight: Array | float, rule: str, parameter: str = "") -> None:
        """Of those that nothing stands in the way of."""
        self.weight[rows] = weight
        self.rule[rows] = self._place((rule, parameter))

    def fail(self, rows: Chosen, reason: Reason) -> None:
        """The first reason found for an exposure is the one that is kept."""
        mine = self.reason[rows]
        self.reason[rows] = np.where(mine == Reason.NONE, reason, mine)

    def record(self, name: str, values: Array, arithmetic: str, **parts: Array | float) -> None:
        """A step of the one exposure that is explained; nothing where many are worked out."""
        if self.steps is None or len(values) == 0 or np.isnan(values[0]):
            return
        said = arithmetic.format(**{part: _number(given) for part, given in parts.items()})
        self.steps[name] = Step(name, float(values[0]), said)

    def take(self, rows: NDArray[np.int64], part: "Outcome") -> None:
        """What has been found of some of the exposures."""
        for name in ("ead_ccy", "weight", "rwa_ccy", "reason"):
            getattr(self, name)[rows] = getattr(part, name)
        places = np.array([self._place(rule) for rule in part.rules] + [-1], np.int16)
        self.rule[rows] = places[part.rule]
        if self.steps is not None and part.steps is not None and len(rows):
            self.steps.clear()
            self.steps.update(part.steps)

    def leave_out(self, lost: NDArray[np.bool_], reason: Reason) -> None:
        """Exposures whose figures cannot be added up; after all else."""
        if lost.any():
            self.fail(lost, reason)
            self.weight[lost], self.rwa_ccy[lost], self.rule[lost] = np.nan, np.nan, -1

    def finish(self, scaling: float = 1.0) -> None:
        """RWA = EAD x weight; a blank weight has a reason, and no RWA."""
        self.weight[self.reason != Reason.NONE] = np.nan
        self.reason[np.isnan(self.weight) & (self.reason == Reason.NONE)] = Reason.UNSUPPORTED
        self.rule[self.reason != Reason.NONE] = -1
        self.rwa_ccy[:] = self.ead_ccy * self.weight * scaling
        self.record("RISK_WEIGHT", self.weight, "the weight of the rule")

    def rule_names(self) -> list[str]:
        names = [*(rule for rule, _ in self.rules), ""]
        return [names[place] for place in self.rule]

    def cited(self, place: int) -> Cited:
        """What gave one exposure its weight; empty where no rule was applied."""
        return [*self.rules, NOTHING][int(self.rule[place])]

    def _place(self, rule: Cited) -> int:
        if rule not in self.rules:
            self.rules.append(rule)
        return self.rules.index(rule)


def _number(given: Array | float) -> str:
    return f"{float(np.asarray(given).reshape(-1)[0]):.12g}"
