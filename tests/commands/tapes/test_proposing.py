"""What is proposed for a file, how surely, and what is asked instead of guessed."""

from pathlib import Path
from typing import Any

import pytest

from commands.tapes.proposing.propose import suggest
from domain.tapes.mapping import MappingDocument

TAPES = Path(__file__).parents[2] / "walk" / "tapes"
HEAD = "Loan ID,Balance,Rate,Maturity,Start,Ccy\n"


def proposed(folder: Path, text: str, name: str = "loans.csv") -> dict[str, Any]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return suggest(path, name)


def targets(found: dict[str, Any]) -> dict[str, str]:
    return {each["target"]: each["source"] for each in found["columns"]}


def test_names_and_values_say_what_a_column_is(tmp_path: Path) -> None:
    found = proposed(tmp_path, HEAD + "A1,100.5,4.25,2030-06-30,2020-06-30,USD\nA2,200,5.5,2031-06-30,2021-01-31,USD\n")
    assert targets(found) == {
        "positions.position_id": "Loan ID",
        "positions.notional": "Balance",
        "instruments.coupon": "Rate",
        "instruments.maturity_date": "Maturity",
        "instruments.issue_date": "Start",
        "instruments.currency": "Ccy",
    }
    assert found["mapping"]["columns"]["instruments.coupon"] == {"from": "Rate", "scale": 0.01}
    assert found["rows"][0] == {
        "row": 2,
        "cells": {
            "positions.position_id": {"text": "A1", "read": "A1"},
            "positions.notional": {"text": "100.5", "read": "100.5"},
            "instruments.coupon": {"text": "4.25", "read": "0.0425"},
            "instruments.maturity_date": {"text": "2030-06-30", "read": "2030-06-30"},
            "instruments.issue_date": {"text": "2020-06-30", "read": "2020-06-30"},
            "instruments.currency": {"text": "USD", "read": "USD"},
        },
    }
    assert all(each["confidence"] in ("certain", "likely", "unsure") and each["why"] for each in found["columns"])
    MappingDocument.model_validate(found["mapping"])


def test_what_is_required_and_has_no_column_stands_on_top(tmp_path: Path) -> None:
    found = proposed(tmp_path, "Loan ID,Rate\nA,0.05\n")
    assert list(found)[:3] == ["file", "built_in", "missing"]
    lacking = [each["column"] for each in found["missing"]]
    assert lacking[:3] == ["instruments.product_type", "instruments.currency", "positions.notional"]
    assert "instruments.maturity_date" in lacking
    assert '{"value": "USD"}' in found["missing"][1]["fix"]
    assert "instruments.currency" not in found["mapping"]["columns"]


def test_dates_that_can_be_two_days_are_asked(tmp_path: Path) -> None:
    found = proposed(tmp_path, HEAD + "A,1,0.05,03/04/2030,01/02/2020,USD\nB,1,0.05,05/06/2031,07/08/2021,USD\n")
    (question,) = found["questions"]
    assert question["path"] == "format.dates" and question["choices"] == ["DD/MM/YYYY", "MM/DD/YYYY"]
    assert "dates" not in found["mapping"]["format"]
    told = proposed(tmp_path, HEAD + "A,1,0.05,03/04/2030,01/02/2020,USD\nB,1,0.05,25/06/2031,07/08/2021,USD\n")
    assert told["questions"] == [] and told["mapping"]["format"]["dates"] == "DD/MM/YYYY"


def test_a_comma_that_can_be_two_marks_is_asked(tmp_path: Path) -> None:
    found = proposed(tmp_path, HEAD.replace(",", ";") + "A;1,234;0.05;2030-01-01;2020-01-01;USD\n")
    assert [each["path"] for each in found["questions"]] == ["format.decimal"]
    told = proposed(tmp_path, HEAD.replace(",", ";") + "A;1.234,56;0,05;2030-01-01;2020-01-01;USD\n")
    assert told["questions"] == []
    assert (told["mapping"]["format"]["decimal"], told["mapping"]["format"]["thousands"]) == (",", ".")


def test_a_word_that_is_no_known_code_is_asked(tmp_path: Path) -> None:
    text = "id,balance,rate_type\nA,1,FRM\nB,2,HYBRID\n"
    found = proposed(tmp_path, text)
    assert found["mapping"]["columns"]["instruments.rate_type"] == {"from": "rate_type", "map": {"FRM": "FIXED"}}
    assert [each["path"] for each in found["questions"]] == ["columns.instruments.rate_type.map"]


KNOWN = [
    ("2021Q1.csv", "fannie_mae_sflp"),
    ("historical_data_time_2021Q1.txt", "freddie_mac_sflld"),
    ("exhibit102.xml", "sec_abs_ee_auto"),
    ("consumer.csv", "consumer_tape"),
    ("market.txt", "ore_market"),
    ("german_loans.csv", None),
]


@pytest.mark.parametrize(("name", "built_in"), KNOWN)
def test_published_layouts_are_known(name: str, built_in: str | None) -> None:
    assert suggest(TAPES / name, name)["built_in"] == built_in


def test_encoding_titles_and_marks_are_seen() -> None:
    found = suggest(TAPES / "german_loans.csv", "german_loans.csv")
    assert found["mapping"]["format"] == {
        "encoding": "cp1252", "delimiter": ";", "decimal": ",", "thousands": ".", "dates": "DD.MM.YYYY"}  # fmt: skip
    assert found["mapping"]["skip_rows"] == 1
    assert found["rows"][0]["cells"]["positions.book_id"]["read"] == "Köln"
    assert found["rows"][0]["cells"]["positions.notional"] == {"text": "1.250.000,50", "read": "1250000.5"}


def test_a_file_without_a_header_is_shown_as_it_stands(tmp_path: Path) -> None:
    found = proposed(tmp_path, "1|2|3\n4|5|6\n")
    assert found["columns"] == [] and found["mapping"]["format"] == {"delimiter": "|", "header": False}
    assert found["rows"][1] == {
        "row": 2,
        "cells": {n: {"text": t, "read": t} for n, t in zip("123", "456", strict=True)},
    }
