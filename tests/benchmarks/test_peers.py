"""What `benchmarks/peers.py` times is the same work on both sides."""

from benchmarks.peer_comparison import cases, difference
from benchmarks.peer_terms import SHIFTS_BP


def test_both_sides_give_the_same_values_on_every_curve() -> None:
    names = set()
    for case in cases(count=30, few=12):
        assert case.theirs().shape == (12, len(SHIFTS_BP))
        assert difference(case) <= case.tolerance, case.name
        names.add(case.name)
    assert names >= {"bond", "bond, spread each", "loan", "loan, CPR 6", "floater", "FX forward", "IRS", "cap"}
    assert names >= {"swaption", "CDS", "FX option", "bond yield"}
