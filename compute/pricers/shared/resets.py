"""What the market knows of floating rates that have begun to be set: a term's fixings, overnight ones compounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import EPOCH, RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.fixings import compounded_growth, days_of_business, fixing_days, fixings_at, reset_rows
from compute.kernels.dates.schedules import Schedules
from compute.kernels.flows.float_terms import NOT_BEGUN
from compute.pricers.shared.theta import A_DAY
from domain.market.fixings import fixing_conventions, is_overnight

Rates = NDArray[np.float64]
Days = NDArray[np.int32]

YEAR_OF_DAY_COUNT = {"ACT/360": 360.0, "ACT/365F": 365.0}
MAX_DATES_NAMED = 20
_MANY_DAYS = np.int64(1) << 20


@dataclass(frozen=True)
class Resets:
    """Of P periods of m positions, as `floating.FloatTerms` takes it."""

    fixing: Rates
    """[P] of a term index that has reset; NaN where the market has none, and of periods still to come"""
    grown: Rates
    """[P] by overnight fixings; NaN where one is missing, 1 of periods still to come"""
    known_to: Days
    """[P] from the valuation date"""
    in_arrears: NDArray[np.bool_]
    """[m]"""


@dataclass(frozen=True)
class _Group:
    """Periods of one index and lag that have begun."""

    index: str
    lag_days: int
    rows: NDArray[np.int64]
    position: NDArray[np.int64]


def in_arrears(terms: Terms) -> NDArray[np.bool_]:
    """[m] the index is an overnight rate."""
    overnight: NDArray[np.bool_] = terms.code("overnight", "index", lambda text: int(is_overnight(text))) == 1
    return overnight


def resets_of(run: RunInputs, terms: Terms, schedules: Schedules) -> Resets:
    resets = _nothing_known(terms, schedules)
    for group in _begun(run.as_of_day, terms, schedules):
        rows = group.rows
        if is_overnight(group.index):
            resets.grown[rows] = _grown(run, schedules, group, run.as_of_day)
            resets.known_to[rows] = 0
        else:
            resets.fixing[rows] = _term_fixings(run, group, schedules.accrual_start[rows])
    return resets


def resets_for_theta(run: RunInputs, terms: Terms, schedules: Schedules, today: Resets) -> Resets:
    """With today's overnight fixing too, where the market has it; else today's forward on the curve stands for it."""
    if not today.in_arrears.any():
        return today
    grown, known_to = today.grown.copy(), today.known_to.copy()
    for group in _begun(run.as_of_day, terms, schedules):
        if is_overnight(group.index):
            further = _grown(run, schedules, group, run.as_of_day + A_DAY)
            known = ~np.isnan(further)
            grown[group.rows[known]], known_to[group.rows[known]] = further[known], A_DAY
    return Resets(today.fixing, grown, known_to, today.in_arrears)


@dataclass(frozen=True)
class KnownRates:
    """What the market knows of one index, for whoever has dates of its own; fixings without a lag."""

    run: RunInputs
    index: str

    def fixing(self, reset_day: int) -> float:
        """Of a term index that has reset; NaN where the market has none."""
        return float(_term_fixings(self.run, self._group, np.array([reset_day], np.int32))[0])

    def grown(self, start_day: int, end_day: int) -> float:
        """By overnight fixings from a period's start to the valuation date; NaN where one is missing."""
        start, end = np.array([start_day], np.int32), np.array([end_day], np.int32)
        return float(_grown_between(self.run, start, end, self._group, self.run.as_of_day)[0])

    def is_known(self, start_day: int, end_day: int) -> bool:
        rate = self.grown(start_day, end_day) if is_overnight(self.index) else self.fixing(start_day)
        return not np.isnan(rate)

    def lacking_in_words(self, start_day: int, end_day: int) -> str:
        days = _lacking_days(self.run, self._group, start_day, end_day).astype(np.int64)
        return f"the market has no fixing of {self.index!r} for {dates_in_words(days, self.index)}"

    @property
    def _group(self) -> _Group:
        nothing = np.empty(0, np.int64)
        return _Group(self.index, 0, nothing, nothing)


def rate_to_date(grown: Rates, fraction: Rates) -> Rates:
    """[N] the simple rate that overnight fixings make so far, over the fraction of a year that interest has run for."""
    return np.divide(grown - 1.0, fraction, out=np.zeros(len(grown)), where=fraction > 0.0)


def lacking_fixings(run: RunInputs, terms: Terms, schedules: Schedules) -> NDArray[np.bool_]:
    """[m] a period that has begun lacks a fixing."""
    lacking = np.zeros(len(terms), np.bool_)
    for group in _begun(run.as_of_day, terms, schedules):
        lacking[group.position[_lacks(run, schedules, group)]] = True
    return lacking


def lacking_sentences(run: RunInputs, terms: Terms, schedules: Schedules) -> dict[int, str]:
    """By position, every fixing that it lacks by its date."""
    days: dict[int, tuple[str, set[int]]] = {}
    for group in _begun(run.as_of_day, terms, schedules):
        lacks, of_dates = _lacks(run, schedules, group), dict[tuple[int, int], list[int]]()
        for row, position in zip(group.rows[lacks].tolist(), group.position[lacks].tolist(), strict=True):
            dates = int(schedules.accrual_start[row]), int(schedules.accrual_end[row])
            if dates not in of_dates:
                of_dates[dates] = _lacking_days(run, group, *dates).tolist()
            days.setdefault(position, (group.index, set()))[1].update(of_dates[dates])
    return {
        position: f"the market has no fixing of {index!r} for {dates_in_words(np.array(sorted(lacking)), index)}"
        for position, (index, lacking) in days.items()
    }


