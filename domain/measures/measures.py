"""The table of measures: name, columns, unit, how it adds up, and the fact that carries it.

A new measure is one row here and one in compute/outputs/measures.py.
"""

from dataclasses import dataclass
from enum import StrEnum

KEY_RATE_TENORS_YR: tuple[float, ...] = (0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30)
KEY_RATE_LABELS: tuple[str, ...] = ("3m", "6m", "1y", "2y", "3y", "5y", "7y", "10y", "15y", "20y", "30y")
SPREAD_TENORS_YR: tuple[float, ...] = (0.5, 1, 3, 5, 10)
SPREAD_LABELS: tuple[str, ...] = ("6m", "1y", "3y", "5y", "10y")


VEGA_EXPIRIES_YR: tuple[float, ...] = (0.25, 1, 2, 5, 10, 20)
VEGA_EXPIRY_LABELS: tuple[str, ...] = ("3m", "1y", "2y", "5y", "10y", "20y")
VEGA_TENORS_YR: tuple[float, ...] = (2, 5, 10, 30)
VEGA_TENOR_LABELS: tuple[str, ...] = ("2y", "5y", "10y", "30y")
VEGA_LADDER_COLUMNS: tuple[str, ...] = (
    *(f"vega_ladder_{expiry}" for expiry in VEGA_EXPIRY_LABELS),
    *(f"vega_ladder_{expiry}_{tenor}" for expiry in VEGA_EXPIRY_LABELS for tenor in VEGA_TENOR_LABELS),
)
"""By expiry for caps, floors and exchange rates; by expiry and swap tenor for swaptions."""


class Unit(StrEnum):
    CURRENCY = "currency"
    CURRENCY_PER_BP = "currency per bp"
    BASE_CURRENCY = "base currency"
    PER_100 = "per 100"
    DECIMAL = "decimal"
    BP = "bp"
    YEARS = "years"
    MONTHS = "months"
    YEARS_SQUARED = "years squared"
    FACTOR = "factor"


class Adds(StrEnum):
    """How a total is made of positions."""

    SUM = "sum"
    BY_PV = "average by signed PV_base"
    BY_PRINCIPAL = "average by principal in base currency"
    ROOT_SUM_OF_SQUARES = "root of the sum of squares"
    BY_EAD = "average by EAD"
    BY_PD_EAD = "average by PD x EAD"
    RWA_BY_EAD = "RWA / EAD"


class Fact(StrEnum):
    """The event that carries the measure; also the block's kind."""

    PRICED = "PositionPriced"
    RISK = "RiskComputed"
    CAPITAL = "CapitalComputed"
    CASH_FLOWS = "CashflowsProjected"
    """of no measure: of the scenarios whose cash flows a run keeps"""


@dataclass(frozen=True)
class Measure:
    name: str
    unit: Unit
    adds: Adds
    fact: Fact
    meaning: str
    columns: tuple[str, ...] = ()
    by_default: bool = True
    """False for what a run works out only where it is asked for by name"""
    with_it: tuple[str, ...] = ()
    """measures that its totals and reports read: worked out wherever it is"""
    is_beside: bool = False
    """kept for those alone: shown only where it is asked for by name"""

    @property
    def result_columns(self) -> tuple[str, ...]:
        return self.columns or (self.name.lower(),)

    @property
    def is_amount(self) -> bool:
        """Amounts in the instrument's currency have a twin in base currency (`_base`)."""
        return self.unit in (Unit.CURRENCY, Unit.CURRENCY_PER_BP)


_S, _PV, _PRINCIPAL, _ROOT = Adds.SUM, Adds.BY_PV, Adds.BY_PRINCIPAL, Adds.ROOT_SUM_OF_SQUARES
_PRICED, _RISK, _CAPITAL = Fact.PRICED, Fact.RISK, Fact.CAPITAL
_EAD, _PD_EAD, _RWA_EAD = Adds.BY_EAD, Adds.BY_PD_EAD, Adds.RWA_BY_EAD


def _weight(name: str, framework: str) -> Measure:
    """A risk weight; its totals are of the two amounts beside it."""
    amounts = (f"RWA_{name}", f"EAD_{framework}")
    return Measure(
        f"RISK_WEIGHT_{framework}", Unit.DECIMAL, _RWA_EAD, _CAPITAL, f"{amounts[0]} / {amounts[1]}", with_it=amounts
    )


