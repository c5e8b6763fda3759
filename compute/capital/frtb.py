"""FRTB's sensitivities-based method: delta of the trading book to interest rates and to credit spreads.

    s_k = -KEY_RATE_DV01 x 10,000 by the instrument's currency       (a key rate of 7 years: 0.6 to 5, 0.4 to 10)
    s_k = -KEY_RATE_CS01 x 10,000 by `frtb_bucket` (16 where none is said), issuer, `csr_curve`

in base currency. Capital is the largest of the totals under low, medium and high correlations.

Source: MAR21 (January 2023)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from compute.capital.columns import Array, Columns, Exposures, Flags
from compute.kernels.capital.sensitivities import (
    EVERY_SAME,
    NamedCorrelations,
    across_buckets,
    bucket_capital,
    named_bucket_capital,
    tenor_correlations,
)
from domain.capital.rule_sets import Rules
from domain.measures.measures import KEY_RATE_LABELS, KEY_RATE_TENORS_YR
from domain.portfolio.exposure_columns import ACCOUNTING_CLASSES, CSR_CURVES

Row = dict[str, str | float]
Rows = NDArray[np.int64]

GIRR, CSR, ALL = "GIRR", "CSR_NON_SEC", "ALL"
SCENARIOS = ("LOW", "MEDIUM", "HIGH")
VERTICES_YR = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0)
CSR_TENORS_YR = (0.5, 1.0, 3.0, 5.0, 10.0)
CSR_LABELS = ("6m", "1y", "3y", "5y", "10y")
RATE_COLUMNS = tuple(f"key_rate_dv01_{label}" for label in KEY_RATE_LABELS)
SPREAD_COLUMNS = tuple(f"key_rate_cs01_{label}" for label in CSR_LABELS)
OF_A_WHOLE = -10_000.0
"""From a gain for a basis point down to a change for a whole one up."""
SECTORS, OTHER, INDICES = 7, 16, (17, 18)
COLUMNS = {name: pa.string() for name in ("risk_class", "level", "bucket", "factor", "scenario")} | {
    name: pa.float64() for name in ("sensitivity", "risk_weight", "weighted", "k_b", "s_b", "delta")
}


class Sensitivities:
    """Adds up those of the trading book by risk factor as chunks are read; what has no value adds nothing."""

    def __init__(self, columns: Columns, rates: dict[str, float]) -> None:
        everyone = Exposures(columns, np.arange(columns.portfolio.position_count))
        trading = everyone.choice("accounting_class", ACCOUNTING_CLASSES) == ACCOUNTING_CLASSES.index("TRADING")
        self._rate = np.where(trading, everyone.own_number("currency", lambda name: rates.get(name, 0.0), 0.0), 0.0)
        currency = columns.own_labels("currency")
        assert currency is not None
        self.currencies, self._currency = tuple(currency.keys), currency.codes
        self.named, self._named = _names(everyone, columns, trading)
        self.by_rate = np.zeros((len(self.currencies), len(VERTICES_YR)))
        self.by_spread = np.zeros((len(self.named) + 1, len(CSR_TENORS_YR)))

    def take(self, rows: slice, rate_ccy: Sequence[Array], spread_ccy: Sequence[Array]) -> None:
        """By RATE_COLUMNS and SPREAD_COLUMNS, gains per basis point."""
        rate = self._rate[rows] * OF_A_WHOLE
        for vertex, amounts in enumerate(on_vertices([np.nan_to_num(each, nan=0.0) for each in rate_ccy])):
            self.by_rate[:, vertex] += np.bincount(self._currency[rows], amounts * rate, len(self.currencies))
        for tenor, amounts in enumerate(spread_ccy):
            gains = np.nan_to_num(amounts, nan=0.0) * rate
            self.by_spread[:, tenor] += np.bincount(self._named[rows], gains, len(self.by_spread))


@dataclass(frozen=True)
class Named:
    """A name's curve within a bucket."""

    bucket: int
    issuer: str
    curve: str


def _names(everyone: Exposures, columns: Columns, trading: Flags) -> tuple[list[Named], Rows]:
    """Sorted, and [positions] the place of each; the last is for those outside the trading book, which have no factor.

    What says no bucket is of other sectors: MAR21.52.
    """
    bucket = everyone.number("frtb_bucket", OTHER).astype(np.int64)
    curve = everyone.choice("csr_curve", CSR_CURVES, CSR_CURVES[0])
    issuer, ids = _issuers(columns)
    code = (bucket * len(ids) + issuer) * len(CSR_CURVES) + curve
    found, place = np.unique(np.where(trading, code, -1), return_inverse=True)
    first = int(len(found) > 0 and found[0] == -1)
    named = []
    for each in found[first:].tolist():
        of_bucket, chosen = divmod(each, len(CSR_CURVES))
        number, who_it_is = divmod(of_bucket, len(ids))
        named.append(Named(number, ids[who_it_is], CSR_CURVES[chosen]))
    return named, np.where(place < first, len(named), place - first)


