"""Forms with files: the parts of a multipart body, piece by piece to disk, bounded in number and in their heads."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO

from fastapi.concurrency import run_in_threadpool

from commands.refusals import InvalidInput

MULTIPART = "multipart/form-data"
MAX_PARTS = 200
MAX_HEAD_BYTES = 16 * 1024
MAX_FIELD_BYTES = 16 * 1024 * 1024
"""Of a part that is no file."""
MAX_NAME_CHARS = 200


@dataclass
class Form:
    """Files by the names that they were sent under, in their order; other parts as bytes."""

    files: list[Path] = field(default_factory=list)
    fields: dict[str, bytes] = field(default_factory=dict)


def boundary_of(content_type: str) -> bytes:
    said = Message()
    said["Content-Type"] = content_type
    boundary = said.get_param("boundary")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
        raise _refused("the form says no boundary between its parts")
    return boundary.encode("latin-1")


async def read_form(pieces: AsyncIterator[bytes], boundary: bytes, folder: Path) -> Form:
    """Files are written into `folder`, which is empty."""
    parser = FormParser(boundary, folder)
    try:
        async for piece in pieces:
            await run_in_threadpool(parser.feed, piece)
    finally:
        parser.close()
    parser.finish()
    return parser.form


class FormParser:
    """What has not been looked at yet is held back as long as it could be the beginning of a boundary."""

    def __init__(self, boundary: bytes, folder: Path) -> None:
        self.form = Form()
        self._folder, self._mark = folder, b"\r\n--" + boundary
        self._held = b"\r\n"  # so that the first boundary looks as all the others
        self._state = "before"
        self._name, self._field = "", bytearray()
        self._file: IO[bytes] | None = None
        self._parts = 0

    def feed(self, piece: bytes) -> None:
        self._held += piece
        while self._step():
            continue

    def finish(self) -> None:
        if self._state != "after":
            raise _refused("the form ends within a part")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _step(self) -> bool:
        match self._state:
            case "before" | "body":
                return self._to_boundary()
            case "boundary":
                return self._past_boundary()
            case "head":
                return self._head()
            case _:
                self._held = b""
                return False

    def _to_boundary(self) -> bool:
        at = self._held.find(self._mark)
        end = at if at >= 0 else max(len(self._held) - len(self._mark) + 1, 0)
        if self._state == "body" and end:
            self._write(self._held[:end])
        self._held = self._held[end:]
        if at < 0:
            return False
        if self._state == "body":
            self._end_part()
        self._held = self._held[len(self._mark) :]
        self._state = "boundary"
        return True

    def _past_boundary(self) -> bool:
        """Two dashes end the form; else blanks and the end of the line."""
        if len(self._held) < 2:
            return False
        if self._held.startswith(b"--"):
            self._state = "after"
            return True
        line, end, rest = self._held.partition(b"\r\n")
        if not end:
            if len(self._held) > MAX_HEAD_BYTES:
                raise _refused("a boundary of the form has no end")
            return False
        if line.strip():
            raise _refused("something stands behind a boundary of the form")
        self._held, self._state = rest, "head"
        return True

    def _head(self) -> bool:
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if len(head) > MAX_HEAD_BYTES:
            raise _refused(f"the head of a part is longer than {MAX_HEAD_BYTES:,} bytes")
        if not end:
            return False
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _refused(f"the form has more than {MAX_PARTS} parts")
        self._begin_part(head)
        self._held, self._state = rest, "body"
        if self._held.startswith(self._mark[2:]):  # an empty part
            self._held = b"\r\n" + self._held
        return True

    def _begin_part(self, head: bytes) -> None:
        said = Message()
        for line in re.split(rb"\r\n", head):
            name, _, value = line.partition(b":")
            said[name.decode("latin-1").strip()] = value.decode("utf-8", errors="replace").strip()
        self._name = str(said.get_param("name", "", "content-disposition"))
        filename = said.get_filename()
        self._field = bytearray()
        if filename is not None:
            path = self._folder / safe_name(filename)
            if path.exists():
                raise _refused(f"the file {path.name} is there twice")
            self._file = path.open("xb")
            self.form.files.append(path)

    def _write(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
            return
        self._field += data
        if len(self._field) > MAX_FIELD_BYTES:
            raise _refused(f"the part {self._name[:40]!r} is longer than {MAX_FIELD_BYTES:,} bytes")

    def _end_part(self) -> None:
        if self._file is not None:
            self.close()
            return
        if self._name in self.form.fields:
            raise _refused(f"the part {self._name[:40]!r} is there twice")
        self.form.fields[self._name] = bytes(self._field)


def safe_name(text: str) -> str:
    """The bare name of a file: no path is followed, and nothing is hidden."""
    name = PurePosixPath(text.replace("\\", "/")).name.strip()
    name = "".join(each for each in name if each.isprintable())[:MAX_NAME_CHARS].lstrip(".")
    return name or "upload"


def _refused(what: str) -> InvalidInput:
    fix = "send multipart/form-data, as `curl -F file=@tape.csv -F edits=@edits.json` does"
    return InvalidInput("NOT_A_FORM", what, fix)
