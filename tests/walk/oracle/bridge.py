"""The bridge of durations as the contract words it (cash flows, 7a), one position after another, by revaluation."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.walk.oracle.market import Market, read_market
from tests.walk.oracle.pricer import value
from tests.walk.oracle.terms import Terms, read_positions

STEPS = ("FROM", "TIME", "RATES", "SPREADS", "OTHER_MARKET", "TERMS", "NOTIONAL", "GONE", "NEW", "TO")
BP = 1e-4

Held = list[tuple[Terms, Market]]


def by_tenor(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old document on the new day: tenors as they are, dates as far away as they were, all that is fixed."""
    days = date.fromisoformat(new["as_of"]) - date.fromisoformat(old["as_of"])
    moved = json.loads(json.dumps(old)) | {"as_of": new["as_of"]}
    for curve in [*moved["curves"], *moved.get("spread_curves", [])]:
        for node in curve["nodes"]:
            if "date" in node:
                node["date"] = str(date.fromisoformat(node["date"]) + timedelta(days=days.days))
    known = {(each["index"], each["date"]): each for each in [*new["fixings"], *old["fixings"]]}
    whole: dict[str, Any] = moved | {"fixings": list(known.values())}
    return whole


def markets(old: dict[str, Any], new: dict[str, Any], folder: Path) -> dict[str, Market]:
    time = by_tenor(old, new)
    rates = time | {name: new[name] for name in ("curves", "discount", "projection")}
    spreads = rates | {"spread_curves": new["spread_curves"]}
    documents = {"FROM": old, "TIME": time, "RATES": rates, "SPREADS": spreads, "OTHER_MARKET": new}
    found = {}
    for step, document in documents.items():
        (folder / step).mkdir()
        (folder / step / "market.json").write_text(json.dumps(document))
        found[step] = read_market(folder / step)
    return found


def bridge(
    first: Path, second: Path, folder: Path, group_of: Callable[[Terms], str]
) -> dict[tuple[str, str], tuple[float, float]]:
    """(group, step): duration, and PV in base currency."""
    documents = [json.loads((each / "market.json").read_text()) for each in (first, second)]
    under = markets(documents[0], documents[1], folder)
    old, new = ({each.position_id: each for each in read_positions(side)} for side in (first, second))
    now = under["OTHER_MARKET"]
    gone: Held = [(terms, now) for name, terms in old.items() if name not in new]
    stays: Held = [(terms, now) for name, terms in new.items() if name in old]
    as_held: Held = [
        (replace(terms, position=terms.position | {"notional": old[terms.position_id].position["notional"]}), now)
        for terms, _ in stays
    ]
    states: dict[str, Held] = {step: [(terms, market) for terms in old.values()] for step, market in under.items()}
    states |= {"TERMS": gone + as_held, "NOTIONAL": gone + stays, "GONE": stays}
    states |= {step: [(terms, now) for terms in new.values()] for step in ("NEW", "TO")}
    groups = {group_of(terms) for terms in (*old.values(), *new.values())}
    return {
        (group, step): averaged([each for each in states[step] if group_of(each[0]) == group])
        for group in groups
        for step in STEPS
    }


def averaged(held: Held) -> tuple[float, float]:
    pvs, weighted = 0.0, 0.0
    for terms, market in held:
        rate = market.fx(terms.currency, "USD")
        up, down = value(terms, market.with_zeros_moved(higher)), value(terms, market.with_zeros_moved(lower))
        pvs += value(terms, market) * rate
        weighted += (down - up) / 2 * 10_000 * rate
    return (weighted / pvs if pvs else 0.0), pvs


def higher(_: float) -> float:
    return BP


def lower(_: float) -> float:
    return -BP
