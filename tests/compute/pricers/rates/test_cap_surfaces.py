"""Caplet surfaces of a market, and capped and floored notes priced on them from a portfolio folder on."""

import json
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import QuantLib as ql

from commands.ingestion.prepare import prepare_portfolio
from compute.inputs.run_inputs import resolve
from compute.market.day_tables import MarketTables, build_market_tables
from compute.product_families import ChunkFacts, price_chunk
from domain.market.document import MarketDocument, parse_market, sha256_of
from domain.measures.failures import Reason
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR, Fact
from domain.portfolio.columns import Portfolio
from domain.runs.facts import BlockColumns
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument

AS_OF, INDEX = date(2026, 1, 23), "USD-SOFR-3M"
NORMAL: dict[str, Any] = {
    "surface_id": "USD-CAP",
    "product": "CAP_FLOOR",
    "index": INDEX,
    "kind": "NORMAL",
    "expiries_yr": [1, 5, 10],
    "vols": [0.009, 0.0088, 0.0085],
}
SMILE = {"strikes": [0.01, 0.04], "vols": [[0.011, 0.009], [0.010, 0.0085], [0.009, 0.008]]}
LOGNORMAL = {**NORMAL, "kind": "LOGNORMAL", "vols": [0.3, 0.25, 0.2]}
SHIFTED = {**LOGNORMAL, "shift": 0.02}
SWAPTION = {**NORMAL, "surface_id": "A-SWPT", "product": "SWAPTION", "tenors_yr": [5], "vols": [[0.01]] * 3}
NODES = {"1M": 0.038, "1Y": 0.036, "2Y": 0.034, "5Y": 0.035, "10Y": 0.038}


def market(*volatilities: dict[str, Any], nodes: dict[str, float] = NODES) -> MarketDocument:
    curve = {
        "curve_id": "USD-SOFR",
        "currency": "USD",
        "kind": "ZERO",
        "interpolation": "LINEAR_ZERO",
        "nodes": [{"tenor": tenor, "rate": rate} for tenor, rate in nodes.items()],
    }
    document = {
        "as_of": AS_OF.isoformat(),
        "base_currency": "USD",
        "curves": [curve],
        "discount": {"USD": "USD-SOFR"},
        "projection": {INDEX: "USD-SOFR"},
        "fixings": [{"index": INDEX, "date": "2025-12-15", "rate": 0.0391}],
        "volatilities": volatilities,
    }
    return parse_market(json.dumps(document))


def scenario(*shocks: dict[str, Any]) -> ScenarioDocument:
    return ScenarioDocument.model_validate({"scenario_id": "s", "shocks": shocks})


def tables(*volatilities: dict[str, Any], shocks: Sequence[dict[str, Any]] = ()) -> MarketTables:
    scenarios = [BASE_SCENARIO, *([scenario(*shocks)] if shocks else [])]
    return build_market_tables(market(*volatilities), scenarios, n_days=100)


def test_surfaces_of_caps_have_a_row_by_index_whatever_their_axes() -> None:
    other = {
        **NORMAL,
        "surface_id": "Z",
        "index": "USD-SOFR-1M",
        "kind": "LOGNORMAL",
        "expiries_yr": [2],
        "vols": [0.3],
    }
    made = tables(SWAPTION, other, {**NORMAL, **SMILE})
    smile, flat = made.caplet_surface_of[INDEX], made.caplet_surface_of["USD-SOFR-1M"]
    assert set(made.caplet_surface_of) == {INDEX, "USD-SOFR-1M"}
    surfaces = made.caplet_surfaces
    assert (surfaces.kind[smile], surfaces.kind[flat]) == (0, 1)
    assert surfaces.expiries_yr[[smile, flat]].tolist() == [[1, 5, 10], [2, np.inf, np.inf]]
    assert surfaces.strikes[[smile, flat]].tolist() == [[0.01, 0.04], [0, np.inf]]
    assert surfaces.vols[smile, 0].tolist() == SMILE["vols"]
    assert surfaces.vols[flat, 0, 0, 0] == 0.3


def test_a_market_without_surfaces_of_caps_has_no_row() -> None:
    assert tables(SWAPTION).caplet_surface_of == {}
    assert len(tables().caplet_surfaces.kind) == 0


@pytest.mark.parametrize(
    ("surface", "shock", "expected"),
    [
        (NORMAL, {"bp": 10}, [0.010, 0.0098, 0.0095]),
        (NORMAL, {"pct": 50}, [0.0135, 0.0132, 0.01275]),
        (LOGNORMAL, {"pct": -10}, [0.27, 0.225, 0.18]),
    ],
)
def test_shocks_move_the_surface_of_their_scenario(
    surface: dict[str, Any], shock: dict[str, float], expected: list[float]
) -> None:
    vols = tables(surface, shocks=[{"kind": "VOL", "surfaces": "*", **shock}]).caplet_surfaces.vols[0, :, :, 0]
    assert vols[0].tolist() == surface["vols"]
    assert vols[1].tolist() == pytest.approx(expected, rel=1e-14)


