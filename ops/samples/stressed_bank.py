"""What the sample fund is stressed by: the Federal Reserve's scenario of 2026, Basel's six rate shocks, and a policy.

Capital is a share of the fund's own risk-weighted assets.
"""

from domain.scenarios.shocks import IRRBB_NAMES
from ops.samples.credit_policy import ADVERSE, satellites

POLICY_ID = "sample-stress"
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
        "satellites": satellites(),
        "capital": {
            "cet1": CET1_SHARE * rwa,
            "tier1": TIER1_SHARE * rwa,
            "rwa": rwa,
            "ppnr": PPNR_SHARE * rwa,
            "planned_common_dividends": [DIVIDEND_SHARE * rwa] * 9,
        },
    }
