"""What can be wrong with the embedded server, said so that the reader can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    message: str
    fix: str


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do as asked; `problem` says why and what to do."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(f"{message}. {fix}")
        self.problem = Problem(code, message, fix)
