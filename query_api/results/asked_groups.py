"""What totals are asked by: one name or several, nodes of the tree, attributes, bands of numbers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from domain.lazy import lazy
from domain.portfolio.groupings import ALWAYS_KNOWN
from domain.portfolio.tables import Kind
from query_api.errors import BadQuery
from query_api.near import nearest_or_all
from query_api.reading import Array
from query_api.results.attributes import sorted_keys
from query_api.results.chosen.fields import KINDS, Field, NamedPortfolio, day_of, number_of

BETWEEN_KEYS = "\x1f"
"""Of a group of several names; no text of a portfolio holds one."""
TOTAL, NODE = "total", "node"
MAX_EDGES = 1_000
MAX_GROUPS = 1_000_000


@dataclass(frozen=True)
class By:
    """A name, and where its bands are cut; without edges a group is a value."""

    name: str
    edges: tuple[str, ...] = ()


def parse_by(text: str) -> list[By]:
    """`desk,state`, `fico:620,680,740,state`, `tag:CHANNEL`: what follows a band's name and is a number or a day is an
    edge of it."""
    found: list[By] = []
    for word in (each.strip() for each in text.split(",")):
        if not word:
            raise BadQuery(f"{text!r} names nothing to group by", "write names with commas between: desk,state")
        name, _, edge = word.rpartition(":")
        if name and name != "tag" and _is_edge(edge):
            found.append(By(name, (edge,)))
        elif found and found[-1].edges and _is_edge(word):
            found[-1] = By(found[-1].name, (*found[-1].edges, word))
        else:
            found.append(By(word))
    twice = [by.name for number, by in enumerate(found) if by.name in (each.name for each in found[:number])]
    if twice:
        raise BadQuery(f"{twice[0]} is named twice", "name each once")
    return found


def _is_edge(word: str) -> bool:
    try:
        number_of("", word)
    except BadQuery:
        try:
            day_of("", word)
        except BadQuery:
            return False
    return True


@dataclass(frozen=True)
class ChosenGroups:
    """Of all positions: `codes` into `keys`, each key a text for every name."""

    book: NamedPortfolio
    names: list[By]
    measures: list[str]
    kept: list[str]
    """names that the run keeps totals by"""

    @lazy
    def coded(self) -> tuple[list[str], Array]:
        """Keys in their order, those of several names joined, and each position's place among them."""
        labels, codes = self._of(self.names[0])
        for by in self.names[1:]:
            more, places = self._of(by)
            both = codes * len(more) + places
            used, codes = np.unique(both, return_inverse=True)
            if len(used) > MAX_GROUPS:
                raise BadQuery(f"there are more than {MAX_GROUPS:,} groups", "group by less, or by bands")
            pairs = zip(*np.divmod(used, len(more)), strict=True)
            labels = [labels[first] + BETWEEN_KEYS + more[second] for first, second in pairs]
        return labels, codes

    def _of(self, by: By) -> tuple[list[str], Array]:
        if by.name == NODE:
            fix = f"group by {', '.join(KINDS)}, or ask by node alone"
            raise BadQuery("nodes are nested: a position would count in several groups", fix)
        if by.name == TOTAL:
            return [""], np.zeros(self.book.portfolio.position_count, np.int64)
        field = self.book.field(by.name)
        if by.name.lower() in self.measures:
            raise BadQuery(f"{by.name} is a result, not an attribute", "group by attributes, and filter by results")
        if by.name in ALWAYS_KNOWN and not by.edges:
            return _attribute(self.book, by.name)
        if field is None:
            self._refuse_edges(by.name)
            known = [TOTAL, *self.book.names()]
            raise BadQuery(
                f"positions cannot be grouped by {by.name!r}", nearest_or_all(by.name, known), groupings=self.kept
            )
        if by.edges:
            return _bands(field, by.edges)
        return (
            _texts(field) if len(field.parts) == 1 and field.kinds == {Kind.TEXT} else _attribute(self.book, field.name)
        )

    def _refuse_edges(self, text: str) -> None:
        """`fico:low` is a name and what is no edge."""
        name, _, edge = text.partition(":")
        if edge and self.book.field(name) is not None:
            message = f"{edge!r} is no edge to cut {name} at"
            raise BadQuery(message, f"write numbers or days: {name}:620,680,740 or {name}:2024-01-01,2025-01-01")


def _texts(field: Field) -> tuple[list[str], Array]:
    """A column's texts, which are sorted; '' where there is none."""
    (part,) = field.parts
    codes = np.where(part.speaks, part.column.values[part.rows] + 1, 0)
    return ["", *part.column.categories], codes


def _attribute(book: NamedPortfolio, name: str) -> tuple[list[str], Array]:
    found = sorted_keys(book.portfolio, name)
    return ([""], np.zeros(book.portfolio.position_count, np.int64)) if found is None else found


def _bands(field: Field, edges: tuple[str, ...]) -> tuple[list[str], Array]:
    """From each edge up to, and without, the next; those without a value are a group of their own, the last."""
    if Kind.TEXT in field.kinds:
        fix = f"group by {field.name} without edges"
        raise BadQuery(f"{field.name} is a text, and cannot be cut into bands", fix)
    is_date = field.kinds == {Kind.DATE}
    cuts = [(day_of if is_date else number_of)(field.name, edge) for edge in edges]
    if any(a >= b for a, b in pairwise(cuts)):
        raise BadQuery(
            f"the edges of {field.name} do not rise", "write them from the smallest to the largest, each once"
        )
    values = field.numbers()
    codes = np.searchsorted(np.array(cuts), values, side="right")
    codes[np.isnan(values)] = len(cuts) + 1
    return [*band_names(edges), ""], codes


def band_names(edges: tuple[str, ...]) -> list[str]:
    between = [f"{low} to <{high}" for low, high in pairwise(edges)]
    return [f"<{edges[0]}", *between, f">={edges[-1]}"]
