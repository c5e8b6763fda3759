"""`tenor ingest`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.documents import JsonObject
from ops.cli.files import refuse_unwritable
from ops.cli.ingested import reading_elsewhere, show_report
from ops.cli.options import AsJson, opened
from ops.cli.output import Output

if TYPE_CHECKING:
    from commands.ingest_portfolio import Called, ReadingOptions
    from ops.wiring import Tenor


def register(app: typer.Typer) -> None:
    app.command()(ingest)


def ingest(
    context: typer.Context,
    source: Annotated[
        list[Path],
        typer.Argument(help="A folder of .csv or .parquet tables, one .xlsx workbook, or with --mapping any tape."),
    ],
    portfolio: Annotated[str | None, typer.Option(help="Its name; the folder's or file's by default.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Its date; today by default.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="How a tape is read: the name of a mapping, or a file with one.")
    ] = None,
    book: Annotated[str | None, typer.Option(help="With --mapping: the book that holds all positions.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="With --mapping: where rejected rows go, each with its reason.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate only; store nothing.")] = False,
    accept_valid: Annotated[bool, typer.Option("--accept-valid", help="Store the good rows.")] = False,
    rates_are_decimals: Annotated[
        bool, typer.Option("--rates-are-decimals", help="Rates that look like percent are meant as they are.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Validate a portfolio, then store it as a snapshot."""
    from commands.ingest_portfolio import Called, ReadingOptions, ingest_portfolio

    refuse_without_mapping(source, mapping, book, rejects)
    refuse_unwritable(rejects)
    called = Called(portfolio, as_of.date() if as_of else None)
    options = ReadingOptions(accept_valid, dry_run, rates_are_decimals)
    with reading_elsewhere(context) as parsers, opened(context) as tenor:
        if mapping is not None:
            options = by_mapping(tenor, options, called, source, mapping, book, rejects)
        report = ingest_portfolio(
            tenor.store,
            tenor.blobs,
            tenor.portfolio_codec,
            tenor.envelope(),
            source[0],
            options=options,
            called=called,
            digest=parsers.digest,
        )
    show_report(Output(as_json), report, *tape_lines(report, rejects), is_dry_run=dry_run)


def refuse_without_mapping(source: list[Path], mapping: str | None, book: str | None, rejects: Path | None) -> None:
    from domain.refusals import Refused

    if mapping is not None:
        return
    for given, name in ((book, "--book"), (rejects, "--rejects")):
        if given is not None:
            raise Refused(
                "NEEDS_MAPPING", f"{name} is of tapes, which --mapping reads", "add --mapping, or leave it out"
            )
    if len(source) > 1 or (source[0].is_file() and source[0].suffix.lower() not in (".xlsx", ".xlsm")):
        message = f"{source[0].name} is a file of its own, and nothing says what its columns mean"
        fix = f"see `tenor mapping suggest {source[0]}`, then add --mapping; or name the folder of the tables"
        raise Refused("NEEDS_MAPPING", message, fix)


def by_mapping(
    tenor: "Tenor",
    options: "ReadingOptions",
    called: "Called",
    source: list[Path],
    mapping: str,
    book: str | None,
    rejects: Path | None,
) -> "ReadingOptions":
    from dataclasses import replace

    from commands.define_mapping import document_of, mapping_said, refuse_market
    from commands.ingest_portfolio import ByMapping, name_and_date

    envelope = tenor.envelope()
    name, as_of = name_and_date(called, source[0], envelope)
    pinned = mapping_said(tenor.store, envelope, mapping, is_tried=options.dry_run)
    refuse_market(pinned)
    said = ByMapping(
        document_of(pinned),
        pinned.reference,
        name,
        as_of.isoformat(),
        book,
        tuple(str(each.absolute()) for each in source),
        str(rejects.absolute()) if rejects else None,
    )
    return replace(options, by_mapping=said)


def tape_lines(report: JsonObject, rejects: Path | None) -> list[str]:
    tape = report.get("tape")
    if tape is None:
        return []
    aside = ", ".join(f"{count:,} by {name}" for name, count in tape["left_aside"].items() if count)
    lines = [
        f"tape      {tape['rows']:,} rows of {', '.join(tape['files'])}" + (f"; left aside {aside}" if aside else "")
    ]
    if rejects is not None:
        lines.append(f"rejects   {tape['rejected']:,} rows in {rejects}")
    return lines
