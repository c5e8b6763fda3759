"""Deals of a portfolio as their kernels take them: resolved once for all scenarios of a run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.kernels.dates.calendars import adjust
from compute.kernels.dates.daycounts import THIRTY_360, year_fraction
from compute.kernels.deals.collections import DealLines, distributions_of
from compute.kernels.deals.terms import DealTerms, Tranches, Triggers
from compute.kernels.flows.speeds import MODEL, NO_SPEED, Speed, parse_speed
from domain.portfolio.columns import ABSENT_CODE, ABSENT_DATE, Portfolio, TableData
from domain.portfolio.tables import (
    BUSINESS_DAYS,
    CALENDARS,
    DAY_COUNTS,
    LINE_AMORTIZATIONS,
    TRANCHE_DAY_COUNTS,
    TRANCHE_KINDS,
    TRIGGER_ACTIONS,
    TRIGGER_TESTS,
)

Amounts = NDArray[np.float64]
Days = NDArray[np.int32]
Rows = NDArray[np.int64]

ACT_360_DAYS, ACT_365_DAYS = 360.0, 365.0
POOL = "POOL"


@dataclass(frozen=True)
class Floating:
    """Where rates float: the index of each row (None where it is fixed), and what is made of its forward."""

    index: tuple[str | None, ...]
    multiplier: Amounts
    margin: Amounts
    cap: Amounts
    """infinite where there is none"""
    floor: Amounts

    @property
    def floats(self) -> bool:
        return any(each is not None for each in self.index)


@dataclass(frozen=True)
class Deal:
    """One deal on the valuation date: L lines, T tranches, K distributions."""

    deal_id: str
    currency: str
    lines: DealLines
    line_rows: Rows
    """[L] rows of `collateral`"""
    terms: DealTerms
    tranches: Tranches
    """`rate` holds coupons, and 0 where it floats; `planned_ccy` the schedules, and nothing where bands plan"""
    triggers: Triggers
    start_day: Days
    """[K] unadjusted, where interest begins"""
    end_day: Days
    """[K] unadjusted distribution dates"""
    pay_day: Days
    """[K]"""
    instrument_ids: tuple[str, ...]
    """[T]"""
    original_ccy: Amounts
    """[T] NaN where today's balance is the original one"""
    tranche_rates: Floating
    line_rates: Floating
    wac: Amounts
    """[L] gross, NaN where the line floats"""
    prepayment_models: tuple[str, ...]
    """[L] names, empty without one"""
    bands: tuple[tuple[Speed, Speed] | None, ...]
    """[T] of PACs"""
    call_share: float
    """of the original balance at which it may be called, exercised or not"""
    is_exercised: bool
    wal_is_thirty_360: bool
    day_counts: NDArray[np.int8]
    """[T] codes of DAY_COUNTS"""
    is_undercollateralised: bool

    @property
    def distributions(self) -> int:
        return len(self.end_day)

    def tranche_of(self, instrument_id: str) -> int:
        return self.instrument_ids.index(instrument_id)


def deals_of(portfolio: Portfolio) -> dict[str, Deal]:
    """Every deal that has lines and tranches. What is wrong with their rows was refused at ingestion."""
    table = portfolio.tables.get("deals")
    if table is None:
        return {}
    cells = TableRows(table)
    ids = cells.texts("deal_id")
    parts = {name: _rows_by_deal(portfolio.tables.get(name)) for name in _PARTS}
    found: dict[str, Deal] = {}
    for row, deal_id in enumerate(map(str, ids)):
        rows = {name: parts[name].get(deal_id, _NONE) for name in _PARTS}
        if len(rows["collateral"]) and len(rows["tranches"]):
            found[deal_id] = _deal(portfolio.tables, row, rows)
    return found


_PARTS = ("collateral", "tranches", "tranche_schedules", "deal_triggers")
_NONE: Rows = np.empty(0, np.int64)


