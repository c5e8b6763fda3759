"""Bring a portfolio: validate everything, then store it as a snapshot named by its content."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np

from commands.change_hierarchy import hierarchy_of
from commands.edits import edited
from commands.ingestion.findings import Findings
from commands.ingestion.limits import Budget
from commands.ingestion.prepare import Prepared, prepare_portfolio
from commands.ingestion.raw_tables import Source
from commands.once import once, use_before
from commands.record_rejection import record_rejection
from commands.tapes.prepare_tape import Wanted, prepare_tape
from commands.tapes.to_tables import Given
from commands.tree_changes import with_tree_changes
from domain.answered_commands import Key
from domain.codec import decode, encode
from domain.event import Envelope, Event
from domain.market.prepayment import model_name
from domain.portfolio.attributes import ALIASES, HOLDERS, is_held, labels, value_text
from domain.portfolio.columns import ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.exposure_columns import EXPOSURE_NAMES
from domain.portfolio.hierarchy import Hierarchy, HierarchyEvent
from domain.portfolio.holidays import longest_extension_days
from domain.portfolio.tables import BY_NAME, Kind
from domain.ports import BlobStore, EventStore, PortfolioCodec
from domain.snapshot import (
    Content,
    Snapshot,
    SnapshotKind,
    SnapshotRegistered,
    bring,
    name_of_folder,
    portfolio_name,
    register,
    snapshot_id,
)
from domain.tapes.mapping import stored_mapping
from domain.valuation_models import LINE_PREPAYMENT, MODELS

VALUES_KEPT = 200
"""Distinct values of a grouping column that the registration says, so that a scenario's pattern can be checked."""
DEALS_KEPT = 10_000
"""Names of deals that it says; of a portfolio with more, a pattern of deals is not checked."""

EPOCH = date(1970, 1, 1)
TELLS_MODELS = frozenset(column for model in MODELS for column in model.columns)
"""Columns by which instruments have another model."""


@dataclass(frozen=True)
class Digested:
    """What reading made of a source: the report, and what is to be stored, None where nothing is."""

    report: dict[str, Any]
    snapshot: bytes | None = None
    lines: bytes = b""
    rows: dict[str, int] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    """of the registration"""


@dataclass(frozen=True)
class ByMapping:
    """A tape, and the mapping by which it is read; plain values, since a process of its own reads it."""

    mapping: dict[str, Any]
    reference: str
    """`id@version`, or the id of one that is tried before it is defined."""
    portfolio: str
    as_of: str
    book: str | None = None
    files: tuple[str, ...] = ()
    """Of the tape, where the source is no upload."""
    rejects: str | None = None


@dataclass(frozen=True)
class ReadingOptions:
    """How a source is to be read."""

    accept_valid: bool = False
    """Its valid rows are enough."""
    dry_run: bool = False
    """Nothing will be stored anyway."""
    rates_are_decimals: bool = False
    """Rates that look like percent are meant as they are."""
    by_mapping: ByMapping | None = None
    edits: tuple[dict[str, Any], ...] = ()
    """Cells that were changed on the way: table, row, column, value."""
    edited_by: str = ""
    hierarchy: tuple[dict[str, Any], ...] = ()
    """What was decided about the tree of a portfolio of this name, as events say it."""

    @staticmethod
    def of(content: dict[str, Any]) -> "ReadingOptions":
        """From the plain values that a job carries."""
        said = content.get("by_mapping")
        lists = {name: tuple(content.get(name, ())) for name in ("edits", "hierarchy")}
        return ReadingOptions(**{**content, "by_mapping": ByMapping(**said) if said else None, **lists})


@dataclass(frozen=True)
class Called:
    """Under which name and date a portfolio comes: its folder's name and today, where nobody says."""

    name: str | None = None
    as_of: date | None = None
    key: Key | None = None
    """Under the same key it comes once."""


Digest = Callable[[Path, ReadingOptions], Digested]
"""Of a folder, a workbook or an upload."""


def ingest_portfolio(
    store: EventStore,
    blobs: BlobStore,
    codec: PortfolioCodec,
    envelope: Envelope,
    source: Path,
    *,
    options: ReadingOptions | None = None,
    called: Called | None = None,
    digest: Digest | None = None,
) -> dict[str, Any]:
    """The report of contract section 7; `snapshot_id` is None when nothing was stored.

    The content is one snapshot whatever it is called; each bringing says under which name and date it came.
    `digest` reads what comes from outside in a process of its own; without it the files are our own, and read here.
    """
    called = called or Called()
    used = use_before(store, called.key)
    name, as_of = name_and_date(called, source, envelope)
    options = _with_hierarchy(store, options or ReadingOptions(), name)
    digested = (digest or partial(digest_here, codec))(source, options)
    report = {"snapshot_id": None, **digested.report, "portfolio": name, "as_of": as_of.isoformat()}
    if used is None and (digested.snapshot is None or digested.report["sha256"] is None):
        if not (options and options.dry_run):
            record_rejection(store, envelope, name, as_of, digested.report["errors"])
        return report
    reading = _reading(options)
    brought, _ = once(
        store, envelope, called.key, lambda: _decide(store, blobs, envelope, digested, name, as_of, reading)
    )
    return {**report, **brought}


