"""SA-CCR of one netting set, plain and slow, from the words of CRE52; nothing of it is shared with the program.

A trade is a dictionary of what its files say, as text. Amounts come out in base currency.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, log, sqrt
from statistics import NormalDist

FACTOR = {
    "IR": 0.005, "FX": 0.04, "EQUITY_SINGLE": 0.32, "EQUITY_INDEX": 0.20, "COMMODITY_ELECTRICITY": 0.40,
    "COMMODITY_ENERGY": 0.18, "COMMODITY_METALS": 0.18, "COMMODITY_AGRICULTURE": 0.18, "COMMODITY_OTHER": 0.18,
}  # fmt: skip
QUALITY = {"AAA": 0.0038, "AA": 0.0038, "A": 0.0042, "BBB": 0.0054, "BB": 0.0106, "B": 0.016, "CCC": 0.06}
INDEX = {"IG": 0.0038, "SG": 0.0106}
VOLATILITY = {
    "IR": 0.5, "FX": 0.15, "CREDIT_SINGLE": 1.0, "CREDIT_INDEX": 0.8, "EQUITY_SINGLE": 1.2, "EQUITY_INDEX": 0.75,
    "COMMODITY_ELECTRICITY": 1.5, "COMMODITY_ENERGY": 0.7, "COMMODITY_METALS": 0.7, "COMMODITY_AGRICULTURE": 0.7,
    "COMMODITY_OTHER": 0.7,
}  # fmt: skip
OF_PRODUCT = {
    "IRS": "IR", "CAP_FLOOR": "IR", "SWAPTION": "IR", "FX_FWD": "FX", "FX_OPTION": "FX", "CDS": "CREDIT_SINGLE",
}  # fmt: skip
NORMAL = NormalDist()
Trade = dict[str, str]


@dataclass(frozen=True)
class NettingSet:
    trades: tuple[Trade, ...]
    currency: str = "USD"
    margined: bool = False
    threshold: float = 0.0
    minimum_transfer_amount: float = 0.0
    nica: float = 0.0
    collateral: float = 0.0
    mpor_floor_days: int = 10
    remargin_days: int = 1


@dataclass
class Figures:
    v: float = 0.0
    c: float = 0.0
    rc: float = 0.0
    addon: float = 0.0
    multiplier: float = 1.0
    pfe: float = 0.0
    ead: float = 0.0
    hedging: dict[str, float] = field(default_factory=dict)


def years(start: date, end: date) -> float:
    """Whole months / 12, and the days left over / 365."""
    if end <= start:
        return 0.0
    months = (end.year - start.year) * 12 + end.month - start.month
    while later(start, months) > end:
        months -= 1
    return months / 12 + (end - later(start, months)).days / 365


def later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))


def day(trade: Trade, name: str) -> date | None:
    return date.fromisoformat(trade[name]) if trade.get(name) else None


def class_of(trade: Trade) -> str:
    known = {
        "IRS": "IR",
        "CAP_FLOOR": "IR",
        "SWAPTION": "IR",
        "FX_FWD": "FX",
        "FX_OPTION": "FX",
        "CDS": "CREDIT_SINGLE",
    }
    return trade.get("ccr_class") or known[trade["product_type"]]


def reference_of(trade: Trade) -> str:
    asset = class_of(trade)
    if trade.get("ccr_reference"):
        return trade["ccr_reference"]
    return trade["currency"] if asset == "IR" else trade["pair"] if asset == "FX" else trade["credit_curve"]


def times(trade: Trade, as_of: date) -> tuple[float, float, float]:
    """S, E and M."""
    begins = day(trade, "expiry_date" if trade["product_type"] == "SWAPTION" else "issue_date")
    ends = day(trade, "maturity_date") or day(trade, "expiry_date")
    assert ends is not None
    start = float(trade["ccr_start"]) if trade.get("ccr_start") else years(as_of, begins) if begins else 0.0
    end = float(trade["ccr_end"]) if trade.get("ccr_end") else years(as_of, ends)
    return start, end, float(trade["ccr_maturity"]) if trade.get("ccr_maturity") else end


def delta(trade: Trade, as_of: date) -> float:
    if trade.get("ccr_delta"):
        return float(trade["ccr_delta"])
    sign = 1.0 if float(trade["notional"]) > 0 else -1.0
    product, side = trade["product_type"], trade.get("option_type", "")
    if product not in ("SWAPTION", "CAP_FLOOR", "FX_OPTION"):
        return -sign if "RECEIVE" in trade.get("pay_receive", "") or side == "SELL" else sign
    if product == "CAP_FLOOR":
        ends = day(trade, "maturity_date")
        assert ends is not None
        expiry = years(as_of, later(ends, -12 // int(trade["float_frequency"])))
    else:
        expires = day(trade, "expiry_date")
        assert expires is not None
        expiry = years(as_of, expires)
    vol = VOLATILITY[class_of(trade)]
    d = (log(float(trade["ccr_underlying"]) / float(trade["strike"])) + vol**2 * expiry / 2) / (vol * sqrt(expiry))
    is_call = side in ("PAYER", "CAP", "CALL")
    return sign * (NORMAL.cdf(d) if is_call else -NORMAL.cdf(-d))


def adjusted(trade: Trade, as_of: date, rates: dict[str, float]) -> float:
    asset, amount = class_of(trade), abs(float(trade["notional"]))
    if asset == "FX":
        return amount * rates[reference_of(trade)[:3]]
    amount *= rates[trade["currency"]]
    if asset == "IR" or asset.startswith("CREDIT"):
        start, end, _ = times(trade, as_of)
        amount *= (exp(-0.05 * start) - exp(-0.05 * max(end, 10 / 250))) / 0.05
    return amount


def supervisory_factor(trade: Trade) -> float:
    asset = class_of(trade)
    if asset == "CREDIT_SINGLE":
        return QUALITY[trade["ccr_quality"].rstrip("+-")]
    return INDEX[trade["ccr_quality"]] if asset == "CREDIT_INDEX" else FACTOR[asset]


def figures(netting_set: NettingSet, as_of: date, rates: dict[str, float]) -> Figures:
    found = _figures(netting_set, as_of, rates, netting_set.margined)
    if netting_set.margined:
        found.ead = min(found.ead, _figures(netting_set, as_of, rates, False).ead)
    return found


def _figures(netting_set: NettingSet, as_of: date, rates: dict[str, float], margined: bool) -> Figures:
    rate, found = rates[netting_set.currency], Figures()
    found.v = sum(float(each["market_value"]) * rates[each["currency"]] for each in netting_set.trades)
    found.c = netting_set.collateral * rate
    called = (netting_set.threshold + netting_set.minimum_transfer_amount - netting_set.nica) * rate
    found.rc = max(found.v - found.c, called if margined else 0.0, 0.0)
    at_risk = 1.5 * sqrt((netting_set.mpor_floor_days + netting_set.remargin_days - 1) / 250)
    by_set: dict[str, list[tuple[Trade, float]]] = defaultdict(list)
    for trade in netting_set.trades:
        factor = at_risk if margined else sqrt(min(max(times(trade, as_of)[2], 10 / 250), 1.0))
        by_set[hedging_set(trade)].append((trade, adjusted(trade, as_of, rates) * delta(trade, as_of) * factor))
    found.hedging = {name: addon(name, some, as_of) for name, some in by_set.items()}
    found.addon = sum(found.hedging.values())
    if found.addon > 0:
        found.multiplier = min(1.0, 0.05 + 0.95 * exp((found.v - found.c) / (2 * 0.95 * found.addon)))
    found.pfe = found.multiplier * found.addon
    found.ead = 1.4 * (found.rc + found.pfe)
    return found


def hedging_set(trade: Trade) -> str:
    asset = class_of(trade)
    if asset in ("IR", "FX"):
        return f"{asset}:{reference_of(trade)}"
    return (
        "COMMODITY_ENERGY" if asset == "COMMODITY_ELECTRICITY" else asset.removesuffix("_SINGLE").removesuffix("_INDEX")
    )


def addon(name: str, trades: list[tuple[Trade, float]], as_of: date) -> float:
    if name.startswith("FX:"):
        return 0.04 * abs(sum(amount for _, amount in trades))
    if name.startswith("IR:"):
        d = [0.0, 0.0, 0.0]
        for trade, amount in trades:
            end = times(trade, as_of)[1]
            d[0 if end < 1 else 1 if end <= 5 else 2] += amount
        cross = 1.4 * d[0] * d[1] + 1.4 * d[1] * d[2] + 0.6 * d[0] * d[2]
        return 0.005 * sqrt(max(0.0, sum(each * each for each in d) + cross))
    names: dict[tuple[str, str], float] = defaultdict(float)
    for trade, amount in trades:
        names[class_of(trade), reference_of(trade)] += supervisory_factor(trade) * amount
    common = own = 0.0
    for (asset, _), amount in names.items():
        rho = 0.8 if asset.endswith("_INDEX") else 0.4 if asset.startswith("COMMODITY") else 0.5
        common += rho * amount
        own += (1 - rho * rho) * amount * amount
    return sqrt(common * common + own)
