"""Prepayment and default speeds of positions, and the variants of them that a run's scenarios make."""

import numpy as np
from numpy.typing import NDArray

from compute.inputs.run_inputs import RunInputs
from compute.inputs.terms import UNKNOWN, Terms
from compute.kernels.flows.prepaying_pool import Speeds, Variants, distinct_variants
from compute.kernels.flows.speeds import CDR, DEFAULT_KINDS, NO_SPEED, PD, PREPAYMENT_KINDS, parse_speed


def speeds_of(terms: Terms) -> Speeds:
    """PD is the issuer's pd_12m as a CDR, and its lgd the severity of an instrument that has none.

    Without a pd_12m the kind stays PD, which is no rate.
    """
    prepayment_kind = terms.code("prepayment kind", "prepayment", lambda text: kind_of(text, PREPAYMENT_KINDS))
    default_kind = terms.code("default kind", "default", lambda text: kind_of(text, DEFAULT_KINDS))
    default_pct, severity, by_issuer = (
        quoted_pct(terms, "default", DEFAULT_KINDS),
        terms.number("severity"),
        default_kind == PD,
    )
    if by_issuer.any():
        pd_12m, lgd = terms.issuer_number("pd_12m"), terms.issuer_number("lgd")
        default_kind = np.where(by_issuer & ~np.isnan(pd_12m), CDR, default_kind)
        default_pct = np.where(by_issuer, 100.0 * pd_12m, default_pct)
        severity = np.where(by_issuer & np.isnan(severity), lgd, severity)
    return Speeds(
        prepayment_kind.astype(np.int8),
        quoted_pct(terms, "prepayment", PREPAYMENT_KINDS),
        default_kind.astype(np.int8),
        default_pct,
        np.nan_to_num(severity, nan=0.0),
        terms.whole("recovery_lag_months"),
        terms.flag("servicer_advances"),
    )


def kind_of(text: str, kinds: tuple[str, ...]) -> int:
    try:
        return parse_speed(text, kinds).code
    except ValueError:
        return UNKNOWN


def quoted_pct(terms: Terms, name: str, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    codes, categories = terms.texts(name)
    if not categories:
        return np.zeros(len(terms))
    column = terms.portfolio.tables["instruments"].columns[name]
    table = terms.lookups.table(f"{name} pct", column, name, lambda text: pct_of(text, kinds))
    return np.where(codes == NO_SPEED, 0.0, table[codes])


def pct_of(text: str, kinds: tuple[str, ...]) -> float:
    try:
        return parse_speed(text, kinds).quoted_pct
    except ValueError:
        return np.nan


def variants_of(run: RunInputs, speeds: Speeds) -> Variants:
    tables = run.tables
    return distinct_variants(speeds, tables.prepayment_multiplier, tables.default_multiplier, tables.severity_add)
