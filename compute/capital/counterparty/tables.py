"""The tables that are shown of netting sets: the sets, their hedging sets, their trades. Amounts in base currency."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from compute.capital.columns import Array, Rows
from compute.capital.counterparty.aggregation import ASSETS, buckets_of
from compute.capital.counterparty.netting import Netting
from compute.capital.counterparty.terms import IR
from compute.capital.outcomes import SHORT
from domain.capital.rule_sets import Rules
from domain.measures.failures import Reason, reason_text
from domain.portfolio.exposure_columns import ASSET_CLASSES, CCR_CLASSES
from domain.portfolio.tree import texts

NUMBERS = (
    *("v", "c", "rc", "addon", *(f"addon_{asset}" for asset in ASSETS), "multiplier", "pfe", "ead"),
    *("risk_weight_sa", "rwa_sa"),
)
SETS = (
    *(("netting_set_id", pa.string()), ("counterparty_id", pa.string()), ("book_id", pa.string())),
    *(("trades", pa.int64()), ("margined", pa.bool_())),
    *((name, pa.float64()) for name in NUMBERS),
)
HEDGING_SETS = (
    *(("netting_set_id", pa.string()), ("hedging_set", pa.string())),
    *(("effective_notional", pa.float64()), ("addon", pa.float64())),
)
TRADES = (
    *((name, pa.string()) for name in ("position_id", "netting_set_id", "ccr_class", "hedging_set", "reference")),
    ("maturity_bucket", pa.int64()),
    *((name, pa.float64()) for name in ("adjusted_notional", "supervisory_delta", "maturity_factor")),
    *((name, pa.float64()) for name in ("supervisory_factor", "effective_notional", "addon", "value")),
)


def netting_sets_table(netting: Netting | None) -> pa.Table:
    if netting is None:
        return _schema(SETS).empty_table()
    agreements, exposed, weighed = netting.agreements, netting.exposed, netting.outcomes["RWA_SA"]
    known = ~np.isnan(netting.ead)
    amounts = {
        "v": netting.value,
        "c": agreements.collateral,
        "rc": exposed.replacement_cost,
        "addon": exposed.addon,
        **{f"addon_{asset}": exposed.addons[:, place] for place, asset in enumerate(ASSETS)},
        "multiplier": exposed.multiplier,
        "pfe": exposed.pfe,
        "ead": netting.ead,
    }
    return pa.table(
        {
            "netting_set_id": agreements.ids,
            "counterparty_id": agreements.counterparty_ids,
            "book_id": book_ids(netting),
            "trades": np.bincount(agreements.of_trade, minlength=len(agreements)),
            "margined": agreements.is_margined,
            **{name: _numbers(np.where(known, each, np.nan)) for name, each in amounts.items()},
            "risk_weight_sa": _numbers(weighed.weight),
            "rwa_sa": _numbers(weighed.rwa_ccy),
        },
        schema=_schema(SETS),
    )


def hedging_sets_table(netting: Netting | None) -> pa.Table:
    if netting is None:
        return _schema(HEDGING_SETS).empty_table()
    sets, ids = netting.exposed.sets, np.array(netting.agreements.ids, dtype=object)
    known = ~np.isnan(netting.ead)[sets.netting_set]
    return pa.table(
        {
            "netting_set_id": ids[sets.netting_set].tolist(),
            "hedging_set": sets.names(netting.trades.terms.references),
            "effective_notional": _numbers(np.where(known, sets.effective_notional, np.nan)),
            "addon": _numbers(np.where(known, sets.addon, np.nan)),
        },
        schema=_schema(HEDGING_SETS),
    )


def trades_table(netting: Netting | None, rules: Rules | None) -> pa.Table:
    if netting is None or rules is None:
        return _schema(TRADES).empty_table()
    trades, exposed, terms = netting.trades, netting.exposed, netting.trades.terms
    ids = netting_position_ids(netting)
    names = exposed.sets.names(terms.references)
    bucket = np.where(terms.ccr_class == IR, buckets_of(terms, rules) + 1, 0)
    return pa.table(
        {
            "position_id": ids,
            "netting_set_id": _taken(netting.agreements.ids, netting.agreements.of_trade),
            "ccr_class": _taken(list(CCR_CLASSES), terms.ccr_class),
            "hedging_set": _taken(names, exposed.sets.of_trade),
            "reference": _taken(terms.references, terms.reference),
            "maturity_bucket": pa.array(bucket, pa.int64(), mask=bucket == 0),
            "adjusted_notional": _numbers(trades.adjusted_notional),
            "supervisory_delta": _numbers(trades.delta),
            "maturity_factor": _numbers(exposed.maturity_factor),
            "supervisory_factor": _numbers(trades.factor),
            "effective_notional": _numbers(exposed.effective_notional),
            "addon": _numbers(trades.factor * exposed.effective_notional),
            "value": _numbers(trades.value),
        },
        schema=_schema(TRADES),
    )


def netting_position_ids(netting: Netting) -> pa.Array:
    held = netting.portfolio.tables["positions"].columns["position_id"]
    return pa.array(held.categories, pa.string()).take(pa.array(held.values[netting.trades.rows]))


def book_ids(netting: Netting) -> list[str | None]:
    books = netting.columns.portfolio.tables["positions"].columns["book_id"]
    return texts(books, len(netting))


def _taken(names: Sequence[str | None], places: Rows) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(places))


def _numbers(values: Array) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)


def _schema(columns: tuple[tuple[str, pa.DataType], ...]) -> pa.Schema:
    return pa.schema(list(columns))


# --- among exposures ------------------------------------------------------------------------------------------------


def exposure_rows(netting: Netting, schema: pa.Schema) -> pa.Table:
    """A row for each netting set, in the columns of exposures."""
    count, basics, said = len(netting), netting.basics, netting.basics.asset_class
    found: dict[str, object] = {
        "exposure_id": netting.agreements.ids,
        "kind": ["NETTING_SET"] * count,
        "book_id": book_ids(netting),
        "asset_class": _taken([*ASSET_CLASSES, None], np.where(said < 0, len(ASSET_CLASSES), said)),
        "currency": [netting.base_currency] * count,
        "defaulted": basics.defaulted,
        "irb_approach": ["SA"] * count,
    }
    for measure, outcome in netting.outcomes.items():
        short, name = SHORT[measure], measure.lower()
        found |= {
            f"ead_{short}": _numbers(outcome.ead_ccy),
            f"risk_weight_{short}": _numbers(outcome.weight),
            name: _numbers(outcome.rwa_ccy),
            f"{name}_base": _numbers(outcome.rwa_ccy),
            f"rule_{short}": [rule or None for rule in outcome.rule_names()],
        }
    found["reason"] = [_reason_of(netting, place) for place in range(count)]
    return pa.table({field.name: found.get(field.name, pa.nulls(count, field.type)) for field in schema}, schema=schema)


def _reason_of(netting: Netting, place: int) -> str | None:
    reasons = {measure: Reason(int(outcome.reason[place])) for measure, outcome in netting.outcomes.items()}
    return reason_text(reasons) or None
