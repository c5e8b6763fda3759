"""One total: a group of positions under a scenario."""

from dataclasses import dataclass, field


@dataclass
class Total:
    """Numbers are by place among the run's columns. `positions` are in the group; `left_out` of them lack at least
    one number that applies to them (the most that any measure asked for leaves out; credit and
    capital count where nothing else is asked for); `reasons` counts every blank."""

    key: str
    scenario_no: int
    positions: int = 0
    left_out: int = 0
    currency: str | None = None
    values: dict[int, float | None] = field(default_factory=dict)
    natives: dict[int, float | None] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
