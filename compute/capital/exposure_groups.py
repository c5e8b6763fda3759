"""Exposures and netting sets together, by group and book: what concentrations and limits are told from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compute.capital.basics import CLASS
from compute.capital.columns import Array, Columns, Flags, Rows
from compute.capital.counterparty.totals import labels_of_sets, sums_of_sets
from compute.capital.frameworks import MEASURES, Worked, capital_share
from domain.capital.limits import ISSUER
from domain.portfolio.attributes import Labels, labels
from domain.portfolio.columns import Portfolio
from domain.portfolio.groupings import group_labels
from domain.portfolio.tree import paths


@dataclass(frozen=True)
class Grouped:
    """[e] exposures, then netting sets."""

    keys: list[str]
    group: Rows
    """place in `keys`"""
    book_row: Rows
    """of `portfolio`, -1 where there is none"""

    def sums(self, amounts: Array, chosen: Flags | None = None) -> Array:
        """[groups] of those chosen; what is blank adds nothing."""
        counted = np.nan_to_num(amounts) if chosen is None else np.where(chosen, np.nan_to_num(amounts), 0.0)
        return np.bincount(self.group, weights=counted, minlength=len(self.keys)).astype(np.float64)

    def known(self, amounts: Array, chosen: Flags) -> Flags:
        """[groups] that have a figure among those chosen."""
        found: Flags = np.bincount(self.group[chosen & ~np.isnan(amounts)], minlength=len(self.keys)) > 0
        return found


def grouped(worked: Worked, by: str | None) -> Grouped | None:
    """By a column, by groups of issuers, or all in one. None where no table has the column."""
    portfolio, netting = worked.columns.portfolio, worked.netting
    books = portfolio.book_row[worked.rows]
    if netting is not None:
        books = np.concatenate([books, netting.agreements.book_row])
    if by is None:
        return Grouped([""], np.zeros(len(books), np.int64), books)
    found = issuer_groups(portfolio) if by == ISSUER else group_labels(portfolio, by)
    if found is None:
        return None
    of_sets = _issuers_of_sets(worked) if by == ISSUER else labels_of_sets(netting, by, found)
    keys = list(found.keys) + sorted(set(of_sets) - set(found.keys))
    place_of = {key: place for place, key in enumerate(keys)}
    own = np.array([place_of[each] for each in of_sets], np.int64)
    return Grouped(keys, np.concatenate([found.codes[worked.rows], own]), books)


def issuer_groups(portfolio: Portfolio) -> Labels:
    """`issuer_group`, else the issuer."""
    named, issuers = labels(portfolio, "issuer_group"), labels(portfolio, "issuer_id")
    parts = [each for each in (named, issuers) if each is not None]
    keys = sorted({"", *(key for part in parts for key in part.keys)})
    place_of = {key: place for place, key in enumerate(keys)}
    codes = np.zeros(portfolio.position_count, np.int64)
    for part in reversed(parts):
        of_part = np.array([place_of[key] for key in part.keys], np.int64)[part.codes]
        codes = np.where(of_part > 0, of_part, codes)
    return Labels(tuple(keys), codes)


def _issuers_of_sets(worked: Worked) -> list[str]:
    if worked.netting is None:
        return []
    found = issuer_groups(worked.netting.columns.portfolio)
    return [found.keys[code] for code in found.codes]


def amounts_of(worked: Worked) -> Mapping[str, Array]:
    """[e] by measure, in base currency; netting sets have exposure and RWA alone."""
    credit, rate = worked.credit, worked.rate
    own = {"EAD": credit.ead_ccy, "EL": credit.el_ccy, "UL": credit.ul_ccy}
    own |= {name: worked.outcomes[name].rwa_ccy for name in MEASURES}
    of_sets = {name.upper(): each for name, each in sums_of_sets(worked.netting).items()}
    blank = np.full(0 if worked.netting is None else len(worked.netting), np.nan)
    found = {name: np.concatenate([each * rate, of_sets.get(name, blank)]) for name, each in own.items()}
    return found | {"CAPITAL": capital_share(worked.setting) * found["RWA_IRB"]}


def is_sovereign(worked: Worked) -> Flags:
    """[e]"""
    classes = worked.basics.asset_class
    if worked.netting is not None:
        classes = np.concatenate([classes, worked.netting.basics.asset_class])
    found: Flags = classes == CLASS["SOVEREIGN"]
    return found


def is_gsib(worked: Worked) -> Flags:
    """[e]"""
    flags = [_flag(worked.columns, "gsib")[worked.rows]]
    if worked.netting is not None:
        flags.append(_flag(worked.netting.columns, "gsib"))
    return np.concatenate(flags)


def _flag(columns: Columns, name: str) -> Flags:
    values = columns.flag(name)
    return np.zeros(columns.portfolio.position_count, np.bool_) if values is None else values == 1


def below(portfolio: Portfolio, book_row: Rows, node_row: int) -> Flags:
    """[e] whose book is the node, or hangs under it."""
    under = np.array([*(node_row in path for path in paths(portfolio)), False])
    chosen: Flags = under[book_row]
    return chosen
