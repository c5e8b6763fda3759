"""What each method of a segment makes of its positions: those of PD and LGD, of given rates, and of vintages."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.allowance.book import AFS, Book
from compute.allowance.choices import NONE
from compute.allowance.credit_losses import Lent
from compute.capital.basics import carrying_amounts
from compute.capital.columns import Exposures
from domain.capital.policies import Segment
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE

Array = NDArray[np.float64]
Reasons = NDArray[np.uint8]
Rows = NDArray[np.int64]

ECL_12M, ECL_LIFETIME, OF_AFS = "ECL_12M", "ECL_LIFETIME", "AFS"


@dataclass(frozen=True)
class Modelled:
    """[S, m] in the instrument's currency, and [S, m] why one is blank."""

    amount_ccy: Array
    reason: Reasons


def modelled(place: int, lent: Lent, at: Rows) -> Modelled:
    """By the method of the policy's segment `place`, of the places `at` of `lent`."""
    segment = lent.book.choices.segments[place]
    match segment.method:
        case "PD_LGD":
            return Modelled(lent.losses.lifetime[:, at], lent.losses.reason[:, at])
        case "DCF":
            return Modelled(lent.losses.cash_flow[:, at], lent.losses.reason[:, at])
        case "WARM":
            return _warm(segment, lent, at)
        case "AGING":
            return _every_scenario(lent, at, _by_bucket(segment, lent, at, aging_rates(segment)))
        case "ROLL_RATE":
            return _every_scenario(lent, at, _by_bucket(segment, lent, at, rolled_rates(segment)))
        case "VINTAGE":
            return _every_scenario(lent, at, _vintages(place, lent, at))
        case _:
            return _every_scenario(lent, at, np.full(len(at), loss_rate(segment)) * lent.basics.carrying_ccy[at])


def _every_scenario(lent: Lent, at: Rows, amount_ccy: Array) -> Modelled:
    """Methods that read no scenario."""
    shape = (len(lent.book.scenarios), len(at))
    reason = np.where(np.isnan(amount_ccy), Reason.INVALID_TERMS, Reason.NONE).astype(np.uint8)
    return Modelled(np.broadcast_to(amount_ccy, shape).copy(), np.broadcast_to(reason, shape).copy())


def loss_rate(segment: Segment) -> float:
    """The book's own history, or that of its peers (SCALE); and what is added to it."""
    own = segment.historical_rate or 0.0
    if segment.peer_allowance is not None and segment.peer_amortised_cost:
        own = segment.peer_allowance / segment.peer_amortised_cost
    return own + sum(each.rate for each in segment.adjustments)


def _warm(segment: Segment, lent: Lent, at: Rows) -> Modelled:
    """The annual rate hits what is outstanding every year, not the average life once."""
    amount_ccy = (segment.annual_rate or 0.0) * lent.losses.years_outstanding[:, at] * lent.basics.carrying_ccy[at]
    reason = np.where(np.isnan(amount_ccy), np.maximum(lent.losses.paid_reason[at], 0), Reason.NONE)
    return Modelled(amount_ccy, reason.astype(np.uint8))


# --- by days past due -----------------------------------------------------------------------------------------------


def aging_rates(segment: Segment) -> Array:
    return np.array([(bucket.rate or 0.0) * segment.factor for bucket in segment.buckets])


def rolled_rates(segment: Segment) -> Array:
    """Of each bucket: what rolls on through it and all that follow, to the charge-off."""
    rolls = np.array([1.0 if bucket.roll is None else bucket.roll for bucket in segment.buckets])
    to_the_end: Array = np.cumprod(rolls[::-1])[::-1]
    return to_the_end


def _by_bucket(segment: Segment, lent: Lent, at: Rows, rates: Array) -> Array:
    """[m] NaN beyond the last bucket, where that has an end."""
    days = lent.exposures.number("days_past_due", 0.0)[at]
    edges = [np.inf if bucket.max_days is None else bucket.max_days for bucket in segment.buckets]
    rate = np.full(len(at), np.nan)
    for edge, each in reversed(list(zip(edges, rates, strict=True))):
        rate = np.where(days <= edge, each, rate)
    amount_ccy: Array = lent.basics.carrying_ccy[at] * rate
    return amount_ccy


# --- by year of origination -----------------------------------------------------------------------------------------


def origination_days(exposures: Exposures) -> Rows:
    """`origination_date`, else `issue_date`; ABSENT_DATE without either."""
    given = exposures.day("origination_date")
    return np.where(given == ABSENT_DATE, exposures.day("issue_date"), given)


def years_of(days: Rows) -> Rows:
    """Calendar years; -1 where there is no date."""
    years: Rows = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where(days == ABSENT_DATE, NONE, years)


def _vintages(place: int, lent: Lent, at: Rows) -> Array:
    """[m] each position's share, by its cost, of what its year is still to lose in base currency."""
    years = years_of(origination_days(lent.exposures.of(at)))
    per_unit = _losses_per_unit(lent.book, place)
    distinct, of_position = np.unique(years, return_inverse=True)
    of_year = np.array([np.nan if year == NONE else per_unit.get(year, 0.0) for year in distinct.tolist()], np.float64)
    rate = of_year[of_position]
    amount_ccy: Array = rate * lent.basics.carrying_ccy[at]
    return amount_ccy


def _losses_per_unit(book: Book, segment: int) -> Mapping[int, float]:
    """By year: the losses still to come over the amortised cost, both in base currency."""

    def make() -> dict[int, float]:
        rows = np.flatnonzero(book.carried & (book.choices.segment == segment) & (book.accounting != AFS))
        exposures = Exposures(book.columns, rows)
        years, cost = years_of(origination_days(exposures)), carrying_amounts(exposures) * book.rate[rows]
        found = {}
        for year, losses in book.choices.segments[segment].remaining_losses.items():
            held = float(np.nansum(cost[years == int(year)])) if year.isdigit() else 0.0
            found[int(year) if year.isdigit() else NONE] = sum(losses) / held if held else 0.0
        return found

    return book.once(("vintage", segment), make)
