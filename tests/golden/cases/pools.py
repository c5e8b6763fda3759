"""Pools: cash flows under speeds, the speeds that factors imply, yields, lives and effective duration."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from compute.kernels.flows.flows import Flows
from compute.kernels.flows.prepaying_pool import (
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
from compute.kernels.flows.speeds import parse_speed, smm
from compute.kernels.valuing.average_lives import weighted_average_life
from compute.kernels.valuing.yields import YieldTimes, bond_equivalent, durations, solve_yields
from tests.golden.cases.bond_yields import convexity
from tests.golden.cases.case import VALUE, Case, Figures, Inputs, NotExpressible

Array = NDArray[np.float64]

BASE = Variants(np.ones(1), np.ones(1), np.zeros(1), np.zeros(1, np.int32))
EXHIBIT_OFFSET_DAYS = 5
"""The average lives that Fabozzi prints run from a settlement five days into the month (inferred from all of them)."""


@dataclass(frozen=True)
class Pool:
    balance: float
    wac: float
    wam: int
    age: int
    pass_through: float
    prepayment: str = ""
    default: str = ""
    severity: float = 0.0
    recovery_lag_mo: int = 0
    servicer_advances: bool = False

    def cashflows(self) -> Array:
        """[6, wam], rows as `behaviour.fill_pool`."""
        terms = self.balance, self.wac, self.wam, self.age, self.pass_through
        return np.asarray(level_pay_pool(*terms, 0, 0, self._speeds(), BASE))

    def _speeds(self) -> Speeds:
        speeds = Speeds.none(1)._replace(
            severity=np.array([self.severity]),
            recovery_lag_mo=np.array([self.recovery_lag_mo], np.int32),
            servicer_advances=np.array([self.servicer_advances]),
        )
        if self.prepayment:
            kind, pct = _quoted(self.prepayment)
            speeds = speeds._replace(prepayment_kind=kind, prepayment_pct=pct)
        if self.default:
            kind, pct = _quoted(self.default)
            speeds = speeds._replace(default_kind=kind, default_pct=pct)
        return speeds


def _quoted(text: str) -> tuple[NDArray[np.int8], Array]:
    speed = parse_speed(text)
    return np.array([speed.code], np.int8), np.array([speed.quoted_pct])


def with_defaults(case: Case) -> Figures:
    """One month of SIFMA's cash flow tables, or the totals, or a matrix of cumulative defaults by speeds."""
    if "psa" in case.inputs:
        return _cumulative_defaults(case.inputs)
    pool, month = _sifma_pool(case.inputs, *_assumption(case.inputs.text("assumption"))), case.inputs.number("month", 0)
    columns = _sifma_columns(pool)
    if not month:
        return {name: float(column.sum()) for name, column in columns.items()}
    return {name: float(column[int(month) - 1]) for name, column in columns.items()}


def _sifma_pool(inputs: Inputs, prepayment: str, default: str) -> Pool:
    inputs.skip("columns")
    return Pool(
        inputs.number("balance"),
        inputs.number("wac"),
        inputs.whole("term"),
        0,
        inputs.number("wac"),
        prepayment,
        default,
        inputs.number("severity"),
        inputs.whole("recovery_months"),
        inputs.flag("servicer_advances"),
    )


def _assumption(text: str) -> tuple[str, str]:
    """`150% PSA, 100% SDA`; a monthly default rate MDR is quoted to the library as the CDR that makes it."""
    found = re.fullmatch(r"([\d.]+)% (PSA|SMM|CPR|ABS), ([\d.]+)% (SDA|CDR|MDR)", text)
    if not found:
        raise NotExpressible(f"assumption {text!r} is none that is read here")
    kind, pct = found[4], float(found[3])
    if kind == "MDR":
        kind, pct = "CDR", 100 * (1 - (1 - pct / 100) ** 12)
    return f"{found[2]} {found[1]}", f"{kind} {pct!r}"


