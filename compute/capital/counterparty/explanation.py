"""A netting set's figures: its collateral terms, its steps, and the weight of its counterparty."""

from collections.abc import Mapping

import numpy as np

from compute.capital.columns import Heard
from compute.capital.counterparty.netting import Netting
from compute.capital.outcomes import Outcome, Step
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason

FAMILIES = {"RWA_SA": "basel", "RWA_IRB": "basel", "RWA_US_SA": "us"}
OF_COUNTERPARTY = ("asset_class", "rating", "scra_grade", "country", "us_category", "crc")


def netting_set_document(
    netting: Netting | None, rules: Mapping[str, Rules], exposure_id: str
) -> dict[str, object] | None:
    """None where no netting set has the name."""
    if netting is None or exposure_id not in netting.agreements.ids:
        return None
    place = netting.agreements.ids.index(exposure_id)
    measures = [
        _measure(name, outcome, netting, place, rules.get(FAMILIES[name])) for name, outcome in netting.outcomes.items()
    ]
    return {"exposure_id": exposure_id, "measures": measures}


def _measure(name: str, outcome: Outcome, netting: Netting, place: int, rules: Rules | None) -> dict[str, object]:
    rule, parameter = outcome.cited(place)
    value, reason = float(outcome.rwa_ccy[place]), Reason(int(outcome.reason[place]))
    steps = [] if np.isnan(netting.ead[place]) else _steps(netting, outcome, place)
    return {
        "measure": name,
        "value": None if np.isnan(value) else value,
        "rule_set": rules.rule_set if rules else None,
        "rule": rule or None,
        "paragraph": (rules.paragraph(rule, parameter) or None) if rules and rule else None,
        "reason": reason.name if reason else None,
        "inputs": [{"name": each.name, "value": each.value, "from": each.source} for each in _inputs(netting, place)],
        "steps": [{"name": step.name, "value": step.value, "arithmetic": step.arithmetic} for step in steps],
    }


def _inputs(netting: Netting, place: int) -> list[Heard]:
    """What the agreement says, in base currency, and what of its counterparty gave the weight."""
    terms = netting.agreements
    of_terms: dict[str, object] = {
        "counterparty_id": terms.counterparty_ids[place],
        "currency": terms.currencies[place],
        "margined": bool(terms.is_margined[place]),
        "collateral": float(terms.collateral[place]),
        "threshold": float(terms.threshold[place]),
        "minimum_transfer_amount": float(terms.transfer_amount[place]),
        "nica": float(terms.nica[place]),
        "trades": int((terms.of_trade == place).sum()),
    }
    source = "netting_set" if place < terms.of_table else "default"
    heard = [Heard(name, value, source) for name, value in of_terms.items()]
    for name in OF_COUNTERPARTY:
        known = netting.columns.labels(name)
        if known is not None and known.keys[known.codes[place]]:
            heard.append(Heard(name, known.keys[known.codes[place]], netting.columns.source_of(name, place)))
    return heard


def _steps(netting: Netting, outcome: Outcome, place: int) -> list[Step]:
    exposed, terms = netting.exposed, netting.agreements
    at = {
        "V": netting.value,
        "C": terms.collateral,
        "RC": exposed.replacement_cost,
        "ADDON": exposed.addon,
        "MULTIPLIER": exposed.multiplier,
        "PFE": exposed.pfe,
        "EAD": netting.ead,
        "RISK_WEIGHT": outcome.weight,
    }
    amounts = {name: float(values[place]) for name, values in at.items()}
    called = terms.threshold[place] + terms.transfer_amount[place] - terms.nica[place]
    cost = f"max({amounts['V']:.12g} - {amounts['C']:.12g}, 0)"
    if terms.is_margined[place]:
        cost = f"max({amounts['V']:.12g} - {amounts['C']:.12g}, {called:.12g}, 0)"
    ead = f"1.4 x ({amounts['RC']:.12g} + {amounts['PFE']:.12g})"
    if terms.is_margined[place] and netting.unmargined[place] < exposed.ead[place]:
        ead = f"that without margin, less than {ead}"
    said = {
        "V": "values of the trades, added up",
        "C": "collateral held, less what is posted",
        "RC": cost,
        "ADDON": " + ".join(f"{part:.12g}" for part in exposed.addons[place] if part) or "no add-on",
        "MULTIPLIER": "min(1, 0.05 + 0.95 exp((V - C) / (2 x 0.95 x ADDON)))",
        "PFE": f"{amounts['MULTIPLIER']:.12g} x {amounts['ADDON']:.12g}",
        "EAD": ead,
        "RISK_WEIGHT": "the weight of the counterparty",
    }
    return [Step(name, amounts[name], said[name]) for name in at if not np.isnan(amounts[name])]
