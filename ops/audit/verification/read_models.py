"""The versions of a read model that stand in the database, and how far each has read the log."""

from dataclasses import dataclass
from typing import Any

SELECT_VERSIONS = (
    "SELECT v.version, p.position FROM read_model_version v "
    "JOIN reader_position p ON p.reader = v.read_model || '_v' || v.version "
    "WHERE v.read_model = %s AND v.state IN ('LIVE', 'BUILDING', 'RETIRED') ORDER BY v.version"
)


@dataclass(frozen=True)
class Version:
    """Shown, being built, or kept to go back to."""

    number: int
    position: int


def versions_of(connection: Any, read_model: str) -> list[Version]:
    return [Version(*row) for row in connection.execute(SELECT_VERSIONS, (read_model,)).fetchall()]
