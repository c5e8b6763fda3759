"""Which product reads which column: every column of `instruments` and `positions` is read or warned of.

A column that a row fills and its product does not read has no effect: ingestion warns of it (TERM_NOT_USED). A new
column needs one row here; a test walks every product and every column and prices it with two values.
"""

from dataclasses import dataclass, replace

from domain.portfolio.exposure_columns import EXPOSURE_NAMES
from domain.portfolio.payoffs import CappedFloater, Cms, CmsSpread, Digital, InverseFloater, Payoff, RangeAccrual
from domain.portfolio.tables import PRODUCT_TYPES


@dataclass(frozen=True)
class Reading:
    """One way in which products read a column; all that it says must hold of the row.

    where    column and the values of which the row has one
    beside   columns of which at least one says something
    without  columns that are empty
    models   its prepayment is that of a model of the market
    """

    products: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    beside: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    models: bool = False

    @property
    def condition(self) -> str:
        """In words; empty where there is none."""
        parts = [f"{name} is {_either(values)}" for name, values in self.where if (name, values) not in MOVED]
        if set(MOVED) <= set(self.where):
            parts.append("business_day and calendar can move a payment")
        if self.beside:
            parts.append(f"{_either(self.beside)} is filled in")
        if self.without:
            parts.append(f"{' and '.join(self.without)} {'is' if len(self.without) == 1 else 'are'} empty")
        if self.models:
            parts.append("prepayment names a model")
        return f"where {', and '.join(parts)}" if parts else ""