def _sifma_columns(pool: Pool) -> dict[str, Array]:
    """[wam] the columns of the SIFMA tables; those on loans in foreclosure follow from the pool's flows and schedule.

    `recovery_lag_mo` months after the default its balance, amortised where payments are advanced, is recovered or
    lost (SF-18, 19).
    """
    rows, count = pool.cashflows(), pool.wam
    schedule = np.append(Pool(1.0, pool.wac, count, 0, 0.0).cashflows()[BEGINNING], 0.0)
    share = 1 - schedule[1:] / schedule[:-1]
    adb = _amortized_defaults(rows[DEFAULTED], schedule if pool.servicer_advances else np.ones(count + 1), pool)
    foreclosed, lost_amortization = np.zeros(count + 1), np.zeros(count)
    for t in range(count):
        kept = foreclosed[t] - adb[t] + rows[DEFAULTED, t]
        lost_amortization[t] = share[t] * kept if pool.servicer_advances else 0.0
        foreclosed[t + 1] = kept - lost_amortization[t]
    interest = (rows[BEGINNING] + foreclosed[:-1]) * pool.wac / 12
    return {
        "performing_balance": rows[BEGINNING] - rows[DEFAULTED] - rows[SCHEDULED] - rows[PREPAID],
        "new_defaults": rows[DEFAULTED],
        "in_foreclosure": foreclosed[1:],
        "amort_factor": schedule[1:],
        "expected_amortization": share * (rows[BEGINNING] + foreclosed[:-1] - adb),
        "voluntary_prepayments": rows[PREPAID],
        "amort_from_defaults": lost_amortization,
        "actual_amort": rows[SCHEDULED],
        "expected_interest": interest,
        "interest_lost": interest - rows[INTEREST],
        "actual_interest": rows[INTEREST],
        "principal_recovery": rows[RECOVERED],
        "principal_loss": adb - rows[RECOVERED],
        "adb": adb,
    }


def _amortized_defaults(defaulted: Array, schedule: Array, pool: Pool) -> Array:
    lag, count = pool.recovery_lag_mo, pool.wam
    amortized = np.zeros(count)
    amortized[lag:] = defaulted[: count - lag] * schedule[lag:-1] / schedule[: count - lag]
    return amortized


def _cumulative_defaults(inputs: Inputs) -> Figures:
    """Percent of the balance, a row for each prepayment speed."""
    if inputs.text("output") != "cumulative defaults %":
        raise NotExpressible(f"output {inputs.text('output')!r} is none that is read here")
    matrix = []
    for psa in inputs.numbers("psa"):
        pools = (_sifma_pool(inputs, f"PSA {psa!r}", f"SDA {sda!r}") for sda in inputs.numbers("sda"))
        matrix.append([100 * float(pool.cashflows()[DEFAULTED].sum()) / pool.balance for pool in pools])
    return {VALUE: matrix}


def passthrough(case: Case) -> Figures:
    return _priced(case.inputs) if "price" in case.inputs else _month(case.inputs)


def _month(inputs: Inputs) -> Figures:
    """One month of a pass-through, its figures in the order of `columns`."""
    pool, month = _fabozzi_pool(inputs, inputs.number("psa")), inputs.whole("month")
    beginning, interest, scheduled, prepaid, *_ = (float(row[month - 1]) for row in pool.cashflows())
    speed = parse_speed(pool.prepayment)
    figures = {
        "balance": beginning,
        "smm": float(smm(speed.code, speed.quoted_pct, pool.age + month, 1.0)),
        "mortgage_payment": scheduled + beginning * pool.wac / 12,
        "net_interest": interest,
        "sched_principal": scheduled,
        "prepayment": prepaid,
        "total_principal": scheduled + prepaid,
        "cash_flow": interest + scheduled + prepaid,
    }
    columns = [str(name) for name in inputs.value("columns")] if "columns" in inputs else list(figures)
    if set(columns) - set(figures):
        raise NotExpressible(f"no figure {', '.join(sorted(set(columns) - set(figures)))}")
    return {VALUE: [figures[name] for name in columns], **figures}


def _fabozzi_pool(inputs: Inputs, psa: float) -> Pool:
    names = "balance", "wac", "pass_through"
    balance, wac, pass_through = (inputs.number(name) for name in names)
    return Pool(balance, wac, inputs.whole("wam"), inputs.whole("age"), pass_through, f"PSA {psa!r}")


def average_lives(case: Case) -> Figures:
    pools = (_fabozzi_pool(case.inputs, psa) for psa in case.inputs.numbers("psa"))
    return {VALUE: [_average_life(pool.cashflows()) - EXHIBIT_OFFSET_DAYS / 365 for pool in pools]}


def _average_life(rows: Array) -> float:
    """Years, months being twelfths: the kernel counts days, so a month is given as a year of them."""
    return float(weighted_average_life(_flows(rows))[0, 0]) / 12