def _decide(
    store: EventStore,
    blobs: BlobStore,
    envelope: Envelope,
    digested: Digested,
    name: str,
    as_of: date,
    reading: dict[str, Any] | None,
) -> tuple[list[Event], dict[str, object]]:
    """The content is registered once, and brought once under the same name and date."""
    content = digested.report["sha256"]
    identity = snapshot_id(SnapshotKind.PORTFOLIO, content)
    events: list[Event] = []
    if not store.stream(identity):
        events += _register(blobs, envelope, digested)
    brought = bring(envelope, SnapshotKind.PORTFOLIO, identity, name=name, as_of=as_of, reading=reading)
    if not store.stream(brought.originator_id):
        events.append(brought)
    answer = {"snapshot_id": str(identity), "sha256": content, "portfolio": name, "as_of": as_of.isoformat()}
    return events, answer


def _with_hierarchy(store: EventStore, options: ReadingOptions, name: str) -> ReadingOptions:
    """What was decided about the tree of a portfolio of this name holds for what comes now."""
    events = hierarchy_of(store, name).events
    if not events:
        return options
    said = [(topic, json.loads(state)) for topic, state in map(encode, events)]
    return replace(options, hierarchy=tuple({"topic": topic, "state": state} for topic, state in said))


def _reading(options: ReadingOptions) -> dict[str, Any] | None:
    """What the bringing says of how the files were read; nothing of a folder that was read as it is."""
    said: dict[str, Any] = {"mapping": options.by_mapping.reference} if options.by_mapping else {}
    return (said | ({"edits": list(options.edits)} if options.edits else {})) or None


def name_and_date(called: Called, source: Path, envelope: Envelope) -> tuple[str, date]:
    name = name_of_folder(called_as(source)) if called.name is None else portfolio_name(called.name)
    return name, called.as_of or envelope.now.date()


def called_as(source: Path) -> str:
    """The folder's name, or the workbook's without its ending."""
    place = source.absolute()
    return place.name if source.is_dir() else place.stem


def digest_here(codec: PortfolioCodec, source: Path, options: ReadingOptions, budget: Budget | None = None) -> Digested:
    """In this process, whatever the source makes of it."""
    prepared = prepared_of(source, options, budget)
    portfolio = prepared.portfolio
    if portfolio is None or options.dry_run:
        return Digested(prepared.report())
    return Digested(
        prepared.report(),
        codec.encode(portfolio),
        prepared.lines_document(),
        {name: table.rows for name, table in portfolio.tables.items()},
        {
            "files": prepared.files,
            "latest_maturity": _iso(latest_maturity(portfolio)),
            "values": grouping_values(portfolio) | line_speeds(portfolio),
            **values_of_deals(portfolio),
            **({"mapping": options.by_mapping.reference} if options.by_mapping else {}),
        },
    )


def prepared_of(source: Path, options: ReadingOptions, budget: Budget | None) -> Prepared:
    by = options.by_mapping
    if by is None:
        return prepare_portfolio(
            source,
            accept_valid=options.accept_valid,
            rates_are_decimals=options.rates_are_decimals,
            budget=budget,
            change=partial(_edited, options),
        )
    wanted = Wanted(
        stored_mapping(by.mapping),
        Given(by.portfolio, by.book),
        date.fromisoformat(by.as_of),
        options.accept_valid,
        options.rates_are_decimals,
        Path(by.rejects) if by.rejects else None,
        bool(options.edits),
    )
    files = [Path(each) for each in by.files] or (sorted(source.iterdir()) if source.is_dir() else [source])
    return prepare_tape(files, wanted, budget, partial(_edited, options))


def _edited(options: ReadingOptions, found: Source, errors: Findings) -> tuple[Source, dict[str, Any]]:
    """What was read, with its edits; by table what its lines say of them."""
    told: dict[str, list[dict[str, Any]]] = {}
    if options.edits:
        done = edited(found, options.edits, errors)
        found = done.source
        told = {name: [{**each, "by": options.edited_by} for each in made] for name, made in done.made.items()}
    if options.hierarchy:
        found, records = with_tree_changes(found, _hierarchy(options), errors)
        told["portfolio"] = [*told.get("portfolio", ()), *records]
    return found, {name: {"edits": made} for name, made in told.items() if made}


def _hierarchy(options: ReadingOptions) -> Hierarchy:
    events = [decode(each["topic"], json.dumps(each["state"]).encode()) for each in options.hierarchy]
    return Hierarchy(tuple(cast(list[HierarchyEvent], events)))


def _register(blobs: BlobStore, envelope: Envelope, digested: Digested) -> list[SnapshotRegistered]:
    content = digested.report["sha256"]
    lines_sha256 = sha256(digested.lines).hexdigest()
    assert digested.snapshot is not None
    blobs.put(content, digested.snapshot)
    blobs.put(lines_sha256, digested.lines)
    stored = {"lines_sha256": lines_sha256, "blob_sha256": sha256(blobs.get(content)).hexdigest()}
    return register(
        Snapshot(),
        envelope,
        Content(
            kind=SnapshotKind.PORTFOLIO,
            sha256=content,
            rows=digested.rows,
            control_totals=digested.report["control_totals"],
            source=digested.source | stored,
        ),
    )