def _either(words: tuple[str, ...]) -> str:
    """`A, B or C`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


DEBT = ("LOAN", "BOND", "CALLABLE_BOND")
BONDS = ("BOND", "CALLABLE_BOND", "STRUCTURED")
FUNDED = (*DEBT, "STRUCTURED", "ABS_MBS")
"""What has a principal to lose: by a default speed, or past maturity."""
PAIRS = ("FX_FWD", "FX_OPTION")
LEGS = ("IRS", "SWAPTION")
ON_A_SCHEDULE = (*DEBT, "STRUCTURED", "IRS", "CAP_FLOOR", "SWAPTION")
DISCOUNTED = tuple(product for product in PRODUCT_TYPES if product not in (*PAIRS, "EXTERNAL"))

FIXED = ("rate_type", ("FIXED",))
FLOATING = ("rate_type", ("FLOATING",))
SCHEDULED = ("amortization", ("LEVEL_PAY", "LINEAR", "BULLET"))
LEVEL_PAY = ("amortization", ("LEVEL_PAY",))

ADJUSTED = ("business_day", ("FOLLOWING", "MODIFIED_FOLLOWING", "PRECEDING"))
ON_A_CALENDAR = ("calendar", ("WEEKEND", "TARGET", "US.SETTLEMENT", "US.GOVT", "UK"))
MOVED = (ADJUSTED, ON_A_CALENDAR)
"""Both of them, or neither, in a reading."""
BY_DAYS = ("day_count", ("30/360", "30E/360", "ACT/360", "ACT/365F", "ACT/ACT.ISDA"))
"""ACT/ACT.ICMA counts unadjusted days, whatever `adjust_accrual` says."""

LOAN_THAT_RESETS = (FLOATING, SCHEDULED)
"""An adjustable-rate loan where `first_reset_date` is there."""

EVERYWHERE = (Reading(PRODUCT_TYPES),)
LOAN_BY_RULE = Reading(("LOAN",), (SCHEDULED,))
POOL = Reading(("ABS_MBS",))
STRUCTURED = Reading(("STRUCTURED",))
"""Further narrowed by the payoff: `left_to_columns`."""
FLOATER = Reading(DEBT, (FLOATING,))
CUSTOM = ("amortization", ("CUSTOM",))
FLOATING_BOND = Reading(("BOND", "CALLABLE_BOND"), (FLOATING,))
"""Valued as a floating loan is, BULLET."""
ARM = Reading(("LOAN",), LOAN_THAT_RESETS, beside=("first_reset_date",))
LEVELLED_ARM = Reading(("LOAN",), (FLOATING, LEVEL_PAY), beside=("first_reset_date",))
CAPPED_ARM = Reading(("LOAN",), (FLOATING, LEVEL_PAY), beside=("payment_cap",))
SPEEDS = (LOAN_BY_RULE, FLOATING_BOND, POOL)
BURNING_OUT = tuple(replace(reading, models=True) for reading in SPEEDS)
"""By a prepayment model; a quoted speed does not burn out."""
OWN_DATES = (*(product for product in ON_A_SCHEDULE if product != "LOAN"), "ABS_MBS")
PAID_ON_DATES = (
    Reading(OWN_DATES, (ADJUSTED, ON_A_CALENDAR)),
    Reading(("LOAN",), (SCHEDULED, ADJUSTED, ON_A_CALENDAR)),
    Reading(("LOAN",), (CUSTOM, ADJUSTED, ON_A_CALENDAR), beside=("adjust_accrual",)),
)
"""A CUSTOM loan pays on the dates of its table; only its accrual may move."""

READ_BY: dict[str, tuple[Reading, ...]] = {
    "instrument_id": EVERYWHERE,
    "product_type": EVERYWHERE,
    "currency": EVERYWHERE,
    "issuer_id": EVERYWHERE,
    "issue_date": (Reading((*DEBT, "STRUCTURED", "IRS", "CAP_FLOOR", "CDS", "EXTERNAL")),),
    "first_payment_date": (Reading((*ON_A_SCHEDULE, "ABS_MBS")),),
    "last_regular_payment_date": (Reading(ON_A_SCHEDULE),),
    "maturity_date": (Reading((*ON_A_SCHEDULE, "FX_FWD", "CDS", "EXTERNAL")),),
    "rate_type": (Reading(DEBT),),
    "coupon": (Reading(DEBT, (FIXED,)), ARM, Reading(("ABS_MBS", "IRS", "CDS")), STRUCTURED),
    "index": (FLOATER, Reading(("IRS", "CAP_FLOOR", "SWAPTION")), STRUCTURED),
    "margin": (FLOATER, Reading(("IRS",)), STRUCTURED),
    "cap": (FLOATER, STRUCTURED),
    "floor": (FLOATER, STRUCTURED),
    "frequency": (Reading((*DEBT, "STRUCTURED")),),
    "day_count": (
        Reading((*DEBT, "STRUCTURED", "ABS_MBS")),
        Reading(("CAP_FLOOR",), without=("float_day_count",)),
        Reading(("SWAPTION",), without=("fixed_day_count",)),
    ),
    "calendar": (*PAID_ON_DATES, Reading(("CDS",))),
    "business_day": PAID_ON_DATES,
    "settlement_days": (),
    "amortization": (Reading(("LOAN",)),),
    "io_months": (Reading(("LOAN",), (("amortization", ("LEVEL_PAY", "LINEAR")),)),),
    "redemption_per_100": (Reading(BONDS),),
    "reference_notional": (
        Reading(("LOAN",), (CUSTOM,)),
        Reading(("LOAN",), (LEVEL_PAY,), beside=("payment_amount",)),
    ),
    "discount_curve": (Reading(DISCOUNTED),),
    "spread": (Reading(DISCOUNTED),),
    "spread_curve": (Reading(DISCOUNTED),),
    "credit_curve": (Reading(("CDS",)),),
    "seniority": EVERYWHERE,
    "prepayment": SPEEDS,
    "default": SPEEDS,
    "severity": (Reading(FUNDED),),
    "recovery_lag_months": (Reading(FUNDED, beside=("severity", "default")),),
    "servicing_fee": (LOAN_BY_RULE, FLOATING_BOND),
    "wac": (POOL,),
    "wam": (POOL,),
    "age": (POOL,),
    "payment_delay_days": (POOL,),
    "deal_id": EVERYWHERE,
    "amortization_months": (Reading(("LOAN",), (LEVEL_PAY,), without=("payment_amount",)), LEVELLED_ARM),
    "fixing_lag_days": (
        FLOATING_BOND,
        Reading(("LOAN",), (FLOATING,), without=("first_reset_date",)),
        Reading(("IRS",)),
        STRUCTURED,
    ),
    "original_balance": (Reading(("LOAN",), (FLOATING, LEVEL_PAY), beside=("neg_am_cap",)), *BURNING_OUT),
    "first_reset_date": (Reading(("LOAN",), LOAN_THAT_RESETS),),
    "reset_frequency": (ARM,),
    "periodic_cap": (ARM,),
    "life_cap": (ARM,),
    "first_cap": (ARM,),
    "initial_rate": (Reading(("LOAN",), LOAN_THAT_RESETS, beside=("life_cap",)),),
    "payment_cap": (LEVELLED_ARM,),
    "neg_am_cap": (CAPPED_ARM,),
    "recast_months": (CAPPED_ARM,),
    "draw_rate": (LOAN_BY_RULE,),
    "commitment_end_date": (Reading(("LOAN",), (SCHEDULED,), beside=("draw_rate",)),),
    "payment_amount": (Reading(("LOAN",), (LEVEL_PAY,)),),
    "compounding": (Reading(("LOAN",), (FIXED,)),),
    "rounding": tuple(replace(reading, without=("prepayment", "default")) for reading in (LOAN_BY_RULE, FLOATING_BOND)),
    "notice_days": (Reading(("CALLABLE_BOND",)),),
    "end_of_month": (Reading((*ON_A_SCHEDULE, "ABS_MBS")),),
    "adjust_accrual": (
        Reading(("LOAN", "IRS", "CAP_FLOOR", "SWAPTION", "STRUCTURED"), (ADJUSTED, ON_A_CALENDAR)),
        Reading(("BOND", "CALLABLE_BOND"), (FLOATING, ADJUSTED, ON_A_CALENDAR)),
        Reading(("BOND", "CALLABLE_BOND"), (FIXED, BY_DAYS, ADJUSTED, ON_A_CALENDAR)),
    ),
    "spot_lag_days": (Reading(PAIRS),),
    "servicer_advances": (
        Reading(("LOAN",), (("amortization", ("LEVEL_PAY", "LINEAR")),), beside=("default",)),
        Reading(("ABS_MBS",), beside=("default",)),
    ),
    "pay_receive": (Reading(("IRS", "EXTERNAL")),),
    "fixed_frequency": (Reading(LEGS), STRUCTURED),
    "fixed_day_count": (Reading(LEGS), STRUCTURED),
    "float_frequency": (Reading((*LEGS, "CAP_FLOOR")), STRUCTURED),
    "float_day_count": (Reading(("IRS", "CAP_FLOOR")), STRUCTURED),
    "strike": (Reading(("FX_FWD", "FX_OPTION", "CAP_FLOOR", "SWAPTION", "EXTERNAL")), STRUCTURED),
    "expiry_date": (Reading(("SWAPTION", "FX_OPTION", "EXTERNAL")),),
    "option_type": (Reading(("CAP_FLOOR", "SWAPTION", "CDS", "FX_OPTION", "EXTERNAL")),),
    "pair": (Reading(PAIRS),),
    "payoff": (STRUCTURED,),
}
"""Columns of `instruments`. Labels (issuer_id, seniority, deal_id) are read by totals, filters and `match`."""

LABELS = ("instrument_id", "issuer_id", "seniority", "deal_id")
READ_BY_TRANCHES = (*LABELS, "product_type", "currency", "discount_curve", "spread", "spread_curve")
"""What an ABS_MBS reads that a row of `tranches` names: all else is that row's."""

