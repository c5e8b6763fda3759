"""Forms with files: however their bytes are cut, the same parts; and no name leads out of the folder."""

from pathlib import Path

import pytest

from commands.api.multipart import FormParser, boundary_of, safe_name
from commands.refusals import InvalidInput

TAPE = b"a,b\r\n1,2\r\n--not a boundary\r\n"
FORM = (
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="tape.csv"\r\nContent-Type: text/csv\r\n\r\n'
    + TAPE
    + b'\r\n--XX\r\nContent-Disposition: form-data; name="edits"\r\n\r\n[]\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n--XX--\r\n'
)


def parsed(folder: Path, body: bytes, step: int) -> FormParser:
    parser = FormParser(b"XX", folder)
    for at in range(0, len(body), step):
        parser.feed(body[at : at + step])
    parser.close()
    parser.finish()
    return parser


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
def test_however_it_is_cut_it_is_the_same_form(step: int, tmp_path: Path) -> None:
    form = parsed(tmp_path, FORM, step).form
    assert [path.name for path in form.files] == ["tape.csv"]
    assert form.files[0].read_bytes() == TAPE
    assert form.fields == {"edits": b"[]", "empty": b""}


FILE = b'--XX\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
BROKEN = [
    ("no end", FORM[:-8]),
    ("nothing", b""),
    ("something behind a boundary", FORM.replace(b"--XX\r\n", b"--XXoops\r\n", 1)),
    ("a part twice", FORM.replace(b'name="empty"', b'name="edits"')),
    ("a long head", b"--XX\r\n" + b"x" * 20_000 + b"\r\n\r\n\r\n--XX--\r\n"),
    ("many parts", b'--XX\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n' * 2 + b"--XX--\r\n"),
]


@pytest.mark.parametrize("body", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_form_is_refused(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        parsed(tmp_path, body, 1_000)
    assert refused.value.code == "NOT_A_FORM"


NAMES = [
    ("../../etc/passwd", "passwd"),
    ("C:\\data\\tape.csv", "tape.csv"),
    (".hidden", "hidden"),
    ("..", "upload"),
    ("", "upload"),
    ("a\x00b\n.csv", "ab.csv"),
    ("Übersicht 2026.csv", "Übersicht 2026.csv"),
]


@pytest.mark.parametrize(("sent", "name"), NAMES)
def test_a_name_is_a_bare_name(sent: str, name: str) -> None:
    assert safe_name(sent) == name


@pytest.mark.parametrize(
    "said", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 71]
)
def test_a_form_without_a_boundary_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput):
        boundary_of(said)
