"""Capital of one exposure, plain and slow, from the words of the rules; nothing of it is shared with the program.

An exposure is a dictionary of what is said of it (position before instrument before issuer), with values as typed text.
Every function gives a weight or raises `Blank` with the code of the reason.
"""

from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt
from statistics import NormalDist

SP = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-"),
    *("B+", "B", "B-", "CCC+", "CCC", "CCC-", "CC", "C", "D"),
)
MOODY = (
    *("Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3"),
    *("B1", "B2", "B3", "Caa1", "Caa2", "Caa3", "Ca", "C", "D"),
)
SUPERVISORY = {
    "UNCONDITIONALLY_CANCELLABLE": (0.1, 0.0),
    "TRADE_LC": (0.2, 0.2),
    "COMMITMENT": (0.4, None),
    "NIF_RUF": (0.5, 0.5),
    "PERFORMANCE": (0.5, 0.5),
    "DIRECT_CREDIT_SUBSTITUTE": (1.0, 1.0),
}
RETAIL = ("RETAIL", "RETAIL_TRANSACTOR", "RETAIL_REVOLVER", "RETAIL_OTHER")
HOMES = ("RESIDENTIAL_RE", "RESIDENTIAL_RE_INCOME")
SHOPS = ("COMMERCIAL_RE", "COMMERCIAL_RE_INCOME")
SECURED = ("FINANCIAL", "RECEIVABLES", "REAL_ESTATE", "OTHER_PHYSICAL")
OECD = (
    "AU AT BE CA CL CO CR CZ DK EE FI FR DE GR HU IS IE IL IT JP KR LV LT LU MX NL NZ NO PL PT SK SI ES SE CH TR GB US"
)
ERBA = {
    "AAA": (15, 20, 15, 70), "AA+": (15, 30, 15, 90), "AA": (25, 40, 30, 120), "AA-": (30, 45, 40, 140),
    "A+": (40, 50, 60, 160), "A": (50, 65, 80, 180), "A-": (60, 70, 120, 210), "BBB+": (75, 90, 170, 260),
    "BBB": (90, 105, 220, 310), "BBB-": (120, 140, 330, 420), "BB+": (140, 160, 470, 580), "BB": (160, 180, 620, 760),
    "BB-": (200, 225, 750, 860), "B+": (250, 280, 900, 950), "B": (310, 340, 1050, 1050), "B-": (380, 420, 1130, 1130),
    "CCC": (460, 505, 1250, 1250), "LOW": (1250, 1250, 1250, 1250),
}  # fmt: skip
NORMAL = NormalDist()


class Blank(Exception):
    pass


@dataclass(frozen=True)
class Rules:
    as_of: date
    split: bool = False
    ratings: bool = True
    lgd_defaults: tuple[tuple[str, float], ...] = ()


class Exposure(dict[str, str]):
    def num(self, name: str, default: float | None = None) -> float | None:
        return float(self[name]) if self.get(name) else default

    def amount(self, name: str) -> float:
        return self.num(name, 0.0) or 0.0

    def yes(self, name: str, default: bool = False) -> bool:
        return self[name] == "true" if self.get(name) else default

    @property
    def cls(self) -> str:
        said = self.get("asset_class", "")
        return "CORPORATE" if said == "DEFAULTED" else said

    @property
    def carrying(self) -> float:
        for name in ("amortised_cost", "book_value", "notional"):
            if self.get(name):
                return float(self[name])
        raise Blank("NOT_APPLICABLE")

    @property
    def defaulted(self) -> bool:
        return self.yes("defaulted") or self.get("asset_class") == "DEFAULTED" or self.amount("days_past_due") > 90


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    for back in range(4):
        try:
            return date(day.year + year, month + 1, day.day - back)
        except ValueError:
            continue
    raise AssertionError


def years(start: date, end: date) -> float:
    months = 0
    while months_later(start, months + 1) <= end:
        months += 1
    return months / 12 + (end - months_later(start, months)).days / 365 if end > start else 0.0


def lasts(x: Exposure, months: int) -> bool:
    if not x.get("issue_date") or not x.get("maturity_date"):
        return False
    return date.fromisoformat(x["maturity_date"]) <= months_later(date.fromisoformat(x["issue_date"]), months)


def notch(x: Exposure, rules: Rules) -> str | None:
    if not rules.ratings:
        return None
    found = []
    for name in ("rating", "rating_2", "rating_3"):
        text = x.get(name, "")
        if text in ("", "NR", "UNRATED", "WR"):
            continue
        if text in SP:
            found.append(SP.index(text))
        elif text in MOODY:
            found.append(MOODY.index(text))
        else:
            raise Blank("INVALID_TERMS")
    found.sort()
    if not found:
        return None
    return SP[found[0] if len(found) == 1 else found[1]]


