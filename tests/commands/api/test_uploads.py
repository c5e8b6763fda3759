"""Archives from outside: bombs, liars and strange names are refused before they cost anything."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from commands.api import uploads
from commands.refusals import InvalidInput

MEGABYTE = 1024 * 1024


def archive(folder: Path, members: dict[str, bytes], level: int = 6) -> Path:
    path = folder / "upload"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def code_of(upload: Path, folder: Path) -> str:
    with pytest.raises(InvalidInput) as refused:
        uploads.unpack(upload, folder / "out")
    return refused.value.code


def test_tables_are_taken_by_their_bare_names(tmp_path: Path) -> None:
    members = {"../../fund/positions.csv": b"a\n1\n", "/abs/issuers.parquet": b"PAR1", "notes.txt": b"no"}
    shadows = {"__MACOSX/positions.csv": b"no", "fund/._positions.csv": b"no"}
    folder = uploads.unpack(archive(tmp_path, members | shadows), tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["issuers.parquet", "positions.csv"]
    assert (folder / "positions.csv").read_bytes() == b"a\n1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "upload"]


def test_a_workbook_is_kept_whole(tmp_path: Path) -> None:
    upload = archive(tmp_path, {"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b"<x/>"})
    assert uploads.unpack(upload, tmp_path / "out").name == "portfolio.xlsx"


def test_what_is_no_archive(tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    for data in (b"", b"position_id\n1\n", b"PK\x03\x04garbage"):
        upload.write_bytes(data)
        assert code_of(upload, tmp_path) == "NOT_AN_ARCHIVE"


def test_a_bomb_is_refused_by_its_headers(tmp_path: Path) -> None:
    upload = archive(tmp_path, {"positions.csv": bytes(100 * MEGABYTE)}, level=9)
    assert upload.stat().st_size < MEGABYTE
    assert code_of(upload, tmp_path) == "ARCHIVE_TOO_LARGE"
    assert not (tmp_path / "out").exists()


def test_too_many_files(tmp_path: Path) -> None:
    assert code_of(archive(tmp_path, {f"{n}.csv": b"x" for n in range(201)}), tmp_path) == "ARCHIVE_TOO_LARGE"


def test_a_header_that_lies_about_its_size(tmp_path: Path) -> None:
    upload = archive(tmp_path, {"xl/workbook.xml": bytes(MEGABYTE)})
    data = upload.read_bytes()
    upload.write_bytes(data.replace(struct.pack("<I", MEGABYTE), struct.pack("<I", 10)))
    assert code_of(upload, tmp_path) == "NOT_AN_ARCHIVE"


def test_one_table_twice_none_at_all_and_links(tmp_path: Path) -> None:
    twice = archive(tmp_path, {"a/positions.csv": b"x", "b/positions.csv": b"y"})
    assert code_of(twice, tmp_path) == "REPEATED_TABLE"
    (tmp_path / "second").mkdir()
    (tmp_path / "third").mkdir()
    assert code_of(archive(tmp_path, {"readme.txt": b"x"}), tmp_path / "second") == "EMPTY_ARCHIVE"
    link = zipfile.ZipInfo("positions.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    upload = tmp_path / "upload"
    upload.write_bytes(file.getvalue())
    assert code_of(upload, tmp_path / "third") == "UNSAFE_ARCHIVE"