class TableRows:
    """Some rows of a table by column, defaults filled in."""

    def __init__(self, table: TableData, rows: Rows | None = None) -> None:
        self._table = table
        self._rows: Rows = np.arange(table.rows) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def number(self, name: str, default: float = 0.0) -> Amounts:
        column = self._table.columns.get(name)
        if column is None:
            return np.full(len(self), default)
        values: Amounts = column.values[self._rows]
        return np.where(np.isnan(values), default, values)

    def whole(self, name: str, default: int = 0) -> NDArray[np.int32]:
        return self.number(name, default).astype(np.int32)

    def flag(self, name: str, default: bool = False) -> NDArray[np.bool_]:
        column = self._table.columns.get(name)
        if column is None:
            return np.full(len(self), default)
        values = column.values[self._rows]
        return np.where(values < 0, default, values == 1)

    def day(self, name: str) -> Days:
        column = self._table.columns.get(name)
        if column is None:
            return np.full(len(self), ABSENT_DATE, np.int32)
        days: Days = column.values[self._rows]
        return days

    def texts(self, name: str) -> list[str | None]:
        column = self._table.columns.get(name)
        if column is None:
            return [None] * len(self)
        return [None if c == ABSENT_CODE else column.categories[c] for c in column.values[self._rows].tolist()]

    def choice(self, name: str, values: tuple[str, ...]) -> NDArray[np.int8]:
        """The first value where there is none."""
        return np.array([0 if text is None else values.index(text) for text in self.texts(name)], np.int8)


def _rows_by_deal(table: TableData | None) -> dict[str, Rows]:
    if table is None or not table.rows:
        return {}
    column = table.columns["deal_id"]
    order = np.argsort(column.values, kind="stable")
    codes, first = np.unique(column.values[order], return_index=True)
    return dict(zip((column.categories[c] for c in codes), np.split(order, first[1:]), strict=True))


def _deal(tables: Mapping[str, TableData], row: int, parts: Mapping[str, Rows]) -> Deal:
    deal = TableRows(tables["deals"], np.array([row]))
    of_lines = TableRows(tables["collateral"], parts["collateral"])
    of_tranches = TableRows(tables["tranches"], parts["tranches"])
    lines, models = _lines(of_lines)
    count = int(distributions_of(lines))
    start, end, pay = _dates(deal, count)
    terms = _terms(deal, lines)
    names = tuple(str(text) for text in of_tranches.texts("instrument_id"))
    schedules = (
        TableRows(tables["tranche_schedules"], parts["tranche_schedules"]) if len(parts["tranche_schedules"]) else None
    )
    triggers = TableRows(tables["deal_triggers"], parts["deal_triggers"]) if len(parts["deal_triggers"]) else None
    return Deal(
        deal_id=str(deal.texts("deal_id")[0]),
        currency=str(deal.texts("currency")[0]),
        lines=lines,
        line_rows=parts["collateral"],
        terms=terms,
        tranches=_tranches(of_tranches, deal, schedules, terms.pool_ccy, (start, end, pay)),
        triggers=_triggers(triggers, end),
        start_day=start,
        end_day=end,
        pay_day=pay,
        instrument_ids=names,
        original_ccy=of_tranches.number("original_balance", np.nan),
        tranche_rates=_floating(of_tranches),
        line_rates=_floating(of_lines),
        wac=of_lines.number("wac", np.nan),
        prepayment_models=models,
        bands=tuple(map(_bands, of_tranches.texts("pac_low"), of_tranches.texts("pac_high"))),
        call_share=float(deal.number("clean_up_call")[0]),
        is_exercised=bool(deal.flag("call_exercised")[0]),
        wal_is_thirty_360=deal.texts("wal_day_count")[0] == "30/360",
        day_counts=np.array([DAY_COUNTS.index(each or "30/360") for each in of_tranches.texts("day_count")], np.int8),
        is_undercollateralised=bool(deal.flag("undercollateralised")[0]),
    )  # fmt: skip


def _tranches(
    of_tranches: TableRows,
    deal: TableRows,
    schedules: TableRows | None,
    pool_ccy: float,
    dates: tuple[Days, Days, Days],
) -> Tranches:
    start, end, pay = dates
    count, step_down = len(end), deal.day("step_down_date")[0]
    names = tuple(str(text) for text in of_tranches.texts("instrument_id"))
    return Tranches(
        kind=of_tranches.choice("kind", TRANCHE_KINDS),
        rank=of_tranches.number("rank"),
        interest_rank=np.where(
            np.isnan(of_tranches.number("interest_rank", np.nan)),
            of_tranches.number("rank"),
            of_tranches.number("interest_rank"),
        ),
        balance_ccy=of_tranches.number("balance"),
        carried_ccy=of_tranches.number("interest_shortfall"),
        rate=np.repeat(of_tranches.number("coupon")[:, None], count, axis=1),
        fraction=_fractions(of_tranches, deal, start, end),
        coverage_test=of_tranches.number("coverage_test", np.nan),
        is_locked_out=pay[None, :] <= of_tranches.day("lockout_date")[:, None],
        planned_ccy=_planned(of_tranches, schedules, names, end),
        stands_on=_stands_on(of_tranches, names, pool_ccy),
        is_before_step_down=(end < step_down) if step_down != ABSENT_DATE else np.zeros(count, np.bool_),
    )


