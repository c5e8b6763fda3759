"""The tables that are shown of a run's capital: exposures, and totals at nodes or by an attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from compute.capital.basics import Setting
from compute.capital.columns import Array, Exposures, Flags, Rows
from compute.capital.counterparty.netting import Netting
from compute.capital.counterparty.tables import exposure_rows
from compute.capital.counterparty.totals import labels_of_sets, nodes_of_sets, sums_of_sets
from compute.capital.frameworks import MEASURES, Worked
from compute.capital.outcomes import SHORT, Outcome
from domain.capital.policies import CapitalPolicy, PolicyDocument
from domain.measures.failures import Reason, reason_text
from domain.portfolio.attributes import Labels
from domain.portfolio.exposure_columns import ASSET_CLASSES, IRB_APPROACHES
from domain.portfolio.groupings import group_labels
from domain.portfolio.tree import paths
from domain.refusals import Unknown

Values = TypeVar("Values", Array, Rows, Flags)
TOTALS = (
    *("node_id", "kind", "ead", "pd", "lgd", "el", "ul", "allowance", "rating_factor", "rwa_sa", "rwa_irb"),
    *("rwa_us_sa", "output_floor", "rwa", "floor_add_on", "capital", "el_irb", "eligible_provisions", "el_shortfall"),
    *("provision_surplus_tier2", "cet1", "cet1_ratio", "cet1_ratio_us"),
)


# --- exposures ------------------------------------------------------------------------------------------------------


def exposures_table(worked: Worked) -> pa.Table:
    """A row for each position, where what is no exposure by itself is blank and says so; then the netting sets."""
    portfolio, count = worked.columns.portfolio, worked.columns.portfolio.position_count
    positions = portfolio.tables["positions"].columns
    everything = {
        "exposure_id": _texts(positions["position_id"].values, positions["position_id"].categories),
        "kind": pa.array(["POSITION"]).take(pa.array(np.zeros(count, np.int32))),
        "book_id": _texts(positions["book_id"].values, positions["book_id"].categories),
        "asset_class": _choices(worked, "asset_class", ASSET_CLASSES),
        "currency": _labelled(worked.columns.own_labels("currency"), count),
        "defaulted": pa.array(_spread(worked, worked.basics.defaulted, False)),
        "irb_approach": _choices(worked, "irb_approach", IRB_APPROACHES, "SA"),
        "pd": _numbers(_spread(worked, worked.credit.pd)),
        "lgd": _numbers(_spread(worked, worked.credit.lgd)),
    }
    for measure, outcome in worked.outcomes.items():
        everything |= _framework(worked, measure, outcome)
    everything["reason"] = _reasons(worked)
    of_positions = pa.table(everything)
    if worked.netting is None:
        return of_positions
    return pa.concat_tables([of_positions, exposure_rows(worked.netting, of_positions.schema)])


def _framework(worked: Worked, measure: str, outcome: Outcome) -> dict[str, object]:
    short, name = SHORT[measure], measure.lower()
    places = np.where(outcome.rule < 0, len(outcome.rules), outcome.rule)
    rules = _spread(worked, places, len(outcome.rules))
    return {
        f"ead_{short}": _numbers(_spread(worked, outcome.ead_ccy)),
        f"risk_weight_{short}": _numbers(_spread(worked, outcome.weight)),
        name: _numbers(_spread(worked, outcome.rwa_ccy)),
        f"{name}_base": _numbers(_spread(worked, outcome.rwa_ccy * worked.rate)),
        f"rule_{short}": pa.array([*(rule for rule, _ in outcome.rules), None], pa.string()).take(pa.array(rules)),
    }


def _reasons(worked: Worked) -> pa.Array:
    """`RWA_SA:CODE;…`, each combination written once."""
    count, kinds = worked.columns.portfolio.position_count, len(Reason)
    combined = np.zeros(count, np.int64)
    for measure in MEASURES:
        reason = _spread(worked, worked.outcomes[measure].reason.astype(np.int64), int(Reason.NOT_APPLICABLE))
        combined = combined * kinds + reason
    found, places = np.unique(combined, return_inverse=True)
    texts = [_reason_text(int(each), kinds) for each in found]
    return pa.array(texts, pa.string()).take(pa.array(places))


def _reason_text(combined: int, kinds: int) -> str | None:
    codes = [combined // kinds**power % kinds for power in reversed(range(len(MEASURES)))]
    return reason_text({name: Reason(code) for name, code in zip(MEASURES, codes, strict=True)}) or None


def _spread(worked: Worked, values: Values, absent: float = np.nan) -> Values:
    whole = np.full(worked.columns.portfolio.position_count, absent, values.dtype)
    whole[worked.rows] = values
    return whole


def _numbers(values: Array) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _texts(codes: Rows, categories: tuple[str, ...]) -> pa.Array:
    return pa.array([*categories, None], pa.string()).take(pa.array(np.where(codes < 0, len(categories), codes)))


def _choices(worked: Worked, name: str, values: tuple[str, ...], default: str | None = None) -> pa.Array:
    everyone = Exposures(worked.columns, np.arange(worked.columns.portfolio.position_count))
    return _texts(everyone.choice(name, values, default), values)


def _labelled(found: Labels | None, count: int) -> pa.Array:
    return _texts(found.codes, found.keys) if found else pa.nulls(count, pa.string())


# --- totals ---------------------------------------------------------------------------------------------------------


def capital_table(worked: Worked, by: str | None, allowance_base: Array | None = None) -> pa.Table | None:
    """None where no table has the column. `allowance_base` [positions], NaN where blank."""
    if by is None:
        names, kinds, sums = _of_nodes(worked, allowance_base)
        of_positions = Sums(names, kinds, sums, home_of(worked.setting.capital, names, _root(worked)))
    else:
        found = group_labels(worked.columns.portfolio, by)
        if found is None:
            return None
        sums = _sums(worked, found.codes[worked.rows], len(found.keys), allowance_base)
        of_positions = Sums(found.keys, [by] * len(found.keys), sums, None)
    whole = with_netting_sets(of_positions, worked.netting, by)
    return None if whole is None else table_of_sums(whole, worked.setting, worked.policy)


@dataclass(frozen=True)
class Sums:
    """What the totals are made of, in base currency: [groups] each, as `_sums` names them."""

    names: Sequence[str]
    kinds: Sequence[str]
    amounts: Mapping[str, Array]
    home: str | None
    """the node that the policy's own amounts are added at"""


