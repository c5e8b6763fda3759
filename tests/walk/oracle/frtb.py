"""FRTB's delta to rates and credit spreads, plain and slow, pair by pair, from MAR21.4 to MAR21.57."""

from collections.abc import Callable, Mapping
from math import exp, sqrt

GIRR_WEIGHTS = {0.25: 1.7, 0.5: 1.7, 1: 1.6, 2: 1.3, 3: 1.2, 5: 1.1, 10: 1.1, 15: 1.1, 20: 1.1, 30: 1.1}
CSR_WEIGHTS = (0.5, 1, 5, 3, 3, 2, 1.5, 2.5, 2, 4, 12, 7, 8.5, 5.5, 5, 12, 1.5, 5)
LIQUID = ("EUR", "USD", "GBP", "AUD", "JPY", "SEK", "CAD")
SECTORS = (  # percent, sectors 1 to 8
    (100, 75, 10, 20, 25, 20, 15, 10),
    (75, 100, 5, 15, 20, 15, 10, 10),
    (10, 5, 100, 5, 15, 20, 5, 20),
    (20, 15, 5, 100, 20, 25, 5, 5),
    (25, 20, 15, 20, 100, 25, 5, 15),
    (20, 15, 20, 25, 25, 100, 5, 20),
    (15, 10, 5, 5, 5, 5, 100, 5),
    (10, 10, 20, 5, 15, 20, 5, 100),
)
Factor = tuple[str, float]
"""A curve (`ISSUER|BOND`, or nothing for a currency's own) and a tenor in years."""
Bucket = Mapping[Factor, float]


def moved(correlation: float, scenario: str) -> float:
    if scenario == "HIGH":
        return min(1.0, 1.25 * correlation)
    return max(2 * correlation - 1, 0.75 * correlation) if scenario == "LOW" else correlation


def girr_weight(currency: str, tenor: float, base: str) -> float:
    return GIRR_WEIGHTS[tenor] / 100 / (sqrt(2) if currency in (*LIQUID, base) else 1.0)


def girr_rho(one: Factor, other: Factor) -> float:
    return max(exp(-0.03 * abs(one[1] - other[1]) / min(one[1], other[1])), 0.4)


def csr_rho(bucket: int) -> Callable[[Factor, Factor], float]:
    def rho(one: Factor, other: Factor) -> float:
        (name, curve), (second, its_curve) = one[0].split("|"), other[0].split("|")
        own = 1.0 if name == second else 0.8 if bucket in (17, 18) else 0.35
        return own * (1.0 if one[1] == other[1] else 0.65) * (1.0 if curve == its_curve else 0.999)

    return rho


def csr_gamma(one: int, other: int) -> float:
    if 16 in (one, other):
        return 0.0
    if one > 16 and other > 16:
        return 0.75
    if one > 16 or other > 16:
        return 0.45
    first, second = ((bucket - 1) % 8 if bucket < 9 else bucket - 9 for bucket in (one, other))
    return SECTORS[first][second] / 100 * (1.0 if (one < 9) == (other < 9) else 0.5)


def capital(bucket: Bucket, rho: Callable[[Factor, Factor], float], scenario: str) -> float:
    total = 0.0
    for one, amount in bucket.items():
        for other, second in bucket.items():
            total += amount * second * (1.0 if one == other else moved(rho(one, other), scenario))
    return sqrt(max(0.0, total))


def delta(k: Mapping[object, float], sums: Mapping[object, float], gamma: Callable[..., float], scenario: str) -> float:
    def whole(s: Mapping[object, float]) -> float:
        pairs = sum(moved(gamma(b, c), scenario) * s[b] * s[c] for b in s for c in s if b != c)
        return sum(each**2 for each in k.values()) + pairs

    found = whole(sums)
    if found < 0:
        found = whole({bucket: max(min(sums[bucket], k[bucket]), -k[bucket]) for bucket in sums})
    return sqrt(max(0.0, found))


ByBucket = dict[object, float]


def half(_one: object, _other: object) -> float:
    return 0.5


def girr(by_currency: Mapping[str, Mapping[float, float]], base: str, scenario: str) -> tuple[ByBucket, float]:
    """K by currency, and delta."""
    weighted = {
        currency: {("", tenor): amount * girr_weight(currency, tenor, base) for tenor, amount in of.items()}
        for currency, of in by_currency.items()
    }
    k: ByBucket = {name: capital(each, girr_rho, scenario) for name, each in weighted.items()}
    sums: ByBucket = {name: sum(each.values()) for name, each in weighted.items()}
    return k, delta(k, sums, half, scenario)


def csr(by_bucket: Mapping[int, Bucket], scenario: str) -> tuple[ByBucket, float]:
    k: ByBucket = {}
    sums: ByBucket = {}
    for bucket, amounts in by_bucket.items():
        weighted = {factor: amount * CSR_WEIGHTS[bucket - 1] / 100 for factor, amount in amounts.items()}
        sums[bucket] = sum(weighted.values())
        simple = sum(abs(each) for each in weighted.values())
        k[bucket] = simple if bucket == 16 else capital(weighted, csr_rho(bucket), scenario)
    return k, delta(k, sums, csr_gamma, scenario)
