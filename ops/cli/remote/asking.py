"""One command's way to a server: its options as they were read, what to ask, and how the answer is shown."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from domain.refusals import Refused
from ops.cli.output import Output

if TYPE_CHECKING:
    import tenor
    from tenor.exchange import Answer

    from ops.cli.results import Format

Options: TypeAlias = dict[str, Any]
"""Of a command, an address, or a row of an answer."""

SERVER, KEY = "TENOR_SERVER", "TENOR_KEY"
OF_HTTP = frozenset({"type", "title", "status", "detail", "code", "fix", "instance"})
"""What a problem document has beside the facts."""


MISSING = {
    "no run ": "UNKNOWN_RUN",
    "no deal ": "UNKNOWN_DEAL",
    "no position ": "UNKNOWN_POSITION",
    "no node ": "UNKNOWN_NODE",
    "no model ": "UNKNOWN_MODEL",
    "no stream ": "UNKNOWN_STREAM",
}


@dataclass(frozen=True)
class At:
    """`said`: the command's options by the names of its function."""

    client: "tenor.Client"
    said: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.said[name]

    @property
    def output(self) -> Output:
        return Output(bool(self.said.get("as_json")))

    def some(self, *names: str, **renamed: str) -> Options:
        """Options as parameters of an address, by their own names or by others."""
        return {name: self.said[name] for name in names} | {name: self.said[own] for name, own in renamed.items()}

    def get(self, path: str, **params: Any) -> Any:
        return self.client.document(path, **params)

    def every(self, path: str, **params: Any) -> list[Options]:
        """All pages of a list."""
        from tenor import operations

        return self.client.drive(operations.whole_list(path, self.client.session, **params))

    def post(self, path: str, body: bytes, content_type: str = "application/json", **params: Any) -> Any:
        from tenor import operations

        return self.client.drive(operations.post(path, body, self.client.session, content_type, **params))

    def delete(self, path: str, **params: Any) -> Any:
        from tenor import operations

        return self.client.drive(operations.delete(path, self.client.session, **params))

    def run_id(self, text: str) -> str:
        """The whole id of a run that is named by its beginning, or `latest`."""
        from tenor.operations import segment

        return str(self.get(f"/api/v1/orchestrator/runs/{segment(text)}")["run_id"])

    def put_table(self, path: str, **params: Any) -> None:
        """As --format and --out say: what a terminal shows is made here of Arrow, everything else is copied."""
        from ops.cli.results import Format, format_of

        out = Path(self["out"]) if self.said.get("out") else None
        asked = self.said.get("format")
        chosen = format_of(Format(asked) if asked else None, bool(self.said.get("as_json")), out)
        answer = fetched(self.client, path, params, chosen, out)
        if note := answer.headers.get("x-note"):
            self.output.note(note)


def fetched(client: "tenor.Client", path: str, params: Options, chosen: "Format", out: Path | None) -> "Answer":
    """A table on its way to where it is wanted; the answer's head."""
    from ops.cli.results import Format

    if chosen is Format.table:
        return shown_as_table(client, path, params, out)
    if out is None:
        with tempfile.TemporaryDirectory(prefix="tenor-answer-") as folder:
            answer = asked_for(client, path, params, chosen.value, Path(folder) / "answer")
            copy_to_stdout(Path(folder) / "answer")
        return answer
    try:
        return asked_for(client, path, params, chosen.value, out)
    except OSError as error:
        raise Refused("CANNOT_WRITE", f"cannot write {out}: {error.strerror}", "choose another --out") from error


def asked_for(client: "tenor.Client", path: str, params: Options, format: str, to: Path | None) -> "Answer":
    from tenor.exchange import Ask, asked, query

    ask = Ask("GET", path, query(**params, format=format), accept="*/*", to=to)
    return client.drive(asked(ask, client.session))


def shown_as_table(client: "tenor.Client", path: str, params: Options, out: Path | None) -> "Answer":
    from tenor.tables import Table

    from ops.cli.results import Format, write
    from query_api.results.table import ResultTable

    answer = asked_for(client, path, params, "arrow", None)
    table = ResultTable.of(Table.of(answer).to_arrow(), "results")
    write(table, answer.headers.get("x-found-by", ""), Format.table, out)
    return answer


def copy_to_stdout(file: Path) -> None:
    import shutil

    with file.open("rb") as content:
        shutil.copyfileobj(content, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def with_moments(row: Options, *names: str) -> Options:
    """What a server tells as texts, as the moments that they are."""
    return row | {name: datetime.fromisoformat(row[name]) for name in names if row.get(name)}


def code_of(error: "tenor.TenorError") -> str:
    """Over HTTP whatever is not there is NOT_FOUND; on a database it is said of what kind it is."""
    if error.code != "NOT_FOUND":
        return error.code
    return next((code for words, code in MISSING.items() if words in error.message), error.code)


@contextmanager
def server_asked(codes: Mapping[str, str]) -> "Iterator[tenor.Client]":
    """What the server refuses is refused here: by the code that the command has for it on a database."""
    try:
        import tenor
    except ImportError as error:
        fix = "pip install ./clients/python, or unset TENOR_SERVER"
        raise Refused("NO_CLIENT", "the client is not installed, and TENOR_SERVER names a server", fix) from error
    try:
        with tenor.connect(os.environ[SERVER], os.environ.get(KEY)) as client:
            yield client
    except tenor.TenorError as error:
        code = codes.get(error.code) or code_of(error)
        raise Refused(code, error.message, error.fix, error.problems or None) from error
