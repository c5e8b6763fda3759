"""The bytes of a file that a command names."""

from pathlib import Path


def read_bytes(file: Path) -> bytes:
    from domain.refusals import Refused

    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused("UNREADABLE_FILE", f"cannot read {file}: {error.strerror}", "check the path") from error