def with_netting_sets(sums: Sums, netting: Netting | None, by: str | None) -> Sums | None:
    """Sums of positions with those of netting sets at their nodes, or by an attribute; None where no table has it."""
    if netting is None:
        return sums
    if by is None:
        groups = nodes_of_sets(netting)
    else:
        found = group_labels(netting.portfolio, by)
        if found is None:
            return None
        groups = [[each] for each in labels_of_sets(netting, by, found)]
    new = sorted({name for each in groups for name in each} - set(sums.names))
    names = [*sums.names, *new]
    place_of = {name: place for place, name in enumerate(names)}
    amounts = {name: np.append(of, np.zeros(len(new))) for name, of in sums.amounts.items()}
    rows = np.array([row for row, each in enumerate(groups) for _ in each], np.int64)
    places = np.array([place_of[name] for each in groups for name in each], np.int64)
    for name, of_sets in sums_of_sets(netting).items():
        amounts[name] += _by_group(places, of_sets[rows], len(names))
    return Sums(names, [*sums.kinds, *[by or ""] * len(new)], amounts, sums.home)


def table_of_sums(sums: Sums, setting: Setting, policy: PolicyDocument | None) -> pa.Table:
    rows = [
        {"node_id": name, "kind": kind} | _line(setting, policy, sums.amounts, place, name == sums.home)
        for place, (name, kind) in enumerate(zip(sums.names, sums.kinds, strict=True))
    ]
    schema = pa.schema([(name, pa.string() if name in ("node_id", "kind") else pa.float64()) for name in TOTALS])
    return pa.Table.from_pylist(rows, schema=schema)


def _of_nodes(worked: Worked, allowance_base: Array | None) -> tuple[list[str], list[str], dict[str, Array]]:
    """Of books, added up to the nodes above them."""
    portfolio = worked.columns.portfolio
    nodes = portfolio.tables["portfolio"]
    names, kinds = (nodes.columns[each] for each in ("node_id", "kind"))
    own = _sums(worked, portfolio.book_row[worked.rows], nodes.rows, allowance_base)
    sums = {name: amounts.copy() for name, amounts in own.items()}
    for path in paths(portfolio):
        for above in path[:-1]:
            for name, amounts in sums.items():
                amounts[above] += own[name][path[-1]]
    return (
        [names.categories[code] for code in names.values],
        [kinds.categories[code] for code in kinds.values],
        sums,
    )


def home_of(capital: CapitalPolicy, names: Sequence[str], root: str | None) -> str | None:
    """Where the policy's own amounts are added: the node that it names, else the top of the tree."""
    named = capital.node
    if named is not None and named not in names:
        message, fix = (
            f"the policy's node {named!r} is none of the portfolio's",
            "name one that it has",
        )
        raise Unknown("UNKNOWN_NODE", message, fix)
    return named or root


def _root(worked: Worked) -> str | None:
    """The top of the tree; none of a forest's has the bank's own capital unless the policy says which."""
    portfolio = worked.columns.portfolio
    names = portfolio.tables["portfolio"].columns["node_id"]
    roots = [path[0] for path in paths(portfolio) if len(path) == 1]
    return names.categories[names.values[roots[0]]] if len(roots) == 1 else None