def band(rating: str, edges: tuple[str, ...], weights: tuple[float, ...]) -> float:
    for edge, weight in zip(edges, weights, strict=False):
        if SP.index(rating) <= SP.index(edge):
            return weight
    return weights[-1]


def factor(x: Exposure, us: bool = False) -> float:
    def of(kind: str) -> float:
        basel, american = SUPERVISORY[kind]
        return basel if not us else (0.2 if lasts(x, 12) else 0.5) if american is None else american

    own = of(x.get("commitment_type") or "COMMITMENT")
    return min(own, of(x["commitment_item"])) if x.get("commitment_item") else own


# --- standardised ---------------------------------------------------------------------------------------------------


def ead_sa(x: Exposure) -> float:
    return max(0.0, x.carrying - x.amount("specific_provision")) + factor(x) * x.amount("undrawn")


def weight_sa(x: Exposure, rules: Rules) -> float:
    cls = x.cls
    if not cls:
        raise Blank("UNSUPPORTED")
    if cls == "SECURITISATION":
        return tranche(x, rules, irb=False)
    if x.defaulted and cls not in ("EQUITY", "CASH", "COLLECTION_ITEMS"):
        if cls == "RESIDENTIAL_RE":
            return 1.0
        return 1.5 if x.amount("specific_provision") < 0.2 * x.carrying else 1.0
    if cls in HOMES + SHOPS:
        return property_weight(x, rules)
    weight = unsecured(x, cls, rules, own=True)
    return charge(weight) if cls in RETAIL and mismatch(x) else weight


def charge(weight: float) -> float:
    return min(1.5 * weight, 1.5)


def mismatch(x: Exposure) -> bool:
    return bool(x.get("income_currency")) and x["income_currency"] != x["currency"] and not x.yes("income_hedged")


def unsecured(x: Exposure, cls: str, rules: Rules, own: bool) -> float:
    flat = {"RETAIL": 0.75, "RETAIL_TRANSACTOR": 0.45, "RETAIL_REVOLVER": 0.75, "RETAIL_OTHER": 1.0}
    flat |= {"CASH": 0.0, "COLLECTION_ITEMS": 0.2, "OTHER": 1.0}
    if not own and cls in ("RETAIL", "CORPORATE_SME"):
        return 0.75 if cls == "RETAIL" else 0.85
    if cls in flat:
        return flat[cls]
    if cls == "EQUITY":
        return 4.0 if x.get("equity_type") == "SPECULATIVE" else 2.5
    if cls in ("LAND_ADC", "HVCRE"):
        return 1.0 if x.yes("presold") else 1.5
    if own and cls in ("BANK", "CORPORATE", "CORPORATE_SME") and x.get("seniority") == "SUBORDINATED":
        return 1.5
    rating = notch(x, rules)
    coarse = ("AA-", "A-", "BBB-", "B-")
    if rating is not None:
        if cls == "SOVEREIGN":
            return band(rating, coarse, (0.0, 0.2, 0.5, 1.0, 1.5))
        if cls == "COVERED_BOND":
            return band(rating, coarse, (0.1, 0.2, 0.2, 0.5, 1.0))
        if cls == "BANK":
            return band(rating, coarse, (0.2, 0.2, 0.2, 0.5, 1.5) if lasts(x, 3) else (0.2, 0.3, 0.5, 1.0, 1.5))
        return band(rating, ("AA-", "A-", "BBB-", "BB-"), (0.2, 0.5, 0.75, 1.0, 1.5))
    if cls == "SOVEREIGN":
        return 1.0
    if cls == "CORPORATE":
        return 0.65 if x.yes("investment_grade") else 1.0
    if cls == "CORPORATE_SME":
        return 0.85
    if cls == "BANK" and x.get("scra_grade"):
        long, short = {"A*": (0.3, 0.2), "A": (0.4, 0.2), "B": (0.75, 0.5), "C": (1.5, 1.5)}[x["scra_grade"]]
        return short if lasts(x, 3) else long
    if cls == "SPECIALISED_LENDING" and x.get("specialised_type"):
        return {"PROJECT_PRE_OPERATIONAL": 1.3, "PROJECT_HIGH_QUALITY": 0.8}.get(x["specialised_type"], 1.0)
    raise Blank("INVALID_TERMS")


