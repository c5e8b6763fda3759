"""The portfolio tables: every column, its type, and what a product must bring.

Ingestion validates against this, the snapshot codec takes its types from it, the documentation lists it.
"""

from domain.portfolio.column_types import Column as Column
from domain.portfolio.column_types import Kind as Kind
from domain.portfolio.column_types import Table as Table
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES, exposure_columns
from domain.portfolio.exposure_columns import ASSET_CLASSES as ASSET_CLASSES

PRODUCT_TYPES = (
    "LOAN",
    "BOND",
    "CALLABLE_BOND",
    "ABS_MBS",
    "STRUCTURED",
    "FX_FWD",
    "IRS",
    "CAP_FLOOR",
    "SWAPTION",
    "CDS",
    "FX_OPTION",
    "EXTERNAL",
)
RATE_TYPES = ("FIXED", "FLOATING", "ZERO")
FREQUENCIES = (0, 1, 2, 4, 6, 12, 26, 52)
"""Payments a year: 0 at maturity, 26 and 52 every 14 and 7 days."""
DAY_COUNTS = ("30/360", "30E/360", "ACT/360", "ACT/365F", "ACT/ACT.ISDA", "ACT/ACT.ICMA")
CALENDARS = ("NONE", "WEEKEND", "TARGET", "US.SETTLEMENT", "US.GOVT", "UK")
BUSINESS_DAYS = ("UNADJUSTED", "FOLLOWING", "MODIFIED_FOLLOWING", "PRECEDING")
AMORTIZATIONS = ("BULLET", "LEVEL_PAY", "LINEAR", "CUSTOM")
COMPOUNDINGS = ("SIMPLE", "MONTHLY", "SEMIANNUAL", "ANNUAL")
NODE_KINDS = ("FUND", "SUB_FUND", "DESK", "BOOK")
OPTION_TYPES_OF: dict[str, tuple[str, ...]] = {
    "CAP_FLOOR": ("CAP", "FLOOR"),
    "SWAPTION": ("PAYER", "RECEIVER"),
    "CDS": ("BUY", "SELL"),
    "FX_OPTION": ("CALL", "PUT"),
}
OPTION_TYPES = tuple(option_type for allowed in OPTION_TYPES_OF.values() for option_type in allowed)
RESET_FREQUENCIES = (1, 2, 3, 4, 6, 12)
"""Resets a year of an adjustable-rate loan: a whole number of months apart."""
HOLIDAY_KINDS = ("FULL", "INTEREST_ONLY")
TRANCHE_KINDS = ("SEQUENTIAL", "PRO_RATA", "SUPPORT", "PAC", "Z", "RESIDUAL", "NOTIONAL")
TRANCHE_DAY_COUNTS = ("30/360", "ACT/360", "ACT/365F")
WAL_DAY_COUNTS = ("ACT/365F", "30/360")
LINE_AMORTIZATIONS = ("LEVEL_PAY", "LINEAR", "BULLET")
PRINCIPAL_BASES = ("COLLECTIONS", "POOL_DECLINE")
TRIGGER_TESTS = ("CUMULATIVE_LOSS", "OC_RATIO", "POOL_FACTOR")
TRIGGER_ACTIONS = ("SEQUENTIAL", "TURBO")

_N, _I, _D, _F = Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.FLAG


def _id(name: str, refers_to: tuple[str, str] | None = None) -> Column:
    return Column(name, required=True, refers_to=refers_to)


def _choice(name: str, values: tuple[str, ...], required: bool = False) -> Column:
    return Column(name, required=required, values=values)


def _frequency(name: str) -> Column:
    return Column(name, Kind.INTEGER, values=tuple(str(f) for f in FREQUENCIES))


PORTFOLIO = Table(
    "portfolio",
    (
        _id("node_id"),
        Column("parent_id", refers_to=("portfolio", "node_id")),
        Column("name"),
        _choice("kind", NODE_KINDS, required=True),
    ),
    key=("node_id",),
    required=True,
)

ISSUERS = Table(
    "issuers",
    (
        _id("issuer_id"),
        Column("name"),
        Column("lei"),
        Column("sector"),
        Column("country"),
        Column("rating"),
        Column("pd_12m", _N, low=0, high=1),
        Column("lgd", _N, low=0, high=1),
        _choice("asset_class", ASSET_CLASSES),
        *exposure_columns("rating", "pd_12m", "lgd", "asset_class"),
    ),
    key=("issuer_id",),
)

