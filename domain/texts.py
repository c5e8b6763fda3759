"""The one gate for texts and amounts: what no text may hold, how large an amount may be, and how either is shown.

No text that is stored holds a control character (C0, DEL, C1: tabs and line ends too) or a lone surrogate. Every way
in asks here: documents, tables, bodies, addresses, headers, options.
"""

import re

from domain.refusals import Refused

FORBIDDEN = "\x00-\x1f\x7f-\x9f\ud800-\udfff"
"""As a character class of `re`."""

MAX_AMOUNT = 1e15
"""Amounts stay below it: cents are still exact in a double, and sums of any book can be written down."""

CODE = "CONTROL_CHARACTER"
FIX = "remove it: a text is one line of visible characters"

SPELLED_WITH_A_VOWEL = ("FX", "FRA", "LGD", "SMM", "MBS")
"""An eff-ex, an eff-ar-ay."""

_FORBIDDEN = re.compile(f"[{FORBIDDEN}]")


class ControlCharacter(Refused, ValueError):
    """A text that may not be stored."""

    def __init__(self, message: str) -> None:
        super().__init__(CODE, message, FIX)


def is_clean(text: str) -> bool:
    return _FORBIDDEN.search(text) is None


def named(text: str) -> str:
    """The first character of a text that may not be in it: `a control character (U+0000)`."""
    found = _FORBIDDEN.search(text)
    character = found.group() if found else ""
    kind = "a lone surrogate" if "\ud800" <= character <= "\udfff" else "a control character"
    return f"{kind} (U+{ord(character):04X})" if character else "nothing odd"


def of_header(value: str) -> str:
    """A header is read as Latin-1; where its bytes are UTF-8, that is what was meant."""
    try:
        return value.encode("latin-1").decode()
    except ValueError:
        return value


def counted(count: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def with_article(name: str) -> str:
    """`a LOAN`, `an IRS`, `an FX_FWD`: a name that begins with a vowel, or is spelled out and begins with its sound."""
    return f"{'an' if name[:1].lower() in 'aeio' or name.startswith(SPELLED_WITH_A_VOWEL) else 'a'} {name}"


def visible(text: str) -> str:
    """What may not be in a text written out, as \\u0000: for messages, logs and terminals."""
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
