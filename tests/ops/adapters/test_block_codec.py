"""Blocks: exact, canonical, small, and refused when damaged."""

import json
import struct
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import zstandard
from numpy.testing import assert_array_equal

from domain.runs.facts import BlockColumns
from ops.adapters.block_codec import FIRST_MAGIC, MAGIC, NotABlock, ZstdBlockCodec
from query_api.frames import parts_of, unpacked

CODEC = ZstdBlockCodec()
SPECIAL = [0.0, -0.0, 1.0, -1e-310, np.inf, -np.inf, np.nan, np.finfo(float).max]


def block(scenarios: int = 3, positions: int = 50, seed: int = 7) -> BlockColumns:
    random = np.random.default_rng(seed)
    values = random.normal(1e5, 1e4, (3, scenarios, positions))
    values[2, :] = values[2, 0]  # accrued interest: no scenario moves it
    values[0, 0, : min(8, positions)] = SPECIAL[:positions]
    values[1, -1, ::3] = np.nan
    reasons = np.zeros((2, scenarios, positions), np.uint8)
    reasons[1, -1, ::3] = 5
    detail = np.full(positions, -1, np.int32)
    detail[::3] = 1
    sentences = ("no curve EUR-ESTR", "a yield of a forward – not applicable")
    return BlockColumns(("pv", "yield", "accrued_interest"), values, ("PV", "YIELD"), reasons, sentences, detail)


def slow_content_sha256(columns: BlockColumns) -> str:
    """The promise, value by value: header, doubles little-endian with the one quiet NaN, reasons, details."""
    _, n_scenarios, n_positions = columns.values.shape
    header = {
        "columns": list(columns.columns),
        "details": list(columns.details),
        "measures": list(columns.measures),
        "positions": n_positions,
        "scenarios": n_scenarios,
    }
    out = [json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()]
    for value in columns.values.ravel().tolist():
        out.append(b"\0\0\0\0\0\0\xf8\x7f" if value != value else struct.pack("<d", value))
    out += [bytes(columns.reasons.ravel().tolist()), struct.pack(f"<{n_positions}i", *columns.detail.tolist())]
    return sha256(b"".join(out)).hexdigest()


@pytest.mark.parametrize(("scenarios", "positions"), [(1, 1), (1, 4096), (3, 50), (2, 2049), (10, 7), (4, 0)])
def test_a_block_comes_back_bit_by_bit(scenarios: int, positions: int) -> None:
    columns = block(scenarios, positions)
    again = CODEC.decode(CODEC.encode(columns))
    assert_array_equal(again.values.view(np.uint64), columns.values.view(np.uint64))
    assert_array_equal(again.reasons, columns.reasons)
    assert_array_equal(again.detail, columns.detail)
    assert (again.columns, again.measures, again.details) == (columns.columns, columns.measures, columns.details)
    assert CODEC.content_sha256(again) == CODEC.content_sha256(columns)


def in_first_layout(columns: BlockColumns) -> bytes:
    """What earlier releases stored: a frame for a column, byte planes of all its scenarios."""
    header, *others = frames_of(CODEC.encode(columns))
    parts = [header]
    for values in columns.values:
        bits = np.where(np.isnan(values), np.nan, values).view(np.uint64)
        bits = np.concatenate([bits[:1], bits[1:] ^ bits[:1]])
        planes = [(bits.ravel() >> np.uint64(8 * place)).astype(np.uint8).tobytes() for place in range(8)]
        parts.append(zstandard.compress(b"".join(planes)))
    parts += others[-2:]
    return FIRST_MAGIC + b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def frames_of(payload: bytes) -> list[bytes]:
    frames, rest = [], payload[len(MAGIC) :]
    while rest:
        end = 4 + int.from_bytes(rest[:4], "little")
        frames.append(rest[4:end])
        rest = rest[end:]
    return frames


@pytest.mark.parametrize(("scenarios", "positions"), [(1, 1), (3, 2100), (10, 7), (4, 0)])
def test_blocks_of_the_first_layout_are_read(scenarios: int, positions: int) -> None:
    columns = block(scenarios, positions)
    first = in_first_layout(columns)
    again = CODEC.decode(first)
    assert_array_equal(again.values.view(np.uint64), columns.values.view(np.uint64))
    assert CODEC.content_sha256(again) == slow_content_sha256(columns)
    assert CODEC.packed(first) == CODEC.packed(CODEC.encode(columns))


