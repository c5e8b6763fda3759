"""A release to come may pack blocks in another way: the bytes differ, the numbers and figures do not."""

from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from domain.runs.facts import BlockColumns
from ops.adapters.block_codec import MAGIC, ZstdBlockCodec, _frames
from ops.archiving.archive import archive
from ops.archiving.restore import restore
from ops.audit.verification.verify import verify
from ops.wiring import Tenor
from query_api.errors import NotQueryable
from tests.builders.sample_run import SampleRun
from tests.builders.shown_results import figures, table_of


class DenserCodec(ZstdBlockCodec):
    def encode(self, columns: BlockColumns) -> bytes:
        frames = _frames(columns, zstandard.ZstdCompressor(level=9).compress)
        return MAGIC + b"".join(len(frame).to_bytes(4, "little") + frame for frame in frames)


def test_blocks_packed_in_another_way_answer_to_the_log(tenor: Tenor, published: SampleRun, tmp_path: Path) -> None:
    shown = figures(tenor)
    archive(tenor.archiving, str(published.run_id), str(tmp_path / "a"), "")
    with pytest.raises(NotQueryable, match=f"archived in {tmp_path}/a"):
        table_of(tenor, published.run_id)
    denser = replace(tenor.archiving, storage=replace(tenor.storage, block_codec=DenserCodec()))
    assert restore(denser, str(published.run_id), None, "").reencoded_blocks == 12
    assert figures(tenor) == shown
    assert {one["code"] for one in verify(tenor.storage, tenor.sealing)["problems"]} <= {"RUN_ROOT"}
