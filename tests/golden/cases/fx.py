"""FX forwards."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from compute.kernels.fx.forwards import FxForwardTerms, fx_forward_pv
from tests.golden.cases.case import Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import flat_curve


def forward(case: Case) -> Figures:
    """Selling the currency of `pay_xxx` for that of `receive_yyy`; the spot is units of yyy for one xxx.

    Values are in either currency, today: `npv_xxx` is the one in yyy over the spot rate seen from today.
    """
    inputs = case.inputs
    pay, receive = _currency(inputs, case, "pay_"), _currency(inputs, case, "receive_")
    sold, strike = inputs.number(f"pay_{pay}"), inputs.number(f"receive_{receive}") / inputs.number(f"pay_{pay}")
    days, lag = inputs.day("maturity") - inputs.day("evaluation_date"), inputs.whole("spot_days", 0)
    rows = [np.array([row], np.int32) for row in (days, lag, 0, 1)]
    terms = FxForwardTerms(np.array([-sold]), np.array([strike]), *rows)
    curves = [flat_curve(inputs.text(name)).factors(days + lag + 1) for name in (pay, receive)]
    factors, spot = np.concatenate(curves), inputs.number("spot")
    value, at_nil = (_pv(each, spot, factors) for each in (terms, replace(terms, strike=np.zeros(1))))
    spot_today = spot * float(factors[1, lag, 0] / factors[0, lag, 0])
    return {
        f"npv_{pay}": value / spot_today,
        f"npv_{receive}": value,
        "fair_forward": strike * at_nil / (at_nil - value),
    }


def _pv(terms: FxForwardTerms, spot: float, factors: NDArray[np.float64]) -> float:
    return float(fx_forward_pv(terms, spot=np.array([[spot]]), discount_factors=factors)[0, 0])


def _currency(inputs: Inputs, case: Case, prefix: str) -> str:
    named = [name.removeprefix(prefix) for name in inputs.unread() if name.startswith(prefix)]
    if len(named) != 1:
        raise NotExpressible(f"case {case.id} does not give one {prefix}CURRENCY")
    return named[0]
