"""`tenor risk quotes`: by quote, for all, a node or a position; what is not there is refused with its fix."""

import csv
import io

import pytest

from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked


def test_the_quotes_of_zero_curves_add_up_to_dv01(walking: Tenor, walked: Walked) -> None:
    """A zero curve's quotes are its nodes, and moving them all is moving the curve; default swaps apart, whose spreads
    are held as they are quoted, and not their hazard rates."""
    answer = walking("risk", "quotes", walked.run_id, "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    results = walking("results", walked.run_id, "--scenario", "BASE", "--measures", "DV01").out.decode()
    total = sum(float(row["dv01_base"]) for row in csv.DictReader(io.StringIO(results)) if row["dv01_base"])
    assert document["left_out"] == 0 and {each["type"] for each in document["quotes"]} == {"ZERO"}
    assert sum(each["dv01_base"] for each in document["quotes"]) == pytest.approx(total, rel=1e-3)


def test_a_node_is_the_sum_of_its_positions_and_strangers_are_refused(walking: Tenor, walked: Walked) -> None:
    books = walking("results", walked.run_id, "--by", "book", "--scenario", "BASE", "--measures", "DV01").out.decode()
    book = next(csv.DictReader(io.StringIO(books)))
    answer = walking("risk", "quotes", walked.run_id, "--node", book["book"], "--json").document
    assert answer["positions"] == int(book["positions"])
    assert sum(each["dv01_base"] for each in answer["quotes"]) == pytest.approx(float(book["dv01_base"]), rel=1e-5)
    for words in (("--node", "NOWHERE"), ("--position", "NOBODY")):
        refused = walking("risk", "quotes", walked.run_id, *words)
        assert refused.code == 1 and "fix:" in refused.err
