"""Every parser is given sound inputs that chance has broken: it reads them or refuses them, within a gigabyte.

    python -m tests.faults.fuzzing tape_xml --seconds 5 --seed 7

One process each, whose address space may grow by MEMORY_BYTES. What ends otherwise than by an answer or a refusal is a
fault: the input is written to a file, and the seed brings it again.
"""

import argparse
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from commands.api.multipart import FormParser
from commands.api.uploads import unpack
from commands.define_history import DefineHistory, history_of
from commands.edits import parse_edits
from commands.ingestion.limits import Budget
from commands.ingestion.prepare import prepare_portfolio
from commands.tapes.markets.prepare import MarketWanted, market_of
from commands.tapes.prepare_tape import Wanted, prepare_tape
from commands.tapes.proposing.propose import suggest
from commands.tapes.to_tables import Given
from domain.capital.policies import parse_policy
from domain.documents import InvalidDocument
from domain.market.document import parse_market
from domain.refusals import Refused
from domain.scenarios.shocks import parse_scenarios
from domain.tapes.built_in import built_in
from domain.tapes.mapping import as_json, parse_mapping
from ops.parsing.child import limit_memory

ROOT = Path(__file__).parents[2]
TAPES = ROOT / "tests" / "walk" / "tapes"
SMALL_FUND = ROOT / "examples" / "small_fund"
MEMORY_BYTES = 1024**3
MAX_SECONDS_OF_ONE = 20.0
START_SECONDS = 90.0
AS_OF = date(2026, 1, 23)
BUDGET = Budget(rows=1_000_000, cells=20_000_000, bytes=256 * 1024**2)
TOKENS = (
    b'"',
    b"'",
    b",",
    b";",
    b"|",
    b"\t",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"NaN",
    b"-Infinity",
    b"1e999999999",
    b"-",
    b"(1)",
    b"%",
    b"1,234.5",
    b"9" * 400,
    b"x" * 70_000,
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"<",
    b"</assets>",
    b"<assets>",
    b"]]>",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[" * 200,
    b"null",
    b"\\u0000",
    b"\\ud800",
    "\u202e".encode(),
    b"=1+1",
    b"31/31/2031",
    b"2026-02-30",
    b"--XX",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"0",
    b"-1",
    b"/" * 50,
    b"#",
)

Parse = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """A parser, and sound inputs of it."""

    parse: Parse
    seeds: Callable[[], list[bytes]]


def files(*names: str) -> Callable[[], list[bytes]]:
    return lambda: [(TAPES / name).read_bytes() for name in names]


def tape(mapping: str, name: str) -> Parse:
    def parse(data: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(data)
        wanted = Wanted(built_in(mapping), Given("fund", "BOOK"), AS_OF, accept_valid=True, rejects=folder / "rejects")
        return prepare_tape([path], wanted, BUDGET)

    return parse


def table(name: str) -> Parse:
    def parse(data: bytes, folder: Path) -> object:
        for each in SMALL_FUND.glob("*.csv"):
            (folder / each.name).write_bytes(each.read_bytes())
        (folder / "positions.csv").unlink()
        (folder / name).write_bytes(data)
        return prepare_portfolio(folder, accept_valid=True, budget=BUDGET)

    return parse


def workbook() -> list[bytes]:
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        for name in ("portfolio", "issuers", "instruments", "positions"):
            sheet = book.add_worksheet(name)
            for place, line in enumerate((SMALL_FUND / f"{name}.csv").read_text().splitlines()):
                sheet.write_row(place, 0, line.split(","))
    return [held.getvalue()]


def parquet() -> list[bytes]:
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    held = io.BytesIO()
    pq.write_table(pacsv.read_csv(SMALL_FUND / "positions.csv"), held)
    return [held.getvalue()]


def parse_workbook(data: bytes, folder: Path) -> object:
    (folder / "portfolio.xlsx").write_bytes(data)
    return prepare_portfolio(folder / "portfolio.xlsx", accept_valid=True, budget=BUDGET)


def zipped() -> list[bytes]:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(TAPES / "consumer.csv", "consumer.csv")
    return [held.getvalue(), gzip.compress((TAPES / "consumer.csv").read_bytes())]


def parse_upload(data: bytes, folder: Path) -> object:
    (folder / "upload").write_bytes(data)
    return unpack(folder / "upload", folder / "out", BUDGET.bytes)


def parse_quotes(data: bytes, folder: Path) -> object:
    (folder / "market.txt").write_bytes(data)
    wanted = MarketWanted(as_json(built_in("ore_market")), "ore_market@1", (str(folder / "market.txt"),))
    made = market_of(wanted, BUDGET)
    return parse_market(made.raw)


def parse_suggestion(data: bytes, folder: Path) -> object:
    (folder / "tape").write_bytes(data)
    return suggest(folder / "tape", "tape", BUDGET)


def parse_form(data: bytes, folder: Path) -> object:
    parser = FormParser(b"XX", folder)
    try:
        for at in range(0, len(data), 997):
            parser.feed(data[at : at + 997])
    finally:
        parser.close()
    parser.finish()
    return parser.form


def forms() -> list[bytes]:
    head = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="tape.csv"\r\n\r\n'
    edits = b'\r\n--XX\r\nContent-Disposition: form-data; name="edits"\r\n\r\n[]\r\n--XX--\r\n'
    return [head + (TAPES / "consumer.csv").read_bytes() + edits]


def document(parse: Callable[[bytes], object]) -> Parse:
    return lambda data, _folder: parse(data)


def packed_tape(data: bytes, folder: Path) -> object:
    return tape("consumer_tape", "tape.bin")(data, folder)


EDITS = [b'[{"table": "positions", "row": 2, "column": "fico", "value": 700}]']
HISTORY = [b"date,USD-SOFR 1Y,USD-SOFR 10Y\n2026-01-21,0.001,0.002\n2026-01-22,-0.001,0.0005\n"]
POLICY = [b'{"policy_id": "bank", "lgd_defaults": {"SENIOR": 0.4}, "capital": {"cet1": 100.0}}']

TARGETS: dict[str, Target] = {
    "tape_text": Target(tape("consumer_tape", "tape.csv"), files("consumer.csv")),
    "tape_headerless": Target(tape("fannie_mae_sflp", "tape.txt"), files("2021Q1.csv")),
    "tape_xml": Target(tape("sec_abs_ee_auto", "tape.xml"), files("exhibit102.xml")),
    "tape_packed": Target(packed_tape, zipped),
    "quotes": Target(parse_quotes, files("market.txt", "fixings.txt")),
    "suggestion": Target(parse_suggestion, files("german_loans.csv", "consumer.csv", "exhibit102.xml", "market.txt")),
    "table_csv": Target(table("positions.csv"), lambda: [(SMALL_FUND / "positions.csv").read_bytes()]),
    "table_parquet": Target(table("positions.parquet"), parquet),
    "workbook": Target(parse_workbook, workbook),
    "upload": Target(parse_upload, zipped),
    "form": Target(parse_form, forms),
    "mapping": Target(document(parse_mapping), lambda: [json.dumps(as_json(built_in("sec_abs_ee_auto"))).encode()]),
    "edits": Target(document(parse_edits), lambda: EDITS),
    "market": Target(document(parse_market), lambda: [(SMALL_FUND / "market.json").read_bytes()]),
    "scenarios": Target(document(parse_scenarios), lambda: [(SMALL_FUND / "scenarios.json").read_bytes()]),
    "policy": Target(document(parse_policy), lambda: POLICY),
    "history": Target(document(lambda data: history_of(data, DefineHistory("history"))), lambda: HISTORY),
}


def broken(data: bytes, chance: random.Random) -> bytes:
    """One to eight changes: bytes flipped, left out, repeated or moved, and pieces that parsers stumble over."""
    body = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.choice((1, 1, 4, 32, 512)))
        match chance.randrange(6):
            case 0 if body:
                body[at % len(body)] ^= 1 << chance.randrange(8)
            case 1:
                del body[at:end]
            case 2:
                body[at:at] = body[at:end] * chance.choice((1, 2, 50))
            case 3:
                other = chance.randrange(len(body) + 1)
                body[other:other] = body[at:end]
            case 4:
                del body[chance.randrange(len(body) // 2 + 1) + len(body) // 2 :]
            case _:
                body[at:at] = chance.choice(TOKENS)
    return bytes(body[: 4 << 20])


def fuzz(name: str, seconds: float, seed: int) -> int:
    """How many inputs were tried; raises what a parser raised beside refusals."""
    target, chance = TARGETS[name], random.Random(seed)
    seeds = target.seeds()
    for data in seeds:
        tried(target.parse, data)
    limit_memory(MEMORY_BYTES)
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        data = broken(chance.choice(seeds), chance)
        begun = time.monotonic()
        try:
            tried(target.parse, data)
        except BaseException:
            kept = Path(tempfile.mkdtemp(prefix="tenor-fuzz-")) / name
            kept.write_bytes(data)
            print(f"{name}: input {count} of seed {seed} is kept in {kept}", file=sys.stderr)
            raise
        if time.monotonic() - begun > MAX_SECONDS_OF_ONE:
            raise TimeoutError(f"{name}: input {count} of seed {seed} took {time.monotonic() - begun:.0f} seconds")
        count += 1
    return count


def tried(parse: Parse, data: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="tenor-fuzz-") as folder:
        try:
            parse(data, Path(folder))
        except (Refused, InvalidDocument):
            return


def in_a_process_of_its_own(name: str, seconds: float, seed: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.faults.fuzzing", name, "--seconds", str(seconds), "--seed", str(seed)]
    most = seconds + START_SECONDS + MAX_SECONDS_OF_ONE
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=most, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    try:
        count = fuzz(asked.name, asked.seconds, asked.seed)
    except BaseException:
        traceback.print_exc()
        raise SystemExit(1) from None
    print(f"{asked.name}: {count:,} inputs")


if __name__ == "__main__":
    main()
