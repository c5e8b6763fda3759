"""Five seconds for every parser, of inputs that chance has broken; `make faults` takes twenty minutes."""

import pytest

from tests.faults.fuzzing import TARGETS, in_a_process_of_its_own

SECONDS = 5.0
SEED = 20260123


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_parser_reads_or_refuses_whatever_it_is_given(name: str) -> None:
    done = in_a_process_of_its_own(name, SECONDS, SEED)
    assert done.returncode == 0, done.stderr[-4_000:]
    assert int(done.stdout.split(": ")[1].split()[0].replace(",", "")) > 0
