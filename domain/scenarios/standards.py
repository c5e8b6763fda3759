"""Which of the Basel Committee's standards an IRRBB shock is of, where it names none: its run's rule set says."""

from typing import Any

from domain.scenarios.shocks import IrrbbStandard

KIND = "IRRBB"
STANDARDS: dict[str, IrrbbStandard] = {"irrbb-2018": "d368", "irrbb-2026": "d578"}
"""By rule set."""


def with_standard(document: dict[str, Any], rules: tuple[str, ...]) -> dict[str, Any]:
    """A scenario's document as a run pins it; the same one where nothing is left open."""
    known = [STANDARDS[name] for name in rules if name in STANDARDS]
    is_open = any(shock["kind"] == KIND and not shock.get("standard") for shock in document["shocks"])
    if not (known and is_open):
        return document
    shocks = [
        shock | {"standard": known[0]} if shock["kind"] == KIND and not shock.get("standard") else shock
        for shock in document["shocks"]
    ]
    return document | {"shocks": shocks}