def _lines(cells: TableRows) -> tuple[DealLines, tuple[str, ...]]:
    prepayment = [_speed(text) for text in cells.texts("prepayment")]
    default = [_speed(text) for text in cells.texts("default")]
    balance = cells.number("balance")
    original = cells.number("original_balance", np.nan)
    lines = DealLines(
        balance_ccy=balance,
        wam_mo=cells.whole("wam"),
        age_mo=cells.whole("age"),
        amortization=cells.choice("amortization", LINE_AMORTIZATIONS),
        io_months=cells.whole("io_months"),
        servicing_fee=cells.number("servicing_fee"),
        first_collection_mo=cells.whole("first_collection_months", 1),
        prepayment_kind=_codes(prepayment),
        prepayment_pct=_percents(prepayment),
        default_kind=_codes(default),
        default_pct=_percents(default),
        severity=cells.number("severity"),
        recovery_lag_mo=cells.whole("recovery_lag_months"),
        servicer_advances=cells.flag("servicer_advances"),
        original_balance_ccy=np.where(np.isnan(original), balance, original),
        burnout=np.tile(np.array([1.0, 0.0, 0.0, 1.0]), (len(cells), 1)),
    )
    return lines, tuple(each.name if each is not None and each.code == MODEL else "" for each in prepayment)


def _speed(text: str | None) -> Speed | None:
    return None if text is None else parse_speed(text)


def _codes(speeds: list[Speed | None]) -> NDArray[np.int8]:
    return np.array([NO_SPEED if each is None else each.code for each in speeds], np.int8)


def _percents(speeds: list[Speed | None]) -> Amounts:
    return np.array([0.0 if each is None else each.quoted_pct for each in speeds])


def _bands(low: str | None, high: str | None) -> tuple[Speed, Speed] | None:
    return None if low is None or high is None else (parse_speed(low), parse_speed(high))


