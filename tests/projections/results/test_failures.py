"""A run's failures by sentence: what differs only by ids and numbers is one kind, and nothing is left uncounted."""

from typing import Any

import numpy as np
import pytest

from domain.measures.failures import Reason, failure_text, holes_text
from projections.results.failures import MAX_KINDS, MAX_TOLD, FailureKinds
from projections.results.positions import Identities
from projections.results.reasons import KnownReasons
from tests.builders.result_tables import publish
from tests.builders.sample_run import SampleRun, Tenor, portfolio

MISSING, INVALID, NOT_APPLICABLE = Reason.MISSING_MARKET_DATA, Reason.INVALID_TERMS, Reason.NOT_APPLICABLE
FUND = portfolio(5_000)
IDENTITIES = Identities(FUND)


def ids(row: int, column: int = 0) -> str:
    texts = IDENTITIES.columns[column]
    return str(texts.texts[int(texts.codes[row])])


def documents(sentences: list[str], codes: Any = None, first_row: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Positions one after another, each with its sentence; PV and YIELD under one scenario, PV blank unless said."""
    codes = np.array([[MISSING, 0]] * len(sentences)) if codes is None else np.array(codes)
    reasons = KnownReasons(("PV", "YIELD"))
    numbers = reasons.number(codes.T[:, None, :].astype(np.uint8))
    distinct = ["", *sorted(set(sentences) - {""})]
    sentence_no = np.array([distinct.index(sentence) for sentence in sentences], np.int32)
    kinds = FailureKinds(IDENTITIES)
    kinds.take(reasons, numbers, first_row, sentence_no, distinct)
    return kinds.documents(IDENTITIES), kinds.partial


def test_the_sentence_of_most_positions_comes_first() -> None:
    rows, partial = documents(["no curve EUR", "no spot GBPUSD", "no spot GBPUSD"])
    assert partial == 0
    kind = {"status": "FAILED", "reason": "MISSING_MARKET_DATA"}
    assert rows == [
        {**kind, "sentence": "no spot GBPUSD", "positions": 2, "first": ids(1)},
        {**kind, "sentence": "no curve EUR", "positions": 1, "first": ids(0)},
    ]
    assert failure_text(rows[0]) == f"2 positions: no spot GBPUSD (first: {ids(1)})"
    assert failure_text(rows[1]) == f"1 position: no curve EUR ({ids(0)})"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (f"{ids(0)} has no curve", f"{ids(1)} has no curve", "… has no curve"),
        (f"tranche {ids(0, 1)} of a deal", f"tranche {ids(4999, 1)} of a deal", "tranche … of a deal"),
        ("strike 0.015 is out of reach", "strike 1.2e-3 is out of reach", "strike … is out of reach"),
        ("market_price -5 is no price", "market_price 1,000.5% is no price", "market_price … is no price"),
        ("no fixing on 2026-03-28", "no fixing on 2026-03-31", None),
        ("no curve 'EUR-SWAP-10Y'", "no curve 'EUR-SWAP-20Y'", None),
        ("no spot GBPUSD", "no spot EURUSD", None),
    ],
)
def test_which_sentences_are_one_kind(one: str, other: str, together: str | None) -> None:
    """Positions 0 and 4999."""
    kinds, reasons = FailureKinds(IDENTITIES), KnownReasons(("PV",))
    numbers = reasons.number(np.full((1, 1, 1), MISSING, np.uint8))
    for row, sentence in ((0, one), (1 if ids(1) in other else 4999, other)):
        kinds.take(reasons, numbers, row, np.ones(1, np.int32), ["", sentence])
    rows = kinds.documents(IDENTITIES)
    assert [row["sentence"] for row in rows] == ([together] if together else sorted([one, other]))


def test_partial_positions_are_told_apart_and_what_does_not_apply_is_no_failure() -> None:
    codes = [[0, INVALID], [0, NOT_APPLICABLE], [MISSING, MISSING], [NOT_APPLICABLE, INVALID], [0, 0]]
    rows, partial = documents(["", "not said", "no curve", "no curve", ""], codes)
    assert partial == 2
    assert [(row["status"], row["reason"], row["sentence"]) for row in rows] == [
        ("PARTIAL", "INVALID_TERMS", "INVALID_TERMS"),
        ("PARTIAL", "INVALID_TERMS", "no curve"),
        ("FAILED", "MISSING_MARKET_DATA", "no curve"),
    ]
    assert failure_text(rows[0]) == f"1 position lacks some number: INVALID_TERMS ({ids(0)})"


def test_a_position_counts_once_under_its_worst_scenario() -> None:
    reasons, kinds = KnownReasons(("PV", "YIELD")), FailureKinds(IDENTITIES)
    codes = np.array([[[0], [0], [MISSING]], [[0], [INVALID], [MISSING]]], np.uint8)
    kinds.take(reasons, reasons.number(codes), 7, np.ones(1, np.int32), ["", "no curve"])
    kind = {"status": "FAILED", "reason": "MISSING_MARKET_DATA", "sentence": "no curve"}
    assert (kinds.documents(IDENTITIES), kinds.partial) == ([{**kind, "positions": 1, "first": ids(7)}], 0)


@pytest.mark.parametrize("count", [MAX_TOLD + 3, MAX_KINDS + 70])
def test_what_is_not_told_by_itself_is_counted_together(count: int) -> None:
    """Letters, since numbers would be one kind."""
    names = [f"no curve {chr(65 + n // 676)}{chr(65 + n // 26 % 26)}{chr(65 + n % 26)}" for n in range(count)]
    rows, _ = documents(names)
    assert len(rows) == MAX_TOLD + 1
    assert sum(row["positions"] for row in rows) == count
    rest = f"{count - MAX_TOLD:,}" if count <= MAX_KINDS else f"more than {MAX_KINDS - MAX_TOLD:,}"
    assert rows[-1] == {
        "status": "FAILED",
        "reason": None,
        "first": None,
        "sentence": f"{rest} other sentences",
        "positions": count - MAX_TOLD,
    }


@pytest.mark.parametrize(
    ("failed", "partial", "words"),
    [
        (0, 0, ""),
        (None, None, ""),
        (12, 0, "of 1,000 positions 12 have no value"),
        (1, 1, "of 1,000 positions 1 has no value, 1 has a value and lacks some other number"),
        (0, 3, "of 1,000 positions 3 have a value and lack some other number"),
    ],
)
def test_holes_in_one_sentence(failed: int | None, partial: int | None, words: str) -> None:
    assert holes_text(1_000, failed, partial) == words


@pytest.mark.parametrize("failing", [(), (1,), (0, 1, 2)])
def test_a_published_run_counts_each_failing_position_once(tenor: Tenor, failing: tuple[int, ...]) -> None:
    run = SampleRun(failing=failing).whole(tenor)
    publish(tenor)
    ((failed, partial, failures),) = tenor.rows("SELECT failed, partial, failures FROM read.run")
    by_status = {"FAILED": 0, "PARTIAL": 0}
    for each in failures:
        by_status[each["status"]] += each["positions"]
    assert by_status == {"FAILED": failed, "PARTIAL": partial}
    sentences = {each["sentence"]: each["positions"] for each in failures}
    for chunk_no in failing:
        assert f"chunk {chunk_no} ran out of memory" in sentences or "chunk … ran out of memory" in sentences
    if failing != (0, 1, 2):
        assert sentences["no curve USD-SOFR"] > 0
    assert run.portfolio.position_count == 90
