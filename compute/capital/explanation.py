"""One exposure's figures: rule, paragraph, inputs with where each came from, and the arithmetic step by step."""

import numpy as np

from compute.capital.columns import Columns, Heard
from compute.capital.frameworks import FAMILY_OF, MEASURES, Explained, explain, setting_of
from domain.capital.rule_sets import Rules
from domain.market.document import MarketDocument
from domain.measures.failures import Reason
from domain.runs.run import RunRequested

ORDER = (
    *("LTV", "COUNTERPARTY_RISK_WEIGHT", "CCF", "EAD", "AVAILABLE", "SECURED"),
    *("PD", "LGD", "R", "B", "M", "MATURITY_ADJUSTMENT", "BEST_ESTIMATE_EL", "K"),
    *("K_A", "P", "K_SSFA", "M_T", "THICKNESS", "RISK_WEIGHT_BEFORE_FLOOR", "RISK_WEIGHT"),
)


def explanation_document(
    columns: Columns, requested: RunRequested, market: MarketDocument, exposure_id: str, row: int
) -> dict[str, object]:
    rules = setting_of(requested, market)[0].rules
    found = explain(columns, requested, market, row)
    if found is None:
        measures = [_blank(name, rules.get(FAMILY_OF[name])) for name in MEASURES]
    else:
        measures = [_measure(each, rules.get(FAMILY_OF[each.measure])) for each in found]
    return {"exposure_id": exposure_id, "measures": measures}


def _blank(measure: str, rules: Rules | None) -> dict[str, object]:
    """What is no exposure by itself."""
    return {
        "measure": measure,
        "value": None,
        "rule_set": rules.rule_set if rules else None,
        "rule": None,
        "paragraph": None,
        "reason": Reason.NOT_APPLICABLE.name,
        "inputs": [],
        "steps": [],
    }


def _measure(explained: Explained, rules: Rules | None) -> dict[str, object]:
    outcome = explained.outcome
    rule, parameter = outcome.cited(0)
    reason, value = Reason(int(outcome.reason[0])), float(outcome.rwa_ccy[0])
    return _blank(explained.measure, rules) | {
        "value": None if np.isnan(value) else value,
        "rule": rule or None,
        "paragraph": (rules.paragraph(rule, parameter) or None) if rules and rule else None,
        "reason": reason.name if reason else None,
        "inputs": [_input(each) for each in explained.heard.values()],
        "steps": [
            {"name": step.name, "value": step.value, "arithmetic": step.arithmetic}
            for step in sorted((outcome.steps or {}).values(), key=lambda each: ORDER.index(each.name))
        ],
    }


def _input(heard: Heard) -> dict[str, object]:
    return {"name": heard.name, "value": heard.value, "from": heard.source}
