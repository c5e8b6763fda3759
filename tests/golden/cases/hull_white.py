"""Hull-White: the fit to swaptions, the convexity of futures, and Hull's own tree."""

import re

import numpy as np
from numpy.typing import NDArray

from compute.kernels.daycounts import year_fraction
from compute.kernels.hull_white import Swaptions, fit, forward_of_future
from compute.kernels.hull_white_lattice import Lattice, lattice_at
from compute.kernels.option_strips import option_values
from compute.kernels.volatility import LOGNORMAL
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible
from tests.golden.cases.conventions import business_days_from, calendar, day_count, flat_curve
from tests.golden.cases.hull_white_dates import add_years

Array = NDArray[np.float64]


def hull_white(case: Case) -> Figures:
    if "swaptions" in case.inputs:
        return _calibrated(case.inputs)
    if "future" in case.inputs:
        return _forward(case.inputs)
    if "zero_pct_cont" in case.inputs:
        return _tree(case.inputs)
    raise NotExpressible("neither swaptions nor a future nor a tree of Hull's")
