"""Attributes as positions are grouped by them: a column that has a default shows it where nothing is said."""

from domain.portfolio.attributes import Holder, Labels, holders, labels, labels_of_holders
from domain.portfolio.columns import Portfolio

DEFAULTS = {"accounting_class": "AMORTISED_COST", "irb_approach": "SA"}
ISSUER_GROUP, ISSUER = "issuer_group", "issuer_id"
ALWAYS_KNOWN = (*DEFAULTS, ISSUER_GROUP)
"""Whatever tables bring."""


def group_labels(portfolio: Portfolio, name: str, most: int | None = None) -> Labels | None:
    """As `labels`; None where no table has the name, or there are more than `most` keys."""
    if name == ISSUER_GROUP:
        return _issuer_groups(portfolio, most)
    found = labels(portfolio, name, most)
    return found if name not in DEFAULTS else _with_default(portfolio, found, DEFAULTS[name])


def _issuer_groups(portfolio: Portfolio, most: int | None) -> Labels | None:
    """`issuer_group`, else the issuer."""
    named, spoken = list(holders(portfolio, ISSUER_GROUP)), portfolio.instrument_row < 0
    for each in named:
        spoken = spoken | each.speaks
    issuers = [Holder(each.column, each.rows, each.speaks & ~spoken) for each in holders(portfolio, ISSUER)]
    return labels_of_holders(portfolio, named + issuers, most) if named or issuers else None


def _with_default(portfolio: Portfolio, found: Labels | None, default: str) -> Labels:
    if found is None:
        return Labels((default,), portfolio.instrument_row * 0)
    said = [key or default for key in found.keys]
    keys = sorted(set(said))
    arrays = portfolio.instrument_row.__array_namespace__()
    place = arrays.asarray([keys.index(key) for key in said], dtype=found.codes.dtype)
    return Labels(tuple(keys), place[found.codes])
