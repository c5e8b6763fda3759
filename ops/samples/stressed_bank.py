"""What the sample fund is stressed by: the Federal Reserve's scenario of 2026, Basel's six rate shocks, and a policy.

Coefficients are plausible and calibrated to nothing; capital is a share of the fund's own risk-weighted assets.
"""

from domain.scenarios.shocks import IRRBB_NAMES

POLICY_ID = "sample-stress"
ADVERSE = "fed2026_severe"
CET1_SHARE, TIER1_SHARE, PPNR_SHARE, DIVIDEND_SHARE = 0.13, 0.145, 0.018, 0.0004
"""Of risk-weighted assets: capital today, nine quarters of net revenue before provisions, dividends of a quarter."""


def scenario_documents() -> list[dict[str, object]]:
    severe = {"kind": "SUPERVISORY", "cycle": 2026, "name": "SEVERELY_ADVERSE"}
    shocks = [(f"irrbb.{name}", {"kind": "IRRBB", "name": name}) for name in IRRBB_NAMES]
    return [{"scenario_id": name, "name": name, "shocks": [shock]} for name, shock in [(ADVERSE, severe), *shocks]]


def policy_document(rwa: float) -> dict[str, object]:
    return {
        "policy_id": POLICY_ID,
        "lgd_defaults": {"*": 0.45},
        "satellites": [
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
        ],
        "capital": {
            "cet1": CET1_SHARE * rwa,
            "tier1": TIER1_SHARE * rwa,
            "rwa": rwa,
            "ppnr": PPNR_SHARE * rwa,
            "planned_common_dividends": [DIVIDEND_SHARE * rwa] * 9,
        },
    }
