"""Values under all zero rates 25 bp higher and lower, for those who ask for convexity."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.outputs.family_values import Matrix


def bumped(run: RunInputs, under: Callable[[NDArray[np.float64]], Matrix]) -> tuple[Matrix, Matrix]:
    """[m, S] up and down, of what `under` gives for discount factors; blank, not computed, unless asked for."""
    if not run.asks("CONVEXITY"):
        blank = np.full((1, 1), np.nan)
        return blank, blank
    return under(run.tables.discount_factors_up), under(run.tables.discount_factors_down)
