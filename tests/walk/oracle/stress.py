"""Stress, plain and slow, from the words of the contract's sections on macro paths, losses and capital.

Nothing of it is shared with the program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

NORMAL = NormalDist()
GROWTH = ("real_gdp_growth", "nominal_gdp_growth", "real_disposable_income_growth", "nominal_disposable_income_growth")
LEVELS = ("equity_index", "house_price_index", "cre_price_index", "eurusd", "gbpusd", "usdjpy")
Path = Mapping[str, tuple[float, Sequence[float]]]
"""By variable: in the jump-off quarter, and in quarters 1, 2, …"""


def change(path: Path, variable: str, quarter: int) -> float:
    start, values = path[variable]
    if variable in (*GROWTH, "cpi_inflation_rate"):
        level = 1.0
        for growth in values[:quarter]:
            level *= (1 + growth / 100) ** 0.25
        return level - 1
    value = values[quarter - 1]
    return value / start - 1 if variable in LEVELS else value - start


@dataclass(frozen=True)
class Shocks:
    """What a scenario does to PD and LGD, in its order, and its path."""

    of_pd: Sequence[tuple[str, float, float]] = ()
    """("DEFAULT", multiplier, 0) or ("CREDIT_FACTOR", z, rho)"""
    add: float = 0.0
    path: Path = field(default_factory=dict)

    @property
    def quarters(self) -> int:
        return max((len(values) for _, values in self.path.values()), default=0)

    def pd(self, pd: float) -> float:
        for kind, first, second in self.of_pd:
            if kind == "DEFAULT":
                pd = min(1.0, first * pd)
            elif 0 < pd < 1:
                pd = NORMAL.cdf((NORMAL.inv_cdf(pd) - sqrt(second) * first) / sqrt(1 - second))
        return pd

    def lgd(self, lgd: float) -> float:
        return min(1.0, max(0.0, lgd + self.add))


@dataclass(frozen=True)
class Loan:
    ead: float
    pd: float
    lgd: float
    currency: str
    satellite: Mapping[str, Any] | None
    defaulted: bool = False
    pd_long_run: float | None = None


def moved(shocks: Shocks, of: Mapping[str, float], quarter: int) -> float:
    return sum(beta * change(shocks.path, name, quarter) for name, beta in of.items() if name in shocks.path)


def along(quarter: int, length: int, reversion: int, forecast: Any, long_run: float) -> float:
    """The forecast, the straight way back, and what holds for good."""
    if length == 0:
        return long_run
    if quarter <= length:
        return float(forecast(quarter))
    step = quarter - length
    if step <= reversion:
        last = float(forecast(length))
        return last + (long_run - last) * step / reversion
    return long_run


def pd_of(loan: Loan, shocks: Shocks, quarter: int, reversion: int) -> float:
    first, betas = shocks.pd(loan.pd), (loan.satellite or {}).get("pd", {})
    long_run = first if loan.pd_long_run is None else shocks.pd(loan.pd_long_run)
    if not (betas and shocks.quarters):
        return first

    def forecast(at: int) -> float:
        return 1.0 / (1 + exp(-(log(first / (1 - first)) + moved(shocks, betas, at))))

    return along(quarter, shocks.quarters, reversion, forecast, long_run)


def lgd_of(loan: Loan, shocks: Shocks, quarter: int, reversion: int) -> float:
    first, gammas = shocks.lgd(loan.lgd), (loan.satellite or {}).get("lgd", {})
    length = shocks.quarters if gammas else 0
    return along(quarter, length, reversion, lambda at: min(1.0, max(0.0, first + moved(shocks, gammas, at))), first)


def loss(loan: Loan, shocks: Shocks, quarter: int, reversion: int) -> float:
    """In the loan's currency."""
    if loan.satellite is None:
        return 0.0
    if "nine_quarter_loss_rate" in loan.satellite:
        return float(loan.ead * loan.satellite["nine_quarter_loss_rate"] / 9)
    if loan.defaulted:
        return loan.ead * lgd_of(loan, shocks, 1, reversion) if quarter == 1 else 0.0
    share = 1 - sqrt(sqrt(1 - pd_of(loan, shocks, quarter, reversion)))
    return loan.ead * share * lgd_of(loan, shocks, quarter, reversion)


def nine(said: float | Sequence[float] | None) -> list[float]:
    if said is None:
        return [0.0] * 9
    return [float(said) / 9] * 9 if isinstance(said, int | float) else list(said)


def capital_path(policy: Mapping[str, Any], losses: Sequence[float]) -> list[dict[str, float]]:
    """Quarters 0 to 9; `losses` of 1 to 13."""
    has = policy.get("allowance_method", "NEXT_FOUR_QUARTERS") != "NONE"
    allowance = [sum(losses[quarter : quarter + 4]) if has else 0.0 for quarter in range(10)]
    allowance[0] = policy.get("opening_allowance", allowance[0])
    rwa = policy["rwa"] if isinstance(policy["rwa"], list) else [policy["rwa"]] * 10
    cet1 = policy["cet1"]
    found = [{"allowance": allowance[0], "cet1": cet1, "rwa": rwa[0], "cet1_ratio": cet1 / rwa[0]}]
    ppnr, other = nine(policy.get("ppnr")), nine(policy.get("other_capital_items"))
    for quarter in range(1, 10):
        provision = losses[quarter - 1] + allowance[quarter] - allowance[quarter - 1]
        pretax = ppnr[quarter - 1] - provision
        tax = policy.get("tax_rate", 0.21) * pretax
        cet1 += pretax - tax + other[quarter - 1]
        row = {"loss": losses[quarter - 1], "allowance": allowance[quarter], "provision": provision}
        row |= {"ppnr": ppnr[quarter - 1], "pretax": pretax, "tax": tax, "cet1": cet1, "rwa": rwa[quarter]}
        found.append(row | {"cet1_ratio": cet1 / rwa[quarter]})
    return found


def buffer(policy: Mapping[str, Any], path: Sequence[Mapping[str, float]]) -> dict[str, float]:
    ratios = [row["cet1_ratio"] for row in path]
    lowest = min(ratios[1:])
    dividends = nine(policy.get("planned_common_dividends"))
    add_on = sum(dividends[quarter - 1] / path[quarter]["rwa"] for quarter in (4, 5, 6, 7))
    scb = max(0.025, ratios[0] - lowest + add_on)
    others = policy.get("minimum", 0.045) + policy.get("gsib_surcharge", 0.0) + policy.get("ccyb", 0.0)
    return {
        "cet1_ratio_start": ratios[0],
        "cet1_ratio_min": lowest,
        "min_quarter": ratios.index(lowest, 1),
        "decline": ratios[0] - lowest,
        "dividend_add_on": add_on,
        "scb": scb,
        "cet1_requirement": others + scb,
    }