def property_weight(x: Exposure, rules: Rules) -> float:
    cls, home = x.cls, x.cls in HOMES
    who = x.get("counterparty_class") or ("RETAIL" if home else "CORPORATE")
    adjust = charge if home and who == "RETAIL" and mismatch(x) else lambda weight: weight
    income = cls.endswith("_INCOME")
    if not x.yes("re_qualifying", True):
        return adjust(1.5 if income else unsecured(x, who, rules, own=False))
    prior, beside = x.amount("prior_liens"), x.amount("pari_passu_liens")
    own = x.carrying + x.amount("undrawn")
    if x.amount("collateral_value") > 0:
        value = x.amount("collateral_value")
        ltv = (own + prior + beside) / value
    elif x.amount("ltv") > 0:
        ltv = x.amount("ltv")
        value = (own + prior + beside) / ltv
    else:
        raise Blank("INVALID_TERMS")
    ltv = round(ltv, 12)
    if not income and rules.split:
        rest = unsecured(x, who, rules, own=False)
        first = 0.2 if home else min(0.6, rest)
        ead = ead_sa(x)
        secured = min(ead, max(0.0, 0.55 * value - prior) * own / (own + beside))
        return (adjust(first) * secured + adjust(rest) * (ead - secured)) / ead
    edges = (0.5, 0.6, 0.8, 0.9, 1.0)
    if cls == "COMMERCIAL_RE":
        rest = unsecured(x, who, rules, own=False)
        return min(0.6, rest) if ltv <= 0.6 else rest
    if cls == "COMMERCIAL_RE_INCOME":
        return 0.7 if ltv <= 0.6 else 0.9 if ltv <= 0.8 else 1.1
    table = (0.2, 0.25, 0.3, 0.4, 0.5, 0.7) if cls == "RESIDENTIAL_RE" else (0.3, 0.35, 0.45, 0.6, 0.75, 1.05)
    return adjust(table[sum(ltv > edge for edge in edges)])


# --- tranches -------------------------------------------------------------------------------------------------------


def formula(k: float, p: float, a: float, d: float) -> float:
    """12.5 times the mean over the tranche of 1 below K and e^(-(x - K) / (p K)) above."""
    below = max(0.0, min(d, k) - a)
    above = 0.0
    if d > k and k > 0:
        low = max(a, k)
        above = p * k * (exp(-(low - k) / (p * k)) - exp(-(d - k) / (p * k)))
    return 12.5 * (below + above) / (d - a)


def tranche(x: Exposure, rules: Rules, irb: bool) -> float:
    a, d = x.num("attachment"), x.num("detachment")
    senior = x.yes("senior", d == 1.0)
    stc, again = x.yes("stc"), x.yes("resecuritisation")
    rating, k_sa, k_irb = notch(x, rules), x.num("k_sa"), x.num("k_irb")
    can = {"SEC_IRBA": irb and k_irb is not None, "SEC_ERBA": rating is not None, "SEC_SA": k_sa is not None}
    which = next((name for name, usable in can.items() if usable), None)
    forced = x.get("sec_approach")
    if forced and (forced != "SEC_IRBA" or irb):
        which = forced if can[forced] else None
    if again:
        which = "SEC_SA" if k_sa is not None else None
    if which is None:
        return 12.5
    maturity = maturity_of_tranche(x, rules)
    if (which != "SEC_ERBA" or not senior) and (a is None or d is None):
        raise Blank("INVALID_TERMS")
    if which == "SEC_SA":
        assert k_sa is not None and a is not None and d is not None
        w, dark = (0.0, 0.0) if again else (x.amount("w"), x.amount("delinquency_unknown"))
        if dark > 0.05:
            return 12.5
        k = (1 - dark) * ((1 - w) * k_sa + 0.5 * w) + dark
        weight = formula(k, 1.5 if again else 0.5 if stc else 1.0, a, d)
    elif which == "SEC_IRBA":
        assert k_irb is not None and a is not None and d is not None
        weight = formula(k_irb, parameter(x, k_irb, senior, stc, maturity), a, d)
    else:
        weight = by_rating(rating, senior, stc, maturity, (d or 0.0) - (a or 0.0))
    weight = max(weight, 1.0 if again else 0.1 if stc and senior else 0.15)
    cap = x.num("pool_risk_weight")
    return min(weight, cap) if senior and not again and cap is not None else weight


def maturity_of_tranche(x: Exposure, rules: Rules) -> float:
    brought = x.num("tranche_maturity")
    legal = years(rules.as_of, date.fromisoformat(x["maturity_date"]))
    return max(1.0, min(5.0, 1 + 0.8 * (legal - 1) if brought is None else brought))


