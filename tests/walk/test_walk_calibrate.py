"""`tenor market calibrate`: Hull-White from a file's swaptions, a market that loads, refusals that name their fix."""

import json
from pathlib import Path

import pytest

from tests.walk.command_line import SMALL_FUND, Tenor

EXAMPLES = SMALL_FUND.parent
MARKET = EXAMPLES / "derivatives" / "market.json"


def test_a_fit_is_told_swaption_by_swaption_and_the_market_it_writes_loads(tenor: Tenor, tmp_path: Path) -> None:
    written = tmp_path / "fitted.json"
    (fit,) = tenor.json("market", "calibrate", MARKET, "--out", written)["hull_white"]
    errors = [each["error_bp"] for each in fit["swaptions"]]
    assert len(errors) == 4 and max(map(abs, errors)) == pytest.approx(fit["largest_error_bp"])
    assert all(e["model_vol_bp"] - e["market_vol_bp"] == pytest.approx(e["error_bp"]) for e in fit["swaptions"])
    assert min(errors) < 0 < max(errors)  # the least squares of two parameters through four volatilities
    after = json.loads(written.read_text())["hull_white"]["USD"]
    assert (after["mean_reversion"], after["sigma"]) == (fit["mean_reversion"], fit["sigma"])
    assert tenor.json("market", "load", written)["as_of"] == json.loads(MARKET.read_text())["as_of"]


def test_a_mean_reversion_that_is_held_stays_and_fits_no_better(tenor: Tenor) -> None:
    free, held = (
        tenor.json("market", "calibrate", MARKET, *words)["hull_white"][0]
        for words in ((), ("--fixed-mean-reversion", "0.05"))
    )
    assert held["mean_reversion"] == 0.05
    squares = [sum((e["error_bp"] / e["market_vol_bp"]) ** 2 for e in fit["swaptions"]) for fit in (free, held)]
    assert squares[0] < squares[1]


def test_a_market_without_swaptions_is_refused(tenor: Tenor) -> None:
    refusal = tenor.refusal("market", "calibrate", EXAMPLES / "structured_notes" / "market.json")
    assert refusal["code"] == "NO_SWAPTION_SURFACE"
