"""Bring a portfolio: validate everything, then store it as a snapshot named by its content."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from commands.ingestion.prepare import Prepared, prepare_portfolio
from domain.event import Envelope
from domain.portfolio.attributes import ALIASES, HOLDERS, is_held, labels
from domain.portfolio.columns import ABSENT_DATE, ColumnData, Portfolio
from domain.portfolio.tables import BY_NAME, Kind
from domain.ports import AlreadyThere, BlobStore, EventStore, PortfolioCodec
from domain.snapshot import Snapshot, SnapshotKind, register, snapshot_id

VALUES_KEPT = 200
"""Distinct values of a grouping column that the registration says, so that a scenario's pattern can be checked."""

EPOCH = date(1970, 1, 1)


def ingest_portfolio(
    store: EventStore,
    blobs: BlobStore,
    codec: PortfolioCodec,
    envelope: Envelope,
    source: Path,
    *,
    accept_valid: bool = False,
    dry_run: bool = False,
    rates_are_decimals: bool = False,
) -> dict[str, Any]:
    """The report of contract section 7; `snapshot_id` is None when nothing was stored."""
    prepared = prepare_portfolio(source, accept_valid=accept_valid, rates_are_decimals=rates_are_decimals)
    if prepared.portfolio is None or prepared.sha256 is None or dry_run:
        return {"snapshot_id": None, **prepared.report()}
    identity = snapshot_id(SnapshotKind.PORTFOLIO, prepared.sha256)
    if not store.stream(identity):
        blobs.put(prepared.sha256, codec.encode(prepared.portfolio))
        _register(store, blobs, envelope, prepared, prepared.portfolio)
    return {"snapshot_id": str(identity), **prepared.report()}


def _register(
    store: EventStore, blobs: BlobStore, envelope: Envelope, prepared: Prepared, portfolio: Portfolio
) -> None:
    lines = prepared.lines_document()
    lines_sha256 = sha256(lines).hexdigest()
    blobs.put(lines_sha256, lines)
    events = register(
        Snapshot(),
        envelope,
        kind=SnapshotKind.PORTFOLIO,
        sha256=prepared.sha256 or "",
        rows={name: table.rows for name, table in portfolio.tables.items()},
        control_totals=prepared.control_totals,
        source={
            "files": prepared.files,
            "lines_sha256": lines_sha256,
            "blob_sha256": sha256(blobs.get(prepared.sha256 or "")).hexdigest(),
            "latest_maturity": _iso(latest_maturity(portfolio)),
            "values": grouping_values(portfolio),
        },
    )
    with suppress(AlreadyThere):  # somebody brought the same content at the same moment: it is one snapshot
        store.append(events)


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
    return None if len(days) == 0 or (days == ABSENT_DATE).any() else int(days.max())


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

    Numbers and dates of the contract's own columns are not looked through: nobody groups by a notional.
    """
    names = {
        name
        for table in HOLDERS
        if table in portfolio.tables
        for name, column in portfolio.tables[table].columns.items()
        if column.kind is Kind.TEXT or BY_NAME[table].column(name) is None
    }
    return {name: _values_of(portfolio, name) for name in sorted(names | set(ALIASES))}


def _values_of(portfolio: Portfolio, name: str) -> list[str] | None:
    found = labels(portfolio, name, VALUES_KEPT)
    return None if found is None and is_held(portfolio, name) else sorted(set(found.keys if found else ()) - {""})


def _iso(day: int | None) -> str | None:
    return None if day is None else (EPOCH + timedelta(days=day)).isoformat()
