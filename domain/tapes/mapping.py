"""A mapping: which columns, values, units and constants of a foreign table are which columns of ours."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from domain.documents import (
    InvalidDocument,
    JsonObject,
    Number,
    Part,
    Problem,
    Text,
    nearest,
    parse_document,
    shown,
)
from domain.market.quotes import MARKET_COLUMNS, MARKET_TABLES, REQUIRED_OF_QUOTES
from domain.portfolio.attributes import HOLDERS
from domain.portfolio.tables import BY_NAME, RATE_TERM, REQUIRED_TERMS, Kind
from domain.tapes.dates import EXAMPLES, date_pattern

Name = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Place = Annotated[int, Field(strict=True, ge=1, le=1_000)]
Label = Place | Name
"""A header, or the number of a column, from 1, where there is none."""
NumberText = Annotated[str, Field(strict=True, max_length=200)]

ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252", "cp850", "cp437", "iso-8859-15", "ascii")
NOT_NEEDED = ("positions.book_id", "positions.instrument_id", "instruments.instrument_id")
"""`--book` gives the first, and a loan is its own instrument."""


class Format(Part):
    """How the file is written."""

    delimiter: Annotated[str, Field(strict=True, min_length=1, max_length=1)] | None = None
    quote: Annotated[str, Field(strict=True, max_length=1)] | None = None
    header: Annotated[bool, Field(strict=True)] = True
    encoding: Name = "utf-8"
    decimal: Annotated[str, Field(strict=True, pattern=r"^[.,]$")] = "."
    thousands: Annotated[str, Field(strict=True, max_length=1)] | None = None
    dates: Name | tuple[Name, ...] = ()
    percent_columns: tuple[Label, ...] = ()
    null: tuple[NumberText, ...] = ("",)
    record: Name | None = None
    sheet: Name | None = None

    @property
    def date_texts(self) -> tuple[str, ...]:
        return (self.dates,) if isinstance(self.dates, str) else self.dates


class From(Part):
    """Where a column comes from: a column of the file, or one value for all rows."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=False, serialize_by_alias=True)

    column: Label | None = Field(default=None, alias="from")
    value: Annotated[bool, Field(strict=True)] | Number | NumberText | None = None
    scale: Number | None = None
    map: dict[str, Annotated[bool, Field(strict=True)] | Number | NumberText] | None = None
    dates: Name | None = None
    plus_months: Annotated[int, Field(strict=True, ge=-1_200, le=1_200)] | Name | None = None
    """Of a date: so many months on, or as many as a column of the file says."""


class Join(Part):
    """A second file, whose row with the same key stands beside each of the first."""

    file: Name
    on: Label | tuple[Label, Label]

    @property
    def keys(self) -> tuple[Label, Label]:
        """Of the first file and of the second."""
        return self.on if isinstance(self.on, tuple) else (self.on, self.on)


class Latest(Part):
    """Of a tape with a row a month: the last row of each key on or before the portfolio's date."""

    key: Label
    date: Label


class MappingDocument(Part):
    mapping_id: Text
    format: Format = Format()
    columns: dict[Name, From] = Field(min_length=1)
    join: Join | None = None
    latest: Latest | None = None
    skip_rows: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 0
    where: dict[Name, tuple[NumberText, ...]] = Field(default_factory=dict)

    @property
    def is_of_market(self) -> bool:
        return all(target.partition(".")[0] in MARKET_TABLES for target in self.columns)

    def of_table(self, table: str) -> dict[str, From]:
        """The sources of a table's columns, by the column's name."""
        return {
            target.partition(".")[2].lower(): source
            for target, source in self.columns.items()
            if target.partition(".")[0].lower() == table
        }


class InvalidMapping(InvalidDocument):
    """A mapping that cannot be used."""


def parse_mapping(raw: bytes | str) -> MappingDocument:
    """Raises InvalidMapping with everything that is wrong."""
    return parse_document(raw, MappingDocument, InvalidMapping, mapping_problems)


def stored_mapping(content: Mapping[str, Any]) -> MappingDocument:
    return MappingDocument.model_validate(content)