EXPOSED = (*FUNDED, "EXTERNAL")
"""What is an exposure by itself."""
NETTED = ("FX_FWD", "IRS", "CAP_FLOOR", "SWAPTION", "CDS", "FX_OPTION", "EXTERNAL")
"""What is one as part of a netting set."""
_SAID_OF_ALL = (
    *("asset_class", "rating", "rating_2", "rating_3", "accounting_class", "fair_value_level", "market_value"),
    *("issuer_group", "gsib", "frtb_bucket", "csr_curve", "financial_institution", "large_or_unregulated_fi"),
    *("origination_date", "stage", "watchlist", "us_category", "counterparty_class", "pd_12m", "lgd"),
    *("scra_grade", "investment_grade", "crc", "sales_eur_m"),
)
EXPOSURE_READ_BY: dict[str, tuple[str, ...]] = {
    name: PRODUCT_TYPES if name in _SAID_OF_ALL else NETTED if name.startswith("ccr_") else EXPOSED
    for name in sorted(EXPOSURE_NAMES)
}
"""Columns that stand on positions, instruments or issuers alike; nothing of them is read where PV is worked out, but
the `market_value` of an EXTERNAL."""

HELD_READ_BY: dict[str, tuple[str, ...]] = {
    "position_id": PRODUCT_TYPES,
    "instrument_id": PRODUCT_TYPES,
    "book_id": PRODUCT_TYPES,
    "notional": PRODUCT_TYPES,
    "book_value": PRODUCT_TYPES,
    "acquisition_date": PRODUCT_TYPES,
    "tags": PRODUCT_TYPES,
    "netting_set_id": NETTED,
    "counterparty_id": NETTED,
    **EXPOSURE_READ_BY,
}
"""Columns of `positions`: acquisition_date is read by a check, book_value and what is said of exposures by capital,
labels and tags by totals. `undrawn` counts for PV beside a `draw_rate`."""

