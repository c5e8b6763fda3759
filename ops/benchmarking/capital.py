"""What capital and allowances cost: beside the prices of a run, from request to queryable; reports at nodes and by
columns, an explanation, and netting sets, when they are asked for again."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from domain.measures.measures import MEASURES, Fact
from domain.runs.run import RunRequested
from ops.ports import Storage
from ops.regulatory.allowance import AllowanceOfRuns
from ops.regulatory.capital import CapitalOfRuns
from ops.regulatory.netted_sums import net_up_for
from query_api.services.allowance import AllowanceReport
from query_api.services.regulatory import Report

OF_CAPITAL = tuple(measure.name for measure in MEASURES if measure.fact is Fact.CAPITAL)
PRICES = ("PV",)
STRESSED = "credit_crunch"
TIMES = 100
EXPLAINED = 50
COLUMNS = (None, "asset_class", "sector", "rating", "country")


def policy_by(method: str) -> dict[str, Any]:
    """Of every position an allowance by one method, over BASE and a scenario that moves PD and LGD."""
    weights = {"BASE": 0.6, STRESSED: 0.4}
    segments = [{"segment": "ALL", "match": {}, "method": method}]
    return {
        "policy_id": f"bench-{method.lower().replace('_', '-')}",
        "lgd_defaults": {"*": 0.45},
        "cecl": {"segments": segments, "scenario_weights": weights},
    }


RunSeconds = Callable[[tuple[str, ...], str | None], float]
"""(measures, policy or None) -> seconds from request to queryable, under BASE and STRESSED"""


def capital_seconds(run: RunSeconds, policies: dict[str, str]) -> dict[str, float]:
    """`policies` by method. What is added is beside prices of the same positions and scenarios."""
    found = {"prices": run(PRICES, None)}
    for method, policy in policies.items():
        name = f"with_{method.lower()}"
        found[name] = run((*PRICES, *OF_CAPITAL), policy)
        found[f"added_{method.lower()}"] = found[name] - found["prices"]
    return {name: round(seconds, 3) for name, seconds in found.items()}


def report_times(storage: Storage, requested: RunRequested) -> dict[str, float | None]:
    """Wall time of questions to one process, each asked before: p99 of reports, and of explanations of exposures."""
    run_id, capital, allowance = str(requested.originator_id), CapitalOfRuns(storage), AllowanceOfRuns(storage)
    questions: list[Callable[[], object]] = [
        *(partial(capital.report, run_id, Report.CAPITAL, by) for by in COLUMNS),
        lambda: capital.report(run_id, Report.CONCENTRATION, None),
        lambda: capital.report(run_id, Report.NETTING_SETS, None),
        lambda: allowance.report(run_id, AllowanceReport.SEGMENTS),
        lambda: allowance.report(run_id, AllowanceReport.VINTAGE),
    ]
    for ask in questions:
        ask()
    again = [_ms(questions[number % len(questions)]) for number in range(TIMES)]
    return {
        "report_ms_p99": round(float(np.percentile(again, 99)), 3),
        "explain_ms_p99": _explain_ms(storage, requested, capital),
        "netting_s": _netting_seconds(storage, requested),
    }


def _explain_ms(storage: Storage, requested: RunRequested, capital: CapitalOfRuns) -> float:
    portfolio = storage.portfolio(requested.portfolio_sha256)
    ids = portfolio.tables["positions"].columns["position_id"]
    rows = np.random.default_rng(1).integers(0, portfolio.position_count, EXPLAINED + 1)
    names = [ids.categories[code] for code in ids.values[rows]]
    run_id = str(requested.originator_id)
    capital.explanation(run_id, names[0])
    times = [_ms(partial(capital.explanation, run_id, name)) for name in names[1:]]
    return round(float(np.percentile(times, 99)), 3)


def _netting_seconds(storage: Storage, requested: RunRequested) -> float | None:
    """SA-CCR of all derivatives of the run, as its totals have it; None where nothing is netted."""
    started = time.perf_counter()
    found = net_up_for(storage)(requested, np.zeros(requested.positions))
    return None if found is None else round(time.perf_counter() - started, 3)


def _ms(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1e3
