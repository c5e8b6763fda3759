"""The columns that capital and allowance read of an exposure.

Each may stand on positions, instruments or issuers; `domain.portfolio.attributes` says which one is heard.
"""

from domain.portfolio.column_types import Column, Kind

ASSET_CLASSES = (
    "SOVEREIGN",
    "BANK",
    "CORPORATE",
    "CORPORATE_SME",
    "SPECIALISED_LENDING",
    "RETAIL",
    "RETAIL_TRANSACTOR",
    "RETAIL_REVOLVER",
    "RETAIL_OTHER",
    "RESIDENTIAL_RE",
    "RESIDENTIAL_RE_INCOME",
    "COMMERCIAL_RE",
    "COMMERCIAL_RE_INCOME",
    "LAND_ADC",
    "HVCRE",
    "SECURITISATION",
    "COVERED_BOND",
    "EQUITY",
    "CASH",
    "COLLECTION_ITEMS",
    "DEFAULTED",
    "OTHER",
)
ACCOUNTING_CLASSES = ("AMORTISED_COST", "HTM", "AFS", "HFS", "FVO", "TRADING")
CSR_CURVES = ("BOND", "CDS")
SCRA_GRADES = ("A*", "A", "B", "C")
SPECIALISED_TYPES = (
    "OBJECT_FINANCE",
    "COMMODITY_FINANCE",
    "PROJECT_PRE_OPERATIONAL",
    "PROJECT_OPERATIONAL",
    "PROJECT_HIGH_QUALITY",
)
COMMITMENT_TYPES = (
    "UNCONDITIONALLY_CANCELLABLE",
    "TRADE_LC",
    "COMMITMENT",
    "NIF_RUF",
    "PERFORMANCE",
    "DIRECT_CREDIT_SUBSTITUTE",
)
IRB_APPROACHES = ("SA", "FIRB", "AIRB")
COLLATERAL_TYPES = ("FINANCIAL", "RECEIVABLES", "REAL_ESTATE", "OTHER_PHYSICAL")
"""In the order in which the IRB tables give them."""
SEC_APPROACHES = ("SEC_IRBA", "SEC_ERBA", "SEC_SA")
US_CATEGORIES = (
    "US_GOVERNMENT",
    "GSE",
    "DEPOSITORY",
    "FOREIGN_SOVEREIGN",
    "FOREIGN_BANK",
    "CORPORATE",
    "FIRST_LIEN_PRUDENT",
    "RESIDENTIAL_OTHER",
    "PRESOLD",
    "STATUTORY_MULTIFAMILY",
    "HVCRE",
    "MSA_DTA",
    "CASH",
    "COLLECTION_ITEMS",
    "EQUITY",
)
CCR_CLASSES = (
    "IR",
    "FX",
    "CREDIT_SINGLE",
    "CREDIT_INDEX",
    "EQUITY_SINGLE",
    "EQUITY_INDEX",
    "COMMODITY_ELECTRICITY",
    "COMMODITY_ENERGY",
    "COMMODITY_METALS",
    "COMMODITY_AGRICULTURE",
    "COMMODITY_OTHER",
)

_N, _I, _D, _F = Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.FLAG


def _choice(name: str, values: tuple[str, ...]) -> Column:
    return Column(name, values=values)


def _share(name: str) -> Column:
    return Column(name, _N, low=0, high=1)


def _amount(name: str) -> Column:
    return Column(name, _N, low=0)


EXPOSURE_COLUMNS: tuple[Column, ...] = (
    _choice("asset_class", ASSET_CLASSES),
    Column("rating"),
    Column("rating_2"),
    Column("rating_3"),
    _choice("scra_grade", SCRA_GRADES),
    Column("investment_grade", _F),
    _amount("sales_eur_m"),
    _choice("specialised_type", SPECIALISED_TYPES),
    _choice("equity_type", ("SPECULATIVE",)),
    Column("presold", _F),
    _amount("collateral_value"),
    Column("ltv", _N, low=0, high=5),
    _amount("prior_liens"),
    _amount("pari_passu_liens"),
    Column("re_qualifying", _F),
    _choice("counterparty_class", ASSET_CLASSES),
    Column("income_currency"),
    Column("income_hedged", _F),
    Column("days_past_due", _I, low=0),
    Column("defaulted", _F),
    Column("nonaccrual", _F),
    _amount("specific_provision"),
    _amount("undrawn"),
    _choice("commitment_type", COMMITMENT_TYPES),
    _choice("commitment_item", COMMITMENT_TYPES),
    _share("ccf"),
    _choice("irb_approach", IRB_APPROACHES),
    _share("pd_12m"),
    _share("lgd"),
    _share("best_estimate_el"),
    _amount("effective_maturity"),
    _choice("collateral_type", COLLATERAL_TYPES),
    _share("collateral_haircut"),
    Column("financial_institution", _F),
    Column("large_or_unregulated_fi", _F),
    _share("attachment"),
    _share("detachment"),
    _share("k_sa"),
    _share("w"),
    _share("delinquency_unknown"),
    _share("k_irb"),
    _choice("pool_type", ("WHOLESALE", "RETAIL")),
    Column("pool_n", _N, low=1),
    _share("pool_lgd"),
    _amount("tranche_maturity"),
    Column("senior", _F),
    Column("stc", _F),
    Column("resecuritisation", _F),
    Column("pool_risk_weight", _N, low=0, high=12.5),
    _choice("sec_approach", SEC_APPROACHES),
    _choice("us_category", US_CATEGORIES),
    Column("crc", _I, low=0, high=7),
    _choice("accounting_class", ACCOUNTING_CLASSES),
    Column("fair_value_level", _I, low=1, high=3),
    _amount("amortised_cost"),
    Column("effective_interest_rate", _N, low=-1, high=5),
    Column("pcd", _F),
    Column("origination_date", _D),
    Column("revolving", _F),
    Column("stage", _I, low=1, high=3),
    _share("pd_at_origination"),
    Column("watchlist", _F),
    Column("market_value", _N),
    Column("issuer_group"),
    Column("gsib", _F),
    Column("frtb_bucket", _I, low=1, high=18),
    _choice("csr_curve", CSR_CURVES),
    _choice("ccr_class", CCR_CLASSES),
    Column("ccr_reference"),
    Column("ccr_start", _N, low=0),
    Column("ccr_end", _N, low=0),
    Column("ccr_maturity", _N, low=0),
    Column("ccr_delta", _N, low=-1, high=1),
    Column("ccr_quality"),
    Column("ccr_underlying", _N),
)
EXPOSURE_NAMES = frozenset(column.name for column in EXPOSURE_COLUMNS)


def exposure_columns(*held: str) -> tuple[Column, ...]:
    """Those that a table does not have among its own."""
    return tuple(column for column in EXPOSURE_COLUMNS if column.name not in held)
