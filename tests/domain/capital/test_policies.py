"""Policies: what is refused by rules of its own, and how versions are counted."""

import json
from typing import Any

import pytest

from domain.capital.policies import InvalidPolicy, define, fold, parse_policy
from tests.builders.sample_run import ASKED

OVERLAY = {"match": {}, "rate": 0.01}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"cecl": {"scenario_weights": {"BASE": 0.6, "severe": 0.3}}}, "WEIGHTS_SUM"),
    ({"cecl": {"overlays": [OVERLAY]}}, "OVERLAY_REASON"),
    ({"ifrs9": {"overlays": [OVERLAY | {"reason": " "}]}}, "OVERLAY_REASON"),
    ({"cecl": {"segments": [{"segment": "S", "method": "GUESS"}]}}, "UNKNOWN_METHOD"),
    ({"satellites": [{"segment": "S", "pd": {"weather": 1.0}}]}, "UNKNOWN_VARIABLE"),
    ({"limits": [{"limit_id": "L", "metric": "LARGE_EXPOSURE"}]}, "LIMIT_WITHOUT_TIER1"),
    ({"cecl": {}, "ifrs9": {}}, "TWO_STANDARDS"),
    ({"capital": {"real_estate": "HALF"}}, "UNKNOWN_VALUE"),
    ({"capital": {"rwa": [1.0] * 9}}, "WRONG_LENGTH"),
    ({"capital": {"rwa": 0}}, "OUT_OF_RANGE"),
    ({"capital": {"ppnr": [1.0] * 10}}, "WRONG_LENGTH"),
    ({"capital": {"planned_common_dividends": []}}, "WRONG_LENGTH"),
]


@pytest.mark.parametrize(("said", "code"), WRONG)
def test_what_is_refused(said: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidPolicy) as invalid:
        parse_policy(json.dumps({"policy_id": "p", **said}))
    assert [problem.code for problem in invalid.value.problems] == [code]


def test_the_same_document_is_the_same_version_and_another_the_next() -> None:
    first = define(fold([]), ASKED, "p", {"policy_id": "p"})
    assert [event.version for event in first] == [1]
    assert define(fold(first), ASKED, "p", {"policy_id": "p"}) == []
    second = define(fold(first), ASKED, "p", {"policy_id": "p", "limits": []})
    other = define(fold([*first, *second]), ASKED, "q", {"policy_id": "q"})
    assert [(event.policy_id, event.version, event.originator_version) for event in (*second, *other)] == [
        ("p", 2, 2),
        ("q", 1, 3),
    ]
