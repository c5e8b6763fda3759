"""What commands print: one JSON document on stdout, or a few lines for a person; progress and errors on stderr."""

import json
import re
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn
from uuid import UUID

import typer

from domain.texts import visible
from ops.secrets import hide


@dataclass(frozen=True)
class Output:
    as_json: bool

    def show(self, document: Any, *lines: str) -> None:
        if self.as_json:
            typer.echo(json.dumps(document, default=plain))
        else:
            for line in lines:
                typer.echo(line)

    def note(self, line: str) -> None:
        typer.echo(line, err=True)

    def fail(self, code: str, message: str, fix: str, problems: list[dict[str, Any]] | None = None) -> NoReturn:
        """One problem, said with its fix."""
        message, fix = hide(message), hide(fix)
        if self.as_json:
            problem = {"code": code, "message": message, "fix": fix}
            typer.echo(json.dumps({"error": problem | ({"problems": problems} if problems else {})}, default=plain))
        typer.echo(f"error: {harmless(message)}", err=True)
        for one in (problems or [])[1:20]:
            typer.echo(harmless(f"       {one.get('path') or one.get('value') or ''}: {one['message']}"), err=True)
        typer.echo(f"  fix: {harmless(fix)}", err=True)
        raise SystemExit(1)


def harmless(text: str) -> str:
    """Nothing that a terminal would obey, but for the ends and tabs of our own lines."""
    return re.sub(r"[^\n\t]+", lambda line: visible(line.group()), text)


def said(value: object) -> str:
    """A value as a person reads it: lists by commas, moments to the second, nothing where there is none."""
    match value:
        case None:
            return ""
        case dict():
            return ", ".join(f"{name} {said(each)}" for name, each in value.items())
        case list() | tuple():
            return ", ".join(said(each) for each in value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S %Z}".rstrip()
        case _:
            return str(value)


def plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
        case set() | frozenset() | tuple():
            return list(value)
        case _:
            raise TypeError(f"cannot print a {type(value).__name__}")


def is_terminal() -> bool:
    return sys.stderr.isatty()