def as_json(document: MappingDocument) -> JsonObject:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def mapping_problems(document: MappingDocument) -> Iterator[Problem]:
    if any(mark in document.mapping_id for mark in "@/"):
        message = "a mapping's name holds no @ or /, which stand before its version and between names"
        yield Problem("mapping_id", "BAD_NAME", shown(document.mapping_id), message, "choose another name")
    yield from _format_problems(document.format)
    for target, source in document.columns.items():
        yield from _target_problems(target, document)
        yield from _source_problems(f"columns.{shown(target)}", target, source)
    yield from _join_problems(document)
    yield from _label_problems(document)
    lacking = REQUIRED_OF_QUOTES if document.is_of_market else _required(document)
    for target in lacking:
        if target not in {name.lower() for name in document.columns}:
            message = f"{target} is required, and the mapping gives it no source"
            fix = f'add "{target}": {{"from": "A COLUMN OF THE FILE"}}, or {{"value": …}} where all rows have the same'
            yield Problem(f"columns.{target}", "NO_SOURCE", "", message, fix)


def _format_problems(written: Format) -> Iterator[Problem]:
    if written.encoding.lower() not in ENCODINGS:
        fix = f"use one of {', '.join(ENCODINGS)}"
        message = f"{shown(written.encoding)!r} is no encoding that is read"
        yield Problem("format.encoding", "UNKNOWN_ENCODING", shown(written.encoding), message, fix)
    if written.thousands and (written.thousands == written.decimal or written.thousands.isalnum()):
        message = f"{written.thousands!r} cannot separate thousands"
        message += " and decimals too" if written.thousands == written.decimal else ""
        yield Problem("format.thousands", "BAD_THOUSANDS", written.thousands, message, "name the mark that does")
    for text in written.date_texts:
        yield from _date_problems("format.dates", text)
    if written.record is not None and not written.header:
        message = "columns of an XML record have names"
        yield Problem("format.header", "HEADER_OF_RECORDS", "false", message, "leave out header")


def _date_problems(path: str, text: str) -> Iterator[Problem]:
    if date_pattern(text) is None:
        message = f"{shown(text)!r} says no date"
        yield Problem(path, "BAD_DATES", shown(text), message, f"write where year, month and day stand: {EXAMPLES}")


def _target_problems(target: str, document: MappingDocument) -> Iterator[Problem]:
    table, dot, column = target.lower().partition(".")
    path = f"columns.{shown(target)}"
    tables = (*BY_NAME, *MARKET_TABLES)
    if not dot or table not in tables:
        said = "names no table" if not dot else f"is in no table: there is none called {shown(table)!r}"
        near = nearest(table, tables) if dot else None
        of_column = next((name for name in ("positions", "instruments") if BY_NAME[name].column(target.lower())), None)
        fix = (
            f"write {near}.{column}" if near else f"write {of_column or 'positions'}.{shown(column or target.lower())}"
        )
        yield Problem(path, "UNKNOWN_TABLE", shown(target), f"{shown(target)!r} {said}", fix)
        return
    if table in MARKET_TABLES and not document.is_of_market:
        message = "one mapping makes a market or a portfolio, not both"
        yield Problem(
            path, "TWO_KINDS", shown(target), message, "put the columns of the market into a mapping of theirs"
        )
        return
    known = MARKET_COLUMNS[table] if table in MARKET_TABLES else tuple(each.name for each in BY_NAME[table].columns)
    if column in known:
        return
    near = nearest(column, known)
    if not column or table not in HOLDERS or (near is not None and table != "positions"):
        fix = f"did you mean {table}.{near}?" if near else f"the columns of {table} are {', '.join(known)}"
        if table in HOLDERS:
            fix += f" An attribute of that name goes to positions.{shown(column)}"
        message = f"there is no column {shown(column)!r} in {table}"
        yield Problem(path, "UNKNOWN_COLUMN", shown(target), message, fix)


def _source_problems(path: str, target: str, source: From) -> Iterator[Problem]:
    if (source.column is None) == (source.value is None):
        message = f"{shown(target)} has {'two sources' if source.value is not None else 'no source'}"
        fix = 'give it "from", a column of the file, or "value", the same for all rows'
        yield Problem(path, "NO_SOURCE" if source.value is None else "TWO_SOURCES", shown(target), message, fix)
        return
    if source.value is not None and (source.scale, source.map, source.plus_months) != (None, None, None):
        message = "a value is taken as it stands, without scale, map or plus_months"
        yield Problem(path, "NOT_WITH_VALUE", shown(source.value), message, "write the value as it is to be")
    if source.scale == 0:
        yield Problem(f"{path}.scale", "BAD_SCALE", "0", "a scale of 0 makes every value 0", "write 0.01 for percent")
    if source.scale is not None and source.map is not None:
        message = "a column has a scale or a map, not both"
        yield Problem(path, "SCALE_AND_MAP", shown(target), message, "keep one of them")
    if source.dates is not None:
        yield from _date_problems(f"{path}.dates", source.dates)
    yield from _kind_problems(path, target, source)


