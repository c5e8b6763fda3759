"""Exposures as obligors that default as one, and what each loses at every node."""

from dataclasses import dataclass

import numpy as np

from compute.capital.columns import Array, Rows
from compute.capital.exposure_groups import issuer_groups
from compute.capital.frameworks import Worked
from compute.capital.internal_ratings import correlations, functions_of
from domain.capital.rule_sets import Rules
from domain.portfolio.tree import paths


@dataclass(frozen=True)
class Obligors:
    """[g] obligors, and [c] what each loses by default in a book; base currency."""

    pd: Array
    correlation: Array
    obligor: Rows
    book: Rows
    loss: Array
    certain: Array
    """[books] of what is in default already: no capital is held for it"""
    left_out: Rows
    """[books] exposures without PD, LGD or EAD"""

    @property
    def total(self) -> Array:
        """[g]"""
        return np.bincount(self.obligor, weights=self.loss, minlength=len(self.pd)).astype(np.float64)

    def within(self, books: Rows, count: int) -> tuple[Rows, Array]:
        """Obligors of some books, each once, with what they lose there."""
        chosen = np.zeros(count, np.bool_)
        chosen[books] = True
        mine = chosen[self.book]
        found, places = np.unique(self.obligor[mine], return_inverse=True)
        return found, np.bincount(places, weights=self.loss[mine], minlength=len(found)).astype(np.float64)


def obligors_of(worked: Worked, rules: Rules) -> Obligors:
    """An obligor is a group of issuers, or an exposure that names none. It has one PD and one correlation: those of
    its exposures, weighted by what they lose."""
    credit, portfolio = worked.credit, worked.columns.portfolio
    books = portfolio.book_row[worked.rows].astype(np.int64)
    nodes = portfolio.tables["portfolio"].rows
    loss = credit.ead_ccy * credit.lgd * worked.rate
    known = ~np.isnan(loss * credit.pd)
    is_certain = known & (credit.pd >= 1.0)
    rows = np.flatnonzero(known & ~is_certain & (loss > 0.0))
    rho = correlations(worked.basics, rules, functions_of(worked.basics), np.nan_to_num(credit.pd))[rows]
    groups = issuer_groups(portfolio)
    named = groups.codes[worked.rows[rows]]
    own = len(groups.keys) + np.arange(len(rows))
    _, obligor = np.unique(np.where(named > 0, named, own), return_inverse=True)
    count = int(obligor.max(initial=-1)) + 1
    keys, cell = np.unique(books[rows] * max(count, 1) + obligor, return_inverse=True)
    weights = np.bincount(obligor, weights=loss[rows], minlength=count)

    def mean(values: Array) -> Array:
        return np.bincount(obligor, weights=loss[rows] * values, minlength=count) / weights

    return Obligors(
        mean(credit.pd[rows]),
        mean(rho),
        keys % max(count, 1),
        keys // max(count, 1),
        np.bincount(cell, weights=loss[rows], minlength=len(keys)).astype(np.float64),
        np.bincount(books[is_certain], weights=loss[is_certain], minlength=nodes).astype(np.float64),
        np.bincount(books[~known], minlength=nodes).astype(np.int64),
    )


def books_below(worked: Worked) -> list[Rows]:
    """[nodes] rows of the nodes that hang at or under each."""
    tree = paths(worked.columns.portfolio)
    under: list[list[int]] = [[] for _ in tree]
    for path in tree:
        for above in path:
            under[above].append(path[-1])
    return [np.array(each, np.int64) for each in under]
