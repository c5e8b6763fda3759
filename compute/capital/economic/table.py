"""Economic capital and return on it, node by node."""

from hashlib import sha256

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array, Rows
from compute.capital.economic.losses import Analytic, analytic_losses, node_losses
from compute.capital.economic.obligors import books_below, obligors_of
from compute.capital.frameworks import Worked
from compute.kernels.capital.periods import regulatory_years
from domain.portfolio.columns import ABSENT_DATE
from domain.portfolio.tree import paths, texts
from domain.refusals import Refused
from domain.runs.run import RunRequested

AMOUNTS = (
    *("ead", "el", "loss_deviation", "var_asymptotic", "granularity", "var", "es", "economic_capital"),
    *("contribution", "income", "raroc"),
)
SCHEMA = pa.schema(
    [
        *(("node_id", pa.string()), ("kind", pa.string()), ("obligors", pa.int64()), ("left_out", pa.int64())),
        *((name, pa.float64()) for name in AMOUNTS),
    ]
)


def economic_capital_table(worked: Worked, requested: RunRequested, funding: Array) -> pa.Table:
    """`funding`: [exposures] what a year of the exposure's money costs, decimal; NaN where no curve says it."""
    rules = worked.setting.rules.get("basel")
    if rules is None or not rules.values("IRB_CORPORATE"):
        raise Refused("UNSUPPORTED", "the run's rules know no correlations", "submit one with --rules basel-2023")
    confidence = rules.value("IRB", "CONFIDENCE")
    obligors, under = obligors_of(worked, rules), books_below(worked)
    found = analytic_losses(obligors, under, confidence)
    simulated = node_losses(obligors, under, seed_of(requested))
    nodes = worked.columns.portfolio.tables["portfolio"]
    certain, left_out = _summed(obligors.certain, under), _summed(obligors.left_out, under)
    books = worked.columns.portfolio.book_row[worked.rows]
    amounts = _figures(worked, found, simulated, confidence)
    for name, each in (("ead", worked.credit.ead_ccy * worked.rate), ("income", _income(worked, funding))):
        by_book = np.bincount(books, weights=np.nan_to_num(each), minlength=nodes.rows)
        amounts[name] = _summed(by_book, under)
    amounts |= {name: amounts[name] + certain for name in ("el", "var_asymptotic", "var", "es")}
    held = amounts["contribution"] > 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        amounts["raroc"] = np.where(held, (amounts["income"] - amounts["el"]) / amounts["contribution"], np.nan)
    columns: dict[str, object] = {
        "node_id": texts(nodes.columns["node_id"], nodes.rows),
        "kind": texts(nodes.columns["kind"], nodes.rows),
        "obligors": found.obligors,
        "left_out": left_out.astype(np.int64),
    }
    shown = {name: pa.array(amounts[name], pa.float64(), from_pandas=True) for name in AMOUNTS}
    return pa.table(columns | shown, schema=SCHEMA)


def seed_of(requested: RunRequested) -> int:
    """Of the snapshots: the same book on the same market is drawn in the same way."""
    said = f"{requested.portfolio_sha256}/{requested.market_sha256}"
    return int.from_bytes(sha256(said.encode()).digest()[:8], "big")


def _figures(worked: Worked, found: Analytic, simulated: Array, confidence: float) -> dict[str, Array]:
    """Without what is certain to be lost. Each node's quantile is its own; contributions are to that of its root."""
    tail = tail_size(len(simulated), confidence)
    ordered = np.sort(simulated, axis=0)
    var, es = ordered[-tail], ordered[-tail:].mean(axis=0)
    capital = np.maximum(0.0, var - found.expected)
    return {
        "el": found.expected,
        "loss_deviation": found.deviation,
        "var_asymptotic": found.quantile,
        "granularity": found.granularity,
        "var": var,
        "es": es,
        "economic_capital": capital,
        "contribution": _contributions(worked, found, simulated, tail, capital, es),
    }


def tail_size(count: int, confidence: float) -> int:
    """How many of the worst outcomes lie at the quantile or beyond."""
    return max(1, count - int(np.ceil(count * confidence - 1e-9)) + 1)


def _contributions(worked: Worked, found: Analytic, simulated: Array, tail: int, capital: Array, es: Array) -> Array:
    """What a node loses on average in its root's tail, above what it expects, scaled to the root's capital: nodes add
    up to those above them."""
    contribution = np.zeros(len(capital))
    for path in paths(worked.columns.portfolio):
        root, node = path[0], path[-1]
        worst = np.argsort(simulated[:, root], kind="stable")[-tail:]
        beyond = es[root] - found.expected[root]
        if beyond > 0.0:
            mine = simulated[worst, node].mean() - found.expected[node]
            contribution[node] = mine * capital[root] / beyond
    return contribution


def _income(worked: Worked, funding: Array) -> Array:
    """[exposures] of a year: carrying amount x what the rate earns above its funding; of a floater its margin."""
    exposures = worked.basics.exposures
    said = exposures.number("effective_interest_rate")
    rate = np.where(np.isnan(said), exposures.number("coupon"), said)
    floats = exposures.own_is("rate_type", "FLOATING".__eq__)
    net = np.where(np.isnan(said) & floats, exposures.number("margin", 0.0), rate - funding)
    return worked.basics.carrying_ccy * net * worked.rate


def years_of_funding(worked: Worked) -> Array:
    """[exposures] to maturity; a year at least, and where there is none."""
    matures, as_of = worked.basics.exposures.day("maturity_date"), worked.setting.as_of_day
    return np.maximum(1.0, regulatory_years(as_of, np.where(matures == ABSENT_DATE, as_of, matures)))


def _summed(by_book: Array | Rows, under: list[Rows]) -> Array:
    return np.array([by_book[each].sum() for each in under], np.float64)
