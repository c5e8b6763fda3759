"""A market document in the making: what is put into it, where each number came from, what was left aside."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commands.tapes.markets.quotes import Place
from domain.documents import JsonObject

Warnings = list[JsonObject]


@dataclass
class Draft:
    """`places` have the shape of the document: of each node, spot, fixing and volatility the file and line."""

    as_of: date
    document: JsonObject = field(default_factory=dict)
    places: dict[str, JsonObject] = field(default_factory=dict)
    aside: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_aside: dict[tuple[str, str], tuple[str, Place]] = field(default_factory=dict)
    said: Warnings = field(default_factory=list)

    def leave(self, kind: str, why: str, key: str, place: Place) -> None:
        """A quote that becomes no part of the market, and why."""
        self.aside[kind, why] += 1
        self.first_aside.setdefault((kind, why), (key, place))

    def warn(self, path: str, code: str, value: str, message: str, fix: str) -> None:
        self.said.append({"path": path, "code": code, "value": value, "message": message, "fix": fix})

    def add(self, part: str, name: str, entry: JsonObject, places: Any) -> None:
        self.document.setdefault(part, []).append(entry)
        self.places.setdefault(part, {})[name] = places

    def warnings(self, files: list[str]) -> Warnings:
        return [*self.said, *(self._told(kind, why, files) for kind, why in self.aside)]

    def _told(self, kind: str, why: str, files: list[str]) -> JsonObject:
        count, (key, (file, line)) = self.aside[kind, why], self.first_aside[kind, why]
        more = f" and {count - 1:,} more" if count > 1 else ""
        return {
            "path": kind,
            "code": "QUOTE_LEFT_ASIDE",
            "value": key,
            "message": f"{key} (line {line:,} of {files[file]}){more}: {why}",
            "fix": "nothing, unless the portfolio needs it; `tenor check` says what a portfolio lacks",
        }
