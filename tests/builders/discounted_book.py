"""Flows of a few positions on a few curves under a few scenarios, with the tables that discount them."""

from typing import Any

import numpy as np

from compute.kernels.curves.curves import key_rate_gradients, log_discount_factors
from compute.kernels.flows.discount_terms import DiscountTerms
from compute.kernels.flows.flows import Flows

N, S, CURVES, DAYS = 23, 4, 3, 4001
NODES = np.array([90, 365, 1096, 1826, 3653], np.int32)


def discounted_book(
    variants: int = 1, gradients: int = 1, seed: int = 5
) -> tuple[Flows, DiscountTerms, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 40, N)
    counts[3] = 0
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    days = [np.sort(rng.choice(np.arange(1, DAYS), count, replace=False)) for count in counts]
    amounts = rng.normal(10, 100, (2, offsets[-1], variants))
    flows = Flows(
        offsets,
        np.concatenate(days).astype(np.int32),
        np.zeros(offsets[-1], np.int32),
        amounts[0],
        amounts[1],
        (np.arange(S) % variants).astype(np.int32),
    )
    rates = 0.03 + 0.01 * rng.random((CURVES, len(NODES), S))
    spread = np.repeat(rng.normal(0.01, 0.01, (N, 1)), S, axis=1)
    spread[:, 2] += 0.0075
    kinds = ("LOG_LINEAR_DF", "LINEAR_ZERO", "NATURAL_CUBIC_ZERO")
    on = DiscountTerms(
        curve_row=rng.integers(0, CURVES, N).astype(np.int32),
        spread_row=rng.integers(0, 2, N).astype(np.int32),
        spread=spread,
    )
    tables = {
        "discount_factors": np.exp([log_discount_factors(kinds[c], NODES, rates[c], DAYS) for c in range(CURVES)]),
        "key_gradients": np.array(
            [
                [key_rate_gradients(kinds[(c + g) % 3], NODES, rates[c, :, 0], DAYS) for c in range(CURVES)]
                for g in range(gradients)
            ]
        ),
        "gradient_of_scenario": (np.arange(S) % gradients).astype(np.int32),
        "spread_factors": np.stack([np.ones(DAYS), np.exp(-0.012 * np.arange(DAYS) / 365)]),
    }
    return flows, on, tables
