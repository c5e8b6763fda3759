"""The sample fund's market and scenarios: plausible levels for the close of 23 January 2026, not quotes."""

import calendar
import datetime as dt
from typing import Any

AS_OF = dt.date(2026, 1, 23)
RATINGS = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC")

_TENORS = ("1M", "3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
_ZERO_RATES = {
    "USD-SOFR": (0.0367, 0.0365, 0.0359, 0.0347, 0.0339, 0.0341, 0.0354, 0.0369, 0.0387, 0.0406, 0.0411, 0.0402),
    "EUR-ESTR": (0.0193, 0.0193, 0.0194, 0.0197, 0.0208, 0.0220, 0.0241, 0.0258, 0.0277, 0.0298, 0.0303, 0.0298),
    "EUR-EURIBOR-3M": (0.0199, 0.0202, 0.0206, 0.0211, 0.0223, 0.0235, 0.0256, 0.0272, 0.0291, 0.0311, 0.0315, 0.0309),
    "GBP-SONIA": (0.0373, 0.0369, 0.0362, 0.0353, 0.0351, 0.0356, 0.0370, 0.0384, 0.0405, 0.0431, 0.0440, 0.0436),
}
_SPREAD_TENORS = ("1Y", "3Y", "5Y", "10Y")
_BOND_SPREADS_5Y = (0.0035, 0.0048, 0.0068, 0.0105, 0.0210, 0.0355, 0.0790)
_LOAN_PREMIUM = 0.0070
_TERM_SLOPE = (0.70, 0.90, 1.00, 1.20)

_DISCOUNT = {"USD": "USD-SOFR", "EUR": "EUR-ESTR", "GBP": "GBP-SONIA"}
PROJECTION = {"USD-SOFR-3M": "USD-SOFR", "EUR-EURIBOR-3M": "EUR-EURIBOR-3M", "GBP-SONIA-3M": "GBP-SONIA"}
INDEX_OF = {"USD": "USD-SOFR-3M", "EUR": "EUR-EURIBOR-3M", "GBP": "GBP-SONIA-3M"}
SPOTS = {"EURUSD": 1.1735, "GBPUSD": 1.3482}
SWAP_RATES = {"USD": 0.0358, "EUR": 0.0259, "GBP": 0.0374}
"""About where five-year swaps stand."""
_RECOVERY = 0.4
_CDS_TENORS = ("1Y", "3Y", "5Y", "7Y", "10Y")
_CDS_SLOPE = (0.45, 0.75, 1.00, 1.12, 1.20)
_CDS_TO_BOND = 0.85
_NORMAL_VOLS = {"USD": 0.0086, "EUR": 0.0070, "GBP": 0.0089}
_FX_VOLS = {"EURUSD": (0.064, 0.069, 0.074), "GBPUSD": (0.070, 0.075, 0.081)}

RESET_DAYS = (15, 20, 31)
"""The days on which the sample's floaters reset; 31 means the last of the month."""


def market_document() -> dict[str, Any]:
    """The market file of the contract, section 3."""
    return {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [_curve(curve_id, rates) for curve_id, rates in _ZERO_RATES.items()],
        "spread_curves": [
            _spread_curve(f"{rating}-{product}", level + premium)
            for product, premium in (("BOND", 0.0), ("LOAN", _LOAN_PREMIUM))
            for rating, level in zip(RATINGS, _BOND_SPREADS_5Y, strict=True)
        ],
        "credit_curves": [
            _credit_curve(f"{rating}-CDS", level * _CDS_TO_BOND)
            for rating, level in zip(RATINGS, _BOND_SPREADS_5Y, strict=True)
        ],
        "discount": _DISCOUNT,
        "projection": PROJECTION,
        "fx_spots": [{"pair": pair, "spot": spot} for pair, spot in SPOTS.items()],
        "fixings": _fixings(),
        "volatilities": [
            *(_cap_surface(currency, level) for currency, level in _NORMAL_VOLS.items()),
            *(_swaption_surface(currency, level) for currency, level in _NORMAL_VOLS.items()),
            *(_fx_surface(pair, vols) for pair, vols in _FX_VOLS.items()),
        ],
        "hull_white": {
            "USD": {"mean_reversion": 0.03, "sigma": 0.0095},
            "EUR": {"mean_reversion": 0.03, "sigma": 0.0080},
            "GBP": {"mean_reversion": 0.03, "sigma": 0.0100},
        },
        "prepayment_models": {},
        "rating_transitions": {},
    }


def scenario_documents() -> list[dict[str, Any]]:
    """A dozen scenarios that touch every kind of shock the sample's positions answer to."""
    return [
        _scenario("up100", "Rates +100 bp", _parallel(100)),
        _scenario("down100", "Rates -100 bp", _parallel(-100)),
        _scenario("up200", "Rates +200 bp", _parallel(200)),
        _scenario("down200", "Rates -200 bp", _parallel(-200)),
        _scenario("usd_up50", "Dollar rates alone +50 bp", _parallel(50, "USD-*")),
        _scenario("key5y", "Five-year rates +25 bp", {"kind": "KEY_RATE", "curves": "*", "tenor_yr": 5, "bp": 25}),
        _scenario(
            "steeper",
            "Curves steepen around five years",
            {"kind": "TWIST", "curves": "*", "short_bp": -50, "long_bp": 50, "pivot_yr": 5},
        ),
        _scenario("bbb_wider", "BBB spreads +75 bp", _spread(75, rating="BBB")),
        _scenario("eur_weaker", "Euro 10 % weaker", _fx("EURUSD", -10)),
        _scenario("irrbb_up", "Basel parallel up", _irrbb("PARALLEL_UP")),
        _scenario("irrbb_steepener", "Basel steepener", _irrbb("STEEPENER")),
        _scenario("faster_prepayment", "Prepayments half as fast again", {"kind": "PREPAYMENT", "multiplier": 1.5}),
        _scenario(
            "credit_crunch",
            "Rates fall, spreads widen, losses rise",
            _parallel(-150),
            _spread(200, rating="*"),
            {"kind": "DEFAULT", "multiplier": 2},
            {"kind": "SEVERITY", "add": 0.1},
            {"kind": "PREPAYMENT", "multiplier": 0.6},
        ),
        _scenario(
            "stagflation", "Rates rise, dollar strengthens", _parallel(250), _fx("EURUSD", -8), _fx("GBPUSD", -8)
        ),
    ]


def scenario_set_document() -> dict[str, Any]:
    return {"scenario_set_id": "nightly", "scenarios": [each["scenario_id"] for each in scenario_documents()]}


def _curve(curve_id: str, rates: tuple[float, ...]) -> dict[str, Any]:
    nodes = [{"tenor": tenor, "rate": rate} for tenor, rate in zip(_TENORS, rates, strict=True)]
    return {
        "curve_id": curve_id,
        "currency": curve_id[:3],
        "kind": "ZERO",
        "interpolation": "LOG_LINEAR_DF",
        "nodes": nodes,
    }


def _spread_curve(curve_id: str, level: float) -> dict[str, Any]:
    nodes = [
        {"tenor": tenor, "rate": round(level * slope, 6)}
        for tenor, slope in zip(_SPREAD_TENORS, _TERM_SLOPE, strict=True)
    ]
    return {"curve_id": curve_id, "nodes": nodes}


def _credit_curve(curve_id: str, level: float) -> dict[str, Any]:
    nodes = [
        {"tenor": tenor, "cds_spread": round(level * slope, 6)}
        for tenor, slope in zip(_CDS_TENORS, _CDS_SLOPE, strict=True)
    ]
    return {"curve_id": curve_id, "recovery": _RECOVERY, "nodes": nodes}


def _cap_surface(currency: str, level: float) -> dict[str, Any]:
    """Normal volatilities that rise for a year or two and fall from there."""
    return {
        "surface_id": f"{currency}-CAP",
        "product": "CAP_FLOOR",
        "index": INDEX_OF[currency],
        "kind": "NORMAL",
        "expiries_yr": [0.5, 1, 2, 5, 10],
        "vols": [round(level * shape, 6) for shape in (0.82, 0.95, 1.04, 1.02, 0.96)],
    }


def _swaption_surface(currency: str, level: float) -> dict[str, Any]:
    return {
        "surface_id": f"{currency}-SWPT",
        "product": "SWAPTION",
        "index": INDEX_OF[currency],
        "kind": "NORMAL",
        "expiries_yr": [0.5, 1, 2, 5, 10],
        "tenors_yr": [2, 5, 10, 20],
        "vols": [
            [round(level * by_expiry * by_tenor, 6) for by_tenor in (1.02, 1.00, 0.97, 0.90)]
            for by_expiry in (0.97, 1.00, 1.01, 0.98, 0.91)
        ],
    }


def _fx_surface(pair: str, vols: tuple[float, ...]) -> dict[str, Any]:
    return {
        "surface_id": pair,
        "product": "FX",
        "pair": pair,
        "kind": "LOGNORMAL",
        "expiries_yr": [0.25, 1, 2],
        "vols": list(vols),
    }


def _fixings() -> list[dict[str, Any]]:
    """One fixing per index for every day in the last seven months on which a sample floater can have reset."""
    return [
        {"index": index, "date": day.isoformat(), "rate": round(_ZERO_RATES[curve_id][1] + 0.00005 * age, 6)}
        for index, curve_id in PROJECTION.items()
        for age, day in enumerate(_reset_days())
    ]


def _reset_days() -> list[dt.date]:
    """Newest first."""
    months = [(AS_OF.year, AS_OF.month)] + [(AS_OF.year - 1, month) for month in range(12, 6, -1)]
    days = [
        dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
        for year, month in months
        for day in sorted(RESET_DAYS, reverse=True)
    ]
    return [day for day in days if day <= AS_OF]


def _scenario(scenario_id: str, name: str, *shocks: dict[str, Any]) -> dict[str, Any]:
    return {"scenario_id": scenario_id, "name": name, "shocks": list(shocks)}


def _parallel(bp: float, curves: str = "*") -> dict[str, Any]:
    return {"kind": "PARALLEL", "curves": curves, "bp": bp}


def _spread(bp: float, **match: str) -> dict[str, Any]:
    return {"kind": "SPREAD", "match": match, "bp": bp}


def _fx(pair: str, pct: float) -> dict[str, Any]:
    return {"kind": "FX", "pair": pair, "pct": pct}


def _irrbb(name: str) -> dict[str, Any]:
    return {"kind": "IRRBB", "standard": "d578", "name": name}
