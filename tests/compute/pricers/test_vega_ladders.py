"""VEGA by expiry and tenor: what a surface bumped around one bucket says, and no more and no less than VEGA."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.kernels.options.vega_ladders import shares
from domain.measures.failures import Reason
from domain.measures.measures import (
    DEFAULT_MEASURES,
    VEGA_EXPIRIES_YR,
    VEGA_EXPIRY_LABELS,
    VEGA_LADDER_COLUMNS,
    VEGA_TENOR_LABELS,
    VEGA_TENORS_YR,
    resolve,
)
from tests.builders.derivative_fund import INDEX, column, priced, reason
from tests.builders.instruments import bond, cap, floater, fx_option, swaption
from tests.builders.markets import given

MEASURES = ("PV", "VEGA", "VEGA_LADDER")
OPTIONS = [
    cap(),
    cap(option_type="FLOOR", maturity_date=date(2050, 5, 10), strike=0.03, spread=0.01),
    swaption(),
    swaption(expiry_date=date(2026, 3, 10), maturity_date=date(2040, 3, 10), option_type="RECEIVER"),
    swaption(expiry_date=date(2049, 3, 10), maturity_date=date(2090, 3, 10)),
    fx_option(),
    fx_option(expiry_date=date(2026, 2, 2)),
    floater(cap=0.045, floor=0.03, spread=0.01),
    floater(product_type="LOAN", amortization="LINEAR", floor=0.035, prepayment="CPR 5"),
]


def surfaces(expiry: int | None = None, tenor: int | None = None, bump: float = 0.0, key: str = "") -> list[Any]:
    """Flat surfaces with a node at every bucket; one bucket of the kind `key` is moved."""

    def grid(level: float, kind: str) -> Any:
        tenors = len(VEGA_TENORS_YR) if kind == "SWAPTION" else 1
        vols = np.full((len(VEGA_EXPIRIES_YR), tenors), level)
        if key == kind and expiry is not None:
            vols[expiry, tenor or 0] += bump
        return vols.tolist() if kind == "SWAPTION" else vols[:, 0].tolist()

    axis = {"expiries_yr": list(VEGA_EXPIRIES_YR)}
    rates = {"index": INDEX, "kind": "NORMAL", **axis}
    return [
        {"surface_id": "C", "product": "CAP_FLOOR", **rates, "vols": grid(0.009, "CAP_FLOOR")},
        {
            "surface_id": "S",
            "product": "SWAPTION",
            **rates,
            "tenors_yr": list(VEGA_TENORS_YR),
            "vols": grid(0.008, "SWAPTION"),
        },
        {"surface_id": "F", "product": "FX", "pair": "EURUSD", "kind": "LOGNORMAL", **axis, "vols": grid(0.08, "FX")},
    ]


def pv_under(folder: Path, **moved: Any) -> Any:
    return column(priced(folder, OPTIONS, given(volatilities=surfaces(**moved)), measures=("PV",)), "pv")[0]


def test_the_ladder_adds_up_to_vega(tmp_path: Path) -> None:
    shock = [{"kind": "PARALLEL", "curves": "*", "bp": 100}]
    facts = priced(tmp_path, OPTIONS, given(volatilities=surfaces()), shock, measures=MEASURES)
    ladder = np.array([column(facts, name) for name in VEGA_LADDER_COLUMNS])
    np.testing.assert_allclose(ladder.sum(axis=0), column(facts, "vega"), rtol=1e-11)
    assert (column(facts, "vega") != 0.0).any(axis=1).all()


@pytest.mark.parametrize(("key", "bump"), [("CAP_FLOOR", 1e-4), ("FX", 0.01), ("SWAPTION", 1e-4)])
def test_a_bucket_is_the_central_difference_of_its_node(tmp_path: Path, key: str, bump: float) -> None:
    """Volatilities are linear between the nodes, so a node's move is the bucket's triangle, to third order."""
    facts = priced(tmp_path, OPTIONS, given(volatilities=surfaces()), measures=MEASURES)
    vega = np.abs(column(facts, "vega")[0]).max()
    for e, expiry in enumerate(VEGA_EXPIRY_LABELS):
        for t, tenor in enumerate(VEGA_TENOR_LABELS if key == "SWAPTION" else ("",)):
            up, down = (pv_under(tmp_path, expiry=e, tenor=t, bump=size, key=key) for size in (bump, -bump))
            name = f"vega_ladder_{expiry}_{tenor}" if tenor else f"vega_ladder_{expiry}"
            of_key = (up != down) & (np.abs(column(facts, name)[0]) > 0)
            difference = np.where(of_key, (up - down) / 2, 0.0)
            np.testing.assert_allclose(np.where(of_key, column(facts, name)[0], 0.0), difference, atol=1e-4 * vega)
            assert of_key.any() or (up == down).all()


def test_shares_are_triangular_and_flat_outside() -> None:
    found = shares(np.array([0.01, 0.25, 1.5, 7.5, 40.0]), VEGA_EXPIRIES_YR)
    assert found.tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0.5, 0.5, 0, 0, 0],
        [0, 0, 0, 0.5, 0.5, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_it_is_worked_out_on_request_alone_and_has_no_place_without_options(tmp_path: Path) -> None:
    assert "VEGA_LADDER" not in DEFAULT_MEASURES and "VEGA_LADDER" in resolve(["vega_ladder"])
    facts = priced(tmp_path, [bond(), floater(), floater(cap=0.05)], given(volatilities=surfaces()), measures=MEASURES)
    none = Reason.NOT_APPLICABLE
    assert reason(facts, "VEGA_LADDER").tolist() == [none, none, Reason.NONE]