def _issuers(columns: Columns) -> tuple[Rows, tuple[str, ...]]:
    """[positions] and names: the issuer, of what has none its instrument."""
    instrument, who = columns.portfolio.tables["positions"].columns["instrument_id"], columns.labels("issuer_id")
    if who is None:
        return instrument.values.astype(np.int64), instrument.categories
    has_issuer = np.array([bool(key) for key in who.keys])[who.codes]
    return np.where(has_issuer, who.codes, len(who.keys) + instrument.values), (*who.keys, *instrument.categories)


def on_vertices(key_rates: Sequence[Array]) -> list[Array]:
    """The rule has no vertex of 7 years: 0.6 of it belongs to 5 years and 0.4 to 10. Source: MAR21.8 and MAR21.42."""
    amounts = dict(zip(KEY_RATE_TENORS_YR, key_rates, strict=True))
    amounts[5] = amounts[5] + 0.6 * amounts[7]
    amounts[10] = amounts[10] + 0.4 * amounts[7]
    return [amounts[vertex] for vertex in VERTICES_YR]


def frtb_table(found: Sensitivities, rules: Rules, base_currency: str) -> pa.Table:
    rates, spreads = _Rates(found, rules, base_currency), _Spreads(found, rules)
    totals = dict.fromkeys(SCENARIOS, 0.0)
    rows: list[Row] = []
    for risk_class in (rates, spreads):
        rows += risk_class.factors()
        for scenario in SCENARIOS:
            of_buckets, delta = risk_class.under(scenario)
            rows += of_buckets
            totals[scenario] += delta
    rows += [{"risk_class": ALL, "level": "TOTAL", "scenario": name, "delta": total} for name, total in totals.items()]
    rows.append({"risk_class": ALL, "level": "CAPITAL", "delta": max(totals.values())})
    return pa.Table.from_pylist(rows, schema=pa.schema(list(COLUMNS.items())))


def under_scenario(correlation: float, scenario: str, rules: Rules) -> float:
    """HIGH: 1.25 times, at most 1; LOW: max(2 rho - 1, 0.75 rho). Source: MAR21.6."""
    of = rules.values("CORRELATION")
    if scenario == "HIGH":
        return min(of["HIGH_FACTOR"] * correlation, of["HIGH_CAP"])
    if scenario == "LOW":
        slope = of["LOW_SLOPE"]
        return max(slope * correlation - (slope - 1.0), of["LOW_FACTOR"] * correlation)
    return correlation


def _moved(correlations: Array, scenario: str, rules: Rules) -> Array:
    found: Array = np.vectorize(lambda each: under_scenario(each, scenario, rules), otypes=[np.float64])(correlations)
    return found


def _of_buckets(
    risk_class: str, scenario: str, buckets: Sequence[str], k_b: Array, sums: Array, gamma: Array
) -> tuple[list[Row], float]:
    found = across_buckets(k_b, sums, gamma)
    named = {"risk_class": risk_class, "scenario": scenario}
    rows = [
        named | {"level": "BUCKET", "bucket": bucket, "k_b": capital, "s_b": total}
        for bucket, capital, total in zip(buckets, k_b.tolist(), found.s_b.tolist(), strict=True)
    ]
    return [*rows, named | {"level": "TOTAL", "delta": found.delta}], found.delta


class _Rates:
    """General interest rate risk: a bucket is a currency, its factors are vertices of one curve."""

    def __init__(self, found: Sensitivities, rules: Rules, base_currency: str) -> None:
        self._rules = rules
        places = [place for place in np.argsort(found.currencies).tolist() if found.by_rate[place].any()]
        self._buckets = [found.currencies[place] for place in places]
        self._sensitivity = found.by_rate[places]
        weights = np.array([rules.value("GIRR_WEIGHT", f"{vertex:g}") for vertex in VERTICES_YR])
        liquid = {*rules.values("GIRR_LIQUID"), base_currency}
        divisor = np.sqrt(rules.value("GIRR", "LIQUID_DIVISOR_SQUARED"))
        self._weight = np.array([weights / divisor if name in liquid else weights for name in self._buckets])
        self._weight = self._weight.reshape(-1, len(VERTICES_YR))
        self._weighted = self._sensitivity * self._weight

    def factors(self) -> Iterator[Row]:
        for place, bucket in enumerate(self._buckets):
            for vertex, years in enumerate(VERTICES_YR):
                amounts = [each[place, vertex] for each in (self._sensitivity, self._weight, self._weighted)]
                if amounts[0] != 0.0:
                    yield _factor(GIRR, bucket, f"{years:g}", *amounts)

    def under(self, scenario: str) -> tuple[list[Row], float]:
        rules = self._rules
        theta, floor = rules.value("GIRR", "THETA"), rules.value("GIRR", "CORRELATION_FLOOR")
        rho = _moved(tenor_correlations(np.array(VERTICES_YR), theta, floor), scenario, rules)
        k_b = np.array([bucket_capital(each, rho) for each in self._weighted])
        gamma = np.full((len(k_b), len(k_b)), under_scenario(rules.value("GIRR", "GAMMA"), scenario, rules))
        np.fill_diagonal(gamma, 0.0)
        return _of_buckets(GIRR, scenario, self._buckets, k_b, self._weighted.sum(axis=1), gamma)


