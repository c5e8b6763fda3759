"""Swaps whose coupon, margin or notional steps: every period as a swap of its own, added up by position."""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import unshocked_discount_terms
from compute.inputs.loan_events import STEPPED, has_steps, stepped
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import Terms
from compute.kernels.dates.schedules import each_alone
from compute.outputs.family_values import Matrix
from compute.pricers.rates.swap_legs import Leg, LegTerms, fixed_leg, fixed_leg_pv, floating_leg

Amounts = NDArray[np.float64]


def steps_something(terms: Terms) -> NDArray[np.bool_]:
    """[m]"""
    return has_steps(terms, *STEPPED)


def stepped_fixed_leg(run: RunInputs, terms: Terms, leg: LegTerms, received_ccy: Amounts) -> Leg:
    position, coupon = leg.schedules.position_of_period, _stepped(terms, leg, "coupon", terms.number("coupon"))
    on = unshocked_discount_terms(run, terms).of(position)
    part = fixed_leg(run, _alone(leg), on, notional=_notionals(terms, leg, received_ccy), coupon=coupon)
    return _by_position(part, position, len(terms))


def stepped_annuity(run: RunInputs, terms: Terms, leg: LegTerms, received_ccy: Amounts) -> Matrix:
    """[m, S] value of a coupon of 1 on the notionals that step."""
    position, on = leg.schedules.position_of_period, unshocked_discount_terms(run, terms)
    ones, notional = np.ones(len(position)), _notionals(terms, leg, received_ccy)
    return _added(fixed_leg_pv(run, _alone(leg), on.of(position), notional=notional, coupon=ones), position, len(terms))


def stepped_floating_leg(run: RunInputs, terms: Terms, leg: LegTerms, paid_ccy: Amounts) -> Leg:
    position, margin = leg.schedules.position_of_period, _stepped(terms, leg, "margin", terms.number("margin", 0.0))
    on = unshocked_discount_terms(run, terms).of(position)
    notional = _notionals(terms, leg, paid_ccy)
    part = floating_leg(run, terms.of(position), _alone(leg), on, notional=notional, margin=margin)
    return _by_position(part, position, len(terms))


def _notionals(terms: Terms, leg: LegTerms, notional_ccy: Amounts) -> Amounts:
    """[P]"""
    factor = _stepped(terms, leg, "notional_factor", np.ones(len(terms)))
    scaled: Amounts = notional_ccy[leg.schedules.position_of_period] * factor
    return scaled


def _stepped(terms: Terms, leg: LegTerms, column: str, otherwise: Amounts) -> Amounts:
    """[P] what holds at the start of each period."""
    position = leg.schedules.position_of_period
    return stepped(terms, column, terms.instruments[position], leg.schedules.start, otherwise[position])


def _alone(leg: LegTerms) -> LegTerms:
    position = leg.schedules.position_of_period
    return LegTerms(each_alone(leg.schedules), leg.frequency[position], leg.day_count[position])


def _by_position(part: Leg, position: NDArray[np.int64], count: int) -> Leg:
    return Leg(*(_added(getattr(part, each.name), position, count) for each in fields(Leg)))


def _added(values: Amounts, position: NDArray[np.int64], count: int) -> Amounts:
    """[count, …] of values by period; a measure that nobody asked for stays blank."""
    if len(values) != len(position):
        return values
    total = np.zeros((count, *values.shape[1:]))
    np.add.at(total, position, values)
    return total


def scattered(parts: list[tuple[NDArray[np.int64], Leg]], count: int) -> Leg:
    """Legs of disjoint groups of positions as one, in the positions' order."""

    def whole(name: str) -> Amounts:
        columns = [(chosen, getattr(leg, name)) for chosen, leg in parts]
        if any(len(values) != len(chosen) for chosen, values in columns):
            blank: Amounts = next(values for chosen, values in columns if len(values) != len(chosen))
            return blank
        total = np.empty((count, *columns[0][1].shape[1:]))
        for chosen, values in columns:
            total[chosen] = values
        return total

    return Leg(*(whole(each.name) for each in fields(Leg)))
