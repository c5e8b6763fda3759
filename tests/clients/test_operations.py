"""Every operation, asked whatever its description allows and more: a sample of what `make faults` asks at length."""

import pytest

from tests.clients.conftest import Served
from tests.clients.every_operation import BOTH_WAYS, fuzzed, operations

EXAMPLES = 2


@pytest.fixture(scope="module")
def found(apart: Served) -> list[object]:
    return list(operations(apart.url))


def test_no_answer_is_a_fault_or_undocumented(apart: Served, found: list[object]) -> None:
    """Every operation one way, every other one the other way; at length each both ways."""
    assert len(found) > 60
    ways = [(BOTH_WAYS[number % 2],) for number in range(len(found))]
    seen = [fuzzed(each, EXAMPLES, apart.url, modes=way) for each, way in zip(found, ways, strict=True)]
    assert sum(seen) > len(found)


@pytest.mark.long
def test_no_answer_is_a_fault_or_undocumented_at_length(apart: Served, found: list[object]) -> None:
    for operation in found:
        fuzzed(operation, 300, apart.url, seconds=60)
