"""Whether scenarios fit a market: asked by a command, answered by compute, joined here."""

from typing import Any

from compute.market.shocks import check_scenarios as find_misfits
from domain.market.document import MarketDocument
from domain.scenarios.shocks import ScenarioDocument


def check_scenarios(market: MarketDocument, scenarios: list[ScenarioDocument]) -> list[dict[str, Any]]:
    return [
        {"path": p.path, "code": p.code, "value": p.value, "message": p.message, "fix": p.fix}
        for p in find_misfits(market, scenarios)
    ]