MEASURES: tuple[Measure, ...] = (
    Measure("PV", Unit.CURRENCY, _S, _PRICED, "present value of the position"),
    Measure("ACCRUED_INTEREST", Unit.CURRENCY, _S, _PRICED, "coupon earned to the valuation date and not paid"),
    Measure("DIRTY_PRICE", Unit.PER_100, _PV, _PRICED, "PV / notional x 100"),
    Measure("CLEAN_PRICE", Unit.PER_100, _PV, _PRICED, "dirty price less accrued interest"),
    Measure("YIELD", Unit.DECIMAL, _PV, _PRICED, "yield to maturity of the projected flows at the model price"),
    Measure("STANDARD_ERROR", Unit.CURRENCY, _ROOT, _PRICED, "of PV, where Monte Carlo was used"),
    Measure("DV01", Unit.CURRENCY_PER_BP, _S, _RISK, "gain when all zero rates fall by a basis point"),
    Measure(
        "KEY_RATE_DV01",
        Unit.CURRENCY_PER_BP,
        _S,
        _RISK,
        "gain when one key rate falls by a basis point; they add up to DV01",
        tuple(f"key_rate_dv01_{label}" for label in KEY_RATE_LABELS),
    ),
    Measure("CS01", Unit.CURRENCY_PER_BP, _S, _RISK, "gain when the position's spread falls by a basis point"),
    Measure(
        "KEY_RATE_CS01",
        Unit.CURRENCY_PER_BP,
        _S,
        _RISK,
        "gain when the position's spread falls by a basis point about a tenor; they add up to CS01",
        tuple(f"key_rate_cs01_{label}" for label in SPREAD_LABELS),
    ),
    Measure("MACAULAY_DURATION", Unit.YEARS, _PV, _RISK, "PV-weighted time of the flows at the yield"),
    Measure("MODIFIED_DURATION", Unit.YEARS, _PV, _RISK, "relative price change by yield"),
    Measure("EFFECTIVE_DURATION", Unit.YEARS, _PV, _RISK, "DV01 x 10,000 / PV"),
    Measure("SPREAD_DURATION", Unit.YEARS, _PV, _RISK, "CS01 x 10,000 / PV"),
    Measure("CONVEXITY", Unit.YEARS_SQUARED, _PV, _RISK, "(PV(-h) + PV(+h) - 2 PV) / (PV h^2), h = 25 bp"),
    Measure("VEGA", Unit.CURRENCY, _S, _RISK, "gain for +1 bp of normal or +1 point of lognormal volatility, central"),
    Measure(
        "VEGA_LADDER",
        Unit.CURRENCY,
        _S,
        _RISK,
        "vega by expiry, and by swap tenor for swaptions; they add up to VEGA",
        VEGA_LADDER_COLUMNS,
        by_default=False,
    ),
    Measure("THETA", Unit.CURRENCY, _S, _RISK, "PV a day later, same curves by tenor, plus that day's flows, less PV"),
    Measure("FX_DELTA", Unit.BASE_CURRENCY, _S, _RISK, "gain for +1 % of the instrument currency against base"),
    Measure("Z_SPREAD", Unit.BP, _PV, _RISK, "constant continuous spread over the curve that reprices the position"),
    Measure("OAS", Unit.BP, _PV, _RISK, "constant spread over the curve that reprices the position with its options"),
    Measure("DISCOUNT_MARGIN", Unit.BP, _PV, _RISK, "margin over the index at which a floater's flows have its price"),
    Measure(
        "PAR_SPREAD",
        Unit.BP,
        _PV,
        _RISK,
        "running spread over the curve that gives the price; a swap's fair rate less its own, a CDS's fair spread",
    ),
    Measure("WAL", Unit.YEARS, _PRINCIPAL, _RISK, "weighted average life of projected principal, ACT/365F"),
    Measure("WAM", Unit.MONTHS, _PRINCIPAL, _RISK, "weighted average maturity"),
    Measure("DV01_STANDARD_ERROR", Unit.CURRENCY_PER_BP, _ROOT, _RISK, "of DV01, where Monte Carlo was used"),
    Measure("VEGA_STANDARD_ERROR", Unit.CURRENCY, _ROOT, _RISK, "of VEGA, where Monte Carlo was used"),
    Measure("PD_12M", Unit.DECIMAL, _EAD, _CAPITAL, "probability of default within a year", with_it=("EAD",)),
    Measure("LGD", Unit.DECIMAL, _PD_EAD, _CAPITAL, "share lost of what is owed at default", with_it=("PD_12M", "EAD")),
    Measure("EAD", Unit.CURRENCY, _S, _CAPITAL, "carrying amount and what may be drawn of the rest until default"),
    Measure("EL", Unit.CURRENCY, _S, _CAPITAL, "PD_12M x LGD x EAD"),
    Measure("UL", Unit.CURRENCY, _S, _CAPITAL, "EAD x LGD x sqrt(PD (1 - PD))"),
    Measure("ECL_12M", Unit.CURRENCY, _S, _CAPITAL, "discounted expected loss of defaults within a year"),
    Measure("ECL_LIFETIME", Unit.CURRENCY, _S, _CAPITAL, "discounted expected loss of defaults until the last payment"),
    Measure("ALLOWANCE", Unit.CURRENCY, _S, _CAPITAL, "what the policy sets aside: weighted, with overlays, of BASE"),
    Measure("RATING_FACTOR", Unit.FACTOR, _EAD, _CAPITAL, "Moody's idealised factor of the rating", with_it=("EAD",)),
    Measure("EAD_SA", Unit.CURRENCY, _S, _CAPITAL, "exposure of the standardised approach, net of provisions"),
    _weight("SA", "SA"),
    Measure("RWA_SA", Unit.CURRENCY, _S, _CAPITAL, "risk-weighted assets of the standardised approach"),
    _weight("IRB", "IRB"),
    Measure(
        "RWA_IRB",
        Unit.CURRENCY,
        _S,
        _CAPITAL,
        "risk-weighted assets by internal ratings, before the output floor",
        with_it=("EL_IRB", "PROVISION_IRB", "RWA_RATED"),
    ),
    Measure("EAD_US", Unit.CURRENCY, _S, _CAPITAL, "exposure of the US standardised approach"),
    _weight("US_SA", "US"),
    Measure("RWA_US_SA", Unit.CURRENCY, _S, _CAPITAL, "risk-weighted assets of the US standardised approach"),
    Measure("CAPITAL", Unit.CURRENCY, _S, _CAPITAL, "8 % of RWA_IRB", with_it=("RWA_IRB",)),
    Measure("EAD_IRB", Unit.CURRENCY, _S, _CAPITAL, "the exposure that RISK_WEIGHT_IRB weighs", is_beside=True),
    Measure(
        "EL_IRB", Unit.CURRENCY, _S, _CAPITAL, "expected loss of what internal ratings weigh, CRE35", is_beside=True
    ),
    Measure("PROVISION_IRB", Unit.CURRENCY, _S, _CAPITAL, "specific provisions of what EL_IRB is of", is_beside=True),
    Measure("RWA_RATED", Unit.CURRENCY, _S, _CAPITAL, "RWA_IRB of what EL_IRB is of", is_beside=True),
)

BY_NAME: dict[str, Measure] = {measure.name: measure for measure in MEASURES}
DEFAULT_MEASURES: tuple[str, ...] = tuple(measure.name for measure in MEASURES if measure.by_default)


class UnknownMeasure(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no measure {name!r}; known are {', '.join(BY_NAME)}")
        self.name = name


def resolve(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """The measures asked for, in table order, PV always among them; `PV_BASE` asks for `PV`."""
    wanted = {"PV"}
    for raw in names:
        name = raw.strip().upper()
        stem = name.removesuffix("_BASE")
        if stem not in BY_NAME or (stem != name and not BY_NAME[stem].is_amount):
            raise UnknownMeasure(raw)
        wanted |= with_its_own(stem)
    return tuple(name for name in BY_NAME if name in wanted)


def with_its_own(name: str) -> set[str]:
    """A measure, and all that is worked out wherever it is."""
    return {name}.union(*(with_its_own(each) for each in BY_NAME[name].with_it))


def columns_of(measures: tuple[str, ...]) -> tuple[str, ...]:
    """Result columns, lower case, in the order of the table."""
    return tuple(column for name in measures for column in BY_NAME[name].result_columns)
