"""Prepayment and default speeds of positions, and the variants of them that a run's scenarios make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import UNKNOWN, Terms
from compute.kernels.deals.collections import DealLines
from compute.kernels.flows.flows import OF_SCHEDULED, PARTS, Flows
from compute.kernels.flows.prepaying_pool import Speeds, Variants, distinct_variants
from compute.kernels.flows.prepayment_model import Followed
from compute.kernels.flows.speeds import CDR, DEFAULT_KINDS, MODEL, NO_SPEED, PD, PREPAYMENT_KINDS, parse_speed
from domain.scenarios.shocks import DefaultShock, PrepaymentShock

NOT_HERE = -1


def speeds_of(terms: Terms) -> Speeds:
    """PD is the issuer's pd_12m as a CDR, and its lgd the severity of an instrument that has none.

    Without a pd_12m the kind stays PD, which is no rate.
    """
    prepayment_kind = terms.code("prepayment kind", "prepayment", lambda text: kind_of(text, PREPAYMENT_KINDS))
    default_kind = terms.code("default kind", "default", lambda text: kind_of(text, DEFAULT_KINDS))
    default_pct, severity, by_issuer = (
        quoted_pct(terms, "default", DEFAULT_KINDS),
        terms.number("severity"),
        default_kind == PD,
    )
    if by_issuer.any():
        pd_12m, lgd = terms.issuer_number("pd_12m"), terms.issuer_number("lgd")
        default_kind = np.where(by_issuer & ~np.isnan(pd_12m), CDR, default_kind)
        default_pct = np.where(by_issuer, 100.0 * pd_12m, default_pct)
        severity = np.where(by_issuer & np.isnan(severity), lgd, severity)
    return Speeds(
        prepayment_kind.astype(np.int8),
        quoted_pct(terms, "prepayment", PREPAYMENT_KINDS),
        default_kind.astype(np.int8),
        default_pct,
        np.nan_to_num(severity, nan=0.0),
        terms.whole("recovery_lag_months"),
        terms.flag("servicer_advances"),
    )


def kind_of(text: str, kinds: tuple[str, ...]) -> int:
    try:
        return parse_speed(text, kinds).code
    except ValueError:
        return UNKNOWN


def quoted_pct(terms: Terms, name: str, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    codes, categories = terms.texts(name)
    if not categories:
        return np.zeros(len(terms))
    column = terms.portfolio.tables["instruments"].columns[name]
    table = terms.lookups.table(f"{name} pct", column, name, lambda text: pct_of(text, kinds))
    return np.where(codes == NO_SPEED, 0.0, table[codes])


def pct_of(text: str, kinds: tuple[str, ...]) -> float:
    try:
        return parse_speed(text, kinds).quoted_pct
    except ValueError:
        return np.nan


def variants_of(run: RunInputs, speeds: Speeds, scenarios: NDArray[np.int64] | None = None) -> Variants:
    """Of some scenarios or of all; each is one of its own where its rates move the speed of a model."""
    tables = run.tables
    prepayment, default, severity = tables.prepayment_multiplier, tables.default_multiplier, tables.severity_add
    if scenarios is not None:
        prepayment, default, severity = prepayment[scenarios], default[scenarios], severity[scenarios]
    if (speeds.prepayment_kind == MODEL).any():
        return Variants(prepayment, default, severity, np.arange(len(severity), dtype=np.int32))
    return distinct_variants(speeds, prepayment, default, severity)


@dataclass(frozen=True)
class Behaviour:
    """Speeds of m positions under some of the scenarios, and the variants of these that multipliers make."""

    scenarios: NDArray[np.int64]
    speeds: Speeds
    variants: Variants
    """`of_scenario` is NOT_HERE for every other scenario"""
    followed: Followed | None = None
    """by those whose speed is a model's: `modelled.following`"""


