"""Why a wish is not granted: a code, a sentence, and what to do about it."""

from typing import Any


class Refused(Exception):
    """One problem, said with its fix; `problems` lists every detail where there are several."""

    def __init__(self, code: str, message: str, fix: str, problems: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix
        self.problems = problems or []