def _dates(deal: TableRows, count: int) -> tuple[Days, Days, Days]:
    """Unadjusted starts and ends of the accrual periods, and the days on which they are paid."""
    first = deal.day("first_payment_date").astype("datetime64[D]")
    month = first.astype("datetime64[M]") + np.arange(-1, count)
    roll = (first - first.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    starts = month.astype("datetime64[D]").astype(np.int64)
    lasts = (month + 1).astype("datetime64[D]").astype(np.int64) - 1
    days = np.minimum(starts + roll, lasts).astype(np.int32)
    accrual = deal.day("accrual_start_date")
    if accrual[0] != ABSENT_DATE:
        days[0] = accrual[0]
    end = days[1:]
    pay = adjust(end, deal.choice("calendar", CALENDARS), deal.choice("business_day", BUSINESS_DAYS))
    return days[:-1], end, pay


def _fractions(tranches: TableRows, deal: TableRows, start: Days, end: Days) -> Amounts:
    """[T, K] 30/360 is a twelfth of a year; its first period counts dates where the deal says when accrual starts."""
    kind = tranches.choice("day_count", TRANCHE_DAY_COUNTS)
    days = (end - start).astype(np.float64)
    thirty = np.full(len(end), 1.0 / 12.0)
    if deal.day("accrual_start_date")[0] != ABSENT_DATE:
        first = year_fraction(THIRTY_360, start[:1], end[:1], start[:1], end[:1], 12)
        thirty[0] = float(np.asarray(first).ravel()[0])
    by_kind = np.stack([thirty, days / ACT_360_DAYS, days / ACT_365_DAYS])
    fractions: Amounts = by_kind[kind]
    return fractions


def _planned(tranches: TableRows, schedules: TableRows | None, names: tuple[str, ...], end: Days) -> Amounts:
    """[T, K] a scheduled balance holds from its date to the next row's; nothing is planned before the first."""
    balance = tranches.number("balance")
    planned = np.repeat(balance[:, None], len(end), axis=1)
    if schedules is None:
        return planned
    of, day, level = schedules.texts("instrument_id"), schedules.day("date"), schedules.number("balance")
    for t, name in enumerate(names):
        rows = np.array([i for i, each in enumerate(of) if each == name], np.int64)
        rows = rows[np.argsort(day[rows], kind="stable")]
        if len(rows):
            place = np.searchsorted(day[rows], end, side="right") - 1
            planned[t] = np.where(place >= 0, level[rows][np.maximum(place, 0)], balance[t])
    return planned


def _stands_on(tranches: TableRows, names: tuple[str, ...], pool_ccy: float) -> Amounts:
    """[T, T + 1] a strip on a strip stands on what that one stands on, as much of it as its notional is."""
    named = [(text or "").split() for text in tranches.texts("notional_of")]
    kinds, balance = tranches.texts("kind"), np.append(tranches.number("balance"), pool_ccy)
    on = np.zeros((len(names), len(names) + 1))

    def fill(t: int) -> None:
        for name in named[t]:
            other = len(names) if name == POOL else names.index(name)
            if other == len(names) or kinds[other] != "NOTIONAL":
                on[t, other] += 1.0
                continue
            if not on[other].any():
                fill(other)
            base = float(on[other] @ balance)
            on[t] += on[other] * (balance[other] / base if base else 0.0)

    for t in range(len(names)):
        if not on[t].any():
            fill(t)
    return on


def _terms(deal: TableRows, lines: DealLines) -> DealTerms:
    def number(name: str, default: float = 0.0) -> float:
        return float(deal.number(name, default)[0])

    has_target = any(not np.isnan(number(name, np.nan)) for name in ("oc_target", "oc_initial", "oc_floor"))
    return DealTerms(
        original_balance_ccy=number("original_balance", float(lines.balance_ccy.sum())),
        pool_ccy=float(lines.balance_ccy.sum()),
        fee_rate=number("fee_rate"),
        fee_amount_ccy=number("fee_amount"),
        is_pool_decline=deal.texts("principal_basis")[0] == "POOL_DECLINE",
        has_oc_target=has_target,
        oc_target=number("oc_target"),
        oc_initial=number("oc_initial"),
        oc_floor=number("oc_floor"),
        oc_counts_reserve=bool(deal.flag("oc_counts_reserve")[0]),
        reserve_ccy=number("reserve_balance"),
        reserve_target=number("reserve_target"),
        reserve_floor=number("reserve_floor"),
        losses_to_date_ccy=number("losses_to_date"),
        shortfall_bears_interest=bool(deal.flag("shortfall_interest", True)[0]),
        writes_down=bool(deal.flag("write_down")[0]),
        clean_up_call=0.0,
    )


def _triggers(cells: TableRows | None, end: Days) -> Triggers:
    """[Q, K] the latest row on or before each distribution date, for each pair of test and action."""
    if cells is None:
        return Triggers(
            np.empty(0, np.int8), np.empty(0, np.int8), np.empty((0, len(end))), np.empty((0, len(end)), bool)
        )
    test, action = cells.choice("test", TRIGGER_TESTS), cells.choice("action", TRIGGER_ACTIONS)
    day, level, curable = cells.day("from_date"), cells.number("level"), cells.flag("curable", True)
    pairs = sorted(set(zip(test.tolist(), action.tolist(), strict=True)))
    levels, curables = np.full((len(pairs), len(end)), np.nan), np.ones((len(pairs), len(end)), np.bool_)
    for q, pair in enumerate(pairs):
        rows = np.flatnonzero((test == pair[0]) & (action == pair[1]))
        rows = rows[np.argsort(day[rows], kind="stable")]
        place = np.searchsorted(day[rows], end, side="right") - 1
        held = place >= 0
        levels[q, held], curables[q, held] = level[rows][place[held]], curable[rows][place[held]]
    return Triggers(
        np.array([each[0] for each in pairs], np.int8), np.array([each[1] for each in pairs], np.int8), levels, curables
    )


def _floating(cells: TableRows) -> Floating:
    return Floating(
        tuple(cells.texts("index")),
        cells.number("index_multiplier", 1.0),
        cells.number("margin"),
        cells.number("cap", np.inf),
        cells.number("floor", -np.inf),
    )
