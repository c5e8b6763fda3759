"""The tables that are shown of a run's allowance: positions, segments, paths, vintages, what is past due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.allowance.allowances import METHOD_NAMES, Allowances
from compute.allowance.book import Book
from compute.allowance.credit_losses import Lent
from compute.allowance.events import CHARGE_OFF, credit_events
from compute.allowance.methods import origination_days, years_of
from compute.allowance.pd_lgd_paths import PHASES
from compute.capital.columns import Exposures
from compute.inputs.run_inputs import RunInputs
from compute.kernels.allowance.survival import survivals
from domain.measures.failures import Reason
from domain.portfolio.attributes import Labels
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES
from domain.portfolio.ratings import UNRATED, notch_of

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
EPOCH = date(1970, 1, 1)
WEIGHTED, NOT_RATED, PRIOR, REVOLVING = "WEIGHTED", "NR", "PRIOR", "REVOLVING"
QUARTERS_SHOWN = 20
VINTAGES = 5
"""Years that are told apart: this one and four before."""
UNDER_IFRS9 = "PD_LGD"
"""Both of its stages' losses are worked out so."""


@dataclass(frozen=True)
class Shown:
    """An allowance and what it was made of."""

    book: Book
    found: Allowances

    @property
    def base(self) -> Array:
        """[positions] base currency per unit"""
        return self.book.rate

    @property
    def has(self) -> Flags:
        """[positions] an allowance, be it nil"""
        return ~np.isnan(self.found.model_ccy)

    @property
    def cost_base(self) -> Array:
        return self.found.carrying_ccy * self.base


# --- positions ------------------------------------------------------------------------------------------------------


def positions_table(shown: Shown) -> pa.Table:
    book, found = shown.book, shown.found
    positions = book.columns.portfolio.tables["positions"].columns
    count = book.columns.portfolio.position_count
    why = [None, *(reason.name for reason in Reason if reason)]
    stage = pa.array(found.stage.astype(np.int32), mask=found.stage == 0)
    return pa.table(
        {
            "position_id": _texts(positions["position_id"].values, positions["position_id"].categories),
            "book_id": _texts(positions["book_id"].values, positions["book_id"].categories),
            "currency": _labelled(book.columns.own_labels("currency"), count),
            "accounting_class": _texts(book.accounting, ACCOUNTING_CLASSES),
            "segment": _texts(np.where(book.in_scope, book.segment_of, -1), segment_texts(book)),
            "method": _texts(found.method.astype(np.int64), METHOD_NAMES),
            "stage": stage,
            "amortised_cost": _numbers(found.carrying_ccy),
            "model_allowance": _numbers(found.model_ccy),
            "overlay": _numbers(found.overlay_ccy),
            "allowance": _numbers(found.allowance_ccy),
            "allowance_base": _numbers(found.allowance_ccy * shown.base),
            "reason": pa.array(why, pa.string()).take(pa.array(found.reason.astype(np.int32))),
        }
    )


def segment_texts(book: Book) -> tuple[str | None, ...]:
    return tuple(name or None for name in book.segment_names)


# --- segments -------------------------------------------------------------------------------------------------------


def segments_table(shown: Shown) -> pa.Table:
    """In base currency, of the positions that have an allowance; overlays are of the weighted row alone."""
    rows = [row for segment in _segments(shown.book) for row in _of_segment(shown, segment)]
    texts = ("segment", "method", "scenario")
    numbers = ("amortised_cost", "model_allowance", "overlay", "allowance", "rate", "warm_years")
    schema = [(name, pa.string()) for name in texts] + [("weight", pa.float64()), ("positions", pa.int64())]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema + [(name, pa.float64()) for name in numbers]))


def _segments(book: Book) -> Iterator[int]:
    """Those that have a position."""
    used = np.unique(book.segment_of[book.in_scope])
    yield from (int(place) for place in used)


def _of_segment(shown: Shown, segment: int) -> Iterator[dict[str, object]]:
    book, found = shown.book, shown.found
    mine = np.flatnonzero(shown.has & book.in_scope & (book.segment_of == segment))
    cost, base = shown.cost_base[mine], shown.base[mine]
    method = UNDER_IFRS9
    if not book.is_ifrs9:
        method = next(each.method for each in book.choices.segments if each.segment == book.segment_names[segment])
    total, name = _total(cost), book.segment_names[segment] or None
    common: dict[str, object] = {"segment": name, "method": method, "positions": len(mine), "amortised_cost": total}
    years = 0.0
    for scenario, weight in book.weights.items():
        amount, of_scenario = _total(found.of_scenario_ccy[scenario, mine] * base), None
        if method == "WARM":
            of_scenario = _ratio(_total(found.years_outstanding[scenario, mine] * cost), _total_of_warm(shown, mine))
            years += weight * (of_scenario or 0.0)
        yield common | {
            "scenario": book.scenarios[scenario],
            "weight": weight,
            "model_allowance": amount,
            "overlay": 0.0,
            "allowance": amount,
            "rate": _ratio(amount, total),
            "warm_years": of_scenario,
        }
    model, overlay = (_total(each[mine] * base) for each in (found.model_ccy, found.overlay_ccy))
    yield common | {
        "scenario": WEIGHTED,
        "weight": 1.0,
        "model_allowance": model,
        "overlay": overlay,
        "allowance": model + overlay,
        "rate": _ratio(model + overlay, total),
        "warm_years": years if method == "WARM" else None,
    }


