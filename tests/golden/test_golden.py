"""The published numbers, and the harness that others bring further files to."""

import copy
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.golden.run import FAILED, PASSED, UNKNOWN, Verdict, judge, main, run_file

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER / "pricing.json"
CASES: list[dict[str, Any]] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
NOT_EXPRESSIBLE: dict[str, str] = json.loads((FOLDER / "coverage.json").read_text(encoding="utf-8"))
"""Reason by case."""


@pytest.fixture(scope="module")
def published() -> list[Verdict]:
    return run_file(PUBLISHED)


def _case(case_id: str, **changes: Any) -> dict[str, Any]:
    """A published case with some of its inputs changed, None leaving one out."""
    case = copy.deepcopy(next(each for each in CASES if each["id"] == case_id))
    case["inputs"] = {name: value for name, value in {**case["inputs"], **changes}.items() if value is not None}
    return case


def _verdict(case: dict[str, Any]) -> Verdict:
    return judge(case, {})


def test_no_published_number_differs(published: list[Verdict]) -> None:
    off = [(each.id, figure) for each in published for figure in each.figures if not figure.agrees]
    assert off == []
    assert [each.id for each in published if each.status == FAILED] == []


def test_what_the_library_cannot_express_is_listed_with_its_reason(published: list[Verdict]) -> None:
    assert {each.id: each.reason for each in published if each.status == UNKNOWN} == NOT_EXPRESSIBLE


def test_every_case_has_a_verdict_and_those_that_passed_have_figures(published: list[Verdict]) -> None:
    assert [each.id for each in published] == [each["id"] for each in CASES]
    assert all(each.figures for each in published if each.status == PASSED)


def _shifted(figure: Any, by: float) -> Any:
    return [_shifted(each, by) for each in figure] if isinstance(figure, list) else figure + by


def test_every_figure_that_passes_fails_once_it_is_off_by_more_than_its_tolerance(published: list[Verdict]) -> None:
    others = {each["id"]: each["inputs"] for each in CASES}
    for case, verdict in zip(CASES, published, strict=True):
        if verdict.status != PASSED:
            continue
        tampered = copy.deepcopy(case)
        for figure in verdict.figures:
            shifted = _shifted(figure.expected, 2.5 * figure.tolerance)
            if isinstance(case["expected"], dict):
                tampered["expected"][figure.name] = shifted
            else:
                tampered["expected"] = shifted
        again = judge(tampered, others)
        assert again.status == FAILED, verdict.id
        assert not any(figure.agrees for figure in again.figures), verdict.id


def test_the_command_prints_one_json_document_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "run.py"), str(PUBLISHED), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    passed = len(CASES) - len(NOT_EXPRESSIBLE)
    assert [document[name] for name in ("passed", "failed", "unknown")] == [passed, 0, len(NOT_EXPRESSIBLE)]
    assert [each["id"] for each in document["cases"]] == [each["id"] for each in CASES]


def test_a_number_that_differs_is_named_and_sets_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = _case("loan.jhf_flat35")
    wrong["expected"] = 69025.0
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [wrong]}), encoding="utf-8")
    assert main([str(tmp_path / "cases.json"), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    figure = {"name": "value", "expected": 69025.0, "actual": 69024.0, "tolerance": 1e-9, "largest_error": 1.0}
    assert document["failed"] == 1
    assert document["cases"][0]["status"] == FAILED
    assert document["cases"][0]["figures"] == [figure]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cases": 3}'])
def test_a_file_that_is_no_list_of_cases_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text(text, encoding="utf-8")
    assert main([str(tmp_path / "cases.json")]) == 2
    assert main([str(tmp_path / "absent.json")]) == 2


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ({"id": "x", "instrument": "BOND.perpetual"}, "no adapter for BOND.perpetual"),
        ({"id": "x", "topic": "daycount", "inputs": {}}, "a case has an instrument or topic, inputs, expected"),
        (_case("loan.jhf_flat35", n=None), "inputs lack 'n'"),
        (_case("loan.jhf_flat35", n="360"), "n = '360' is no number"),
        (_case("loan.jhf_flat35", n=-1), "inputs that the adapter cannot read"),
        (_case("loan.jhf_flat35", bonus=3), "inputs that no adapter reads: bonus"),
        (_case("bond.bloomberg.ust_2.375_2027", daycount="NL/365"), "day count 'NL/365' is none of ours"),
        (_case("bond.bloomberg.ust_2.375_2027", settle="21 July"), "settle = '21 July' is no ISO date"),
        (_case("bond.bloomberg.ust_2.375_2027", settle="2030-01-01"), "nothing is left to pay"),
        (_case("bond.bloomberg.aapl_2.7_2022", maturity="2022-02-28"), "30E/360 ISDA at the end of February"),
        (_case("bond.ust5y.price_from_yield", calendar="Brazil"), "calendar 'Brazil' is none of ours"),
        (_case("bond.krdv01.golden"), "refers to case bond.zspread.golden, which the file lacks"),
        (_case("loan.arm_regz_h14", resets={"14": 15.41}), "a reset between two recasts"),
    ],
)
def test_what_cannot_be_expressed_is_unknown_and_says_why(case: dict[str, Any], reason: str) -> None:
    verdict = _verdict(case)
    assert verdict.status == UNKNOWN
    assert verdict.reason.startswith(reason)


def test_a_figure_that_is_not_ours_does_not_hide_one_that_differs() -> None:
    case = _case("daycount.actact.1999-07-01_2000-07-01")
    assert _verdict(case).status == UNKNOWN
    case["expected"]["ICMA"] = 0.5
    assert _verdict(case).status == FAILED


def test_a_topic_does_for_an_instrument() -> None:
    case = _case("loan.jhf_flat35")
    case["topic"] = case.pop("instrument")
    assert _verdict(case).status == PASSED


def test_pools_whose_age_is_given_have_the_published_average_speed() -> None:
    """SF-12: the pools are 9 and 1 months old at the first factor, which the published case leaves out."""
    case = _case("mbs.bma.average_speed")
    for pool, age in zip(case["inputs"]["pools"], (9, 1), strict=True):
        pool["age"] = age
    assert _verdict(case).status == PASSED


def test_a_note_whose_index_counts_as_its_coupon_does() -> None:
    """Two periods of 181 and 184 days on flat curves, priced on the day of issue: each pays the forward curve's growth.

    The published notes count ACT/ACT.ICMA against an index of ACT/360, which our forwards do not have.
    """
    case = _case("frn.4y.dualcurve", daycount="Act/360", conv="Unadjusted", maturity="2005-11-30")
    halfway, end = 181 / 360, 365 / 360
    first, last = (100 * math.expm1(0.025 * years) for years in (halfway, end - halfway))
    case["expected"] = first * math.exp(-0.03 * halfway) + (100 + last) * math.exp(-0.03 * end)
    case["tolerance"] = 1e-12
    assert _verdict(case).status == PASSED


def test_without_advances_a_default_does_not_amortise() -> None:
    """The first default of SIFMA's cash flow A, 1 % of the balance, a year on: 80 % of it is recovered in month 13."""
    case = _case("mbs.bma.cashflow_a.month120", servicer_advances=False, month=13)
    case["expected"] = {"adb": 1e6, "principal_recovery": 0.8e6, "principal_loss": 0.2e6, "amort_from_defaults": 0.0}
    case["tolerance"] = 1e-6
    assert _verdict(case).status == PASSED