class _Spreads:
    """Credit spread risk of what is no securitisation: a bucket is a sector and quality, a factor a name's curve."""

    def __init__(self, found: Sensitivities, rules: Rules) -> None:
        self._rules, self._named, self._sensitivity = rules, found.named, found.by_spread[:-1]
        self._held = sorted({each.bucket for each in found.named})
        weights = rules.values("CSR_WEIGHT")
        self._weight = np.array([weights[str(each.bucket)] for each in found.named])
        self._weighted = self._sensitivity * self._weight[:, None]
        issuers = sorted({each.issuer for each in found.named})
        code = {name: place for place, name in enumerate(issuers)}
        self._issuer = np.array([code[each.issuer] for each in found.named], np.int64)
        self._curve = np.array([CSR_CURVES.index(each.curve) for each in found.named], np.int64)
        self._bucket = np.array([each.bucket for each in found.named], np.int64)
        self._held = [bucket for bucket in self._held if self._sensitivity[self._bucket == bucket].any()]

    def factors(self) -> Iterator[Row]:
        for place, name in enumerate(self._named):
            for tenor, years in enumerate(CSR_TENORS_YR):
                if self._sensitivity[place, tenor] != 0.0:
                    amounts = self._sensitivity[place, tenor], self._weight[place], self._weighted[place, tenor]
                    yield _factor(CSR, str(name.bucket), f"{name.issuer}|{name.curve}|{years:g}", *amounts)

    def under(self, scenario: str) -> tuple[list[Row], float]:
        k_b = np.array([self._capital(bucket, scenario) for bucket in self._held])
        sums = np.array([self._weighted[self._bucket == bucket].sum() for bucket in self._held])
        gamma = np.array([[0.0 if b == c else gamma_of(b, c, self._rules) for c in self._held] for b in self._held])
        gamma = gamma.reshape(len(k_b), len(k_b))
        names = [str(bucket) for bucket in self._held]
        return _of_buckets(CSR, scenario, names, k_b, sums, _moved(gamma, scenario, self._rules))

    def _capital(self, bucket: int, scenario: str) -> float:
        mine = self._bucket == bucket
        weighted = self._weighted[mine]
        if bucket == OTHER:
            return float(np.abs(weighted).sum())
        rules = self._rules
        name = rules.value("CSR", "NAME_INDEX" if bucket in INDICES else "NAME")
        of = NamedCorrelations(name, rules.value("CSR", "TENOR"), rules.value("CSR", "BASIS"))
        correlations = {same: under_scenario(of.of(*same), scenario, rules) for same in EVERY_SAME}
        tenors = weighted.shape[1]
        codes = np.repeat(self._issuer[mine], tenors), np.tile(np.arange(tenors), len(weighted))
        return named_bucket_capital(weighted.ravel(), *codes, np.repeat(self._curve[mine], tenors), correlations)


def gamma_of(one: int, other: int, rules: Rules) -> float:
    """Of two buckets of credit spreads: rating times sector. Source: MAR21.57."""
    of = rules.values("CSR_SECTOR")
    if OTHER in (one, other):
        return of["OTHER"]
    indices = (one in INDICES) + (other in INDICES)
    if indices:
        return of["INDICES"] if indices == len(INDICES) else of["INDEX"]
    first, second = sorted((_sector(one), _sector(other)))
    sector = 1.0 if first == second else of[f"{first}-{second}"]
    return sector * (1.0 if (one > SECTORS + 1) == (other > SECTORS + 1) else rules.value("CSR", "RATING"))


def _sector(bucket: int) -> int:
    """Buckets 9 to 15 are the sectors of 1 to 7 in high yield; 8 is covered bonds."""
    return bucket if bucket <= SECTORS + 1 else bucket - SECTORS - 1


def _factor(risk_class: str, bucket: str, factor: str, sensitivity: float, weight: float, weighted: float) -> Row:
    return {
        "risk_class": risk_class,
        "level": "FACTOR",
        "bucket": bucket,
        "factor": factor,
        "sensitivity": float(sensitivity),
        "risk_weight": float(weight),
        "weighted": float(weighted),
    }
