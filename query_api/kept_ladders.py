"""The ladders that a run keeps: sums of nodes, products and currencies, at all edges of the named sets of buckets."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from domain.portfolio.tables import NODE_KINDS
from domain.runs.kept_flows import AMOUNTS
from query_api.reading import Array, Connection

DIMENSIONS = ("total", "node", *(kind.lower() for kind in NODE_KINDS), "product_type", "currency")
"""What ladders are kept by; `total` is everything."""

SELECT_LADDERS = """
SELECT key, currency, scenario_id, amounts FROM read.ladder
 WHERE run_id = %s AND dimension = %s AND (%s::text IS NULL OR key = %s) AND basis = %s AND scenario_id = ANY(%s)
 ORDER BY key COLLATE "C", currency COLLATE "C"
"""
SELECT_RATES = """
SELECT f.scenario_no, f.currency, f.rate FROM read.result_fx f JOIN read.run r USING (run_no) WHERE r.run_id = %s
"""


@dataclass(frozen=True)
class KeptLadders:
    """`amounts` [AMOUNTS, S, groups, buckets]; a group is in one currency."""

    keys: list[str]
    currencies: list[str]
    amounts: Array


def kept_ladders(
    connection: Connection, run_id: UUID, dimension: str, key: str | None, basis: str, scenarios: Sequence[str]
) -> KeptLadders | None:
    """None where there are none of them (yet)."""
    asked = (run_id, dimension, key, key, basis, list(scenarios))
    rows = connection.execute(SELECT_LADDERS, asked, binary=True).fetchall()
    groups = list(dict.fromkeys((name, currency) for name, currency, _, _ in rows))
    if not groups or len(rows) != len(groups) * len(scenarios):
        return None
    place, number = {group: n for n, group in enumerate(groups)}, {name: n for n, name in enumerate(scenarios)}
    buckets = len(rows[0][3]) // 8 // len(AMOUNTS)
    amounts = np.empty((len(AMOUNTS), len(scenarios), len(groups), buckets))
    for name, currency, scenario, packed in rows:
        values = np.frombuffer(packed, "<f8").reshape(len(AMOUNTS), buckets)
        amounts[:, number[scenario], place[name, currency]] = values
    return KeptLadders([name for name, _ in groups], [currency for _, currency in groups], amounts)


def rates_of_run(connection: Connection, run_id: UUID) -> dict[tuple[int, str], float]:
    """Base currency per unit, by the number of the scenario and the currency."""
    return {(number, currency): rate for number, currency, rate in connection.execute(SELECT_RATES, (run_id,))}
