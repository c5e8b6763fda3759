"""A run worked out again is the same to the last bit; what is not is said, chunk by chunk."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from commands.refusals import UnknownRun
from compute.engine import engine_version
from domain.refusals import Refused
from domain.runs.facts import fact_stream
from ops.adapters.block_codec import ZstdBlockCodec
from ops.audit.replay import Verdict, compared, largest_difference, replay, sampled


def stored(sealed: Any, kind: str) -> tuple[Any, Any]:
    (fact,) = sealed.tenor.store.stream(fact_stream(UUID(sealed.run_id), kind, 0))
    return fact, ZstdBlockCodec().decode(sealed.tenor.store.block(UUID(sealed.run_id), kind, 0))


def test_a_run_is_identical_on_its_own_engine(sealed: Any) -> None:
    report = replay(sealed.tenor, sealed.run_id)
    assert report["ok"]
    assert (report["identical"], report["chunks_replayed"], report["chunks_of_run"]) == (2, 1, 1)
    for one in report["chunks"]:
        assert one["stored_sha256"] == one["recomputed_sha256"]
        assert one["stored_engine"] == engine_version()


def test_the_last_bit_of_one_value_is_a_difference(sealed: Any) -> None:
    fact, columns = stored(sealed, "PositionPriced")
    values = columns.values.copy()
    values[0, 0, 0] = np.nextafter(values[0, 0, 0], np.inf)
    told = compared(sealed.tenor, fact, replace(columns, values=values))
    assert told.verdict is Verdict.DIFFERENT
    assert told.largest_difference is not None and 0 < told.largest_difference < 1e-15


def test_another_engine_may_differ_in_the_last_digits(sealed: Any) -> None:
    fact, columns = stored(sealed, "RiskComputed")
    older = fact.model_copy(update={"engine_version": "0.0.1+older"})
    near = replace(columns, values=columns.values * (1 + 1e-12))
    far = replace(columns, values=columns.values * (1 + 1e-7))
    assert compared(sealed.tenor, older, near).verdict is Verdict.WITHIN_TOLERANCE
    assert compared(sealed.tenor, older, far).verdict is Verdict.DIFFERENT


def test_a_blank_and_a_number_are_not_near(sealed: Any) -> None:
    _, columns = stored(sealed, "PositionPriced")
    blank = columns.values.copy()
    blank[0, 0, 0] = np.nan
    assert largest_difference(columns, replace(columns, values=blank)) == float("inf")
    assert largest_difference(columns, replace(columns, reasons=columns.reasons + 1)) is None
    assert largest_difference(columns, replace(columns, columns=("other",))) is None


def test_an_edited_snapshot_is_not_replayed(sealed: Any) -> None:
    sealed.as_superuser(
        "UPDATE blob SET payload = convert_to(replace(convert_from(payload, 'UTF8'), '2026-01-23', '2026-01-24'), "
        "'UTF8') WHERE substring(payload FROM 1 FOR 2) = '\\x7b22'"
    )
    with pytest.raises(Refused, match="market snapshot"):
        replay(sealed.tenor, sealed.run_id)


def test_a_sample_is_the_same_each_time() -> None:
    run_id = UUID(int=5)
    assert sampled(run_id, 3, None) == sampled(run_id, 3, 9) == [0, 1, 2]
    assert sampled(run_id, 1_000, 4) == sampled(run_id, 1_000, 4)
    assert len(set(sampled(run_id, 1_000, 4))) == 4


@pytest.mark.parametrize("run", ["nonsense", str(UUID(int=3))])
def test_an_unknown_run_is_refused(sealed: Any, run: str) -> None:
    with pytest.raises(UnknownRun):
        replay(sealed.tenor, run)