INSTRUMENTS = Table(
    "instruments",
    (
        _id("instrument_id"),
        _choice("product_type", PRODUCT_TYPES, required=True),
        Column("currency", required=True),
        Column("issuer_id", refers_to=("issuers", "issuer_id")),
        Column("issue_date", _D),
        Column("first_payment_date", _D),
        Column("last_regular_payment_date", _D),
        Column("maturity_date", _D),
        _choice("rate_type", RATE_TYPES),
        Column("coupon", _N, low=-1, high=5),
        Column("index"),
        Column("margin", _N, low=-1, high=5),
        Column("cap", _N, low=-1, high=5),
        Column("floor", _N, low=-1, high=5),
        _frequency("frequency"),
        _choice("day_count", DAY_COUNTS),
        _choice("calendar", CALENDARS),
        _choice("business_day", BUSINESS_DAYS),
        Column("settlement_days", _I, low=0, high=365),
        _choice("amortization", AMORTIZATIONS),
        Column("io_months", _I, low=0, high=1200),
        Column("redemption_per_100", _N, low=0, high=1000),
        Column("reference_notional", _N, low=0),
        Column("discount_curve"),
        Column("spread", _N, low=-1, high=10),
        Column("spread_curve"),
        Column("credit_curve"),
        Column("seniority"),
        Column("prepayment"),
        Column("default"),
        Column("severity", _N, low=0, high=1),
        Column("recovery_lag_months", _I, low=0, high=600),
        Column("servicing_fee", _N, low=0, high=1),
        Column("wac", _N, low=0, high=5),
        Column("wam", _I, low=1, high=1200),
        Column("age", _I, low=0, high=1200),
        Column("payment_delay_days", _I, low=0, high=366),
        Column("deal_id"),
        Column("amortization_months", _I, low=1, high=1200),
        Column("reset_frequency", _I, values=tuple(str(f) for f in RESET_FREQUENCIES)),
        Column("periodic_cap", _N, low=0, high=5),
        Column("life_cap", _N, low=0, high=5),
        _choice("compounding", COMPOUNDINGS),
        _choice("rounding", ("CENT",)),
        Column("notice_days", _I, low=0, high=366),
        Column("end_of_month", _F),
        Column("adjust_accrual", _F),
        Column("spot_lag_days", _I, low=0, high=30),
        Column("servicer_advances", _F),
        _choice("pay_receive", ("PAY", "RECEIVE")),
        _frequency("fixed_frequency"),
        _choice("fixed_day_count", DAY_COUNTS),
        _frequency("float_frequency"),
        _choice("float_day_count", DAY_COUNTS),
        Column("strike", _N),
        Column("expiry_date", _D),
        _choice("option_type", OPTION_TYPES),
        Column("pair"),
        Column("payoff"),
        Column("fixing_lag_days", _I, low=0, high=30),
        Column("payment_amount", _N, low=0),
        Column("original_balance", _N, low=0),
        Column("first_reset_date", _D),
        Column("initial_rate", _N, low=-1, high=5),
        Column("first_cap", _N, low=0, high=5),
        Column("payment_cap", _N, low=0, high=1),
        Column("neg_am_cap", _N, low=0, high=10),
        Column("recast_months", _I, low=1, high=1200),
        Column("draw_rate", _N, low=0, high=1),
        Column("commitment_end_date", _D),
        *exposure_columns(),
    ),
    key=("instrument_id",),
    required=True,
)

EXERCISES = Table(
    "exercises",
    (
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("date", _D, required=True),
        Column("price_per_100", _N, required=True, low=0),
        _choice("kind", ("CALL", "PUT"), required=True),
    ),
    key=("instrument_id", "date", "kind"),
)

CASHFLOWS = Table(
    "cashflows",
    (
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("pay_date", _D, required=True),
        Column("principal", _N, required=True),
        Column("interest", _N, required=True),
    ),
    key=("instrument_id", "pay_date"),
)

