"""A run worked out again is the same to the last bit; what is not is said, chunk by chunk."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from commands.refusals import UnknownRun
from compute.engine_version import engine_version
from compute.outputs.comparison import largest_difference
from domain.measures.failures import Reason
from domain.refusals import Refused
from domain.runs.facts import fact_stream
from ops.adapters.block_codec import ZstdBlockCodec
from ops.audit.replay import Verdict, compared, document, inputs_of, replay, sampled, told
from ops.audit.replay_differences import differences
from ops.audit.run_events import read_run
from ops.cli.audit import lines_of_chunk


def stored(sealed: Any, kind: str) -> tuple[Any, Any]:
    (fact,) = sealed.tenor.store.stream(fact_stream(UUID(sealed.run_id), kind, 0))
    return fact, ZstdBlockCodec().decode(sealed.tenor.store.block(UUID(sealed.run_id), kind, 0))


def test_a_run_is_identical_on_its_own_engine(sealed_to_read: Any) -> None:
    report = replay(sealed_to_read.tenor.storage, sealed_to_read.run_id)
    assert report["ok"]
    assert (report["identical"], report["chunks_replayed"], report["chunks_of_run"]) == (3, 1, 1)
    for one in report["chunks"]:
        assert one["stored_sha256"] == one["recomputed_sha256"]
        assert one["stored_engine"] == engine_version()


def test_the_last_bit_of_one_value_is_a_difference(sealed_to_read: Any) -> None:
    fact, columns = stored(sealed_to_read, "PositionPriced")
    values = columns.values.copy()
    values[0, 0, 0] = np.nextafter(values[0, 0, 0], np.inf)
    one = compared(sealed_to_read.tenor.storage, fact, replace(columns, values=values))
    assert one.verdict is Verdict.DIFFERENT
    assert one.largest_difference is not None and 0 < one.largest_difference < 1e-15


def test_a_difference_says_which_position_which_measure_and_how_large(sealed_to_read: Any) -> None:
    fact, columns = stored(sealed_to_read, "RiskComputed")
    requested = read_run(sealed_to_read.tenor.store, sealed_to_read.run_id).requested
    inputs = inputs_of(sealed_to_read.tenor.storage, requested)
    values = columns.values.copy()
    values[0, 1, 2] += 5.0
    values[0, 0, 1] = np.nan
    one = compared(sealed_to_read.tenor.storage, fact, replace(columns, values=values))
    again = told(sealed_to_read.tenor.storage, one, fact, replace(columns, values=values), requested, inputs)
    assert again.values_different == 2
    ids = inputs.inputs.portfolio.tables["positions"].columns["position_id"].categories
    blank, moved = again.differences
    assert (blank.position_id, blank.scenario, blank.measure, blank.column) == (ids[1], "BASE", "DV01", "dv01")
    assert (blank.stored, blank.recomputed, blank.difference) == (columns.values[0, 0, 1], None, None)
    assert (moved.position_id, moved.scenario, moved.stored) == (ids[2], "up100@1", columns.values[0, 1, 2])
    assert moved.recomputed == values[0, 1, 2] and moved.difference == pytest.approx(5.0, rel=1e-12)
    lines = lines_of_chunk(document(again))
    assert lines[1].endswith("recomputed blank")
    assert (
        f"{ids[2]} dv01 under up100@1: stored {moved.stored!r}, recomputed {moved.recomputed!r}, off by 5 (" in lines[2]
    )
    assert document(again)["largest_difference"] is None


def test_reasons_that_differ_are_told_in_place_of_values(sealed_to_read: Any) -> None:
    _, columns = stored(sealed_to_read, "PositionPriced")
    requested = read_run(sealed_to_read.tenor.store, sealed_to_read.run_id).requested
    reasons = columns.reasons.copy()
    reasons[0, 0, 0] = Reason.UNSUPPORTED
    found = differences(
        columns,
        replace(columns, reasons=reasons),
        0,
        requested,
        inputs_of(sealed_to_read.tenor.storage, requested).inputs.portfolio,
    )
    (one,) = found.told
    assert (one.measure, one.column, one.stored, one.recomputed) == ("PV", "reason", "NONE", "UNSUPPORTED")


def test_another_engine_may_differ_in_the_last_digits(sealed_to_read: Any) -> None:
    fact, columns = stored(sealed_to_read, "RiskComputed")
    older = fact.model_copy(update={"engine_version": "0.0.1+older"})
    near = replace(columns, values=columns.values * (1 + 1e-12))
    far = replace(columns, values=columns.values * (1 + 1e-7))
    assert compared(sealed_to_read.tenor.storage, older, near).verdict is Verdict.WITHIN_TOLERANCE
    assert compared(sealed_to_read.tenor.storage, older, far).verdict is Verdict.DIFFERENT


def test_a_blank_and_a_number_are_not_near(sealed_to_read: Any) -> None:
    _, columns = stored(sealed_to_read, "PositionPriced")
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
        replay(sealed.tenor.storage, sealed.run_id)


def test_a_sample_is_the_same_each_time() -> None:
    run_id = UUID(int=5)
    assert sampled(run_id, 3, None) == sampled(run_id, 3, 9) == [0, 1, 2]
    assert sampled(run_id, 1_000, 4) == sampled(run_id, 1_000, 4)
    assert len(set(sampled(run_id, 1_000, 4))) == 4


@pytest.mark.parametrize("run", ["nonsense", str(UUID(int=3))])
def test_an_unknown_run_is_refused(sealed_to_read: Any, run: str) -> None:
    with pytest.raises(UnknownRun):
        replay(sealed_to_read.tenor.storage, run)
