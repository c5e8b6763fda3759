"""Every operation, asked whatever its description allows and more: a sample of what `make faults` asks at length."""

import pytest

from tests.clients.conftest import Served
from tests.clients.every_operation import fuzzed, operations

EXAMPLES = 4


@pytest.fixture(scope="module")
def found(served: Served) -> list[object]:
    return list(operations(served.url))


def test_no_answer_is_a_fault_or_undocumented(served: Served, found: list[object]) -> None:
    assert len(found) > 60
    assert sum(fuzzed(operation, EXAMPLES, served.url) for operation in found) > 2 * len(found)