def parameter(x: Exposure, k: float, senior: bool, stc: bool, maturity: float) -> float:
    if not x.get("pool_type") or x.num("pool_lgd") is None:
        raise Blank("INVALID_TERMS")
    n = x.num("pool_n")
    if x["pool_type"] == "RETAIL":
        a, b, c, d, e = (0.0, 0.0, -7.48, 0.71, 0.24) if senior else (0.0, 0.0, -5.78, 0.55, 0.27)
        n = 1.0
    elif n is None:
        raise Blank("INVALID_TERMS")
    elif senior:
        a, b, c, d, e = (0.0, 3.56, -1.85, 0.55, 0.07) if n >= 25 else (0.11, 2.61, -2.91, 0.68, 0.07)
    else:
        a, b, c, d, e = (0.16, 2.87, -1.03, 0.21, 0.07) if n >= 25 else (0.22, 2.35, -2.46, 0.48, 0.07)
    p = max(0.3, a + b / n + c * k + d * x.amount("pool_lgd") + e * maturity)
    return max(0.3, 0.5 * p) if stc else p


def by_rating(rating: str | None, senior: bool, stc: bool, maturity: float, thickness: float) -> float:
    """The table for what is not STC; the book of this oracle rates no STC tranche."""
    assert rating is not None and not stc
    key = "CCC" if rating.startswith("CCC") else "LOW" if rating in ("CC", "C", "D") else rating
    s1, s5, n1, n5 = (each / 100 for each in ERBA[key])
    top = s1 + (s5 - s1) * (maturity - 1) / 4
    return top if senior else max(top, (n1 + (n5 - n1) * (maturity - 1) / 4) * (1 - min(thickness, 0.5)))


# --- internal ratings -----------------------------------------------------------------------------------------------


def irb(x: Exposure, rules: Rules) -> tuple[float, float]:
    """EAD and weight under the rules of 2023."""
    cls, approach = x.cls, x.get("irb_approach") or "SA"
    if approach == "SA" or cls in ("", "EQUITY", "CASH", "COLLECTION_ITEMS", "COVERED_BOND", "OTHER"):
        return ead_sa(x), weight_sa(x, rules)
    if cls == "SECURITISATION":
        return ead_sa(x), tranche(x, rules, irb=True)
    home = cls in HOMES and (x.get("counterparty_class") or "RETAIL") == "RETAIL"
    cards, retail = cls in ("RETAIL_TRANSACTOR", "RETAIL_REVOLVER"), cls in ("RETAIL", "RETAIL_OTHER")
    advanced = approach == "AIRB" and not (
        cls == "BANK" or x.yes("financial_institution") or x.amount("sales_eur_m") > 500
    )
    advanced = advanced or home or cards or retail
    conversion = factor(x)
    if advanced and x.num("ccf") is not None:
        conversion = max(x.amount("ccf"), 0.5 * conversion)
    ead = x.carrying + conversion * x.amount("undrawn")
    share, kind = 0.0, 0
    if x.get("collateral_type") and not home and not cards:
        kind = SECURED.index(x["collateral_type"])
        haircut = x.num("collateral_haircut", 0.0 if kind == 0 else 0.4) or 0.0
        share = min(1.0, x.amount("collateral_value") * (1 - haircut) / ead)
    lgd = loss_given_default(x, rules, advanced, share, kind, home, cards, retail)
    if x.defaulted:
        if not advanced:
            return ead, 0.0
        best = x.num("best_estimate_el")
        if best is None:
            raise Blank("INVALID_TERMS")
        return ead, 12.5 * max(0.0, lgd - best)
    pd = x.num("pd_12m")
    if pd is None:
        raise Blank("MISSING_MARKET_DATA")
    pd = max(pd, 0.0 if cls == "SOVEREIGN" else 0.001 if cls == "RETAIL_REVOLVER" else 0.0005)
    return ead, 12.5 * capital(x, rules, pd, lgd, advanced, home, cards, retail)


def loss_given_default(
    x: Exposure, rules: Rules, advanced: bool, share: float, kind: int, home: bool, cards: bool, retail: bool
) -> float:
    if not advanced:
        plain = 0.45 if x.cls in ("BANK", "SOVEREIGN") or x.yes("financial_institution") else 0.4
        plain = 0.75 if x.get("seniority") == "SUBORDINATED" else plain
        return share * (0, 0.2, 0.2, 0.25)[kind] + (1 - share) * plain
    lgd = x.num("lgd")
    if lgd is None:
        defaults = dict(rules.lgd_defaults)
        lgd = defaults.get(x.get("seniority", ""), defaults.get("*"))
    if lgd is None:
        raise Blank("MISSING_MARKET_DATA")
    if x.cls == "SOVEREIGN":
        return lgd
    if home or cards:
        return max(lgd, 0.05 if home else 0.5)
    return max(lgd, share * (0, 0.1, 0.1, 0.15)[kind] + (1 - share) * (0.3 if retail else 0.25))