def _kind_problems(path: str, target: str, source: From) -> Iterator[Problem]:
    table, _, name = target.lower().partition(".")
    column = BY_NAME[table].column(name) if table in BY_NAME else None
    if column is None:
        return
    if source.scale is not None and column.kind not in (Kind.NUMBER, Kind.INTEGER):
        message = f"{target} is no number, so it has no scale"
        yield Problem(f"{path}.scale", "NOT_A_NUMBER", shown(source.scale), message, "leave out the scale")
    if source.plus_months is not None and column.kind is not Kind.DATE:
        message = f"{target} is no date, so nothing is added to it"
        yield Problem(f"{path}.plus_months", "NOT_A_DATE", shown(source.plus_months), message, "leave it out")
    made = [str(value) for value in (source.map or {}).values()] if source.value is None else [str(source.value)]
    for text in made if column.values and column.kind is Kind.TEXT else ():
        if text not in column.values:
            near = nearest(text, column.values)
            fix = f"did you mean {near}?" if near else f"use one of {', '.join(column.values)}"
            yield Problem(path, "NOT_IN_LIST", shown(text), f"{shown(text)!r} is not one of {target}'s values", fix)


def _join_problems(document: MappingDocument) -> Iterator[Problem]:
    if document.join is not None and document.format.record is not None:
        message = "records of XML are not joined"
        yield Problem("join", "JOIN_OF_RECORDS", "", message, "leave out join, or bring a table")


def _label_problems(document: MappingDocument) -> Iterator[Problem]:
    """Where there is no header, columns are numbers; those of the second file carry its name: `origination.13`."""
    if document.format.header:
        return
    labels = [(f"columns.{shown(name)}.from", each.column) for name, each in document.columns.items()]
    labels += [
        (f"columns.{shown(name)}.plus_months", each.plus_months)
        for name, each in document.columns.items()
        if isinstance(each.plus_months, str)
    ]
    labels += [("format.percent_columns", label) for label in document.format.percent_columns]
    labels += [("where", label) for label in document.where]
    if document.latest:
        labels += [("latest.key", document.latest.key), ("latest.date", document.latest.date)]
    if document.join:
        labels += [("join.on", label) for label in document.join.keys]
    prefix = f"{document.join.file}." if document.join else ""
    for path, label in labels:
        number = str(label).removeprefix(prefix) if label is not None else "1"
        if not (number.isascii() and number.isdigit() and int(number) >= 1):
            message = f"{shown(label)!r} is no number of a column, and the file has no header"
            yield Problem(path, "NOT_A_COLUMN_NUMBER", shown(label), message, 'count columns from 1: {"from": 5}')


def _required(document: MappingDocument) -> Iterator[str]:
    """What no row can do without, as far as the mapping itself tells the products; the rest is told row by row."""
    for table in ("instruments", "positions"):
        for column in BY_NAME[table].columns:
            if column.required and f"{table}.{column.name}" not in NOT_NEEDED:
                yield f"{table}.{column.name}"
    for table, spec in BY_NAME.items():
        if table not in ("instruments", "positions", "portfolio") and document.of_table(table):
            yield from (f"{table}.{column.name}" for column in spec.columns if column.required)
    if document.of_table("portfolio"):
        yield from (f"portfolio.{column.name}" for column in BY_NAME["portfolio"].columns if column.required)
    instruments = document.of_table("instruments")
    products = [REQUIRED_TERMS.get(product, ()) for product in _values_of(instruments.get("product_type"))]
    rates = [RATE_TERM[rate] for rate in _values_of(instruments.get("rate_type")) if rate in RATE_TERM]
    terms = [term for term in (products[0] if products else ()) if all(term in each for each in products)]
    terms += rates if len(set(rates)) == 1 and "rate_type" in terms else []
    if not document.of_table("deals"):
        yield from (f"instruments.{term}" for term in terms)


def _values_of(source: From | None) -> list[str]:
    """What a column can say, where the mapping knows it."""
    if source is None:
        return []
    return [str(each) for each in ((source.map or {}).values() if source.value is None else [source.value])]
