"""The lines of the user's own files that the numbers of a market came from, where it was built from quotes."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.documents import JsonObject
from domain.ports import BlobStore

OF_CURVES = ("curves", "spread_curves", "credit_curves")


@dataclass(frozen=True)
class QuoteLines:
    """`places` are by part of the document and name: of each node, spot, fixing and volatility (file, line)."""

    files: list[str] = field(default_factory=list)
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @staticmethod
    def read(blobs: BlobStore, source: JsonObject) -> "QuoteLines":
        """Empty of a market that came as a document."""
        if "lines_sha256" not in source:
            return QuoteLines()
        document = json.loads(zlib.decompress(blobs.get(source["lines_sha256"])))
        return QuoteLines(document["files"], document["places"])

    def beside(self, used: JsonObject) -> JsonObject:
        """What a position uses of the market, each part with its `lines`; as it is where there are none."""
        if not self.places:
            return used
        curves = [self._of(each, each["curve_id"], OF_CURVES) for each in used["curves"]]
        spots = [self._of(each, each["pair"], ("fx_spots",)) for each in used["fx_spots"]]
        fixings = [self._of(each, f"{each['index']} {each['date']}", ("fixings",)) for each in used["fixings"]]
        surfaces = [self._of(each, each["surface_id"], ("volatilities",)) for each in used["volatilities"]]
        return {**used, "curves": curves, "fx_spots": spots, "fixings": fixings, "volatilities": surfaces}

    def _of(self, entry: JsonObject, name: str, parts: tuple[str, ...]) -> JsonObject:
        found = next((self.places[part][name] for part in parts if name in self.places.get(part, {})), None)
        return entry if found is None else {**entry, "lines": self._told(found)}

    def _told(self, place: Any) -> Any:
        """Of nested places: a pair of numbers is one."""
        if place and isinstance(place[0], int):
            return {"file": self.files[place[0]], "line": place[1]}
        return [self._told(each) for each in place]