UNREAD_BECAUSE: dict[str, str] = {"settlement_days": "it changes no number"}
"""Why no product reads a column."""

ATTACHED_READ_BY: dict[str, tuple[Reading, ...]] = {
    "payment_holidays": (LOAN_BY_RULE,),
    "draws": (LOAN_BY_RULE,),
}
"""Tables of rows that hang on an instrument."""
STEPS_READ_BY: dict[str, tuple[Reading, ...]] = {
    "coupon": (Reading(("LOAN",), (FIXED, SCHEDULED)), Reading(("BOND",), (FIXED,)), Reading(("IRS",))),
    "margin": (Reading(("LOAN",), (FLOATING, SCHEDULED)), Reading(("BOND",), (FLOATING,)), Reading(("IRS",))),
    "notional_factor": (Reading(("IRS",)),),
}
"""Columns of `steps`, by the instrument that a row names."""


def left_to_columns(payoff: Payoff) -> frozenset[str]:
    """The columns that a structured note reads beside its payoff: those of the terms that the payoff leaves out."""
    given: dict[str, object] = {"index": payoff.index}
    if isinstance(payoff, InverseFloater):
        given |= {"coupon": payoff.fixed_rate, "cap": payoff.cap, "floor": payoff.floor}
    elif isinstance(payoff, CappedFloater | Cms | CmsSpread):
        given |= {"margin": payoff.margin, "cap": payoff.cap, "floor": payoff.floor}
    else:
        given |= {"coupon": payoff.coupon}
    if isinstance(payoff, Digital):
        given |= {"strike": payoff.strike}
    open_terms = {name for name, value in given.items() if value is None}
    return frozenset(open_terms | _legs_read(payoff))


def _legs_read(payoff: Payoff) -> set[str]:
    """Of the swap whose rate the note looks at, or of the index whose rate it observes within a period."""
    if isinstance(payoff, Cms | CmsSpread) or (isinstance(payoff, RangeAccrual | Digital) and payoff.tenor_yr):
        return {"fixed_frequency", "fixed_day_count", "float_frequency"}
    if isinstance(payoff, RangeAccrual):
        return {"float_frequency", "float_day_count"}
    return set()


LEFT_TO_COLUMNS = (
    *("coupon", "index", "margin", "cap", "floor", "strike"),
    *("fixed_frequency", "fixed_day_count", "float_frequency", "float_day_count"),
)
"""All that `left_to_columns` may name."""
