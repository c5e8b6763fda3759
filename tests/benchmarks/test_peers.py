"""What `benchmarks/peers.py` times is the same work on both sides."""

from benchmarks.peer_comparison import cases, difference
from benchmarks.peer_terms import SHIFTS_BP


def test_both_sides_give_the_same_values_on_every_curve() -> None:
    found = {(case.name, case.peer): (case.theirs().shape, difference(case)) for case in cases(count=30, few=12)}
    assert len(found) == 6
    for shape, differs in found.values():
        assert shape in ((30, len(SHIFTS_BP)), (12, len(SHIFTS_BP)))
        assert differs < 1e-10
