"""Arithmetic alone: positions x scenarios a second on one core, by family, without log, queue or database."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs, resolve_run
from compute.inputs.terms import Terms
from compute.product_families import price_chunk
from domain.portfolio.tables import PRODUCT_TYPES, RATE_TYPES
from domain.runs.facts import CHUNK_SIZE
from domain.runs.run import RunRequested
from ops.ports import Storage

REPEATS = 3
DEBT = tuple(PRODUCT_TYPES.index(name) for name in ("LOAN", "BOND"))


@dataclass(frozen=True)
class PickedInputs(RunInputs):
    """A run whose one chunk is the rows picked."""

    rows: NDArray[np.int64]

    def chunk(self, _chunk_no: int) -> Terms:
        return Terms(self.portfolio, self.rows, self.lookups)


def values_per_second(storage: Storage, requested: RunRequested) -> dict[str, int]:
    """All measures of the run, best of three, by this process's processor time."""
    portfolio = storage.portfolio(requested.portfolio_sha256)
    run = resolve_run(portfolio, storage.market(requested.market_sha256), requested)
    return {
        family: round(len(rows) * run.scenario_count / _best_seconds(PickedInputs(**vars(run), rows=rows)))
        for family, rows in _families(run).items()
        if len(rows)
    }


def _families(run: RunInputs) -> dict[str, NDArray[np.int64]]:
    everything = Terms(run.portfolio, np.arange(run.portfolio.position_count), run.lookups)
    product = everything.choice("product_type", PRODUCT_TYPES)
    floating = everything.choice("rate_type", RATE_TYPES) == RATE_TYPES.index("FLOATING")
    loan, bond = (product == code for code in DEBT)
    members = {
        "loans": loan & ~floating,
        "bonds": bond & ~floating,
        "floaters": (loan | bond) & floating,
        "fx_forwards": product == PRODUCT_TYPES.index("FX_FWD"),
    }
    return {family: _spread_out(np.flatnonzero(chosen)) for family, chosen in members.items()}


def _spread_out(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """As many as a chunk has, from all over the family."""
    return rows[:: max(1, len(rows) // CHUNK_SIZE)][:CHUNK_SIZE]


def _best_seconds(run: RunInputs) -> float:
    price_chunk(run, 0)  # compiled, and in the caches
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        price_chunk(run, 0)
        seconds.append(time.process_time() - started)
    return min(seconds)
