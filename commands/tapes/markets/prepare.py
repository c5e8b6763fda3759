"""The way from files of quotes to a market document, with the line of every number."""

import json
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from commands.ingestion.codes import Code
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Budget, Spent
from commands.refusals import InvalidInput
from commands.tapes.markets import ore, rows
from commands.tapes.markets.draft import Draft
from commands.tapes.markets.quotes import read_quotes
from commands.tapes.read_tape import ReadTape, column_of, read_tape
from commands.tapes.to_tables import label_of
from domain.documents import JsonObject
from domain.tapes.dates import patterns_of, read_date
from domain.tapes.mapping import MappingDocument, stored_mapping

BASE_CURRENCIES = ("USD", "EUR", "GBP")


@dataclass(frozen=True)
class MarketWanted:
    """Plain values, since a process of its own reads the files."""

    mapping: JsonObject
    reference: str
    files: tuple[str, ...] = ()
    as_of: str | None = None
    base_currency: str | None = None


@dataclass(frozen=True)
class MarketMade:
    """`raw` is the document as a user would bring it, `source` what its registration says of where it came from."""

    raw: bytes
    lines: bytes
    source: JsonObject
    warnings: list[JsonObject] = field(default_factory=list)


def market_of(wanted: MarketWanted, budget: Budget | None = None) -> MarketMade:
    """Refuses files that cannot be read; whether the market can be used is judged as of any other."""
    mapping, errors, spent = stored_mapping(wanted.mapping), Findings(), Spent(budget or Budget())
    paths = [Path(each) for each in wanted.files]
    with tempfile.TemporaryDirectory(prefix="tenor-quotes-") as name:
        if mapping.of_table("quotes"):
            draft, infos = _of_quotes(paths, mapping, wanted, errors, spent, Path(name))
        else:
            draft, infos = _of_rows(paths, mapping, wanted, errors, spent, Path(name))
    _refuse(errors)
    assert draft is not None
    files = [asdict(info) for info in infos]
    names = [info.name for info in infos]
    lines = zlib.compress(json.dumps({"files": names, "places": draft.places}).encode(), level=6)
    source = {"files": files, "mapping": wanted.reference}
    return MarketMade(json.dumps(draft.document).encode(), lines, source, draft.warnings(names))


def _refuse(errors: Findings) -> None:
    if errors.total:
        problems = [{**asdict(each), "path": each.column or "$"} for each in errors.listed()]
        first = problems[0]
        more = f" (and {errors.total - 1:,} more)" if errors.total > 1 else ""
        raise InvalidInput(str(first["code"]), f"{first['message']}{more}", str(first["fix"]), problems)


def _of_quotes(
    paths: Sequence[Path], mapping: MappingDocument, wanted: MarketWanted, errors: Findings, spent: Spent, folder: Path
) -> tuple[Draft | None, Sequence[Any]]:
    found = read_quotes(paths, mapping, errors, spent, folder)
    days = {quote.day for quote in found.quotes if "/" in quote.key}
    if errors.total or not days:
        if not errors.total:
            message = "No line of the files is a quote with a key such as IR_SWAP/RATE/EUR/2D/6M/10Y."
            errors.file("", Code.NO_ROWS, message, "Bring market.txt beside the fixings.")
        return None, ()
    draft = _draft(wanted, max(days))
    ore.build(found.quotes, draft)
    if not draft.document.get("curves"):
        message = f"No curve can be made of the quotes of {draft.as_of}."
        errors.file("", Code.NO_ROWS, message, "Give the date of the quotes with --as-of.")
    _finish(draft, wanted)
    return draft, found.infos


def _of_rows(
    paths: Sequence[Path], mapping: MappingDocument, wanted: MarketWanted, errors: Findings, spent: Spent, folder: Path
) -> tuple[Draft | None, Sequence[Any]]:
    day = date.fromisoformat(wanted.as_of) if wanted.as_of else date.max
    read = read_tape(list(paths), mapping, day, errors, spent, folder)
    if read is None:
        return None, ()
    said = _said_by_rows(read, mapping, errors)
    as_of = wanted.as_of or said.get("as_of")
    found = read_date(as_of, patterns_of(mapping.format.date_texts)) if as_of else None
    if errors.total:
        return None, ()
    if found is None:
        message = "Nothing says the date of the market." if not as_of else f"{as_of!r} is no date."
        errors.file("", Code.NOT_A_DATE, message, "Give --as-of, or map market.as_of.")
        return None, ()
    draft = _draft(wanted, found)
    rows.build(read, mapping, draft, errors)
    if "base_currency" in said:
        draft.document["base_currency"] = said["base_currency"]
    _finish(draft, wanted)
    return draft, read.infos


def _said_by_rows(read: ReadTape, mapping: MappingDocument, errors: Findings) -> dict[str, str]:
    """What is said of the market as a whole: a constant, or the same in every row."""
    said = {}
    for name, source in mapping.of_table("market").items():
        if source.value is not None:
            said[name] = str(source.value)
            continue
        assert source.column is not None
        column = column_of(read.tape, label_of(source.column, mapping), f"The source of market.{name}", errors)
        cells = read.tape.columns[column] if column else None
        texts = sorted({str(cells.texts[code]) for code in set(cells.codes.tolist()) if code >= 0}) if cells else []
        if len(texts) == 1:
            said[name] = texts[0]
        elif column:
            message = f"{column} says {len(texts)} things where the market has one {name}: {', '.join(texts[:3])}."
            errors.file("", Code.INCONSISTENT_TERMS, message, "Bring the rows of one market.", column=column)
    return said


def _draft(wanted: MarketWanted, newest: date) -> Draft:
    as_of = date.fromisoformat(wanted.as_of) if wanted.as_of else newest
    return Draft(as_of, {"as_of": as_of.isoformat(), "base_currency": wanted.base_currency or "", "curves": []})


def _finish(draft: Draft, wanted: MarketWanted) -> None:
    """A base currency that nobody says is told."""
    if wanted.base_currency:
        draft.document["base_currency"] = wanted.base_currency
    if draft.document["base_currency"]:
        return
    there = sorted(draft.document.get("discount", {}))
    base = next((each for each in BASE_CURRENCIES if each in there), there[0] if there else "USD")
    draft.document["base_currency"] = base
    message = f"nothing says the base currency; {base} is taken"
    draft.warn(
        "base_currency", "BASE_CURRENCY_TAKEN", base, message, "give --base-currency, or map market.base_currency"
    )
