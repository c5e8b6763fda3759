"""Trades to hedging sets, and hedging sets to the add-ons of netting sets."""

from dataclasses import dataclass

import numpy as np

from compute.capital.columns import Array, Rows
from compute.capital.counterparty.terms import CLASS, FX, IR, DerivativeTerms
from compute.capital.counterparty.trades import Trades
from compute.kernels.capital.sa_ccr import name_addons, rate_notionals
from domain.capital.rule_sets import Rules
from domain.portfolio.exposure_columns import CCR_CLASSES

KINDS = (
    *("IR", "FX", "CREDIT", "EQUITY"),
    *("COMMODITY_ENERGY", "COMMODITY_METALS", "COMMODITY_AGRICULTURE", "COMMODITY_OTHER"),
)
"""Of hedging sets: electricity is energy."""
ASSETS = ("ir", "fx", "credit", "equity", "commodity")
OF_REFERENCE = tuple(KINDS.index(name) for name in ("IR", "FX"))
"""Kinds of which each currency or pair is a hedging set of its own."""


def _kind_of_class(name: str) -> int:
    kind = "COMMODITY_ENERGY" if name == "COMMODITY_ELECTRICITY" else name
    return KINDS.index(kind if kind in KINDS else kind.partition("_")[0])


KIND_OF_CLASS = np.array([_kind_of_class(name) for name in CCR_CLASSES])
ASSET_OF_KIND = np.array([min(kind, ASSETS.index("commodity")) for kind in range(len(KINDS))])


@dataclass(frozen=True)
class HedgingSets:
    """[h] by netting set, kind and reference."""

    netting_set: Rows
    kind: Rows
    reference: Rows
    effective_notional: Array
    """of rates and FX; NaN of the others"""
    addon: Array
    of_trade: Rows
    """[n]"""

    def names(self, references: list[str]) -> list[str]:
        """`IR:USD`, `FX:EURUSD`, `CREDIT`, …"""
        return [
            f"{KINDS[kind]}:{references[reference]}" if kind in OF_REFERENCE else KINDS[kind]
            for kind, reference in zip(self.kind.tolist(), self.reference.tolist(), strict=True)
        ]

    def addons(self, count: int) -> Array:
        """[netting sets, assets]"""
        place = self.netting_set * len(ASSETS) + ASSET_OF_KIND[self.kind]
        sums = np.bincount(place, weights=self.addon, minlength=count * len(ASSETS)).astype(np.float64)
        return sums.reshape(count, len(ASSETS))


def buckets_of(terms: DerivativeTerms, rules: Rules) -> Rows:
    """[n] of rates: below a year, to five, beyond."""
    edges = (rules.value("SA_CCR_BUCKETS", "FIRST_YEARS"), rules.value("SA_CCR_BUCKETS", "SECOND_YEARS"))
    end = np.nan_to_num(terms.end_yr)
    return np.where(end < edges[0], 0, np.where(end <= edges[1], 1, 2))


def hedging_sets(trades: Trades, netting_set: Rows, effective: Array, rules: Rules) -> HedgingSets:
    """`effective`: [n] effective notionals, signed; NaN counts for nothing, and its netting set says why."""
    terms, effective = trades.terms, np.nan_to_num(effective)
    kind = KIND_OF_CLASS[terms.ccr_class]
    reference = np.where(np.isin(kind, OF_REFERENCE), terms.reference, 0)
    width = len(terms.references)
    keys, of_trade = np.unique((netting_set * len(KINDS) + kind) * width + reference, return_inverse=True)
    sets, kinds = np.divmod(keys // width, len(KINDS))
    notional, addon = np.full(len(keys), np.nan), np.zeros(len(keys))
    is_rate, is_pair = terms.ccr_class == IR, terms.ccr_class == FX
    near, far = (rules.value("SA_CCR_BUCKETS", name) for name in ("NEIGHBOURS", "FAR"))
    of_rates = rate_notionals(
        effective[is_rate], buckets_of(terms, rules)[is_rate], of_trade[is_rate], len(keys), near, far
    )
    of_pairs = np.bincount(of_trade[is_pair], weights=effective[is_pair], minlength=len(keys))
    for name, found in (("IR", of_rates), ("FX", of_pairs)):
        mine = kinds == KINDS.index(name)
        notional[mine] = found[mine]
        addon[mine] = rules.value("SA_CCR_FACTOR", name) * np.abs(found[mine])
    _add_names(addon, trades, np.flatnonzero(~is_rate & ~is_pair), of_trade, effective)
    return HedgingSets(sets, kinds, keys % width, notional, addon, of_trade)


def _add_names(addon: Array, trades: Trades, rows: Rows, of_trade: Rows, effective: Array) -> None:
    """Credit, equity, commodities: trades on one name offset one another, names do so in part."""
    if not len(rows):
        return
    terms = trades.terms
    name = (of_trade[rows] * len(CLASS) + terms.ccr_class[rows]) * len(terms.references) + terms.reference[rows]
    _, first, of_name = np.unique(name, return_index=True, return_inverse=True)
    weights = np.nan_to_num(trades.factor[rows]) * effective[rows]
    own = np.bincount(of_name, weights=weights, minlength=len(first)).astype(np.float64)
    found = name_addons(own, trades.correlation[rows][first], of_trade[rows][first], len(addon))
    mine = np.unique(of_trade[rows])
    addon[mine] = found[mine]