STEPS = Table(
    "steps",
    (
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("date", _D, required=True),
        Column("coupon", _N, low=-1, high=5),
        Column("margin", _N, low=-1, high=5),
        Column("notional_factor", _N, low=0, high=1000),
    ),
    key=("instrument_id", "date"),
)

PAYMENT_HOLIDAYS = Table(
    "payment_holidays",
    (
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("from_date", _D, required=True),
        Column("to_date", _D, required=True),
        _choice("kind", HOLIDAY_KINDS, required=True),
        Column("extends_maturity", _F),
    ),
    key=("instrument_id", "from_date"),
)

DRAWS = Table(
    "draws",
    (
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("date", _D, required=True),
        Column("amount", _N, required=True, low=0),
    ),
    key=("instrument_id", "date"),
)

DEALS = Table(
    "deals",
    (
        _id("deal_id"),
        Column("name"),
        Column("currency", required=True),
        Column("first_payment_date", _D, required=True),
        Column("accrual_start_date", _D),
        _choice("calendar", CALENDARS),
        _choice("business_day", BUSINESS_DAYS),
        _choice("wal_day_count", WAL_DAY_COUNTS),
        Column("original_balance", _N, low=0),
        Column("losses_to_date", _N, low=0),
        Column("fee_rate", _N, low=0, high=1),
        Column("fee_amount", _N, low=0),
        _choice("principal_basis", PRINCIPAL_BASES),
        Column("oc_target", _N, low=0, high=1),
        Column("oc_initial", _N, low=0, high=1),
        Column("step_down_date", _D),
        Column("oc_floor", _N, low=0, high=1),
        Column("oc_counts_reserve", _F),
        Column("reserve_balance", _N, low=0),
        Column("reserve_target", _N, low=0, high=1),
        Column("reserve_floor", _N, low=0, high=1),
        Column("shortfall_interest", _F),
        Column("write_down", _F),
        Column("clean_up_call", _N, low=0, high=1),
        Column("call_exercised", _F),
        Column("undercollateralised", _F),
    ),
    key=("deal_id",),
)

COLLATERAL = Table(
    "collateral",
    (
        _id("deal_id", ("deals", "deal_id")),
        _id("line_id"),
        Column("balance", _N, required=True, low=0),
        Column("wac", _N, low=0, high=1),
        Column("wam", _I, required=True, low=1, high=1200),
        Column("age", _I, required=True, low=0, high=1200),
        _choice("amortization", LINE_AMORTIZATIONS),
        Column("io_months", _I, low=0, high=1200),
        Column("original_balance", _N, low=0),
        Column("servicing_fee", _N, low=0, high=1),
        Column("prepayment"),
        Column("default"),
        Column("severity", _N, low=0, high=1),
        Column("recovery_lag_months", _I, low=0, high=600),
        Column("servicer_advances", _F),
        Column("index"),
        Column("margin", _N, low=-1, high=1),
        Column("cap", _N, low=-1, high=1),
        Column("floor", _N, low=-1, high=1),
        Column("first_collection_months", _I, low=1, high=1200),
    ),
    key=("deal_id", "line_id"),
)

TRANCHES = Table(
    "tranches",
    (
        _id("deal_id", ("deals", "deal_id")),
        _id("instrument_id", ("instruments", "instrument_id")),
        Column("rank", _I, required=True, low=0),
        Column("balance", _N, required=True, low=0),
        Column("coupon", _N, low=-1, high=1),
        _choice("kind", TRANCHE_KINDS, required=True),
        Column("interest_rank", _I, low=0),
        Column("original_balance", _N, low=0),
        _choice("day_count", TRANCHE_DAY_COUNTS),
        Column("index"),
        Column("margin", _N, low=-1, high=1),
        Column("index_multiplier", _N),
        Column("cap", _N, low=-1, high=1),
        Column("floor", _N, low=-1, high=1),
        Column("notional_of"),
        Column("pac_low"),
        Column("pac_high"),
        Column("coverage_test", _N, low=0),
        Column("lockout_date", _D),
        Column("interest_shortfall", _N, low=0),
    ),
    key=("deal_id", "instrument_id"),
)

