"""What stands in the way of pricing a loan or bond: terms and market data that are missing, as values."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.discount_terms import discount_rows
from compute.inputs.loan_events import resets_its_rate
from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import UNKNOWN, Terms
from compute.kernels.flows.prepaying_pool import Speeds
from compute.kernels.flows.speeds import DEFAULT_KINDS, PD, PREPAYMENT_KINDS
from compute.outputs.failures import Failing
from compute.pricers.debt.prepayment_models import check_models
from compute.pricers.debt.speeds import speeds_of
from compute.pricers.debt.terms import FIXED, FLOATING, resolve_debt
from compute.pricers.shared.checks import check_fixings
from domain.measures.failures import Reason
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tables import DAY_COUNTS, RATE_TYPES


def check_debt(run: RunInputs, terms: Terms, failing: Failing) -> None:
    """Reasons of terms and market data that are missing; positions that pass can be priced."""
    rate_type = terms.choice("rate_type", RATE_TYPES)
    frequency, maturity = terms.number("frequency"), terms.day("maturity_date")
    required = {
        "maturity_date": maturity == ABSENT_DATE,
        "rate_type": rate_type < 0,
        "day_count": terms.choice("day_count", DAY_COUNTS) < 0,
        "frequency": np.isnan(frequency),
        "coupon": ((rate_type == FIXED) | resets_its_rate(terms)) & np.isnan(terms.number("coupon")),
        "index": (rate_type == FLOATING) & (terms.texts("index")[0] < 0),
    }
    for name, missing in required.items():
        failing.where(missing, Reason.INVALID_TERMS, f"{name} is missing")
    failing.where(
        ~np.isnan(terms.number("payment_amount")) & (terms.number("reference_notional") == 0.0),
        Reason.INVALID_TERMS,
        "payment_amount is for a holding of reference_notional, which is nil",
    )
    check_speeds(run, terms, failing)
    check_discounting(run, terms, failing)
    _check_index(run, terms, rate_type, failing)


def check_speeds(run: RunInputs, terms: Terms, failing: Failing) -> None:
    speeds = speeds_of(terms)
    _check_issuers_default(terms, speeds, failing)
    check_models(run, terms, failing)
    for name, kind, kinds in (
        ("prepayment", speeds.prepayment_kind, PREPAYMENT_KINDS),
        ("default", speeds.default_kind, DEFAULT_KINDS),
    ):
        named = terms.texts(name)[0] >= 0
        unreadable = named & (kind == UNKNOWN)
        failing.where(
            unreadable,
            Reason.INVALID_TERMS,
            lambda i, n=name, k=kinds: f"{n} {terms.text_at(n, i)!r} is none of {', '.join(k)}",  # type: ignore[misc]
        )


def _check_issuers_default(terms: Terms, speeds: Speeds, failing: Failing) -> None:
    """What `default` PD takes from the issuer."""

    def issuer_of(i: int) -> str:
        issuer_id = terms.text_at("issuer_id", i)
        return f"issuer {issuer_id!r} has none" if issuer_id else "the instrument names no issuer"

    failing.where(
        speeds.default_kind == PD,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"default PD needs the issuer's pd_12m, and {issuer_of(i)}",
    )


def check_discounting(run: RunInputs, terms: Terms, failing: Failing) -> None:
    rows = discount_rows(run, terms)
    named = terms.texts("discount_curve")[0] >= 0

    def curve_of(i: int) -> str:
        if named[i]:
            return f"discount curve {terms.text_at('discount_curve', i)!r}"
        return f"the discount curve of {terms.text_at('currency', i)}"

    tables = run.tables
    by_name = terms.code("PAR curve", "discount_curve", lambda text: int(text in tables.unsupported_curves)) == 1
    by_currency = terms.code("PAR currency", "currency", lambda text: int(text in tables.unsupported_currencies)) == 1
    unsolved = np.where(named, by_name, by_currency)
    failing.where(
        unsolved, Reason.MISSING_MARKET_DATA, lambda i: f"{curve_of(i)} is not solved: {tables.curve_problems}"
    )
    failing.where(rows < 0, Reason.MISSING_MARKET_DATA, lambda i: f"{curve_of(i)} is not in the market")
    failing.where(
        terms.row_in("spread_curve", run.tables.spread_row) == UNKNOWN,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"spread curve {terms.text_at('spread_curve', i)!r} is not in the market",
    )


def _check_index(run: RunInputs, terms: Terms, rate_type: NDArray[np.int8], failing: Failing) -> None:
    floats = rate_type == FLOATING
    par = terms.code("PAR index", "index", lambda text: int(text in run.tables.unsupported_indices)) == 1
    failing.where(
        floats & par,
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the curve of {terms.text_at('index', i)!r} is not solved: {run.tables.curve_problems}",
    )
    failing.where(
        floats & (terms.row_in("index", run.tables.projection_curve_of) < 0),
        Reason.MISSING_MARKET_DATA,
        lambda i: f"the market has no projection curve for index {terms.text_at('index', i)!r}",
    )
    candidates = np.flatnonzero(floats & failing.fine & ~resets_its_rate(terms))
    if not len(candidates):
        return
    chosen = terms.of(candidates)
    debt = resolve_debt(run, chosen, np.ones(len(candidates), np.bool_))
    check_fixings(run, chosen, debt.schedules, candidates, failing)
