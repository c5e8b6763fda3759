"""Markets from quotes: which key becomes what, what is left aside, and the line of every number."""

import json
import math
import zlib
from pathlib import Path
from typing import Any

import pytest

from commands.refusals import InvalidInput
from commands.tapes.markets.prepare import MarketMade, MarketWanted, market_of
from domain.market.document import parse_market
from domain.tapes.built_in import built_in
from domain.tapes.mapping import as_json, parse_mapping

TAPES = Path(__file__).parents[2] / "walk" / "tapes"


def made(folder: Path, *texts: str, mapping: Any = None, **more: Any) -> MarketMade:
    files = []
    for place, text in enumerate(texts):
        path = folder / f"quotes{place}.txt"
        path.write_text(text, encoding="utf-8")
        files.append(str(path))
    document = as_json(built_in("ore_market")) if mapping is None else as_json(parse_mapping(json.dumps(mapping)))
    return market_of(MarketWanted(document, "m@1", tuple(files), **more))


def document(found: MarketMade) -> dict[str, Any]:
    parse_market(found.raw)
    content: dict[str, Any] = json.loads(found.raw)
    return content


def curve(content: dict[str, Any], curve_id: str) -> dict[str, Any]:
    return next(each for each in content["curves"] if each["curve_id"] == curve_id)


def quotes(*lines: str) -> str:
    return "".join(f"20260123 {line}\n" for line in lines)


OIS = ("IR_SWAP/RATE/EUR/2D/1D/1Y 0.02", "IR_SWAP/RATE/EUR/2D/1D/2Y 0.021")


def test_the_sample_is_a_market_with_the_line_of_every_number() -> None:
    files = (str(TAPES / "market.txt"), str(TAPES / "fixings.txt"))
    found = market_of(MarketWanted(as_json(built_in("ore_market")), "ore_market@1", files))
    content = document(found)
    assert [each["curve_id"] for each in content["curves"]] == ["EUR-ESTR", "EUR-EURIBOR-6M", "USD1D"]
    assert curve(content, "EUR-EURIBOR-6M")["discount_curve"] == "EUR-ESTR"
    assert [(node["type"], node["tenor"]) for node in curve(content, "EUR-EURIBOR-6M")["nodes"]] == [
        ("DEPOSIT", "6M"), ("FRA", "3X9"), ("FRA", "12X18"), ("SWAP", "2Y"), ("SWAP", "5Y"), ("SWAP", "10Y"),
    ]  # fmt: skip
    assert content["discount"] == {"EUR": "EUR-ESTR", "USD": "USD1D"}
    assert content["fixings"][0] == {"index": "EUR-EURIBOR-6M", "date": "2026-01-21", "rate": 0.0212}
    lines = json.loads(zlib.decompress(found.lines))
    assert lines["files"] == ["market.txt", "fixings.txt"]
    assert lines["places"]["curves"]["EUR-ESTR"] == [[0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7]]
    assert lines["places"]["fixings"]["EUR-ESTR 2026-01-22"] == [1, 7]


def test_zero_rates_and_discount_factors_are_zero_rates_on_365_days(tmp_path: Path) -> None:
    text = quotes(
        "ZERO/RATE/USD/USD3M/A360/1Y 0.036", "ZERO/RATE/USD/USD3M/A365F/2Y 0.03", "DISCOUNT/RATE/USD/USD3M/20310123 0.8"
    )
    content = document(made(tmp_path, text))
    rates = [node["rate"] for node in curve(content, "USD3M")["nodes"]]
    # 31 January days apart: from 2026-01-23 to 2031-01-23 are 1,826 days.
    assert rates == pytest.approx([0.036 * 365 / 360, 0.03, -math.log(0.8) / (1826 / 365)], rel=1e-14)
    assert content["projection"] == {"USD-LIBOR-3M": "USD3M"}


LEFT: list[tuple[str, str, str]] = [
    ("another kind", "BASIS_SWAP/BASIS_SPREAD/6M/3M/EUR/5Y 0.001", "BASIS_SWAP/BASIS_SPREAD"),
    ("a futures price", "MM_FUTURE/PRICE/EUR/2026-06/L/3M 97.5", "MM_FUTURE/PRICE"),
    ("a skew", "SWAPTION/RATE_NVOL/EUR/1Y/5Y/0.01 0.007", "SWAPTION/RATE_NVOL"),
    ("no currency", "IR_SWAP/RATE/XXX/2D/1D/5Y 0.02", "IR_SWAP/RATE"),
    ("a tenor that is none", "IR_SWAP/RATE/EUR/2D/1D/5Q 0.02", "IR_SWAP/RATE"),
    ("too short a key", "MM/RATE 0.02", "MM/RATE"),
    ("a spot of one currency", "FX/RATE/EUR/EUR 1.0", "FX/RATE"),
    ("a deposit alone", "MM/RATE/GBP/0D/3M 0.04", "MM/RATE"),
    ("a discount factor of nil", "DISCOUNT/RATE/USD/USD3M/1Y 0", "DISCOUNT/RATE"),
    ("a fixing that is no rate", "EUR-HICP 126.5", "FIXING"),
]


