"""What is said of files that were read in: what was found in them, what is wrong, and what is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from domain.documents import JsonObject
from domain.texts import counted
from ops.cli.options import settings_of
from ops.cli.output import Output, harmless

if TYPE_CHECKING:
    from ops.parsing.pool import ParserPool

SHOWN = 20


def show_report(output: Output, report: JsonObject, *more: str, is_dry_run: bool) -> None:
    """Nothing that was to be stored and is not, is a failure."""
    output.show(report, *ingest_lines(report), *more)
    for kind in ("errors", "warnings"):
        for line in problem_lines(report.get(kind, []), kind) if not output.as_json else ():
            output.note(harmless(line))
    if report["snapshot_id"] is None and not (is_dry_run and not report["errors"]):
        raise SystemExit(1)


@contextmanager
def reading_elsewhere(context: typer.Context) -> Iterator["ParserPool"]:
    """A parser process, which loads its libraries while the database is opened."""
    from ops.parsing.pool import ParserPool

    parsers = ParserPool(settings_of(context).budget)
    parsers.start()
    try:
        yield parsers
    finally:
        parsers.close()


def ingest_lines(report: JsonObject) -> list[str]:
    from commands.ingestion.outcome import refused

    counts = ", ".join(f"{count:,} {table}" for table, count in report["rows"].items())
    lines = [f"read      {counts}"] if counts else []
    if report["accepted"]:
        lines.append(f"accepted  {counted(report['accepted'], 'row')}, rejected {report['rejected']:,}")
    for currency, totals in report["control_totals"].items():
        lines.append(f"control   {currency}: " + ", ".join(f"{name} {value:,}" for name, value in totals.items()))
    for table, names in report["attributes"].items():
        lines.append(f"kept as attributes of {table}: {', '.join(names)}")
    if report["snapshot_id"]:
        lines += [f"portfolio {report['portfolio']}, as of {report['as_of']}"]
        lines += [f"snapshot  {report['snapshot_id']}", f"sha256    {report['sha256']}"]
    elif report["accepted"]:
        lines.append("nothing was stored: this was a dry run")
    else:
        lines.append("; ".join(refused(report, "--accept-valid")))
    return lines


def problem_lines(problems: list[JsonObject], kind: str) -> list[str]:
    """Rows of which the same is said stand on one line."""
    alike: dict[tuple[str, ...], list[JsonObject]] = {}
    for problem in problems:
        key = tuple(str(problem[name]) for name in ("table", "column", "code", "message", "fix"))
        alike.setdefault(key, []).append(problem)
    lines = [problem_line(same, kind) for same in list(alike.values())[:SHOWN]]
    if len(alike) > SHOWN:
        more = sum(len(same) for same in list(alike.values())[SHOWN:])
        lines.append(f"… and {more:,} more {kind}; --json lists them")
    return lines


def problem_line(same: list[JsonObject], kind: str) -> str:
    first = same[0]
    at = [first["table"], "" if first["row"] is None else f"row {first['row']}", first["column"] or ""]
    place = " ".join(part for part in at if part)
    rows = f" (and {counted(len(same) - 1, 'more row')})" if len(same) > 1 else ""
    said = f"{first['message']} [{first['code']}] fix: {first['fix']}"
    return f"{kind[:-1]}: {place}: {said}{rows}" if place else f"{kind[:-1]}: {said}{rows}"


def show_loaded(output: Output, loaded: JsonObject) -> None:
    output.show(
        loaded, f"snapshot  {loaded['snapshot_id']}", f"sha256    {loaded['sha256']}", f"as of     {loaded['as_of']}"
    )
    warnings = loaded["warnings"] if not output.as_json else []
    for one in warnings[:SHOWN]:
        output.note(harmless(f"warning: {one['path']}: {one['message']} [{one['code']}] fix: {one['fix']}"))
    if len(warnings) > SHOWN:
        output.note(f"… and {len(warnings) - SHOWN:,} more warnings; --json lists them")
