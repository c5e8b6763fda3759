"""Whether curves have a solution and scenarios fit a market: asked by commands, answered by compute, joined here."""

from typing import Any

from domain.documents import Problem
from domain.market.document import MarketDocument
from domain.market.parts import ParCurve
from domain.scenarios.shocks import ScenarioDocument


def find_unsolved(market: MarketDocument) -> list[Problem]:
    """The solver is brought in, and numpy with it, only for a market that has something to solve."""
    if not any(isinstance(curve, ParCurve) for curve in market.curves):
        return []
    from compute.market.par_curves import bootstrap

    return bootstrap(market).problems


def check_scenarios(market: MarketDocument, scenarios: list[ScenarioDocument]) -> list[dict[str, Any]]:
    from compute.market.shocks import check_scenarios as find_misfits

    return [
        {"path": p.path, "code": p.code, "value": p.value, "message": p.message, "fix": p.fix}
        for p in find_misfits(market, scenarios)
    ]