@pytest.mark.parametrize(("line", "kind"), [row[1:] for row in LEFT], ids=[row[0] for row in LEFT])
def test_a_quote_that_is_no_part_of_a_market_is_said_to_be_left_aside(line: str, kind: str, tmp_path: Path) -> None:
    found = made(tmp_path, quotes(*OIS, line))
    assert len(document(found)["curves"]) == 1
    (told,) = [each for each in found.warnings if each["code"] == "QUOTE_LEFT_ASIDE"]
    assert told["path"] == kind and "line 3" in told["message"]


def test_of_a_key_that_is_there_twice_the_first_counts(tmp_path: Path) -> None:
    found = made(tmp_path, quotes(*OIS, "IR_SWAP/RATE/EUR/2D/1D/1Y 0.03", *OIS))
    assert curve(document(found), "EUR-ESTR")["nodes"][0]["rate"] == 0.02
    assert [each["code"] for each in found.warnings if each["path"] == "IR_SWAP/RATE"] == ["QUOTE_LEFT_ASIDE"]


def test_surfaces_spots_and_credit(tmp_path: Path) -> None:
    grid = [("5Y", "10Y"), ("5Y", "5Y"), ("1Y", "10Y"), ("1Y", "5Y"), ("2Y", "10Y")]
    lines = [f"SWAPTION/RATE_NVOL/EUR/{expiry}/{tenor}/ATM 0.007" for expiry, tenor in grid]
    more = ["SWAPTION/RATE_NVOL/EUR/2Y/1Y/ATM 0.008", "FX/RATE/EUR/USD 1.17", "IR_SWAP/RATE/EUR/2D/6M/5Y 0.024"]
    more += ["FX_OPTION/RATE_LNVOL/EUR/USD/1Y/ATM 0.08", "HAZARD_RATE/RATE/ACME/SNRFOR/USD/5Y 0.02"]
    found = made(tmp_path, quotes(*OIS, *lines, *more))
    content = document(found)
    swaptions, fx = content["volatilities"]
    assert (swaptions["index"], swaptions["kind"], swaptions["tenors_yr"]) == ("EUR-EURIBOR-6M", "NORMAL", [5, 10])
    assert len(swaptions["expiries_yr"]) == 2 and len(swaptions["vols"]) == 2
    assert (fx["pair"], fx["vols"]) == ("EURUSD", [0.08])
    assert content["credit_curves"][0] == {
        "curve_id": "ACME", "recovery": 0.4, "nodes": [{"tenor": "5Y", "hazard_rate": 0.02}]}  # fmt: skip
    codes = {each["code"] for each in found.warnings}
    assert codes == {"RECOVERY_TAKEN", "BASE_CURRENCY_TAKEN", "QUOTE_LEFT_ASIDE"}


ROWS = {
    "mapping_id": "house",
    "format": {"decimal": ",", "dates": "DD/MM/YYYY"},
    "columns": {
        "market.as_of": {"from": "Date"},
        "market.base_currency": {"value": "EUR"},
        "curves.curve_id": {"from": "Curve"},
        "curves.currency": {"value": "EUR"},
        "curves.index": {"value": "EUR-ESTR"},
        "curves.tenor": {"from": "Tenor"},
        "curves.rate": {"from": "Rate", "scale": 0.01},
    },
}


def test_rows_of_any_layout_are_a_market(tmp_path: Path) -> None:
    text = "Date;Curve;Tenor;Rate\n23/01/2026;ESTR;10Y;2,5\n23/01/2026;ESTR;1Y;2,0\n"
    found = made(tmp_path, text, mapping=ROWS)
    content = document(found)
    assert content["as_of"] == "2026-01-23" and content["discount"] == {"EUR": "ESTR"}
    assert curve(content, "ESTR")["nodes"] == [{"tenor": "1Y", "rate": 0.02}, {"tenor": "10Y", "rate": 0.025}]
    assert json.loads(zlib.decompress(found.lines))["places"]["curves"]["ESTR"] == [[0, 3], [0, 2]]


REFUSED: list[tuple[str, str, Any, str, str]] = [
    ("a line that is no quote", quotes(*OIS, "IR_SWAP/RATE/EUR/2D/1D/5Y n/a"), None, "UNREADABLE", "Line 3"),
    ("no quote", "# nothing\n", None, "NO_ROWS", "No line"),
    ("no curve", quotes("FX/RATE/EUR/USD 1.1"), None, "NO_ROWS", "No curve"),
    ("a rate that is none", "Date;Curve;Tenor;Rate\n23/01/2026;ESTR;10Y;x\n", ROWS, "NOT_A_NUMBER", "row 2"),
    ("two dates", "Date;Curve;Tenor;Rate\n23/01/2026;E;1Y;2\n24/01/2026;E;2Y;2\n", ROWS, "INCONSISTENT_TERMS", "Date"),
    ("no such column", "Date;Curve;Tenor;Rates\n23/01/2026;E;1Y;2\n", ROWS, "MISSING_COLUMN", "Rates"),
]


@pytest.mark.parametrize(("text", "mapping", "code", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_read_is_refused(text: str, mapping: Any, code: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        made(tmp_path, text, mapping=mapping)
    assert refused.value.code == code and said in refused.value.message + refused.value.fix
