"""QuantLib's swaps, options and credit default swaps, each with its fastest engine, on the handles of `Peer`."""

from typing import Any

import numpy as np
import QuantLib as ql

from benchmarks.peers.derivative_terms import HAZARDS, RECOVERY, VOLATILITY
from benchmarks.peers.quantlib import ACT_365, TODAY, Peer, Price, Values, day
from benchmarks.peers.terms import NOTIONAL, SPOT, Terms

THIRTY_360 = ql.Thirty360(ql.Thirty360.BondBasis)
ACT_ACT = ql.ActualActual(ql.ActualActual.ISMA)


class DerivativePeer(Peer):
    def __init__(self) -> None:
        super().__init__()
        volatility = ql.QuoteHandle(ql.SimpleQuote(VOLATILITY))
        self._swap_engine = ql.DiscountingSwapEngine(self._usd)
        self._cap_engine = ql.BlackCapFloorEngine(self._usd, volatility)
        self._swaption_engine = ql.BlackSwaptionEngine(self._usd, volatility)
        hazard = ql.DefaultProbabilityTermStructureHandle(hazard_curve())
        self.midpoint = ql.MidPointCdsEngine(hazard, RECOVERY, self._usd)
        self.isda = ql.IsdaCdsEngine(hazard, RECOVERY, self._usd)
        black = ql.BlackConstantVol(TODAY, ql.NullCalendar(), VOLATILITY, ACT_365)
        process = ql.GarmanKohlagenProcess(
            ql.QuoteHandle(ql.SimpleQuote(SPOT)), self._eur, self._usd, ql.BlackVolTermStructureHandle(black)
        )
        self._fx_option_engine = ql.AnalyticEuropeanEngine(process)

    def swap(self, terms: Terms) -> Any:
        swap = self._vanilla(terms["issue_date"], terms, terms["coupon"])
        swap.setPricingEngine(self._swap_engine)
        return swap

    def _vanilla(self, start: Any, terms: Terms, rate: float) -> Any:
        fixed, floating = (
            schedule(start, terms["maturity_date"], terms[f"{leg}_frequency"]) for leg in ("fixed", "float")
        )
        side, par = ql.VanillaSwap.Payer, (ql.Unadjusted, False)
        return ql.VanillaSwap(side, NOTIONAL, fixed, rate, THIRTY_360, floating, self._index, 0.0, ql.Actual360(), *par)

    def swaption(self, terms: Terms) -> Any:
        start = terms["expiry_date"]
        option = ql.Swaption(self._vanilla(start, terms, terms["strike"]), ql.EuropeanExercise(day(start)))
        option.setPricingEngine(self._swaption_engine)
        return option

    def cap(self, terms: Terms) -> Any:
        dates = schedule(terms["issue_date"], terms["maturity_date"], terms["float_frequency"])
        cap = ql.Cap(ql.IborLeg([NOTIONAL], dates, self._index, ql.Actual360(), ql.Unadjusted), [terms["strike"]])
        cap.setPricingEngine(self._cap_engine)
        return cap

    def credit_default_swap(self, terms: Terms, engine: Any) -> Any:
        """In its second premium period: no rebate of accrued premium is still to come."""
        dates = premium_dates(terms["maturity_date"])
        quarterly = ql.Period(3, ql.Months), ql.DateGeneration.CDS, False, [True] * (len(dates) - 1)
        premiums = ql.Schedule(dates, ql.WeekendsOnly(), ql.Following, ql.Unadjusted, *quarterly)
        accrues = ql.Following, ql.Actual360(), True, True, dates[0], ql.FaceValueClaim(), ql.Actual360(True), False
        swap = ql.CreditDefaultSwap(ql.Protection.Buyer, NOTIONAL, terms["coupon"], premiums, *accrues)
        swap.setPricingEngine(engine)
        return swap

    def fx_option(self, terms: Terms) -> Any:
        """On one unit of base currency."""
        pays = ql.PlainVanillaPayoff(ql.Option.Call, terms["strike"])
        option = ql.VanillaOption(pays, ql.EuropeanExercise(day(terms["expiry_date"])))
        option.setPricingEngine(self._fx_option_engine)
        return option

    def spread_bond(self, terms: Terms) -> Any:
        """Its own spread on the shared handle: a term structure and an engine each."""
        bond = self.bond(terms)
        spread = ql.QuoteHandle(ql.SimpleQuote(terms["spread"]))
        own = ql.ZeroSpreadedTermStructure(self._usd, spread, ql.Continuous, ql.NoFrequency, ACT_365)
        bond.setPricingEngine(ql.DiscountingBondEngine(ql.YieldTermStructureHandle(own)))
        return bond

    def unadjusted_bond(self, terms: Terms) -> Any:
        dates = schedule(terms["issue_date"], terms["maturity_date"], terms["frequency"])
        return ql.FixedRateBond(0, NOTIONAL, dates, [terms["coupon"]], ACT_ACT)

    def bond_yields(self, bonds: list[Any], prices_ccy: Values) -> Price:
        """`BondFunctions.bondYield` at the given dirty values, to the last digit that ours are asked for."""
        dirty = [[ql.BondPrice(float(p), ql.BondPrice.Dirty) for p in row] for row in prices_ccy / NOTIONAL * 100.0]
        quoted = ACT_ACT, ql.Compounded, ql.Semiannual, TODAY, 1e-12, 100, 0.05

        def price() -> Values:
            solve = ql.BondFunctions.bondYield
            pairs = zip(bonds, dirty, strict=True)
            return np.array([[solve(bond, each, *quoted) for each in row] for bond, row in pairs])

        return price


def schedule(start: Any, end: Any, frequency: int) -> Any:
    rules = ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted, ql.DateGeneration.Backward, False
    return ql.Schedule(day(start), day(end), ql.Period(12 // frequency, ql.Months), *rules)


def premium_dates(maturity: Any) -> list[Any]:
    """IMM dates on business days from the one before the valuation date; the maturity as it is."""
    months = [(year, month) for year in range(TODAY.year() - 1, maturity.year + 1) for month in (3, 6, 9, 12)]
    twentieths = [ql.Date(20, month, year) for year, month in months]
    begun = max(each for each in twentieths if each <= TODAY)
    last = day(maturity)
    return [ql.WeekendsOnly().adjust(each) for each in twentieths if begun <= each < last] + [last]


def hazard_curve() -> Any:
    nodes = [TODAY, *(TODAY + ql.Period(tenor) for tenor in HAZARDS)]
    return ql.HazardRateCurve(nodes, [HAZARDS["1Y"], *HAZARDS.values()], ACT_365)