def _sums(worked: Worked, group: Rows, count: int, allowance_base: Array | None) -> dict[str, Array]:
    """[groups] amounts in base currency; what is blank adds nothing."""
    credit, rate, rated = worked.credit, worked.rate, worked.rated
    ead = credit.ead_ccy * rate
    amounts = {
        "ead": ead,
        "el": credit.el_ccy * rate,
        "ul": credit.ul_ccy * rate,
        "pd_ead": credit.pd * ead,
        "ead_of_pd": np.where(np.isnan(credit.pd), np.nan, ead),
        "lgd_pd_ead": credit.lgd * credit.pd * ead,
        "pd_ead_of_lgd": np.where(np.isnan(credit.lgd), np.nan, credit.pd * ead),
        "factor_ead": credit.rating_factor * ead,
        "ead_of_factor": np.where(np.isnan(credit.rating_factor), np.nan, ead),
    }
    amounts |= {name.lower(): worked.outcomes[name].rwa_ccy * rate for name in MEASURES}
    if allowance_base is not None:
        amounts["allowance"] = allowance_base[worked.rows]
    sums = {name: _by_group(group, each, count) for name, each in amounts.items()}
    own, own_rate = group[rated.rows], rate[rated.rows]
    counted = ~np.isnan(rated.expected_loss_ccy)
    of_rated = {"el_irb": rated.expected_loss_ccy, "provisions": rated.provision_ccy, "rwa_rated": rated.rwa_ccy}
    return sums | {
        name: _by_group(own, np.where(counted, each, np.nan) * own_rate, count) for name, each in of_rated.items()
    }


def _by_group(group: Rows, amounts: Array, count: int) -> Array:
    return np.bincount(group, weights=np.nan_to_num(amounts, nan=0.0), minlength=count).astype(np.float64)


def _line(
    setting: Setting, said: PolicyDocument | None, sums: Mapping[str, Array], place: int, is_home: bool
) -> dict[str, float | None]:
    at = {name: float(amounts[place]) for name, amounts in sums.items()}
    policy = setting.capital if is_home else CapitalPolicy()
    rwa_sa, rwa_irb = at["rwa_sa"] + policy.other_rwa_standardised, at["rwa_irb"] + policy.other_rwa_internal
    floor = output_floor(setting)
    rwa = rwa_irb if floor is None else max(rwa_irb, floor * rwa_sa)
    losses = _losses(setting, at, policy)
    cet1 = None if policy.cet1 is None else policy.cet1 - losses["el_shortfall"]
    return {
        "ead": at["ead"],
        "pd": _ratio(at["pd_ead"], at["ead_of_pd"]),
        "lgd": _ratio(at["lgd_pd_ead"], at["pd_ead_of_lgd"]),
        "el": at["el"],
        "ul": at["ul"],
        "allowance": at.get("allowance") if makes_allowance(said) else 0.0 if said else None,
        "rating_factor": _ratio(at["factor_ead"], at["ead_of_factor"]),
        "rwa_sa": rwa_sa,
        "rwa_irb": rwa_irb,
        "rwa_us_sa": at["rwa_us_sa"],
        "output_floor": floor,
        "rwa": rwa,
        "floor_add_on": rwa - rwa_irb,
        "capital": _rule(setting, "CAPITAL", "SHARE") * rwa,
        **losses,
        "cet1": cet1,
        "cet1_ratio": None if cet1 is None else _ratio(cet1, rwa),
        "cet1_ratio_us": None if policy.cet1 is None else _ratio(policy.cet1, at["rwa_us_sa"]),
    }


def _losses(setting: Setting, at: Mapping[str, float], policy: CapitalPolicy) -> dict[str, float]:
    """Expected loss against provisions: CRE35."""
    provisions = at["provisions"] + policy.general_provisions_irb
    credit_rwa = at["rwa_rated"] if policy.credit_rwa_irb is None else policy.credit_rwa_irb
    surplus = max(0.0, provisions - at["el_irb"])
    return {
        "el_irb": at["el_irb"],
        "eligible_provisions": provisions,
        "el_shortfall": max(0.0, at["el_irb"] - provisions),
        "provision_surplus_tier2": min(surplus, _rule(setting, "PROVISIONS", "SURPLUS_CAP") * credit_rwa),
    }


def output_floor(setting: Setting) -> float | None:
    """The policy's, else the year's; none under rules that have no floor."""
    if setting.capital.output_floor is not None:
        return setting.capital.output_floor
    rules = setting.rules.get("basel")
    return rules.values("OUTPUT_FLOOR").get("FACTOR") if rules else None


def makes_allowance(policy: PolicyDocument | None) -> bool:
    """Under one that makes none it is nil; without a policy it is not known."""
    return policy is not None and (policy.cecl is not None or policy.ifrs9 is not None)


def _rule(setting: Setting, rule: str, parameter: str) -> float:
    rules = setting.rules.get("basel")
    return rules.value(rule, parameter) if rules else 0.0


def _ratio(over: float, under: float) -> float | None:
    return over / under if under else None
