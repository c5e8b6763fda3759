"""Why an allowance moved from one run to another, position by position; the parts add up to the closing exactly.

opening + provision + initial PCD + charge-offs + recoveries + fx = closing
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.allowance.events import CHARGE_OFF, RECOVERY, CreditEvents, credit_events
from compute.allowance.reports import Shown
from compute.capital.columns import Exposures
from domain.lazy import lazy

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
TOTAL = "TOTAL"
PROVISIONS = ("provision_new", "provision_exits", "provision_policy", "provision_remeasurement")
COLUMNS = ("opening", *PROVISIONS, "provision", "initial_pcd", "charge_offs", "recoveries", "fx", "closing")


@dataclass(frozen=True)
class Side:
    """The positions of one run, in the order of their ids."""

    shown: Shown

    @lazy
    def _order(self) -> Rows:
        return np.argsort(self._unordered, kind="stable")

    @lazy
    def _unordered(self) -> NDArray[np.str_]:
        ids = self.shown.book.columns.portfolio.tables["positions"].columns["position_id"]
        names: NDArray[np.str_] = np.array(ids.categories)[ids.values]
        return names

    @lazy
    def ids(self) -> NDArray[np.str_]:
        return self._unordered[self._order]

    @property
    def base_of(self) -> Mapping[str, float]:
        return self.shown.book.setting.rates

    @lazy
    def allowance_ccy(self) -> Array:
        """Nil for what has none."""
        return np.nan_to_num(self.shown.found.allowance_ccy)[self._order]

    @lazy
    def currency(self) -> NDArray[np.str_]:
        known = self.shown.book.columns.own_labels("currency")
        assert known is not None
        names: NDArray[np.str_] = np.array(known.keys)[known.codes]
        return names[self._order]

    @lazy
    def segment(self) -> NDArray[np.str_]:
        names: NDArray[np.str_] = np.array(self.shown.book.segment_names)[self.shown.book.segment_of]
        return names[self._order]

    @lazy
    def in_scope(self) -> Flags:
        return self.shown.book.in_scope[self._order]

    @lazy
    def is_pcd(self) -> Flags:
        portfolio = self.shown.book.columns.portfolio
        return Exposures(self.shown.book.columns, np.arange(portfolio.position_count)).flag("pcd")[self._order]


@dataclass(frozen=True)
class Movement:
    """[p] of the positions of either run, in base currency."""

    segment: NDArray[np.str_]
    parts: Mapping[str, Array]
    left_out: int
    """credit events of positions that neither run makes an allowance for"""


def rollforward_table(first: Shown, second: Shown, under_second: Callable[[], Shown]) -> tuple[pa.Table, int]:
    """A row for each segment and TOTAL; and how many credit events are in none of them."""
    moved = movement_of(Side(first), Side(second), lambda: Side(under_second()))
    names = (*second.book.segment_names, *first.book.segment_names)
    rows: list[dict[str, object]] = []
    for name in dict.fromkeys(names):
        mine = moved.segment == name
        if mine.any() and (name or any((each[mine] != 0.0).any() for each in moved.parts.values())):
            rows.append({"segment": name or None, **_sums(moved.parts, mine)})
    rows.append({"segment": TOTAL, **_sums(moved.parts, np.ones(len(moved.segment), np.bool_))})
    schema = pa.schema([("segment", pa.string()), *((name, pa.float64()) for name in COLUMNS)])
    return pa.Table.from_pylist(rows, schema=schema), moved.left_out


def _sums(parts: Mapping[str, Array], mine: Flags) -> dict[str, float]:
    return {name: float(parts[name][mine].sum()) for name in COLUMNS}


def movement_of(first: Side, second: Side, under_second: Callable[[], Side]) -> Movement:
    """The first run's positions under the second's policy are worked out only where both hold something."""
    ids = np.union1d(first.ids, second.ids)
    here, there = np.isin(ids, first.ids), np.isin(ids, second.ids)

    def joined(of: Callable[[Side], NDArray], absent: object) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
        return _placed(of(first), here, absent), _placed(of(second), there, absent)

    was, is_now = joined(lambda side: side.allowance_ccy, 0.0)
    currency_was, currency = joined(lambda side: side.currency, "")
    segment_was, segment = joined(lambda side: side.segment, "")
    scope_was, scope = joined(lambda side: side.in_scope, False)
    pcd = joined(lambda side: side.is_pcd, False)[1]
    both, new = here & there, there & ~here
    rate_was = _rates(first, currency_was)
    rate = np.where(there, _rates(second, currency), _rates(second, currency_was))
    rate = np.where(np.isnan(rate), rate_was, rate)
    reweighed = np.zeros(len(ids))
    if both.any():
        reweighed = np.where(both, _placed(under_second().allowance_ccy, here, 0.0) - was, 0.0)
    opening, fx, closing = was * np.nan_to_num(rate_was), was * np.nan_to_num(rate - rate_was), is_now * rate
    closing = np.nan_to_num(closing)
    events, counted = _events(first, second), scope_was | scope
    charged, recovered, left_out = _by_position(events, ids, counted)
    charge_offs, recoveries = -charged * np.nan_to_num(rate), recovered * np.nan_to_num(rate)
    initial_pcd = np.where(new & pcd, closing, 0.0)
    provision = closing - opening - fx - initial_pcd - charge_offs - recoveries
    by_policy = np.where(both, reweighed * np.nan_to_num(rate), 0.0)
    parts = {
        "opening": opening,
        "provision_new": np.where(new, provision, 0.0),
        "provision_exits": np.where(here & ~there, provision, 0.0),
        "provision_policy": by_policy,
        "provision_remeasurement": np.where(both, provision - by_policy, 0.0),
        "provision": provision,
        "initial_pcd": initial_pcd,
        "charge_offs": charge_offs,
        "recoveries": recoveries,
        "fx": fx,
        "closing": closing,
    }
    return Movement(np.where(there, segment, segment_was), parts, left_out)


def _placed(values: NDArray, held: Flags, absent: object) -> NDArray:  # type: ignore[type-arg]
    """What one run says, at the places of its positions among those of both."""
    whole = np.full(len(held), absent, values.dtype)
    whole[held] = values
    return whole


def _rates(side: Side, currency: NDArray[np.str_]) -> Array:
    known, place = np.unique(currency, return_inverse=True)
    return np.array([side.base_of.get(str(name), np.nan) for name in known])[place]


def _events(first: Side, second: Side) -> tuple[CreditEvents, CreditEvents]:
    """Of the later snapshot, after the first valuation date and up to the second."""
    told = credit_events(second.shown.book.columns.portfolio)
    days = first.shown.book.setting.as_of_day, second.shown.book.setting.as_of_day
    return told.of(CHARGE_OFF, *days), told.of(RECOVERY, *days)


def _by_position(
    events: tuple[CreditEvents, CreditEvents], ids: NDArray[np.str_], counted: Flags
) -> tuple[Array, Array, int]:
    """Amounts by position, and how many events are of none of those that count."""
    known = {str(name): place for place, name in enumerate(ids) if counted[place]}
    charged, recovered = np.zeros(len(ids)), np.zeros(len(ids))
    for amounts, each in zip((charged, recovered), events, strict=True):
        for name, amount in each.by_id().items():
            if name in known:
                amounts[known[name]] += amount
    left_out = sum(name not in known for each in events for name in each.position_id)
    return charged, recovered, left_out
