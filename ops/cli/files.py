"""The bytes of a file that a command names."""

from pathlib import Path


def refuse_unwritable(file: Path | None) -> None:
    """Before work is done whose outcome could not be written."""
    from domain.refusals import Refused

    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        what = "is a folder" if file.is_dir() else "is in a folder that is not there"
        raise Refused("UNWRITABLE_FILE", f"{file} {what}", "name a file in a folder that exists")


def read_bytes(file: Path) -> bytes:
    from domain.refusals import Refused

    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused("UNREADABLE_FILE", f"cannot read {file}: {error.strerror}", "check the path") from error
