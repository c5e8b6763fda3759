"""Ladders of the read model are those that the blocks give; whoever edits one is found."""

from typing import Any

import pytest

from ops.audit.verification.verify import verify
from tests.builders.read_models import catch_up_all

EDITED = "UPDATE projection.ladder_v1 SET amounts = set_byte(amounts, 6, 63) WHERE dimension = 'total'"
GONE = "DELETE FROM projection.ladder_v1 WHERE dimension = 'total'"
MORE = """
INSERT INTO projection.ladder_v1
SELECT run_id, 'total', 'more', currency, scenario_id, basis, amounts FROM projection.ladder_v1 LIMIT 1
"""
NOBODYS = """
INSERT INTO projection.ladder_v1
SELECT gen_random_uuid(), dimension, key, currency, scenario_id, basis, amounts FROM projection.ladder_v1 LIMIT 1
"""


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        (EDITED, "RESULTS_EDITED", "has other amounts"),
        (GONE, "RESULTS_EDITED", "is gone"),
        (MORE, "RESULTS_EDITED", "should not be here"),
        (NOBODYS, "RESULTS_WITHOUT_RUN", "no such run"),
    ],
    ids=["edited", "gone", "one more", "of no run"],
)
def test_an_edited_ladder_is_found(sealed: Any, statement: str, code: str, words: str) -> None:
    catch_up_all(sealed.tenor.storage)
    assert verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"] == []
    sealed.as_superuser(statement)
    (problem, *_) = verify(sealed.tenor.storage, sealed.tenor.sealing)["problems"]
    assert problem["code"] == code and words in problem["message"] and "read model ladder_v1" in problem["where"]
