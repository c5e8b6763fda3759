"""Which test process gets which tests: tests that share something dear go to one process, and the dearest go first.

Each process makes what its tests share for itself: a run, a sealed log, a server. A module is one parcel therefore; so
is a folder whose modules share such a thing, and a fund of the oracle with all tests of it.
"""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it says nothing of its types

ORACLE = "tests/walk/test_against_the_oracle.py"
ONE_PARCEL = (
    "tests/faults/",
    "tests/walk/",
    "tests/ops/audit/",
    "tests/ops/archiving/",
    "tests/ops/embedded_postgres/",
    "tests/security/",
    "tests/browser/",
)
DEAREST_FIRST = ("tests/faults/", "tests/walk/", ORACLE, "tests/ops/", "tests/security/", "tests/compute/pricers/")


def parcel(nodeid: str) -> str:
    module, _, test = nodeid.partition("::")
    if module == ORACLE:
        return f"{module}[{test.partition('[')[2]}"
    return next((folder for folder in ONE_PARCEL if module.startswith(folder)), module)


def rank(nodeid: str) -> int:
    """Ascending, in the order in which tests are begun."""
    if nodeid.startswith(ORACLE):
        return DEAREST_FIRST.index(ORACLE)
    starts = (number for number, start in enumerate(DEAREST_FIRST) if nodeid.startswith(start))
    return next(starts, len(DEAREST_FIRST))


class InParcels(LoadScopeScheduling):  # type: ignore[misc]  # as above
    def _split_scope(self, nodeid: str) -> str:
        return parcel(nodeid)
