"""Blocks of facts to bytes and back: canonical columns for the hash, byte-shuffled zstd for the disk.

    payload  MAGIC, then length-prefixed zstd frames: header, for each column its parts, reasons, detail
    part     the frames of 2,048 positions, one for each scenario (query_api/frames.py)

Read models take the frames over as they are. The first layout had one frame for all of a column; what is stored of it
is still read. A later one has another MAGIC; the content hash depends on none of it.
"""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import zstandard

from domain.ports import Packed
from domain.runs.facts import BlockColumns
from query_api.frames import PLANES, Compress, Unpack, canonical, compressor, pack_column, part_slices, read_column

MAGIC = b"TNRBLK\x02\n"
FIRST_MAGIC = b"TNRBLK\x01\n"

ReadColumn = Callable[[npt.NDArray[np.uint64], Iterator[memoryview], Unpack], None]
Opened = TypeVar("Opened")


class NotABlock(ValueError):
    """The bytes are cut short, damaged, or of a layout that this release does not know."""


class ZstdBlockCodec:
    """domain.ports.BlockCodec."""

    def content_sha256(self, columns: BlockColumns) -> str:
        """Of the header and the little-endian columns; every NaN is the same NaN, every detail's number int32."""
        digest = sha256(_header(columns))
        for values in columns.values:
            digest.update(canonical(values).data)
        digest.update(np.ascontiguousarray(columns.reasons, np.uint8).data)
        digest.update(np.ascontiguousarray(columns.detail, "<i4").data)
        return digest.hexdigest()

    def content_sha256_of(self, payload: bytes | memoryview) -> str:
        return _opened(payload, _content_sha256)

    def encode(self, columns: BlockColumns) -> bytes:
        parts = [MAGIC]
        for frame in _frames(columns, compressor().compress):
            parts += [len(frame).to_bytes(4, "little"), frame]
        return b"".join(parts)

    def decode(self, payload: bytes | memoryview) -> BlockColumns:
        return _opened(payload, _decode)

    def packed(self, payload: bytes | memoryview) -> Packed:
        if bytes(payload[: len(MAGIC)]) == FIRST_MAGIC:
            return [self.pack(values) for values in self.decode(payload).values]
        return _opened(payload, lambda frames, _: _packed(frames))

    def pack(self, values: npt.NDArray[np.float64]) -> list[list[bytes]]:
        return list(pack_column(values, compressor().compress))


def _header(columns: BlockColumns) -> bytes:
    n_columns, n_scenarios, n_positions = columns.values.shape
    assert n_columns == len(columns.columns)
    assert columns.reasons.shape == (len(columns.measures), n_scenarios, n_positions)
    assert columns.detail.shape == (n_positions,)
    return _header_text(
        {
            "columns": list(columns.columns),
            "details": list(columns.details),
            "measures": list(columns.measures),
            "positions": n_positions,
            "scenarios": n_scenarios,
        }
    )


def _header_text(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _frames(columns: BlockColumns, compress: Compress) -> Iterator[bytes]:
    yield compress(_header(columns))
    for values in columns.values:
        for part in pack_column(values, compress):
            yield from part
    yield compress(np.ascontiguousarray(columns.reasons, np.uint8).data)
    yield compress(np.ascontiguousarray(columns.detail, "<i4").data)


def _opened(payload: bytes | memoryview, read: Callable[[Iterator[memoryview], ReadColumn], Opened]) -> Opened:
    view = memoryview(payload)
    layout = {MAGIC: read_column, FIRST_MAGIC: _read_first_column}.get(bytes(view[: len(MAGIC)]))
    if layout is None:
        raise NotABlock("not a block of facts, or of a newer layout")
    try:
        return read(_split(view[len(MAGIC) :]), layout)
    except (zstandard.ZstdError, StopIteration, ValueError, KeyError) as error:
        raise NotABlock(f"a block of facts is damaged: {error}") from error


def _split(view: memoryview) -> Iterator[memoryview]:
    while view:
        size = int.from_bytes(view[:4], "little")
        if len(view) < 4 + size:
            raise ValueError("cut short")
        yield view[4 : 4 + size]
        view = view[4 + size :]


def _decode(frames: Iterator[memoryview], read_column: ReadColumn) -> BlockColumns:
    unpack = zstandard.ZstdDecompressor().decompress
    header = json.loads(unpack(next(frames)))
    shape = (header["scenarios"], header["positions"])
    bits = np.empty((len(header["columns"]), *shape), np.uint64)
    for column in bits:
        read_column(column, frames, unpack)
    reasons = np.frombuffer(unpack(next(frames)), np.uint8).reshape(len(header["measures"]), *shape)
    detail = np.frombuffer(unpack(next(frames)), "<i4").reshape(shape[1])
    return BlockColumns(
        columns=tuple(header["columns"]),
        values=bits.view(np.float64),
        measures=tuple(header["measures"]),
        reasons=reasons,
        details=tuple(header["details"]),
        detail=detail,
    )


def _content_sha256(frames: Iterator[memoryview], read_column: ReadColumn) -> str:
    """Column after column in one place, which stays in the cache."""
    unpack = zstandard.ZstdDecompressor().decompress
    header = json.loads(unpack(next(frames)))
    digest, bits = sha256(_header_text(header)), np.empty((header["scenarios"], header["positions"]), np.uint64)
    for _ in header["columns"]:
        read_column(bits, frames, unpack)
        digest.update(canonical(bits.view(np.float64)).data)
    digest.update(np.frombuffer(unpack(next(frames)), np.uint8).reshape(len(header["measures"]), *bits.shape).data)
    digest.update(np.frombuffer(unpack(next(frames)), "<i4").reshape(bits.shape[1]).data)
    return digest.hexdigest()


def _read_first_column(bits: npt.NDArray[np.uint64], frames: Iterator[memoryview], unpack: Unpack) -> None:
    planes = np.frombuffer(unpack(next(frames)), np.uint8).reshape(PLANES, -1)
    bits[...] = np.array(planes.T, order="C").view("<u8").reshape(bits.shape)
    bits[1:] ^= bits[:1]


def _packed(frames: Iterator[memoryview]) -> Packed:
    header = json.loads(zstandard.ZstdDecompressor().decompress(next(frames)))
    parts = part_slices(header["positions"])
    return [[[next(frames) for _ in range(header["scenarios"])] for _ in parts] for _ in header["columns"]]
