"""QuantLib at its fastest: objects built once on one handle; the clock sees linkTo and NPV alone."""

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import QuantLib as ql
from numpy.typing import NDArray

from benchmarks.peers.terms import AS_OF, EUR_ZEROS, FIXING, NODE_DATES, NOTIONAL, SHIFTS_BP, SPOT, USD_ZEROS, Terms

Values = NDArray[np.float64]
"""[positions, scenarios]"""
Price = Callable[[], Values]

ACT_365 = ql.Actual365Fixed()
TARGET = ql.TARGET()


def day(value: dt.date) -> Any:
    return ql.Date(value.day, value.month, value.year)


TODAY = day(AS_OF)


def curve(zeros: list[float], shift_bp: float) -> Any:
    dates = [TODAY, *map(day, NODE_DATES)]
    rates = [0.0, *(zero + shift_bp * 1e-4 for zero in zeros)]
    factors = [math.exp(-rate * ACT_365.yearFraction(TODAY, each)) for rate, each in zip(rates, dates, strict=True)]
    return ql.DiscountCurve(dates, factors, ACT_365)


class Peer:
    """Handles on the curves of the scenario that is being priced."""

    def __init__(self) -> None:
        ql.Settings.instance().evaluationDate = TODAY
        self._curves = [(curve(USD_ZEROS, bp), curve(EUR_ZEROS, bp)) for bp in SHIFTS_BP]
        self._usd, self._eur = ql.RelinkableYieldTermStructureHandle(), ql.RelinkableYieldTermStructureHandle()
        self._link(*self._curves[0])
        self._engine = ql.DiscountingBondEngine(self._usd)
        self._index = ql.IborIndex(
            "USD-3M",
            ql.Period(3, ql.Months),
            0,
            ql.USDCurrency(),
            ql.NullCalendar(),
            ql.Unadjusted,
            False,
            ql.Actual360(),
            self._usd,
        )
        for back in range(120):
            self._index.addFixing(TODAY - back, FIXING, True)
        spot = ql.QuoteHandle(ql.SimpleQuote(SPOT))
        self._fx_engine = ql.DiscountingFxForwardEngine(self._eur, self._usd, spot)

    @property
    def usd(self) -> Any:
        """The handle, for engines of other modules."""
        return self._usd

    def each_curve(self) -> Iterator[int]:
        """Number of every scenario, once its curves are linked."""
        for number, (usd, eur) in enumerate(self._curves):
            self._link(usd, eur)
            yield number

    def _link(self, usd: Any, eur: Any) -> None:
        self._usd.linkTo(usd)
        self._eur.linkTo(eur)

    def relinked(self, instruments: list[Any], unit: float = 1.0) -> Price:
        """linkTo for each scenario, then NPV of every object; `unit` turns its currency into that of our values."""

        def price() -> Values:
            columns = []
            for usd, eur in self._curves:
                self._link(usd, eur)
                columns.append([instrument.NPV() for instrument in instruments])
            return np.array(columns).T * unit

        return price

    def legs(self, legs: list[Any]) -> Price:
        """Bare flows and CashFlows.npv: no observers, no coupons, the least that QuantLib can do."""

        def price() -> Values:
            npv = ql.CashFlows.npv
            return np.array([[npv(leg, usd, False, TODAY) for leg in legs] for usd, _ in self._curves]).T

        return price

    def bond(self, terms: Terms) -> Any:
        coupons, day_count = [terms["coupon"]], ql.ActualActual(ql.ActualActual.ISMA)
        bond = ql.FixedRateBond(0, NOTIONAL, schedule(terms), coupons, day_count, ql.Following)
        bond.setPricingEngine(self._engine)
        return bond

    def loan(self, terms: Terms) -> Any:
        """360 coupons and 360 redemptions."""
        balances = [balance for balance, _, _ in level_payments(terms)]
        day_count = ql.Thirty360(ql.Thirty360.BondBasis)
        loan = ql.AmortizingFixedRateBond(0, balances, schedule(terms), [terms["coupon"]], day_count, ql.Following)
        loan.setPricingEngine(self._engine)
        return loan

    def loan_leg(self, terms: Terms, cpr: float = 0.0) -> Any:
        dates = list(schedule(terms))[1:]
        amounts = [interest + principal for _, interest, principal in level_payments(terms, cpr)]
        pairs = zip(amounts, dates, strict=True)
        return ql.Leg([ql.SimpleCashFlow(amount, TARGET.adjust(date)) for amount, date in pairs])

    def floater(self, terms: Terms) -> Any:
        """Par coupons: the forward over exactly the accrual period, as ours."""
        floater = ql.FloatingRateBond(
            settlementDays=0,
            faceAmount=NOTIONAL,
            schedule=schedule(terms),
            index=self._index,
            paymentDayCounter=ql.Actual360(),
            paymentConvention=ql.Following,
            fixingDays=0,
            spreads=[terms["margin"]],
        )
        ql.setCouponPricer(floater.cashflows(), ql.BlackIborCouponPricer())
        floater.setPricingEngine(self._engine)
        return floater

    def fx_forward(self, terms: Terms) -> Any:
        """Its value is in the currency bought; no settlement lag, the spot is today's."""
        traded = (NOTIONAL, ql.EURCurrency(), ql.USDCurrency(), terms["strike"], day(terms["maturity_date"]))
        forward = ql.FxForward(*traded, False, 0, ql.NullCalendar())
        forward.setPricingEngine(self._fx_engine)
        return forward


def schedule(terms: Terms) -> Any:
    first, last = day(terms["issue_date"]), day(terms["maturity_date"])
    rules = (ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False)
    return ql.Schedule(first, last, ql.Period(12 // terms["frequency"], ql.Months), TARGET, *rules)


def level_payments(terms: Terms, cpr: float = 0.0) -> Iterator[tuple[float, float, float]]:
    """Balance, interest and principal of 360 months, re-levelled each month; by hand, sharing nothing with ours."""
    rate, smm, balance = terms["coupon"] / 12, 1 - (1 - cpr) ** (1 / 12), NOTIONAL
    for left in range(360, 0, -1):
        interest = balance * rate
        scheduled = balance * rate / (1 - (1 + rate) ** -left) - interest
        principal = scheduled + smm * (balance - scheduled)
        yield balance, interest, principal
        balance -= principal