BOUNDS = {"A-PLAIN": ("", ""), "B-CAP": ("0.055", ""), "C-FLOOR": ("", "0.05"), "D-COLLAR": ("0.06", "0.045")}
FACE, MARGIN = 1e6, 0.0125


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Portfolio:
    """One BULLET loan for each pair of bounds, quarterly to 15 June 2031."""
    folder = tmp_path_factory.mktemp("notes")
    terms = "LOAN,USD,2025-06-15,2031-06-15,FLOATING,4,ACT/360,BULLET"
    lines = [f"{name},{terms},{INDEX},{MARGIN},{cap},{floor}" for name, (cap, floor) in BOUNDS.items()]
    header = "instrument_id,product_type,currency,issue_date,maturity_date,rate_type,frequency,day_count,amortization"
    (folder / "instruments.csv").write_text("\n".join([f"{header},index,margin,cap,floor", *lines]))
    held = [f"{name},{name},BOOK,{FACE:.0f}" for name in BOUNDS]
    (folder / "positions.csv").write_text("\n".join(["position_id,instrument_id,book_id,notional", *held]))
    (folder / "portfolio.csv").write_text("node_id,parent_id,name,kind\nFUND,,Fund,FUND\nBOOK,FUND,Book,BOOK\n")
    prepared = prepare_portfolio(folder)
    assert prepared.portfolio is not None, prepared.errors
    return prepared.portfolio


def priced(notes: Portfolio, given: MarketDocument, *scenarios: ScenarioDocument) -> ChunkFacts:
    measures = ("PV", "DV01", "KEY_RATE_DV01", "CONVEXITY")
    asked = [BASE_SCENARIO, *scenarios]
    run = resolve(notes, given, asked, base_currency="USD", measures=measures, chunk_size=4096)
    return price_chunk(run, 0)


def column(facts: ChunkFacts, name: str) -> np.ndarray:
    """[S, positions]"""
    block: BlockColumns = facts.blocks[Fact.PRICED if name == "pv" else Fact.RISK]
    values: np.ndarray = block.values[block.columns.index(name)]
    return values


def strip(facts_tables: MarketTables, kind: str, side: int, strike: float, shift: float = 0.0) -> float:
    """PV of the caplets or floorlets of a note's resets to come, one by one."""
    factors, value = facts_tables.discount_factors[0, :, 0], 0.0
    resets = [ql.Date(15, 3, 2026) + ql.Period(3 * k, ql.Months) for k in range(22)]
    days = [reset - ql.Date(23, 1, 2026) for reset in resets]
    vols = NORMAL["vols"] if kind == "NORMAL" else LOGNORMAL["vols"]
    for start, end in pairwise(days):
        accrual, expiry_yr = (end - start) / 360, start / 365
        forward = (factors[start] / factors[end] - 1) / accrual
        deviation = np.interp(expiry_yr, [1, 5, 10], vols) * expiry_yr**0.5
        deviation = float(deviation)
        if kind == "NORMAL":
            option = ql.bachelierBlackFormula(side, strike, forward, deviation)
        else:
            option = ql.blackFormula(side, strike, forward, deviation, 1.0, shift)
        value += FACE * accrual * factors[end] * option
    return value


@pytest.mark.parametrize(("surface", "kind"), [(NORMAL, "NORMAL"), (LOGNORMAL, "LOGNORMAL"), (SHIFTED, "LOGNORMAL")])
def test_a_note_is_worth_the_plain_one_less_its_caplets_and_more_its_floorlets(
    notes: Portfolio, surface: dict[str, Any], kind: str
) -> None:
    given = market(surface, SWAPTION)
    plain, capped, floored, collared = column(priced(notes, given), "pv")[0]
    curve, shift = build_market_tables(given, [BASE_SCENARIO], n_days=3000), surface.get("shift", 0.0)
    caps = [strip(curve, kind, ql.Option.Call, float(BOUNDS[n][0]) - MARGIN, shift) for n in ("B-CAP", "D-COLLAR")]
    floors = [strip(curve, kind, ql.Option.Put, float(BOUNDS[n][1]) - MARGIN, shift) for n in ("C-FLOOR", "D-COLLAR")]
    assert plain - capped == pytest.approx(caps[0], rel=1e-10)
    assert floored - plain == pytest.approx(floors[0], rel=1e-10)
    assert collared - plain == pytest.approx(floors[1] - caps[1], rel=1e-10)