def latest_maturity(portfolio: Portfolio) -> int | None:
    """The last day on which anything held can still pay, in epoch days; None when an instrument does not say."""
    instruments = portfolio.tables["instruments"]
    columns, is_held = instruments.columns, np.zeros(instruments.rows, dtype=bool)
    is_held[portfolio.instrument_row] = True
    held = np.flatnonzero(is_held)
    days = np.full(len(held), ABSENT_DATE, np.int64)
    for name in ("maturity_date", "expiry_date"):
        if name in columns:
            days = np.maximum(days, columns[name].values[held])
    days = np.maximum(days, last_pool_payment(columns, held))
    days = np.maximum(days, last_listed_payment(portfolio)[held])
    if len(days) == 0 or (days == ABSENT_DATE).any():
        return None
    return int(days.max()) + longest_extension_days(portfolio)


def last_pool_payment(columns: Mapping[str, ColumnData], held: Any) -> Any:
    """[held] a pool has no maturity: the first month's end and `wam` - 1 months on, then the delay.

    ABSENT_DATE for what is no pool.
    """
    if not {"wam", "first_payment_date"} <= columns.keys():
        return np.full(len(held), ABSENT_DATE, np.int64)
    wam_mo, first = columns["wam"].values[held], columns["first_payment_date"].values[held]
    is_pool = ~np.isnan(wam_mo) & (first != ABSENT_DATE)
    end = np.where(is_pool, first, 0).astype("datetime64[D]")
    month = end.astype("datetime64[M]")
    last_month = month + (np.where(is_pool, wam_mo, 1) - 1).astype(np.int64)
    month_days = (last_month + 1).astype("datetime64[D]").astype(np.int64) - 1
    day = last_month.astype("datetime64[D]") + (end - month.astype("datetime64[D]"))
    delay = columns.get("payment_delay_days")
    delay_days = 0 if delay is None else np.nan_to_num(delay.values[held]).astype(np.int64)
    return np.where(is_pool, np.minimum(day.astype(np.int64), month_days) + delay_days, ABSENT_DATE)


def last_listed_payment(portfolio: Portfolio) -> Any:
    """[instruments] the last day in `cashflows`; ABSENT_DATE without any."""
    instruments = portfolio.tables["instruments"]
    last, listed = np.full(instruments.rows, ABSENT_DATE, np.int64), portfolio.tables.get("cashflows")
    if listed is not None and listed.rows:
        row_of = {name: row for row, name in enumerate(instruments.columns["instrument_id"].categories)}
        owner = listed.columns["instrument_id"]
        rows = np.array([row_of[name] for name in owner.categories])[owner.values]
        np.maximum.at(last, rows, listed.columns["pay_date"].values)
    return last


def grouping_values(portfolio: Portfolio) -> dict[str, list[str] | None]:
    """What attributes say, by name: the texts that a pattern is held against; None where there are too many to list.

    Numbers and dates of the contract's own columns are not looked through, but for those that tell models apart: nobody
    groups by a notional.
    """
    names = {
        name
        for table in HOLDERS
        if table in portfolio.tables
        for name, column in portfolio.tables[table].columns.items()
        if column.kind is Kind.TEXT or name in (*EXPOSURE_NAMES, *TELLS_MODELS) or BY_NAME[table].column(name) is None
    }
    return {name: _values_of(portfolio, name) for name in sorted(names | set(ALIASES))}


def line_speeds(portfolio: Portfolio) -> dict[str, list[str]]:
    """Prepayment models that lines of deals name: whoever plans a run knows then which models value its tranches."""
    lines = portfolio.tables.get("collateral")
    column = lines.columns.get("prepayment") if lines else None
    models = [text for text in (column.categories if column else ()) if model_name(text)]
    return {LINE_PREPAYMENT: models} if models else {}


def _values_of(portfolio: Portfolio, name: str) -> list[str] | None:
    found = labels(portfolio, name, VALUES_KEPT)
    return None if found is None and is_held(portfolio, name) else sorted(set(found.keys if found else ()) - {""})


def values_of_deals(portfolio: Portfolio) -> dict[str, Any]:
    """Names of the deals, and what their collateral says, column by column; nothing without deals."""
    deals, lines = portfolio.tables.get("deals"), portfolio.tables.get("collateral")
    if deals is None or lines is None:
        return {}
    return {
        "deals": _texts_of(deals.columns["deal_id"], DEALS_KEPT),
        "values_of_lines": {name: _texts_of(column, VALUES_KEPT) for name, column in sorted(lines.columns.items())},
    }


def _texts_of(column: ColumnData, most: int) -> list[str] | None:
    distinct = np.unique(column.values).tolist()
    if len(distinct) > most:
        return None
    return sorted({value_text(column.kind, value, column.categories) for value in distinct} - {""})


def _iso(day: int | None) -> str | None:
    return None if day is None else (EPOCH + timedelta(days=day)).isoformat()
