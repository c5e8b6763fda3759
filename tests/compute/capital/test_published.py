"""Published figures at their printed precision: Basel's annexes and worked examples."""

from pathlib import Path

import pytest

from tests.builders.exposures import Book

COLUMNS = ("CORP_50", "CORP_5", "HOME_45", "HOME_25", "RETAIL_45", "RETAIL_85", "CARD_45", "CARD_85")
ANNEX_5 = {
    0.10: (29.65, 23.30, 10.69, 5.94, 11.16, 21.08, 2.71, 5.12),
    0.25: (49.47, 39.01, 21.30, 11.83, 21.15, 39.96, 5.76, 10.88),
    0.40: (62.72, 49.49, 29.94, 16.64, 28.42, 53.69, 8.41, 15.88),
    0.75: (82.78, 65.14, 46.46, 25.81, 40.10, 75.74, 13.80, 26.06),
    1.00: (92.32, 72.40, 56.40, 31.33, 45.77, 86.46, 17.22, 32.53),
    1.30: (100.95, 78.77, 67.00, 37.22, 50.80, 95.95, 21.02, 39.70),
    2.50: (122.16, 93.43, 100.64, 55.91, 60.90, 115.03, 33.98, 64.18),
}
"""BCBS128 (June 2006), Annex 5: risk weights in percent by PD in percent, M = 2.5."""
CRE99 = {
    0.40: (55.75, 43.99, 29.94, 16.64, 28.42, 53.69, 9.34, 15.88),
    0.50: (61.88, 48.81, 35.08, 19.49, 32.36, 61.13, 11.16, 18.97),
    0.75: (73.58, 57.91, 46.46, 25.81, 40.10, 75.74, 15.33, 26.06),
    1.00: (82.06, 64.35, 56.40, 31.33, 45.77, 86.46, 19.14, 32.53),
}
"""CRE99 table 1: corporates at an LGD of 40 %, cards at 50 %."""
CARD = "RETAIL_TRANSACTOR"


def exposure(column: str, pd_percent: float, lgd: float) -> dict[str, object]:
    kind, _, size = column.partition("_")
    classes = {"CORP": "CORPORATE", "HOME": "RESIDENTIAL_RE", "RETAIL": "RETAIL", "CARD": CARD}
    said: dict[str, object] = {"id": f"{column}-{pd_percent}", "asset_class": classes[kind], "irb_approach": "AIRB"}
    said |= {"pd_12m": round(pd_percent / 100, 8), "lgd": lgd, "effective_maturity": 2.5, "ltv": 0.7}
    return said | ({"sales_eur_m": float(size)} if kind == "CORP" else {})


def lgd_of(column: str, corporate: float, card: float) -> float:
    kind, _, size = column.partition("_")
    return corporate if kind == "CORP" else card if column == "CARD_45" else float(size) / 100


@pytest.mark.parametrize(
    ("rules", "printed", "lgds"), [("basel-2006", ANNEX_5, (0.45, 0.45)), ("basel-2023", CRE99, (0.4, 0.5))]
)
def test_weights_of_the_functions(
    tmp_path: Path, rules: str, printed: dict[float, tuple[float, ...]], lgds: tuple[float, float]
) -> None:
    """The annex rounds from unrounded inputs, and is a hundredth of a percent off in places."""
    book = [exposure(name, pd, lgd_of(name, *lgds)) for pd in printed for name in COLUMNS]
    rows = Book(tmp_path, book, rules=(rules,)).rows()
    for pd, weights in printed.items():
        for name, weight in zip(COLUMNS, weights, strict=True):
            assert 100 * rows[f"{name}-{pd}"]["risk_weight_irb"] == pytest.approx(weight, abs=0.0151), (pd, name)


SPLITS = [
    (70_000.0, 0.0, 0.0, 22_250.0),
    (70_000.0, 10_000.0, 0.0, 27_750.0),
    (70_000.0, 0.0, 10_000.0, 26_031.25),
    (30_000.0, 10_000.0, 10_000.0, 6_000.0),
]
"""CRE20.83 and its footnote: loan, prior lien, pari passu lien of others on a property of 100,000; RWA."""


@pytest.mark.parametrize(("loan", "prior", "beside", "rwa"), SPLITS)
def test_splitting(tmp_path: Path, loan: float, prior: float, beside: float, rwa: float) -> None:
    said = {"id": "X", "asset_class": "RESIDENTIAL_RE", "notional": loan, "collateral_value": 100_000.0}
    said |= {"prior_liens": prior, "pari_passu_liens": beside}
    row = Book(tmp_path, [said], policy={"capital": {"real_estate": "SPLIT"}}).rows()["X"]
    assert row["rwa_sa"] == pytest.approx(rwa, rel=1e-14)


def test_rating_factors_of_a_pool(tmp_path: Path) -> None:
    """20 % Ba2, 60 % B2, 20 % Caa2: 3202."""
    parts = (("Ba2", 200.0), ("B2", 600.0), ("Caa2", 200.0))
    book = [{"asset_class": "CORPORATE", "rating": rating, "notional": share} for rating, share in parts]
    assert Book(tmp_path, book).totals()["BANK"]["rating_factor"] == pytest.approx(3202.0)
