"""What all positions of a run's allowance share: policy, segments, scenarios with their weights, the market's rates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import RLock
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from compute.allowance.choices import NONE, Choices, choices_of
from compute.allowance.moves import CreditMoves
from compute.allowance.pd_lgd_paths import horizon_of
from compute.capital.basics import Setting, is_exposure
from compute.capital.columns import Columns, Exposures
from compute.capital.frameworks import rates_of
from compute.inputs.terms import row_of
from compute.market.credit_shocks import Matched
from domain.capital.policies import Horizon, PolicyDocument
from domain.lazy import lazy
from domain.portfolio.attributes import matched
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES
from domain.scenarios.versions import BASE, split_reference

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
T = TypeVar("T")
HFS, FVO, AFS = (ACCOUNTING_CLASSES.index(name) for name in ("HFS", "FVO", "AFS"))
NO_WEIGHTS = {BASE: 1.0}


@dataclass(frozen=True)
class Book:
    """[positions] of the whole portfolio; the figures of a position need nothing of others but these."""

    columns: Columns
    setting: Setting
    policy: PolicyDocument | None
    scenarios: tuple[str, ...]
    """of the run, pinned"""
    moves: tuple[CreditMoves, ...]
    """[S] of each"""
    _known: dict[tuple[object, ...], object] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    @lazy
    def horizon(self) -> Horizon:
        return horizon_of(self.policy)

    @lazy
    def choices(self) -> Choices:
        return choices_of(self.columns.portfolio, self.policy)

    @lazy
    def unshocked(self) -> list[int]:
        """Places of BASE among the scenarios."""
        return [place for place, pinned in enumerate(self.scenarios) if split_reference(pinned)[0] == BASE]

    @lazy
    def distinct_moves(self) -> list[int]:
        """[S] the first scenario that moves PD and LGD alike."""
        first: dict[str, int] = {}
        return [first.setdefault(repr(moves), place) for place, moves in enumerate(self.moves)]

    @property
    def makes_allowance(self) -> bool:
        return self.policy is not None and (self.policy.cecl is not None or self.policy.ifrs9 is not None)

    @property
    def is_ifrs9(self) -> bool:
        return self.policy is not None and self.policy.cecl is None and self.policy.ifrs9 is not None

    @lazy
    def weights(self) -> dict[int, float]:
        """By the place of a scenario among the run's; those alone that are weighed."""
        said = self.horizon.scenario_weights or NO_WEIGHTS
        places: dict[str, int] = {}
        for place, pinned in enumerate(self.scenarios):
            for name in (pinned, split_reference(pinned)[0]):
                places.setdefault(name, place)
        return {places[name]: weight for name, weight in said.items()}

    @lazy
    def rate(self) -> Array:
        """[positions] base currency per unit, NaN where no pairs lead there."""
        return rates_of(self._everyone, self.setting)

    @property
    def _everyone(self) -> Exposures:
        return Exposures(self.columns, np.arange(self.columns.portfolio.position_count))

    @lazy
    def exposed(self) -> Flags:
        """[positions] that have credit measures at all."""
        return is_exposure(self._everyone)

    @lazy
    def accounting(self) -> Rows:
        """[positions] of ACCOUNTING_CLASSES"""
        return self._everyone.choice("accounting_class", ACCOUNTING_CLASSES, "AMORTISED_COST")

    @lazy
    def carried(self) -> Flags:
        """[positions] at a cost that an allowance is made against."""
        carried: Flags = self.exposed & ~np.isin(self.accounting, (HFS, FVO)) & self.makes_allowance
        return carried

    @lazy
    def in_scope(self) -> Flags:
        """[positions] that have a segment too, or need none."""
        in_scope: Flags = self.carried & ((self.choices.segment != NONE) | self.is_ifrs9)
        return in_scope

    @lazy
    def segment_names(self) -> tuple[str, ...]:
        """Of all segments, in the policy's order; under IFRS 9 those of satellites. The last is of what has none."""
        parts: Sequence[object] = self.choices.satellites if self.is_ifrs9 else self.choices.segments
        return (*dict.fromkeys(str(part.segment) for part in parts), "")  # type: ignore[attr-defined]

    @lazy
    def segment_of(self) -> Rows:
        """[positions] place in `segment_names`."""
        parts = self.choices.satellites if self.is_ifrs9 else self.choices.segments
        chosen = self.choices.satellite if self.is_ifrs9 else self.choices.segment
        table = np.array([*(self.segment_names.index(part.segment) for part in parts), len(self.segment_names) - 1])
        places: Rows = table[chosen]
        return places

    def tranche_coupons(self, rows: Rows) -> Array:
        """[n] NaN of what is no tranche, or has none."""
        portfolio = self.columns.portfolio
        table = portfolio.tables.get("tranches")
        if table is None or not table.rows or "coupon" not in table.columns:
            return np.full(len(rows), np.nan)

        def by_instrument() -> Array:
            ids, held = table.columns["instrument_id"], portfolio.tables["instruments"].columns["instrument_id"]
            found = np.full(len(held.values), np.nan)
            found[[row_of(held, ids.categories[code]) for code in ids.values]] = table.columns["coupon"].values
            return found

        of_instruments = self.once(("coupons of tranches",), by_instrument)
        coupons: Array = of_instruments[portfolio.instrument_row[rows]]
        return coupons

    def once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """What chunks share and is only worked out where one asks."""
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
            return cast(T, self._known[key])

    def prepare(self) -> None:
        """All that chunks read, before several of them ask at once."""
        _ = (self.choices, self.weights, self.exposed, self.in_scope, self.segment_of, self.rate, self.distinct_moves)

    def matched(self, rows: Rows, match: Mapping[str, str]) -> Flags:
        """[n] of some positions."""
        key = ("matched", *sorted(match.items()))
        everyone: Flags = self.once(key, lambda: matched(self.columns.portfolio, match))
        return everyone[rows]

    def matching(self, rows: Rows) -> Matched:
        return partial(self.matched, rows)