def _flows(rows: Array) -> Flows:
    count = rows.shape[1]
    number, principal = np.arange(count, dtype=np.int32), rows[SCHEDULED] + rows[PREPAID] + rows[RECOVERED]
    amounts = rows[INTEREST][:, None], principal[:, None]
    return Flows(np.array([0, count]), 365 * (number + 1), number, *amounts, np.zeros(1, np.int32))


def _priced(inputs: Inputs) -> Figures:
    """Yield and life of a new pool: the first payment comes a month and the delay after issue, months being equal."""
    price, term, delay_mo = inputs.number("price"), inputs.whole("term"), inputs.whole("delay_days") / 30
    stated = f"first payment at {30 + 30 * delay_mo:.0f}/360"
    if inputs.text("settle") != "issue date" or inputs.text("stated") != stated:
        raise NotExpressible("a settlement or a first payment that is none that is read here")
    psa = inputs.number("psa")
    pool = Pool(100.0, inputs.number("gross"), term, 0, inputs.number("coupon"), f"PSA {psa!r}")
    rows = pool.cashflows()
    flows, months = _flows(rows), np.append(1.0 + delay_mo, np.ones(term - 1))
    mortgage_yield, _ = solve_yields(flows, YieldTimes(months, np.full(1, 12.0)), price_ccy=np.array([[price]]))
    rate, half_years = bond_equivalent(mortgage_yield, 12.0), YieldTimes(months / 6, np.full(1, 2.0))
    found = durations(flows, half_years, rate)
    paid = (flows.interest + flows.principal)[:, 0]
    return {
        **{f"cf{k}": float(amount) for k, amount in enumerate(paid, start=1)},
        "yield_pct": 100 * float(rate[0, 0]),
        "mortgage_yield_pct": 100 * float(mortgage_yield[0, 0]),
        "average_life": _average_life(rows) + delay_mo / 12,
        "duration": float(found.macaulay_yr[0, 0]),
        "mod_duration": float(found.modified_yr[0, 0]),
        "convexity": convexity(flows, half_years, float(rate[0, 0])),
    }


def auto_speed(case: Case) -> Figures:
    """The SMM of an ABS speed, and the ABS speed at which the pool's flows leave the factor."""
    inputs = case.inputs
    quoted = parse_speed(f"ABS {inputs.number('abs_pct_for_smm')!r}")
    age, months, factor = inputs.whole("age_from"), inputs.whole("months"), inputs.number("factor")
    wam, gross = inputs.whole("wam"), inputs.number("gross")
    if inputs.whole("age_to") - age != months or inputs.whole("original_term") - wam != age:
        raise NotExpressible("ages and terms that do not agree")

    def missed(abs_pct: float) -> float:
        pool = Pool(1.0, gross, wam, age, gross, f"ABS {abs_pct!r}")
        return float(pool.cashflows()[BEGINNING, months]) - factor

    monthly = float(smm(quoted.code, quoted.quoted_pct, inputs.whole("month"), 1.0))
    return {"smm_pct": 100 * monthly, "abs_pct": float(brentq(missed, 0.0, 100.0 / (age + months + 1), xtol=1e-12))}


def average_speed(case: Case) -> Figures:
    """One SMM for several pools: what their factors leave against what their schedules would have left.

    `rem` is the term at issue, so the schedule from the first factor on also takes the pool's age then.
    """
    inputs = case.inputs
    gross, months = inputs.number("gross"), inputs.whole("months")
    actual = scheduled = 0.0
    for given in inputs.value("pools"):
        one = Inputs(given)
        face = one.number("face")
        if "age" not in one:
            raise NotExpressible("pools without their age at the first factor: `rem` is the term at issue")
        pool = Pool(face * one.number("f0"), gross, one.whole("rem") - one.whole("age"), 0, gross)
        scheduled += float(pool.cashflows()[BEGINNING, months])
        actual += face * one.number("f1")
    monthly = 1 - (actual / scheduled) ** (1 / months)
    cpr = float(brentq(lambda pct: smm(*_code_and_pct(f"CPR {pct!r}"), 1, 1.0) - monthly, 0.0, 100.0, xtol=1e-12))
    return {"actual": actual, "scheduled": scheduled, "smm_pct": 100 * monthly, "cpr_pct": cpr}


def _code_and_pct(text: str) -> tuple[int, float]:
    speed = parse_speed(text)
    return speed.code, speed.quoted_pct