def _total_of_warm(shown: Shown, mine: Rows) -> float:
    return _total(np.where(np.isnan(shown.found.years_outstanding[0, mine]), 0.0, shown.cost_base[mine]))


# --- paths ----------------------------------------------------------------------------------------------------------


def paths_table(book: Book, run: RunInputs, quarters: int = QUARTERS_SHOWN) -> pa.Table:
    """PD and LGD of every exposure under every scenario of the run."""
    lent = Lent(book, run, np.flatnonzero(book.exposed))
    ids = book.columns.portfolio.tables["positions"].columns["position_id"]
    count, tables = len(lent.rows), []
    for scenario, name in enumerate(book.scenarios):
        paths = lent.paths(scenario)
        place = np.minimum(np.arange(quarters), paths.pd.shape[1] - 1)
        left = survivals(np.ascontiguousarray(paths.pd), quarters)
        before = np.hstack((np.ones((count, 1)), left[:, :-1]))
        tables.append(
            pa.table(
                {
                    "position_id": _texts(np.repeat(ids.values[lent.rows], quarters), ids.categories),
                    "scenario": pa.array([name]).take(pa.array(np.zeros(count * quarters, np.int32))),
                    "quarter": pa.array(np.tile(np.arange(1, quarters + 1, dtype=np.int32), count)),
                    "phase": _texts(paths.phase[:, place].ravel().astype(np.int64), PHASES),
                    "pd_annual": _numbers(paths.pd[:, place].ravel()),
                    "marginal_pd": _numbers((before - left).ravel()),
                    "lgd": _numbers(paths.lgd[:, place].ravel()),
                }
            )
        )
    return pa.concat_tables(tables)


# --- disclosures ----------------------------------------------------------------------------------------------------


def vintage_table(shown: Shown) -> pa.Table:
    """Cost by grade and year of origination, and what has been charged off this year. Source: ASC 326-20-50-6."""
    book = shown.book
    mine = np.flatnonzero(book.in_scope)
    exposures = Exposures(book.columns, mine)
    as_of = EPOCH + timedelta(days=book.setting.as_of_day)
    years = years_of(origination_days(exposures))
    age = np.clip(as_of.year - years, 0, VINTAGES)
    column = np.where(exposures.flag("revolving"), VINTAGES + 1, age)
    names = (*(str(as_of.year - back) for back in range(VINTAGES)), PRIOR, REVOLVING)
    grades = [NOT_RATED if notch_of(text) == UNRATED else text for text in exposures.texts("rating")]
    known, grade = np.unique(np.array(grades, dtype=str), return_inverse=True)
    first_day = (date(as_of.year, 1, 1) - EPOCH).days
    events = credit_events(book.columns.portfolio).of(CHARGE_OFF, first_day - 1, book.setting.as_of_day)
    lost = np.nan_to_num(events.by_position(book.columns.portfolio) * shown.base)[mine]
    code = (book.segment_of[mine] * len(known) + grade) * len(names) + column
    used, place = np.unique(code, return_inverse=True)
    cost, charged = (np.bincount(place, each, len(used)) for each in (np.nan_to_num(shown.cost_base[mine]), lost))
    segment, rest = np.divmod(used, len(known) * len(names))
    return pa.table(
        {
            "segment": _texts(segment, segment_texts(book)),
            "grade": pa.array([str(known[each]) for each in rest // len(names)], pa.string()),
            "vintage": pa.array([names[each] for each in rest % len(names)], pa.string()),
            "amortised_cost": pa.array(cost, pa.float64()),
            "gross_charge_offs": pa.array(charged, pa.float64()),
        }
    )


def past_due_table(shown: Shown) -> pa.Table:
    """Cost by days past due, and what accrues no interest. Source: ASC 326-20-50-14, 50-16."""
    book = shown.book
    everyone = Exposures(book.columns, np.arange(book.columns.portfolio.position_count))
    days, nonaccrual = everyone.number("days_past_due", 0.0), everyone.flag("nonaccrual")
    without = ~(shown.found.allowance_ccy > 0.0)
    columns = {
        "current": days < 30,
        "days_30_59": (days >= 30) & (days < 60),
        "days_60_89": (days >= 60) & (days < 90),
        "days_90_plus": days >= 90,
        "total": np.ones(len(days), np.bool_),
        "nonaccrual": nonaccrual,
        "nonaccrual_without_allowance": nonaccrual & without,
        "days_90_plus_accruing": (days >= 90) & ~nonaccrual,
    }
    segments = list(_segments(book))
    cost = np.where(book.in_scope, shown.cost_base, np.nan)
    told = {
        name: [_total(cost[chosen & (book.segment_of == segment)]) for segment in segments]
        for name, chosen in columns.items()
    }
    named = pa.array([segment_texts(book)[segment] for segment in segments], pa.string())
    return pa.table({"segment": named} | {name: pa.array(each, pa.float64()) for name, each in told.items()})


# --- columns --------------------------------------------------------------------------------------------------------


def _total(amounts: Array) -> float:
    return float(np.nansum(amounts))


def _ratio(over: float, under: float) -> float | None:
    return over / under if under else None


def _numbers(values: Array) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _texts(codes: Rows, categories: tuple[str | None, ...]) -> pa.Array:
    return pa.array([*categories, None], pa.string()).take(pa.array(np.where(codes < 0, len(categories), codes)))


def _labelled(found: Labels | None, count: int) -> pa.Array:
    return _texts(found.codes, found.keys) if found else pa.nulls(count, pa.string())