def test_without_a_surface_for_the_index_bounds_are_intrinsic(notes: Portfolio) -> None:
    intrinsic, elsewhere = (
        column(priced(notes, market(*surfaces)), "pv")[0]
        for surfaces in ([], [SWAPTION, {**NORMAL, "index": "USD-SOFR-1M"}])
    )
    surfaced = column(priced(notes, market(NORMAL)), "pv")[0]
    assert (intrinsic == elsewhere).all()
    assert surfaced[0] == intrinsic[0]
    assert surfaced[1] < intrinsic[1] - 1000 and surfaced[2] > intrinsic[2] + 1000


def test_shocks_of_volatility_move_what_is_optional_and_nothing_else(notes: Portfolio) -> None:
    up, down = (scenario({"kind": "VOL", "surfaces": "USD-*", "bp": bp}) for bp in (10, -10))
    pv = column(priced(notes, market(NORMAL), up, down), "pv")
    assert pv[0, 0] == pv[1, 0] == pv[2, 0]
    assert pv[1, 1] < pv[0, 1] < pv[2, 1]
    assert pv[1, 2] > pv[0, 2] > pv[2, 2]
    moved = {**NORMAL, "vols": [vol + 0.001 for vol in NORMAL["vols"]]}
    assert pv[1] == pytest.approx(column(priced(notes, market(moved)), "pv")[0], rel=1e-14)


@pytest.mark.parametrize("surface", [NORMAL, {**NORMAL, **SMILE}, LOGNORMAL])
def test_sensitivities_are_what_revaluation_under_shocked_curves_says(
    notes: Portfolio, surface: dict[str, Any]
) -> None:
    """Scenarios shock nodes, and a node's share of a key rate is triangular: the two agree on these nodes.

    An option bends over a basis point, so that key rates' own differences do not quite add up to DV01's.
    """
    keys = [2.0, 5.0]
    shocks: list[dict[str, Any]] = [{"kind": "PARALLEL", "curves": "*"}]
    shocks += ({"kind": "KEY_RATE", "curves": "*", "tenor_yr": k} for k in keys)
    moves = [scenario({**shock, "bp": bp}) for shock in shocks for bp in (1, -1)]
    wide = [scenario({"kind": "PARALLEL", "curves": "*", "bp": bp}) for bp in (25, -25)]
    facts = priced(notes, market(surface), *moves, *wide)
    pv = column(facts, "pv")
    names = ["dv01", *(f"key_rate_dv01_{KEY_RATE_LABELS[KEY_RATE_TENORS_YR.index(k)]}" for k in keys)]
    for number, name in enumerate(names):
        central = (pv[2 + 2 * number] - pv[1 + 2 * number]) / 2
        off = np.abs(column(facts, name)[0] - central) / np.abs(column(facts, "dv01")[0])
        assert off.max() <= (1e-6 if name == "dv01" else 2e-5)
    convexity = (pv[-1] + pv[-2] - 2 * pv[0]) / (pv[0] * 25e-4**2)
    assert column(facts, "convexity")[0] == pytest.approx(convexity, rel=1e-8, abs=1e-8)


def test_a_negative_forward_has_no_lognormal_option_and_fails_its_position_alone(notes: Portfolio) -> None:
    below = dict.fromkeys(NODES, -0.02)
    facts = priced(notes, market(LOGNORMAL, nodes=below))
    assert facts.failed == 3
    assert list(facts.blocks[Fact.PRICED].reasons[0, 0]) == [Reason.NONE, *[Reason.INVALID_TERMS] * 3]
    assert priced(notes, market(NORMAL, nodes=below)).failed == 0


def test_a_scenario_with_negative_forwards_is_blank_and_the_others_are_not(notes: Portfolio) -> None:
    down = scenario({"kind": "PARALLEL", "curves": "*", "bp": -900})
    facts = priced(notes, market(LOGNORMAL), down)
    block = facts.blocks[Fact.PRICED]
    blank = np.isnan(column(facts, "pv"))
    assert not blank[0].any() and blank[1].any() and facts.failed == int(blank[1].sum())
    assert (block.reasons[:, 0] == Reason.NONE).all()
    assert (block.reasons[:, 1, blank[1]] == Reason.INVALID_TERMS).all()
    assert {block.details[number] for number in block.detail[blank[1]]} == {
        "a negative forward has no price on a lognormal surface: give it a `shift`, a larger one, or NORMAL vols"
    }


def test_a_floor_on_a_shifted_surface_has_a_value_below_zero(notes: Portfolio) -> None:
    """Negative forwards within the shift; and a shift of nothing is no other market."""
    below = dict.fromkeys(NODES, -0.02)
    assert priced(notes, market({**LOGNORMAL, "shift": 0.05}, nodes=below)).failed == 0
    assert sha256_of(market({**LOGNORMAL, "shift": 0.0})) == sha256_of(market(LOGNORMAL))
    assert sha256_of(market({**LOGNORMAL, "shift": 0.05})) != sha256_of(market(LOGNORMAL))
