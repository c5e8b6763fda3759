"""How the sample fund makes its allowance: segments with their methods, satellites, and what its scenarios weigh.

Coefficients are plausible and calibrated to nothing.
"""

ADVERSE = "fed2026_severe"
"""The Federal Reserve's severely adverse scenario of 2026."""
_SATELLITES: list[dict[str, object]] = [
    {
        "segment": "Homes",
        "match": {"asset_class": "RESIDENTIAL_RE*"},
        "pd": {"unemployment_rate": 0.15, "house_price_index": -1.5},
        "lgd": {"house_price_index": -0.4},
    },
    {
        "segment": "Commercial property",
        "match": {"asset_class": "COMMERCIAL_RE*"},
        "pd": {"unemployment_rate": 0.1, "cre_price_index": -2.0},
        "lgd": {"cre_price_index": -0.5},
    },
    {"segment": "Retail", "match": {"asset_class": "RETAIL*"}, "pd": {"unemployment_rate": 0.16}},
    {
        "segment": "Companies",
        "match": {"asset_class": "CORPORATE*"},
        "pd": {"unemployment_rate": 0.08, "bbb_spread": 0.12},
        "lgd": {"bbb_spread": 0.01},
    },
]


def satellites() -> list[dict[str, object]]:
    return _SATELLITES


def cecl() -> dict[str, object]:
    """Segments are those of the satellites; what has none, banks and sovereigns, goes by a rate of its own."""
    methods = {"Retail": {"method": "WARM", "annual_rate": 0.018}}
    segments = [
        {"segment": each["segment"], "match": each["match"], **methods.get(str(each["segment"]), {"method": "PD_LGD"})}
        for each in _SATELLITES
    ]
    rest = {"segment": "Banks, sovereigns", "match": {}, "method": "LOSS_RATE", "historical_rate": 0.0005}
    return {
        "segments": [*segments, rest],
        "scenario_weights": {"BASE": 0.6, ADVERSE: 0.4},
        "forecast_quarters": 8,
        "reversion_quarters": 4,
        "overlays": [
            {
                "match": {"asset_class": "COMMERCIAL_RE*"},
                "rate": 0.0025,
                "reason": "vacancies that no model has seen",
                "author": "Portfolio analytics",
                "approved_by": "Allowance committee",
            }
        ],
    }