@pytest.mark.parametrize("first_layout", [False, True])
def test_the_content_hash_of_a_payload_is_that_of_its_columns(first_layout: bool) -> None:
    columns = block(3, 2500)
    payload = in_first_layout(columns) if first_layout else CODEC.encode(columns)
    assert CODEC.content_sha256_of(payload) == slow_content_sha256(columns)


@pytest.mark.parametrize(("scenarios", "positions"), [(1, 1), (3, 50), (10, 4096), (2, 2049)])
def test_queries_open_the_frames_of_a_block(scenarios: int, positions: int) -> None:
    """What the one side packs the other opens, of some rows and some scenarios."""
    columns = block(scenarios, positions)
    asked = [0, scenarios - 1]
    for values, parts in zip(columns.values, CODEC.packed(CODEC.encode(columns)), strict=True):
        assert parts == CODEC.pack(values)
        for rows in (slice(0, 1), slice(positions - 1, positions), slice(positions // 3, positions)):
            first, last = parts_of(rows)
            frames = {part: {s: parts[part][s] for s in asked} for part in range(first, last + 1)}
            for scenario, found in unpacked(frames, rows).items():
                assert_array_equal(found.view(np.uint64), values[scenario, rows].view(np.uint64))


def test_the_content_hash_is_of_the_canonical_columns() -> None:
    columns = block()
    assert CODEC.content_sha256(columns) == slow_content_sha256(columns)


def test_layout_in_memory_and_flavour_of_nan_do_not_change_the_content() -> None:
    columns = block()
    odd_nan = np.array([0xFFF8_0000_0000_0001], np.uint64).view(np.float64)[0]
    values = np.asfortranarray(np.where(np.isnan(columns.values), odd_nan, columns.values))
    same = replace(columns, values=values, reasons=np.asfortranarray(columns.reasons))
    assert CODEC.content_sha256(same) == CODEC.content_sha256(columns)
    assert CODEC.encode(same) == CODEC.encode(columns)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ("pv", "yield", "clean_price")},
        {"measures": ("PV", "CS01")},
        {"details": ("no curve EUR-ESTR", "another sentence")},
        {"detail": np.zeros(50, np.int32)},
        {"reasons": np.ones((2, 3, 50), np.uint8)},
        {"values": np.nextafter(block().values, 0)},
        {"values": block().values.reshape(3, 50, 3), "reasons": np.zeros((2, 50, 3), np.uint8), "detail": np.zeros(3)},
    ],
)
def test_any_difference_is_another_content(change: dict[str, object]) -> None:
    assert CODEC.content_sha256(replace(block(), **change)) != CODEC.content_sha256(block())  # type: ignore[arg-type]


def test_minus_zero_is_not_zero() -> None:
    columns = block(1, 1)
    other = replace(columns, values=-columns.values)
    assert columns.values[0, 0, 0] == other.values[0, 0, 0] == 0
    assert CODEC.content_sha256(columns) != CODEC.content_sha256(other)


def test_a_value_costs_under_seven_bytes_and_an_unmoved_one_under_one() -> None:
    moved = block(10, 4096)
    still = replace(moved, values=np.broadcast_to(moved.values[:1, 1:2], moved.values.shape))
    n_values = moved.values.size
    assert len(CODEC.encode(moved)) < 7 * n_values
    assert len(CODEC.encode(still)) < 1 * n_values


@pytest.mark.parametrize(
    "damage",
    [
        lambda payload: payload[:-1],
        lambda payload: payload[: len(payload) // 2],
        lambda payload: b"TNRBLK\x03\n" + payload[len(MAGIC) :],
        lambda _payload: MAGIC,
        lambda _payload: b"",
        lambda payload: payload[:40] + bytes(64) + payload[104:],
    ],
)
def test_damaged_bytes_are_refused(damage: object) -> None:
    assert callable(damage)
    for read in (CODEC.decode, CODEC.content_sha256_of):
        with pytest.raises(NotABlock):
            read(damage(CODEC.encode(block())))
