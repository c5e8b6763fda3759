"""Tests that share something dear are run by one process; the rest is spread by module."""

import pytest

from tests.sharing import DEAREST_FIRST, ONE_PARCEL, ORACLE, parcel, rank


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/faults/test_points.py::test_killed[before append-0]", "tests/faults/"),
        (f"{ORACLE}::test_every_number_is_the_oracles[chains]", f"{ORACLE}[chains]"),
        (f"{ORACLE}::test_key_rates_add_up_to_dv01[chains]", f"{ORACLE}[chains]"),
        ("tests/ops/audit/lineage/test_lineage.py::test_a[x::y]", "tests/ops/audit/"),
        ("tests/domain/runs/test_run.py::test_a", "tests/domain/runs/test_run.py"),
    ],
)
def test_a_parcel_is_a_module_unless_more_is_shared(nodeid: str, expected: str) -> None:
    assert parcel(nodeid) == expected


def test_the_dearest_begin_first_and_the_many_small_ones_fill_the_end() -> None:
    given = ["tests/domain/test_codec.py::a", f"{ORACLE}::b[x]", "tests/walk/test_walk_runs.py::c", "tests/faults/d.py"]
    assert sorted(given, key=rank) == [given[3], given[2], given[1], given[0]]


def test_every_place_that_is_named_is_there(pytestconfig: pytest.Config) -> None:
    assert all((pytestconfig.rootpath / place).exists() for place in (*ONE_PARCEL, *DEAREST_FIRST))
