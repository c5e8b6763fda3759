"""`tenor mapping suggest`: a proposal on the screen, its questions asked where somebody sits there to answer."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.documents import JsonObject
from ops.cli.files import refuse_unwritable
from ops.cli.options import AsJson, settings_of
from ops.cli.output import Output, harmless

SHOWN_CHARS = 24


def suggest(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Any table: CSV of any kind, .xlsx, XML, packed or plain.")],
    out: Annotated[Path | None, typer.Option(help="Where the proposed mapping is written.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose a mapping for a file: what is taken for what, how surely, and ten rows as they would be read."""
    from domain.refusals import Refused
    from ops.parsing.pool import ParserPool

    if not file.is_file():
        raise Refused("UNREADABLE_FILE", f"there is no file {file}", "check the path")
    refuse_unwritable(out)
    parsers = ParserPool(settings_of(context).budget)
    try:
        found = parsers.suggest(file, file.name)
    finally:
        parsers.close()
    output = Output(as_json)
    if not as_json and sys.stdin.isatty():
        ask(found)
    if out is not None and found["mapping"] is not None:
        out.write_text(json.dumps(found["mapping"], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    output.show(found, *map(harmless, lines_of(found, out)))


def ask(found: JsonObject) -> None:
    """Answers go into the mapping; an empty one leaves the question open."""
    for question in list(found["questions"]):
        answer = typer.prompt(
            f"{question['message']}\n  {' | '.join(question['choices'])}", default="", show_default=False
        )
        if answer:
            take(found, question, answer)
    for lack in list(found["missing"]):
        prompt = f"{lack['column']}: a column of the file, or =VALUE for all rows"
        answer = typer.prompt(prompt, default="", show_default=False)
        if answer:
            value = answer.removeprefix("=")
            found["mapping"]["columns"][lack["column"]] = (
                {"value": value} if answer.startswith("=") else {"from": value}
            )
            found["missing"].remove(lack)


def take(found: JsonObject, question: JsonObject, answer: str) -> None:
    mapping, path = found["mapping"], question["path"]
    if path == "format.dates":
        mapping["format"]["dates"] = answer
    elif path == "format.decimal":
        name, _, mark = answer.replace('"', "").partition(":")
        mapping["format"][name.strip()] = mark.strip()
    else:
        target = path.removeprefix("columns.").removesuffix(".map")
        word = question["message"].split("'")[1]
        mapping["columns"][target].setdefault("map", {})[word] = answer
    found["questions"].remove(question)


def lines_of(found: JsonObject, out: Path | None) -> list[str]:
    lines = [f"MISSING  {each['message']}: {each['fix']}" for each in found["missing"]]
    lines += [
        f"ASK      {each['path']}: {each['message']} ({' | '.join(each['choices'])})" for each in found["questions"]
    ]
    lines += [f"note     {each}" for each in found["notes"]]
    width = max((len(each["source"]) for each in found["columns"]), default=0)
    for each in found["columns"]:
        shown = ", ".join(str(text)[:SHOWN_CHARS] for text in each["examples"])
        lines.append(f"{each['source']:<{width}} -> {each['target']}  {each['confidence']}: {each['why']} ({shown})")
    if found["attributes"]:
        lines.append(f"kept as attributes: {', '.join(name.lower() for name in found['attributes'])}")
    lines += row_lines(found["rows"])
    if out is not None and found["mapping"] is not None:
        lines.append(f"written to {out}: look through it, then `tenor mapping define {out}`")
    return lines


def row_lines(rows: list[JsonObject]) -> list[str]:
    """One line for each row, in the order of the columns; what stands otherwise in the file is in brackets."""
    lines = []
    for row in rows:
        cells = []
        for target, cell in row["cells"].items():
            read, text = cell["read"] or "", cell["text"]
            other = f" ({text[:SHOWN_CHARS]})" if text is not None and text != read else ""
            cells.append(f"{target.partition('.')[2] or target}={read[:SHOWN_CHARS]}{other}")
        lines.append(f"row {row['row']:<5} {'  '.join(cells)}")
    return lines