TRANCHE_SCHEDULES = Table(
    "tranche_schedules",
    (
        _id("deal_id", ("deals", "deal_id")),
        _id("instrument_id", ("tranches", "instrument_id")),
        Column("date", _D, required=True),
        Column("balance", _N, required=True, low=0),
    ),
    key=("deal_id", "instrument_id", "date"),
)

DEAL_TRIGGERS = Table(
    "deal_triggers",
    (
        _id("deal_id", ("deals", "deal_id")),
        _choice("test", TRIGGER_TESTS, required=True),
        Column("from_date", _D, required=True),
        Column("level", _N, required=True, low=0),
        _choice("action", TRIGGER_ACTIONS, required=True),
        Column("curable", _F),
    ),
    key=("deal_id", "test", "from_date", "action"),
)

POSITIONS = Table(
    "positions",
    (
        _id("position_id"),
        _id("instrument_id", ("instruments", "instrument_id")),
        _id("book_id", ("portfolio", "node_id")),
        Column("notional", _N, required=True),
        Column("book_value", _N),
        Column("acquisition_date", _D),
        _choice("accounting_class", ACCOUNTING_CLASSES),
        Column("undrawn", _N, low=0),
        Column("collateral_value", _N, low=0),
        Column("tags"),
        Column("netting_set_id", refers_to=("netting_sets", "netting_set_id")),
        Column("counterparty_id", refers_to=("issuers", "issuer_id")),
        *exposure_columns("accounting_class", "undrawn", "collateral_value"),
    ),
    key=("position_id",),
    required=True,
)

NETTING_SETS = Table(
    "netting_sets",
    (
        _id("netting_set_id"),
        _id("counterparty_id", ("issuers", "issuer_id")),
        Column("book_id", refers_to=("portfolio", "node_id")),
        Column("currency"),
        Column("margined", _F),
        Column("threshold", _N, low=0),
        Column("minimum_transfer_amount", _N, low=0),
        Column("nica", _N),
        Column("collateral", _N),
        Column("mpor_floor_days", _I, low=1, high=250),
        Column("remargin_days", _I, low=1, high=250),
    ),
    key=("netting_set_id",),
)

CREDIT_EVENTS = Table(
    "credit_events",
    (
        _id("position_id"),
        Column("date", _D, required=True),
        _choice("kind", ("CHARGE_OFF", "RECOVERY"), required=True),
        Column("amount", _N, required=True, low=0),
    ),
    key=("position_id", "date", "kind"),
)

TABLES: tuple[Table, ...] = (
    PORTFOLIO,
    ISSUERS,
    INSTRUMENTS,
    EXERCISES,
    CASHFLOWS,
    STEPS,
    PAYMENT_HOLIDAYS,
    DRAWS,
    DEALS,
    COLLATERAL,
    TRANCHES,
    TRANCHE_SCHEDULES,
    DEAL_TRIGGERS,
    POSITIONS,
    NETTING_SETS,
    CREDIT_EVENTS,
)
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}

_SWAP_LEGS = ("fixed_frequency", "fixed_day_count", "float_frequency", "float_day_count")

REQUIRED_TERMS: dict[str, tuple[str, ...]] = {
    "LOAN": ("issue_date", "maturity_date", "rate_type", "day_count", "frequency", "amortization"),
    "BOND": ("maturity_date", "rate_type", "day_count", "frequency"),
    "CALLABLE_BOND": ("maturity_date", "rate_type", "day_count", "frequency"),
    "ABS_MBS": ("wac", "wam", "age", "coupon", "first_payment_date", "prepayment"),
    "STRUCTURED": ("payoff",),
    "FX_FWD": ("pair", "strike", "maturity_date"),
    "IRS": ("issue_date", "maturity_date", "coupon", "index", "pay_receive", *_SWAP_LEGS),
    "CAP_FLOOR": ("option_type", "strike", "index", "float_frequency", "maturity_date"),
    "SWAPTION": ("option_type", "expiry_date", "maturity_date", "strike", "index"),
    "CDS": ("option_type", "coupon", "credit_curve", "maturity_date"),
    "FX_OPTION": ("pair", "option_type", "strike", "expiry_date"),
    "EXTERNAL": (),
}
"""What each product must bring; a coupon (FIXED) or an index (FLOATING) comes on top for debt."""

RATE_TERM: dict[str, str] = {"FIXED": "coupon", "FLOATING": "index"}