def behaviours_of(run: RunInputs, terms: Terms) -> list[Behaviour]:
    """One where every scenario scales all speeds alike; one more for each way of replacing or matching some."""
    quoted, tables = Speeds.none(len(terms)) if run.is_contractual else speeds_of(terms), run.tables
    if run.without_default:
        quoted = quoted._replace(default_kind=np.full(len(terms), NO_SPEED))
    groups: dict[str, list[int]] = {}
    for scenario in range(run.scenario_count):
        groups.setdefault(repr(tables.speed_shocks[scenario]), []).append(scenario)
    if run.is_contractual or (len(groups) == 1 and not tables.speed_shocks[0]):
        return [Behaviour(np.arange(run.scenario_count), quoted, variants_of(run, quoted))]
    found = []
    for members in groups.values():
        scenarios = np.array(members)
        speeds = quoted._replace(**shocked_speeds(quoted, tables.speed_shocks[members[0]], terms.matched))
        some = variants_of(run, speeds, scenarios)
        of_scenario = np.full(run.scenario_count, NOT_HERE, np.int32)
        of_scenario[scenarios] = some.of_scenario
        found.append(Behaviour(scenarios, speeds, some._replace(of_scenario=of_scenario)))
    return found


def under_scenario(behaviours: Sequence[Behaviour], scenario: int) -> tuple[Speeds, Variants, int, Followed | None]:
    """Speeds and variant that one scenario sees, and what is followed."""
    mine = next(each for each in behaviours if scenario in each.scenarios)
    return mine.speeds, mine.variants, int(mine.variants.of_scenario[scenario]), mine.followed


def shocked_speeds(
    quoted: Speeds | DealLines,
    shocks: Sequence[PrepaymentShock | DefaultShock],
    matched: Callable[[Mapping[str, str]], NDArray[np.bool_]],
) -> dict[str, NDArray[Any]]:
    """The columns that change. A replaced speed forgets the shocks before it; what quotes none has none."""
    kinds = {"prepayment": quoted.prepayment_kind.copy(), "default": quoted.default_kind.copy()}
    percents = {"prepayment": quoted.prepayment_pct.copy(), "default": quoted.default_pct.copy()}
    factors = {name: np.ones(len(kind)) for name, kind in kinds.items()}
    for shock in shocks:
        name = "prepayment" if isinstance(shock, PrepaymentShock) else "default"
        chosen = kinds[name] != NO_SPEED
        if shock.match is not None:
            chosen = chosen & matched(shock.match)
        if shock.speed is not None:
            speed = parse_speed(shock.speed)
            kinds[name][chosen], percents[name][chosen], factors[name][chosen] = speed.code, speed.quoted_pct, 1.0
        else:
            factors[name][chosen] *= shock.multiplier
    return {
        "prepayment_kind": kinds["prepayment"],
        "prepayment_pct": percents["prepayment"] * factors["prepayment"],
        "default_kind": kinds["default"],
        "default_pct": percents["default"] * factors["default"],
    }


Project = Callable[[Speeds, Variants, Followed | None], Flows]


def flows_of_variants(behaviours: Sequence[Behaviour], project: Project) -> Flows:
    """Flows with a column for each variant of each behaviour."""
    parts = [project(each.speeds, each.variants, each.followed) for each in behaviours]
    if len(parts) == 1:
        return parts[0]
    of_scenario, before = np.empty(len(behaviours[0].variants.of_scenario), np.int32), 0
    for each, part in zip(behaviours, parts, strict=True):
        of_scenario[each.scenarios] = part.variant_of_scenario[each.scenarios] + before
        before += part.interest.shape[1]
    return replace(
        parts[0],
        interest=np.hstack([part.interest for part in parts]),
        principal=np.hstack([part.principal for part in parts]),
        parts=_parts_of_variants(parts),
        variant_of_scenario=of_scenario,
    )


def _parts_of_variants(parts: Sequence[Flows]) -> NDArray[np.float64] | None:
    """Where one behaviour's principal is in parts, all of what another pays is scheduled."""
    if all(part.parts is None for part in parts):
        return None
    return np.concatenate([in_parts(part) for part in parts], axis=2)


def in_parts(flows: Flows) -> NDArray[np.float64]:
    """[4, F, V]"""
    if flows.parts is not None:
        return flows.parts
    parts = np.zeros((len(PARTS), *flows.principal.shape))
    parts[OF_SCHEDULED] = flows.principal
    return parts


def by_scenario(behaviours: Sequence[Behaviour], parts: Sequence[NDArray[np.float64]], axis: int = 1) -> Any:
    """From arrays with a place for each scenario, of which each behaviour filled its own, to one."""
    if len(parts) == 1:
        return parts[0]
    whole = np.moveaxis(parts[0].copy(), axis, 0)
    for each, part in zip(behaviours, parts, strict=True):
        whole[each.scenarios] = np.moveaxis(part, axis, 0)[each.scenarios]
    return np.ascontiguousarray(np.moveaxis(whole, 0, axis))
