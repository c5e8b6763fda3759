"""What netting sets add to the totals of a run."""

import numpy as np

from compute.capital.columns import Array
from compute.capital.counterparty.netting import Netting
from domain.portfolio.attributes import Labels, labels
from domain.portfolio.tree import paths


def sums_of_sets(netting: Netting | None) -> dict[str, Array]:
    """[s] in base currency, NaN where blank."""
    if netting is None:
        return {}
    return {"ead": netting.ead} | {measure.lower(): each.rwa_ccy for measure, each in netting.outcomes.items()}


def labels_of_sets(netting: Netting | None, by: str, of_positions: Labels) -> list[str]:
    """[s] what the agreement or its counterparty says, else its first trade."""
    if netting is None:
        return []
    own = labels(netting.columns.portfolio, by)
    said = [""] * len(netting) if own is None else [own.keys[code] for code in own.codes]
    first = netting.agreements.first_trade
    of_trade = [of_positions.keys[code] for code in of_positions.codes[np.maximum(first, 0)]]
    return [
        mine or (other if place >= 0 else "") for mine, other, place in zip(said, of_trade, first.tolist(), strict=True)
    ]


def nodes_of_sets(netting: Netting) -> list[list[str]]:
    """[s] the node of its agreement and those above; none where nothing says one."""
    nodes = netting.portfolio.tables["portfolio"].columns["node_id"]
    above = {path[-1]: [nodes.categories[nodes.values[row]] for row in path] for path in paths(netting.portfolio)}
    return [above.get(row, []) for row in netting.agreements.book_row.tolist()]
