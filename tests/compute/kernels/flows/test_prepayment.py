"""Speeds as quoted, and pools under them, against the tables that SIFMA and Fabozzi print."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from compute.kernels.flows.prepaying_pool import (
    ADVANCED,
    BEGINNING,
    DEFAULTED,
    INTEREST,
    PREPAID,
    RECOVERED,
    SCHEDULED,
    Speeds,
    Variants,
    level_pay_pool,
)
from compute.kernels.flows.speeds import (
    DEFAULT_KINDS,
    NO_SPEED,
    PREPAYMENT_KINDS,
    SPEED_KINDS,
    Speed,
    mdr,
    parse_speed,
    settled_age_mo,
    smm,
)

GOLDEN = {case["id"]: case for case in json.loads(Path("tests/golden/pricing.json").read_text(encoding="utf-8"))}
BASE = Variants(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1, np.int32))


def rate(text: str, age_mo: int, multiplier: float = 1.0) -> float:
    speed = parse_speed(text)
    function = smm if speed.kind in PREPAYMENT_KINDS else mdr
    return float(function(speed.code, speed.quoted_pct, age_mo, multiplier))


def pool(
    balance: float, wac: float, wam: int, age: int, coupon: float, prepayment: str, default: str = "", lag: int = 0
) -> np.ndarray:
    speeds = Speeds.none(1)._replace(
        prepayment_kind=np.array([parse_speed(prepayment).code], np.int8),
        prepayment_pct=np.array([parse_speed(prepayment).quoted_pct]),
        severity=np.array([0.2]),
        recovery_lag_mo=np.array([lag], np.int32),
        servicer_advances=np.array([True]),
    )
    if default:
        speed = parse_speed(default)
        kind, percent = np.array([speed.code], np.int8), np.array([speed.quoted_pct])
        speeds = speeds._replace(default_kind=kind, default_pct=percent)
    return np.asarray(level_pay_pool(balance, wac, wam, age, coupon, 0, 0, speeds, BASE))


def annual(monthly_pct: float) -> float:
    """The CDR that makes a monthly rate, in percent."""
    return 100 * (1 - (1 - monthly_pct / 100) ** 12)


CASH_FLOWS = {"1% SMM, 1% MDR": ("SMM 1", f"CDR {annual(1)!r}"), "150% PSA, 100% SDA": ("PSA 150", "SDA 100")}
COLUMNS = {
    "new_defaults": DEFAULTED,
    "voluntary_prepayments": PREPAID,
    "actual_amort": SCHEDULED,
    "actual_interest": INTEREST,
    "principal_recovery": RECOVERED,
    "amort_from_defaults": ADVANCED,
}


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("CPR 6", Speed("CPR", 6.0)),
        (" smm 0.5 ", Speed("SMM", 0.5)),
        ("PSA  165", Speed("PSA", 165.0)),
        ("ABS 1.3", Speed("ABS", 1.3)),
        ("MODEL conforming 30", Speed("MODEL", 100.0, "conforming 30")),
        ("CDR 2", Speed("CDR", 2.0)),
        ("SDA 100", Speed("SDA", 100.0)),
        ("PD", Speed("PD")),
    ],
)
def test_a_speed_is_read_as_the_desk_writes_it(text: str, speed: Speed) -> None:
    assert parse_speed(text) == speed
    assert SPEED_KINDS[speed.code] == speed.kind
    assert speed.is_rate == (speed.kind not in ("MODEL", "PD"))


@pytest.mark.parametrize(
    ("text", "kinds", "words"),
    [
        ("", SPEED_KINDS, "begins with one of"),
        ("6", SPEED_KINDS, "begins with one of"),
        ("CPR", SPEED_KINDS, "one number in percent"),
        ("CPR six", SPEED_KINDS, "one number in percent"),
        ("CPR 6 7", SPEED_KINDS, "one number in percent"),
        ("PSA -5", SPEED_KINDS, "not negative"),
        ("PSA nan", SPEED_KINDS, "not negative"),
        ("MODEL", SPEED_KINDS, "name"),
        ("PD 3", SPEED_KINDS, "takes no number"),
        ("CDR 2", PREPAYMENT_KINDS, "CPR, SMM, PSA, ABS, MODEL"),
        ("CPR 2", DEFAULT_KINDS, "CDR, SDA, PD"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(text: str, kinds: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_speed(text, kinds)


@pytest.mark.parametrize(
    ("text", "age_mo", "multiplier", "expected"),
    [
        ("CPR 6", 1, 1.0, 1 - 0.94 ** (1 / 12)),
        ("CPR 6", 400, 1.5, 1 - 0.91 ** (1 / 12)),
        ("CPR 60", 1, 2.0, 1.0),
        ("SMM 0.5", 7, 2.0, 0.01),
        ("SMM 80", 7, 2.0, 1.0),
        ("PSA 100", 0, 1.0, 1 - 0.998 ** (1 / 12)),
        ("PSA 100", 5, 1.0, 1 - 0.99 ** (1 / 12)),
        ("PSA 165", 20, 1.0, 1 - 0.934 ** (1 / 12)),
        ("PSA 100", 30, 1.5, 1 - 0.91 ** (1 / 12)),
        ("PSA 150", 200, 1.0, 1 - 0.91 ** (1 / 12)),
        ("ABS 2", 50, 1.0, 1.0),
        ("ABS 2", 51, 1.0, 1.0),
        ("ABS 2", 90, 1.0, 1.0),
        ("ABS 1", 11, 2.0, 0.025),
        ("CDR 2", 9, 2.0, 1 - 0.96 ** (1 / 12)),
        ("SDA 100", 1, 1.0, 1 - 0.9998 ** (1 / 12)),
        ("SDA 100", 30, 1.0, 1 - 0.994 ** (1 / 12)),
        ("SDA 200", 60, 1.0, 1 - 0.988 ** (1 / 12)),
        ("SDA 100", 61, 1.0, 1 - (1 - 0.005905) ** (1 / 12)),
        ("SDA 100", 120, 1.0, 1 - 0.9997 ** (1 / 12)),
        ("SDA 100", 300, 1.0, 1 - 0.9997 ** (1 / 12)),
    ],
)
def test_monthly_rates(text: str, age_mo: int, multiplier: float, expected: float) -> None:
    assert rate(text, age_mo, multiplier) == pytest.approx(expected, rel=1e-12)


def test_no_speed_is_nil_and_models_have_no_rate_of_their_own() -> None:
    assert smm(NO_SPEED, 0.0, 12, 1.0) == mdr(NO_SPEED, 0.0, 12, 1.0) == 0.0
    assert np.isnan(rate("MODEL base", 12))
    assert np.isnan(rate("PD", 12))


def test_rates_stay_rates_and_settle() -> None:
    for text in ("CPR 95", "SMM 3", "PSA 1200", "ABS 1.9", "CDR 99", "SDA 9000"):
        rates = [rate(text, age, 1.7) for age in range(400)]
        assert all(0.0 <= monthly <= 1.0 for monthly in rates)
        assert len(set(rates[settled_age_mo(parse_speed(text).code) :])) <= 1


@pytest.mark.parametrize(
    ("abs_pct", "printed_pct"),
    [
        (0.5, (0.50, 0.52, 0.55, 0.58, 0.62, 0.66)),
        (1.0, (1.00, 1.10, 1.23, 1.41, 1.64, 1.96)),
        (1.5, (1.50, 1.73, 2.10, 2.65, 3.61, 5.66)),
        (2.0, (2.00, 2.44, 3.23, 4.76, 9.09, 100.00)),
    ],
)
def test_abs_speeds_of_the_sifma_table(abs_pct: float, printed_pct: tuple[float, ...]) -> None:
    """Standard Formulas SF-14, printed to two places."""
    for month, expected in zip((1, 10, 20, 30, 40, 50), printed_pct, strict=True):
        assert 100 * rate(f"ABS {abs_pct}", month) == pytest.approx(expected, abs=0.00501)


def test_abs_speed_of_month_11() -> None:
    case = GOLDEN["abs.bma.abs_speed"]
    quoted, month = case["inputs"]["abs_pct_for_smm"], case["inputs"]["month"]
    assert 100 * rate(f"ABS {quoted}", month) == pytest.approx(case["expected"]["smm_pct"], abs=1e-9)


@pytest.mark.parametrize("case_id", [name for name in GOLDEN if name.startswith("mbs.bma.cashflow_")])
def test_sifma_cash_flows_to_the_dollar(case_id: str) -> None:
    """New 8 % 30-year loans, 12 months to liquidation, severity 20 %, servicer advances, printed to the dollar."""
    case = GOLDEN[case_id]
    rows = pool(100e6, 0.08, 360, 0, 0.08, *CASH_FLOWS[case["inputs"]["assumption"]], lag=12)
    month = case["inputs"].get("month")
    for name, expected in case["expected"].items():
        tolerance = case["tolerance"] if month is None else case["tolerance"][name]
        if name in COLUMNS:
            figure = rows[COLUMNS[name]].sum() if month is None else rows[COLUMNS[name], month - 1]
            assert figure == pytest.approx(expected, abs=tolerance), name
        elif name == "performing_balance":
            assert rows[BEGINNING, month] == pytest.approx(expected, abs=tolerance)
        elif name == "principal_loss":
            losses = principal_losses(rows[DEFAULTED])
            assert (losses.sum() if month is None else losses[month - 1]) == pytest.approx(expected, abs=tolerance)


def principal_losses(defaulted: np.ndarray) -> np.ndarray:
    """20 % of the balance that defaulted 12 months before, at most what the schedule has left of it."""
    schedule = 1 - (1 + 0.08 / 12) ** -(360.0 - np.arange(361))
    lost = np.zeros(360)
    lost[12:] = np.minimum(0.2 * defaulted[:-12], defaulted[:-12] * schedule[12:360] / schedule[:348])
    return lost


def test_sifma_recoveries_of_month_13() -> None:
    """Cash Flow A 791,646, Cash Flow B 1,320 (SF-23, SF-31)."""
    for speeds, expected in zip(CASH_FLOWS.values(), (791646, 1320), strict=True):
        rows = pool(100e6, 0.08, 360, 0, 0.08, *speeds, lag=12)
        assert (rows[RECOVERED, :12] == 0.0).all()
        assert rows[RECOVERED, 12] == pytest.approx(expected, abs=1.01)


def test_sifma_cumulative_default_matrix() -> None:
    case = GOLDEN["mbs.bma.cumulative_default_matrix"]
    for psa, row in zip(case["inputs"]["psa"], case["expected"], strict=True):
        for sda, expected in zip(case["inputs"]["sda"], row, strict=True):
            rows = pool(100.0, 0.08, 360, 0, 0.08, f"PSA {psa}", f"SDA {sda}", lag=12)
            assert rows[DEFAULTED].sum() == pytest.approx(expected, abs=case["tolerance"])


@pytest.mark.parametrize("lag", [0, 1, 12, 60])
def test_with_advances_no_principal_is_lost_but_the_loss(lag: int) -> None:
    """Scheduled, prepaid, recovered and advanced principal, and losses at most what the schedule leaves."""
    rows = pool(100e6, 0.08, 360, 0, 0.08, "PSA 150", "SDA 300", lag=lag)
    schedule = 1 - (1 + 0.08 / 12) ** -(360.0 - np.arange(361))
    amortised = rows[DEFAULTED, : 360 - lag] * schedule[lag:360] / schedule[: 360 - lag]
    lost = np.minimum(0.2 * rows[DEFAULTED, : 360 - lag], amortised).sum()
    paid = rows[[SCHEDULED, PREPAID, RECOVERED, ADVANCED]].sum()
    assert paid + lost == pytest.approx(100e6, rel=1e-12)


def test_ginnie_mae_nine_percent_at_150_psa() -> None:
    case = GOLDEN["mbs.bma.gnma9_150psa_par"]
    rows = pool(100.0, 0.095, 360, 0, 0.09, "PSA 150")
    paid = rows[INTEREST] + rows[SCHEDULED] + rows[PREPAID]
    for month in (1, 2, 3, 360):
        assert paid[month - 1] == pytest.approx(case["expected"][f"cf{month}"], abs=5e-5)
    assert rows[SCHEDULED, 0] == pytest.approx(0.049188, abs=5e-7)  # SF-4, per 100
    assert rows[PREPAID, 0] == pytest.approx(0.025022, abs=5e-7)


@pytest.mark.parametrize("case_id", ["mbs.fabozzi.100psa.month1", "mbs.fabozzi.165psa.month2"])
def test_fabozzi_pass_through_to_the_dollar(case_id: str) -> None:
    inputs = GOLDEN[case_id]["inputs"]
    expected = dict(zip(inputs["columns"], GOLDEN[case_id]["expected"], strict=True))
    speed, month = f"PSA {inputs['psa']}", inputs["month"] - 1
    rows = pool(inputs["balance"], inputs["wac"], inputs["wam"], inputs["age"], inputs["pass_through"], speed)
    figures = {"balance": BEGINNING, "net_interest": INTEREST, "sched_principal": SCHEDULED, "prepayment": PREPAID}
    for name, row in figures.items():
        assert rows[row, month] == pytest.approx(expected[name], abs=1.0)
    assert rate(speed, inputs["age"] + inputs["month"]) == pytest.approx(expected["smm"], abs=5.1e-6)


def test_fabozzi_average_lives_by_speed() -> None:
    """Published from a settlement five days into the month, which takes 5 / 365 of a year off every life."""
    case = GOLDEN["mbs.fabozzi.average_life_vs_psa"]
    inputs, month = case["inputs"], np.arange(1, 358)
    for psa, expected in zip(inputs["psa"], case["expected"], strict=True):
        rows = pool(inputs["balance"], inputs["wac"], inputs["wam"], inputs["age"], 0.075, f"PSA {psa}")
        principal = rows[SCHEDULED] + rows[PREPAID]
        life = month @ principal / principal.sum() / 12 - 5 / 365
        assert life == pytest.approx(expected, abs=case["tolerance"])


def test_what_a_pool_loses_is_what_it_does_not_pay() -> None:
    """Balances walk: each beginning balance less what defaulted, amortised and prepaid is the next."""
    rows = pool(1e6, 0.07, 240, 17, 0.065, "CPR 8", "SDA 250", lag=6)
    gone = rows[DEFAULTED] + rows[SCHEDULED] + rows[PREPAID]
    for month, (here, there) in enumerate(pairwise(rows[BEGINNING])):
        assert here - gone[month] == pytest.approx(there, rel=1e-12)
    assert gone.sum() == pytest.approx(1e6, rel=1e-12)
    assert (rows[DEFAULTED, -6:] == 0.0).all()
    assert rows[DEFAULTED, -7] > 0.0


def test_prepayments_never_take_more_than_defaults_leave() -> None:
    rows = pool(1e6, 0.07, 60, 0, 0.07, "SMM 100", "CDR 50", lag=0)
    assert rows[PREPAID, 0] == pytest.approx(1e6 - rows[DEFAULTED, 0] - rows[SCHEDULED, 0], rel=1e-12)
    assert (rows[:, 1:] == 0.0).all()