def capital(
    x: Exposure, rules: Rules, pd: float, lgd: float, advanced: bool, home: bool, cards: bool, retail: bool
) -> float:
    adjustment = 1.0
    if home or cards:
        r = 0.15 if home else 0.04
    elif retail:
        w = (1 - exp(-35 * pd)) / (1 - exp(-35))
        r = 0.03 * w + 0.16 * (1 - w)
    else:
        w = (1 - exp(-50 * pd)) / (1 - exp(-50))
        r = 0.12 * w + (0.3 if x.cls == "HVCRE" else 0.24) * (1 - w)
        if x.yes("large_or_unregulated_fi"):
            r *= 1.25
        sales = x.num("sales_eur_m")
        if sales is not None and sales <= 50 and x.cls not in ("HVCRE", "BANK", "SOVEREIGN"):
            r -= 0.04 * (1 - (max(sales, 5) - 5) / 45)
        b = (0.11852 - 0.05478 * log(pd)) ** 2
        m = x.num("effective_maturity")
        if m is None:
            m = years(rules.as_of, date.fromisoformat(x["maturity_date"])) if advanced else 2.5
        adjustment = (1 + (max(1.0, min(5.0, m)) - 2.5) * b) / (1 - 1.5 * b)
    stressed = NORMAL.cdf(NORMAL.inv_cdf(pd) / sqrt(1 - r) + sqrt(r / (1 - r)) * NORMAL.inv_cdf(0.999))
    return (lgd * stressed - pd * lgd) * adjustment


# --- the United States ----------------------------------------------------------------------------------------------


def ead_us(x: Exposure) -> float:
    return x.carrying + factor(x, us=True) * x.amount("undrawn")


def weight_us(x: Exposure) -> float:
    cls, country = x.cls, x.get("country", "")
    if not cls:
        raise Blank("UNSUPPORTED")
    if cls == "SECURITISATION":
        a, d, k, again = x.num("attachment"), x.num("detachment"), x.num("k_sa"), x.yes("resecuritisation")
        if a is None or d is None or k is None:
            return 12.5
        w = 0.0 if again else x.amount("w")
        return max(0.2, formula((1 - w) * k + 0.5 * w, 1.5 if again else 0.5, a, d))
    category = x.get("us_category") or {
        "SOVEREIGN": "US_GOVERNMENT" if country == "US" else "FOREIGN_SOVEREIGN",
        "BANK": "DEPOSITORY" if country == "US" else "FOREIGN_BANK",
        **dict.fromkeys(HOMES, "RESIDENTIAL_OTHER"),
        **{name: name for name in ("HVCRE", "CASH", "COLLECTION_ITEMS", "EQUITY")},
    }.get(cls, "CORPORATE")
    late = x.amount("days_past_due") >= 90 or x.yes("nonaccrual") or x.defaulted
    if late and category not in ("US_GOVERNMENT", "RESIDENTIAL_OTHER", "CASH", "COLLECTION_ITEMS", "EQUITY", "MSA_DTA"):
        return 1.0 if category == "FIRST_LIEN_PRUDENT" else 1.5
    if category in ("FOREIGN_SOVEREIGN", "FOREIGN_BANK"):
        home = category == "FOREIGN_SOVEREIGN"
        if x.num("crc") is not None:
            table = (0, 0, 20, 50, 100, 100, 100, 150) if home else (20, 20, 50, 100, 150, 150, 150, 150)
            return table[int(x.amount("crc"))] / 100
        return (0.0 if home else 0.2) if country in OECD.split() else 1.0
    if category == "EQUITY":
        return 4.0 if x.get("equity_type") == "SPECULATIVE" else 3.0
    table_of = {"US_GOVERNMENT": 0.0, "GSE": 0.2, "DEPOSITORY": 0.2, "FIRST_LIEN_PRUDENT": 0.5, "PRESOLD": 0.5}
    table_of |= {"STATUTORY_MULTIFAMILY": 0.5, "HVCRE": 1.5, "MSA_DTA": 2.5, "CASH": 0.0, "COLLECTION_ITEMS": 0.2}
    return table_of.get(category, 1.0)
