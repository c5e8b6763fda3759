"""What `benchmarks/peers/report.py` times is the same work on both sides."""

from benchmarks.peers import callables as callable_peers
from benchmarks.peers.comparison import cases, difference
from benchmarks.peers.terms import SHIFTS_BP


def test_both_sides_give_the_same_values_on_every_curve() -> None:
    names = set()
    for case in cases(count=30, few=12):
        assert case.theirs().shape[0] in (2, callable_peers.FEW, 12) and case.theirs().shape[1] == len(SHIFTS_BP)
        assert difference(case) <= case.tolerance, case.name
        names.add(case.name)
    assert names >= {"bond", "bond, spread each", "loan", "loan, CPR 6", "floater", "FX forward", "IRS", "cap"}
    assert names >= {"swaption", "CDS", "FX option", "bond yield", "callable", "OAS"}


def test_callables_on_both_sides_differ_by_the_error_of_their_grids_alone() -> None:
    """Per 100, and basis points of OAS."""
    found = [(each.name, difference(each)) for each in callable_peers.cases(count=8, few=2)]
    assert [name for name, _ in found] == ["callable", "callable", "OAS"]
    assert found[0][1] < 0.015 and found[1][1] < callable_peers.SAME_PER_100 and found[2][1] < 2.0
