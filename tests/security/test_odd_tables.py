"""Seeded garbage in every column of every table and in the bytes of archives: reports, and no error of the program."""

import csv
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

from commands.api.uploads import digest_upload
from commands.ingest_portfolio import Digested, ReadingOptions
from commands.ingestion.limits import Budget
from commands.ingestion.prepare import prepare_portfolio
from commands.refusals import InvalidInput
from ops.adapters.snapshot_codec import SnapshotCodec
from tests.commands.ingestion.conftest import write_csv
from tests.security.conftest import FUND, MEGABYTE

SEED = 7
CELLS = [
    "",
    " ",
    "0",
    "-0",
    "1e308",
    "1e-400",
    "9" * 400,
    "٣",
    "²",
    "NaN",
    "-inf",
    "1,5",
    "5%",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2200-12-31",
    "1900-01-01",
    "=1+1",
    "\x01",
    "\u202e\u2028",
    "💥" * 50,
    "{",
    '{"a":{}}',
    '{"a":1e999}',
    '{"kind":"CMS"}',
    "[" * 3_000,
    "a=b;a=c",
    "A=",
    "CPR 1e9",
    "CPR 101",
    "MODEL x",
    "PD",
    "EURUSD",
    "USDUSD",
    "x" * 70_000,
    "BOOK",
    "FUND",
    "LOAN",
    "12",
    "52",
    "true",
    "100000",
    "-100000",
    "FIXED",
    "CUSTOM",
]


def tables() -> dict[str, list[dict[str, Any]]]:
    found = {}
    for path in sorted(FUND.glob("*.csv")):
        with path.open(newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def test_garbage_in_cells(tmp_path: Path) -> None:
    dice, sound = random.Random(SEED), tables()
    for turn in range(60):
        spoilt = {name: [dict(row) for row in rows] for name, rows in sound.items()}
        for _ in range(dice.choice([2, 10, 60])):
            row = dice.choice(dice.choice(list(spoilt.values())))
            row[dice.choice(list(row))] = dice.choice([*CELLS, *row.values()])
        folder = write_csv(tmp_path / str(turn), spoilt)
        report = prepare_portfolio(folder, accept_valid=turn % 2 == 0).report()
        assert report["errors_total"] == sum(report["errors_by_code"].values()), (SEED, turn)
        json.dumps(report, allow_nan=False)


def test_garbage_in_archives(tmp_path: Path) -> None:
    dice, file = random.Random(SEED), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in FUND.glob("*.csv"):
            packed.write(path, path.name)
    codec, budget = SnapshotCodec(), Budget(bytes=64 * MEGABYTE)
    for turn in range(100):
        data = bytearray(file.getvalue())
        for _ in range(dice.choice([1, 2, 20])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        folder = tmp_path / str(turn)
        folder.mkdir()
        (folder / "upload").write_bytes(data[: dice.choice([len(data), dice.randrange(len(data))])])
        said = digested_or_refused(codec, folder, budget)
        assert said.fix if isinstance(said, InvalidInput) else json.dumps(said.report, allow_nan=False), (SEED, turn)


def digested_or_refused(codec: SnapshotCodec, folder: Path, budget: Budget) -> Digested | InvalidInput:
    try:
        return digest_upload(codec, folder / "upload", folder / "out", ReadingOptions(dry_run=True), budget)
    except InvalidInput as refused:
        return refused
