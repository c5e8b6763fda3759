"""What a mapping may say, and what it is told when it says something else."""

import json
from typing import Any

import pytest

from domain.tapes import versions as book
from domain.tapes.built_in import BUILT_IN, built_in
from domain.tapes.mapping import InvalidMapping, MappingDocument, as_json, parse_mapping
from tests.builders.run_events import ASKED

LOAN: dict[str, Any] = {
    "positions.position_id": {"from": "LOAN_ID"},
    "positions.notional": {"from": "UPB"},
    "instruments.product_type": {"value": "LOAN"},
    "instruments.currency": {"value": "USD"},
    "instruments.issue_date": {"from": "ORIG"},
    "instruments.maturity_date": {"from": "MAT"},
    "instruments.rate_type": {"from": "TYPE", "map": {"FRM": "FIXED"}},
    "instruments.coupon": {"from": "RATE", "scale": 0.01},
    "instruments.day_count": {"value": "30/360"},
    "instruments.frequency": {"value": 12},
    "instruments.amortization": {"value": "LEVEL_PAY"},
}
FULL = {
    "mapping_id": "tape",
    "format": {
        "delimiter": "|", "header": True, "encoding": "utf-8", "decimal": ".", "thousands": ",", "dates": "MMYYYY",
        "percent_columns": ["RATE"], "null": ["", "NA"],
    },
    "columns": LOAN,
    "join": {"file": "origination", "on": "LOAN_ID"},
    "latest": {"key": "LOAN_ID", "date": "PERIOD"},
    "skip_rows": 0,
    "where": {"STATUS": ["C", "0"]},
}  # fmt: skip


def without(name: str) -> dict[str, Any]:
    return {target: source for target, source in LOAN.items() if target != name}


def problems(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidMapping) as invalid:
        parse_mapping(json.dumps(document))
    return [(each.path, each.code) for each in invalid.value.problems]


def test_a_mapping_says_again_what_it_said() -> None:
    assert as_json(parse_mapping(json.dumps(FULL)))["columns"]["instruments.coupon"] == {"from": "RATE", "scale": 0.01}


@pytest.mark.parametrize("mapping_id", BUILT_IN)
def test_what_is_built_in_can_be_used(mapping_id: str) -> None:
    assert built_in(mapping_id).mapping_id == mapping_id


def changed(**more: Any) -> dict[str, Any]:
    return {**FULL, **more}


def column(target: str, source: Any) -> dict[str, Any]:
    return changed(columns={**LOAN, target: source})


def form(**more: Any) -> dict[str, Any]:
    return changed(format={**FULL["format"], **more})  # type: ignore[dict-item]


REFUSED: list[tuple[str, Any, str, str]] = [
    ("no notional", changed(columns=without("positions.notional")), "columns.positions.notional", "NO_SOURCE"),
    ("no id", changed(columns=without("positions.position_id")), "columns.positions.position_id", "NO_SOURCE"),
    ("no currency", changed(columns=without("instruments.currency")), "columns.instruments.currency", "NO_SOURCE"),
    ("a loan's term", changed(columns=without("instruments.maturity_date")), "columns.instruments.maturity_date",
     "NO_SOURCE"),
    ("a fixed rate's coupon", changed(columns=without("instruments.coupon")), "columns.instruments.coupon",
     "NO_SOURCE"),
    ("a name with a version", changed(mapping_id="tape@1"), "mapping_id", "BAD_NAME"),
    ("no table", column("notional", {"from": "A"}), "columns.notional", "UNKNOWN_TABLE"),
    ("misspelt table", column("postions.fico", {"from": "A"}), "columns.postions.fico", "UNKNOWN_TABLE"),
    ("misspelt column", column("instruments.maturty_date", {"from": "A"}), "columns.instruments.maturty_date",
     "UNKNOWN_COLUMN"),
    ("two sources", column("positions.fico", {"from": "A", "value": 1}), "columns.positions.fico", "TWO_SOURCES"),
    ("neither", column("positions.fico", {}), "columns.positions.fico", "NO_SOURCE"),
    ("misspelt field", column("positions.fico", {"from": "A", "scal": 1}), "columns.positions.fico.scal",
     "UNKNOWN_FIELD"),
    ("a scale of 0", column("positions.fico", {"from": "A", "scale": 0}), "columns.positions.fico.scale", "BAD_SCALE"),
    ("a scaled text", column("instruments.currency", {"from": "A", "scale": 2}), "columns.instruments.currency.scale",
     "NOT_A_NUMBER"),
    ("a value not in the list", column("instruments.rate_type", {"value": "FIXD"}), "columns.instruments.rate_type",
     "NOT_IN_LIST"),
    ("a map to what is not in the list", column("instruments.rate_type", {"from": "T", "map": {"A": "FLOAT"}}),
     "columns.instruments.rate_type", "NOT_IN_LIST"),
    ("dates that are none", form(dates="%d/%m/%Y"), "format.dates", "BAD_DATES"),
    ("an encoding", form(encoding="klingon"), "format.encoding", "UNKNOWN_ENCODING"),
    ("one mark for two things", form(decimal=",", thousands=","), "format.thousands", "BAD_THOUSANDS"),
    ("headers of a file without", form(header=False), "columns.positions.position_id.from", "NOT_A_COLUMN_NUMBER"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "path", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_used_is_told_with_its_place(document: Any, path: str, code: str) -> None:
    assert (path, code) in problems(document)


def test_a_column_without_a_source_is_named_and_told_how_to_get_one() -> None:
    with pytest.raises(InvalidMapping) as invalid:
        parse_mapping(json.dumps(changed(columns=without("positions.notional"))))
    (problem,) = invalid.value.problems
    assert "positions.notional" in problem.message and '"from"' in problem.fix


def test_what_only_some_rows_need_is_left_to_them() -> None:
    both = {"from": "TYPE", "map": {"FRM": "FIXED", "ARM": "FLOATING"}}
    assert parse_mapping(json.dumps(column("instruments.rate_type", both))).mapping_id == "tape"
    products = {"from": "KIND", "map": {"L": "LOAN", "B": "BOND"}}
    lacking = {name: source for name, source in LOAN.items() if name != "instruments.amortization"}
    assert parse_mapping(json.dumps(changed(columns={**lacking, "instruments.product_type": products})))
    assert ("columns.instruments.maturity_date", "NO_SOURCE") in problems(
        changed(columns={**without("instruments.maturity_date"), "instruments.product_type": products})
    )


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(InvalidMapping) as invalid:
        parse_mapping(json.dumps(column("instruments.maturty_date", {"from": "A"})))
    assert "instruments.maturity_date" in invalid.value.problems[0].fix


def document(name: str = "UPB") -> dict[str, Any]:
    return as_json(MappingDocument.model_validate(column("positions.notional", {"from": name})))


def test_another_document_is_another_version_and_the_same_one_is_not() -> None:
    first = book.define(book.Mappings(), ASKED, document())
    assert [event.version for event in first] == [1]
    known = book.fold(first)
    assert book.define(known, ASKED, document()) == []
    second = book.define(known, ASKED, document("BALANCE"))
    assert [event.version for event in second] == [2]
    both = book.fold([*first, *second])
    assert book.found(both, "tape")[0] == "tape@2"
    assert book.found(both, "tape@1")[1]["columns"]["positions.notional"] == {"from": "UPB"}
