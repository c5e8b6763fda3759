"""How the swaps of each index are quoted, as data by index: both legs' frequency and day count."""

import csv
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from domain.market.conventions import INDEX_FREQUENCY, OTHER, SwapConventions

_TENOR = re.compile(r"(.+)-([1-9][0-9]*[DWMY])")


def index_conventions(index: str, currency: str) -> SwapConventions:
    """The swap that the market quotes against an index: its own row, else its family's, else its currency's overnight.

    An index that names its tenor, as USD-SOFR-3M, pays as often as it resets.
    """
    family, tenor = family_and_tenor(index)
    table = _table()
    found = table.get(index) or table.get(family) or table.get(overnight_index(currency), OTHER)
    frequency = INDEX_FREQUENCY.get(tenor, found.float_frequency)
    return SwapConventions(found.fixed_frequency, found.fixed_day_count, frequency, found.float_day_count)


def overnight_index(currency: str) -> str:
    """Empty where none is listed."""
    return _overnight().get(currency, "")


def is_listed(index: str) -> bool:
    return index in _table() or family_and_tenor(index)[0] in _table()


def has_tenor(index: str) -> bool:
    """An index without one is an overnight rate."""
    return bool(family_and_tenor(index)[1])


def family_and_tenor(index: str) -> tuple[str, str]:
    """USD-SOFR-3M is USD-SOFR and 3M; an overnight index has no tenor."""
    parts = _TENOR.fullmatch(index)
    return (parts[1], parts[2]) if parts else (index, "")


@cache
def _table() -> Mapping[str, SwapConventions]:
    return {
        row["index"]: SwapConventions(
            int(row["fixed_frequency"]), row["fixed_day_count"], int(row["float_frequency"]), row["float_day_count"]
        )
        for row in _rows()
    }


@cache
def _overnight() -> Mapping[str, str]:
    listed = [row["index"] for row in _rows() if row["kind"] == "OVERNIGHT"]
    return {index[:3]: index for index in reversed(listed)}


def _rows() -> Iterable[Mapping[str, str]]:
    text = files("domain").joinpath("data", "index_conventions.csv").read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def term_index_family(currency: str) -> str:
    """The family of a currency's indices with a tenor that is listed first, as EUR-EURIBOR; empty where none is."""
    listed = [row["index"] for row in _rows() if row["kind"] == "TERM" and row["index"].startswith(f"{currency}-")]
    return listed[0] if listed else ""
