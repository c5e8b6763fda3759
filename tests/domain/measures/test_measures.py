"""The table of measures, reasons and the Merkle tree."""

from hashlib import sha256

import pytest

from domain.measures.failures import Reason, Status, reason_text, status_of
from domain.measures.measures import BY_NAME, KEY_RATE_LABELS, KEY_RATE_TENORS_YR, UnknownMeasure, columns_of, resolve
from domain.sealing.merkle import merkle_root


def test_pv_is_always_among_them_and_order_is_the_tables() -> None:
    assert resolve(["yield", "DV01"]) == ("PV", "YIELD", "DV01")


def test_a_base_twin_asks_for_its_amount() -> None:
    assert resolve(["PV_BASE", "CS01_BASE"]) == ("PV", "CS01")


@pytest.mark.parametrize("name", ["NPV", "YIELD_BASE", ""])
def test_an_unknown_measure_is_named(name: str) -> None:
    with pytest.raises(UnknownMeasure):
        resolve([name])


def test_key_rates_have_a_column_each() -> None:
    assert len(KEY_RATE_LABELS) == len(KEY_RATE_TENORS_YR) == 11
    assert columns_of(("KEY_RATE_DV01",))[0] == "key_rate_dv01_3m"
    assert columns_of(("KEY_RATE_DV01",))[-1] == "key_rate_dv01_30y"


@pytest.mark.parametrize(
    ("failures", "status", "text"),
    [
        ({"PV": Reason.NONE, "YIELD": Reason.NONE}, Status.PRICED, ""),
        ({"PV": Reason.NONE, "YIELD": Reason.NOT_APPLICABLE}, Status.PRICED, "YIELD:NOT_APPLICABLE"),
        ({"PV": Reason.NONE, "YIELD": Reason.DID_NOT_CONVERGE}, Status.PARTIAL, "YIELD:DID_NOT_CONVERGE"),
        (
            {"PV": Reason.UNSUPPORTED, "YIELD": Reason.UNSUPPORTED},
            Status.FAILED,
            "PV:UNSUPPORTED;YIELD:UNSUPPORTED",
        ),
    ],
)
def test_status_and_reason(failures: dict[str, Reason], status: Status, text: str) -> None:
    assert status_of(failures, len(failures)) is status
    assert reason_text(failures) == text


def test_every_measure_says_what_it_means() -> None:
    assert all(measure.meaning for measure in BY_NAME.values())


def test_merkle_roots_of_the_certificate_transparency_reference() -> None:
    """The tree of RFC 6962's reference implementation: its inputs and the roots it prints for 1, 2, 3 and 8 leaves."""
    leaves = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    roots = {
        0: sha256(b"").hexdigest(),
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for count, root in roots.items():
        assert merkle_root(leaves[:count]).hex() == root
