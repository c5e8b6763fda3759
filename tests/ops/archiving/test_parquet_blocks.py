"""Blocks as Parquet: any doubles, any reasons, any sentences come back the same, over any number of files."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from domain.measures.failures import Reason
from domain.runs.facts import BlockColumns
from ops.adapters.block_codec import ZstdBlockCodec
from ops.archiving.parquet_blocks import KindWriter, PositionNames, block_table, read_block
from tests.builders.sample_run import portfolio

CODEC = ZstdBlockCodec()
SCENARIOS = ["BASE", "up100@1"]
AWKWARD = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7976931348623157e308, 0.1, -1e-7]
NAN_WITH_A_MESSAGE = np.uint64(0xFFF8_0000_0000_0123).view(np.float64)


def block(positions: int, seed: int = 1) -> BlockColumns:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1e6, (3, 2, positions))
    values.ravel()[: len(AWKWARD)] = AWKWARD
    values[2, 1, -1] = NAN_WITH_A_MESSAGE
    reasons = random.integers(0, len(Reason), (2, 2, positions)).astype(np.uint8)
    detail = random.integers(-1, 2, positions).astype(np.int32)
    return BlockColumns(("pv", "dv01", "yield"), values, ("PV", "YIELD"), reasons, ("no curve ÉÜ", "no spot"), detail)


def written(folder: Path, blocks: list[BlockColumns], file_bytes: int) -> list[tuple[str, int]]:
    writer, places, names = KindWriter(folder, "PositionPriced", file_bytes), [], PositionNames(portfolio())
    first_row = 0
    for chunk_no, each in enumerate(blocks):
        place = writer.write(block_table("run", chunk_no, first_row, SCENARIOS, each, names))
        places.append((place.file, place.row_group))
        first_row += each.values.shape[2]
        if writer.is_full:
            writer.close()
    writer.close()
    return places


@pytest.mark.parametrize(("file_bytes", "files"), [(1, 3), (1 << 20, 1)])
def test_every_block_comes_back_with_its_hash(tmp_path: Path, file_bytes: int, files: int) -> None:
    blocks = [block(40, 1), block(40, 2), block(7, 3)]
    places = written(tmp_path, blocks, file_bytes)
    assert len({file for file, _ in places}) == files
    for (file, row_group), sent in zip(places, blocks, strict=True):
        with pq.ParquetFile(tmp_path / file) as parquet:
            back = read_block(
                parquet, row_group, sent.columns, sent.measures, sent.values.shape[2], sent.details
            )  # fmt: skip
        assert CODEC.content_sha256(back) == CODEC.content_sha256(sent)
        assert CODEC.encode(back) == CODEC.encode(sent)


def test_rows_say_who_and_why_in_words(tmp_path: Path) -> None:
    sent = block(40)
    ((file, _),) = written(tmp_path, [sent], 1)
    rows = pq.read_table(tmp_path / file).to_pylist()
    held = portfolio().tables["positions"].columns["position_id"]
    assert [row["position_id"] for row in rows[:40]] == [held.categories[code] for code in held.values[:40]]
    assert [row["row_no"] for row in rows] == [*range(40), *range(40)]
    assert [row["scenario_id"] for row in rows] == ["BASE"] * 40 + ["up100@1"] * 40
    for scenario, row in ((0, 3), (1, 20), (1, 39)):
        told = rows[scenario * 40 + row]
        code = Reason(sent.reasons[1, scenario, row])
        assert told["reason_yield"] == (code.name if code else None)
        assert told["detail"] == (sent.details[sent.detail[row]] if sent.detail[row] >= 0 else None)


def test_a_blank_is_null_and_never_a_number(tmp_path: Path) -> None:
    ((file, _),) = written(tmp_path, [block(40)], 1)
    table = pq.read_table(tmp_path / file)
    assert table.column("pv").null_count == 1
    assert table.column("yield").null_count == 1


def test_a_block_of_many_positions_is_one_row_group(tmp_path: Path) -> None:
    """The default of the library would cut it in two."""
    random = np.random.default_rng(4)
    values = random.normal(0, 1, (1, 1200, 1000))
    reasons = np.zeros((1, 1200, 1000), np.uint8)
    large = BlockColumns(("pv",), values, ("PV",), reasons, (), np.full(1000, -1, np.int32))
    writer = KindWriter(tmp_path, "PositionPriced")
    names = PositionNames(portfolio(1000))
    place = writer.write(block_table("run", 0, 0, [str(n) for n in range(1200)], large, names))
    writer.close()
    with pq.ParquetFile(tmp_path / place.file) as parquet:
        assert parquet.num_row_groups == 1
        back = read_block(parquet, 0, large.columns, large.measures, 1000, ())
    np.testing.assert_array_equal(back.values, values)
