"""Which column a header probably means: misspelt, abbreviated or cut short; none where it is a name of its own."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_NEAR = 0.8
_CERTAIN = 0.85
_WORD_NEAR = 0.7
_MAX_LETTERS_MORE = 2
_FEWEST_LETTERS = 3
_ENDINGS = ("_date", "_id", "_months", "_days", "_per_100")
_OF_THEIR_OWN = (
    "county",
    "defaulted",
    "margined",
    "market_price",
    "original_balance",
    "commitment_end_date",
    "senior",
    "state",
)


def nearest_column(name: str, columns: Sequence[str], brought: Sequence[str]) -> str | None:
    """None where no column is near. One that is in the header already counts only when hardly a letter differs."""
    written = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if written in _OF_THEIR_OWN or not written.strip("_"):
        return None
    found = max(((_nearness(written, column), -len(column), column) for column in columns), default=(0.0, 0, ""))
    least = _CERTAIN if found[2] in brought else _NEAR
    return found[2] if found[0] >= least else None


def _nearness(name: str, column: str) -> float:
    """1 for the same name in another dress; 0 for names that share whole words, such as coupon_type and coupon."""
    if name == column or name.replace("_", "") == column.replace("_", ""):
        return 1.0
    if len(name) < _FEWEST_LETTERS:
        return 0.0
    if _is_cut_short(name, column):
        return _NEAR
    if len(column) <= _FEWEST_LETTERS:
        return _NEAR if set(name) == set(column) and len(name) <= len(column) + 1 else 0.0
    words, of_column = name.split("_"), column.split("_")
    if len(words) != len(of_column):
        shares_words = set(words) >= set(of_column) or set(of_column) >= set(words)
        return 0.0 if shares_words else _alike(name, column)
    parts = [_nearness_of_word(*pair) for pair in zip(words, of_column, strict=True)]
    if min(parts) < _WORD_NEAR:
        return 0.0
    return max(_alike(name, column), sum(parts) / len(parts) if len(parts) > 1 else 0.0)


def _nearness_of_word(word: str, of_column: str) -> float:
    if word == of_column:
        return 1.0
    begins = len(word) >= _FEWEST_LETTERS and of_column.startswith(word)
    return _NEAR if begins or _is_cut_short(word, of_column) else _alike(word, of_column)


def _alike(name: str, column: str) -> float:
    if abs(len(name) - len(column)) > _MAX_LETTERS_MORE:
        return 0.0
    return SequenceMatcher(None, name, column, autojunk=False).ratio()


def _is_cut_short(name: str, column: str) -> bool:
    """`freq`, `sprd` and `maturity`, but not `rate` for rate_type, whose first word is another thing."""
    begins = len(name) > _FEWEST_LETTERS and column.startswith(name) and "_" not in column
    return begins or _consonants(column) == name or any(name + ending == column for ending in _ENDINGS)


def _consonants(text: str) -> str:
    return text[:1] + re.sub(r"[aeiou_]", "", text[1:])