def fixing_days_used(as_of_day: int, terms: Terms, schedules: Schedules, market_days: Mapping[str, Days]) -> list[int]:
    """The dates of every fixing that the one position of `terms` is paid on, of its index; `market_days` by index."""
    used: list[Days] = []
    for group in _begun(as_of_day, terms, schedules):
        starts, ends = schedules.accrual_start[group.rows], schedules.accrual_end[group.rows]
        if is_overnight(group.index):
            used += [
                _overnight_days(as_of_day, group, int(start), int(end)) for start, end in zip(starts, ends, strict=True)
            ]
        else:
            used.append(_dated_in(market_days.get(group.index, np.empty(0, np.int32)), group, starts))
    return sorted({int(day) for days in used for day in days})


def dates_in_words(days: NDArray[np.int64], index: str) -> str:
    """`2025-07-23, 2025-08-01 to 2025-08-05`: days that follow one another on the index's calendar are one range."""
    business = days_of_business(int(days[0]), int(days[-1]) + 1, fixing_conventions(index).calendar)
    number = np.searchsorted(business, days)
    breaks = np.flatnonzero(np.diff(number) != 1) + 1
    ranges = [(part[0], part[-1]) for part in np.split(days, breaks)]
    words = [_day(first) if first == last else f"{_day(first)} to {_day(last)}" for first, last in ranges]
    more = len(words) - MAX_DATES_NAMED
    return ", ".join(words[:MAX_DATES_NAMED]) + (f" and {more} more" if more > 0 else "")


def _day(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()


def _nothing_known(terms: Terms, schedules: Schedules) -> Resets:
    periods = len(schedules.pay)
    fixing, grown = np.full(periods, np.nan), np.ones(periods)
    return Resets(fixing, grown, np.full(periods, NOT_BEGUN, np.int32), in_arrears(terms))


def _begun(as_of_day: int, terms: Terms, schedules: Schedules) -> Iterator[_Group]:
    rows = reset_rows(schedules, as_of_day)
    position = np.searchsorted(schedules.offsets, rows, side="right") - 1
    (codes, indices), lags = terms.texts("index"), terms.whole("fixing_lag_days")
    keys = codes[position] * _MANY_DAYS + lags[position]
    for key in np.unique(keys):
        mine = keys == key
        yield _Group(indices[key // _MANY_DAYS], int(key % _MANY_DAYS), rows[mine], position[mine])


def _lacks(run: RunInputs, schedules: Schedules, group: _Group) -> NDArray[np.bool_]:
    """[rows of the group]"""
    if is_overnight(group.index):
        return np.isnan(_grown(run, schedules, group, run.as_of_day))
    return np.isnan(_term_fixings(run, group, schedules.accrual_start[group.rows]))


def _market_fixings(run: RunInputs, index: str) -> tuple[Days, Rates]:
    return run.tables.fixings.get(index, (np.empty(0, np.int32), np.empty(0)))


def _term_fixings(run: RunInputs, group: _Group, reset_day: Days) -> Rates:
    known = _market_fixings(run, group.index)
    return fixings_at(_dated_in(known[0], group, reset_day), *known)


def _dated(group: _Group, day: Days) -> Days:
    return fixing_days(day, fixing_conventions(group.index).calendar, np.full(len(day), group.lag_days, np.int32))


def _dated_in(market_days: Days, group: _Group, reset_day: Days) -> Days:
    """A market that dates a fixing on a reset which is no business day is believed."""
    dated = _dated(group, reset_day)
    if group.lag_days > 0:
        return dated
    return np.where(np.isin(reset_day, market_days), reset_day, dated).astype(np.int32)


def _grown(run: RunInputs, schedules: Schedules, group: _Group, to_day: int) -> Rates:
    start, end = schedules.accrual_start[group.rows], schedules.accrual_end[group.rows]
    return _grown_between(run, start, end, group, to_day)


def _grown_between(run: RunInputs, start: Days, end: Days, group: _Group, to_day: int) -> Rates:
    """What a unit has grown to from each period's start to its end, at most to a day."""
    conventions, end = fixing_conventions(group.index), np.minimum(end, to_day).astype(np.int32)
    business = days_of_business(int(start.min()), to_day, conventions.calendar)
    rates = fixings_at(_dated(group, business), *_market_fixings(run, group.index))
    return compounded_growth(start, end, business, rates, YEAR_OF_DAY_COUNT[conventions.day_count])


def _lacking_days(run: RunInputs, group: _Group, start: int, end: int) -> Days:
    """The dates of the fixings that a period lacks."""
    if not is_overnight(group.index):
        return _dated(group, np.array([start], np.int32))
    dated = _overnight_days(run.as_of_day, group, start, end)
    return dated[np.isnan(fixings_at(dated, *_market_fixings(run, group.index)))]


def _overnight_days(as_of_day: int, group: _Group, start: int, end: int) -> Days:
    """The dates of the fixings that a period compounds to date."""
    to_day = min(end, as_of_day)
    if to_day <= start:
        return np.empty(0, np.int32)
    return _dated(group, days_of_business(start, to_day, fixing_conventions(group.index).calendar))
