"""The one place that hides secrets: passwords of database URLs, keys, tokens, in whatever is shown, logged or raised.

Two ways, both always. What stands where a password stands is hidden: in a URL, in its query, after `password=` as
libpq writes it. And the very words that this process was given as passwords are hidden wherever they turn up.
"""

import re
import sys
from typing import Any, TextIO
from urllib.parse import quote, quote_plus, unquote

SHOWN = "***"
SHORT = 6
"""A word shorter than this is hidden only where it stands alone."""

PLACES = (
    # One that was not escaped may hold anything up to the last @ of the word.
    re.compile(r"""(?P<before>\bpostgres(?:ql)?(?:\+\w+)?://[^\s:/?#@]*:)(?P<secret>[^\s'"]*)(?=@)""", re.IGNORECASE),
    re.compile(r"""(?P<before>\b[a-z][a-z0-9+.-]*://[^\s:/?#@]*:)(?P<secret>[^\s'"/]*)(?=@)""", re.IGNORECASE),
    re.compile(
        r"""(?P<before>\b(?:ssl)?passw(?:or)?d\s*=\s*)(?P<secret>'(?:[^'\\]|\\.)*'|(?:[^\s&'"\\]|\\.)+)""",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<before>tnr_[0-9a-f]{12}_)(?P<secret>[A-Za-z0-9_-]{43})"),
    re.compile(r"(?P<before>\bBearer\s+)(?P<secret>[A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE),
)
SECRET_PARAMETERS = ("password", "sslpassword")

_known_words: set[str] = set()


def keep_secret(url: str | None) -> None:
    """This process was given the URL: from now on nothing that it says shows the password."""
    if url:
        _known_words.update(words_of(url))


def keep_word(word: str | None) -> None:
    """A secret that is no password of a URL."""
    if word:
        _known_words.update(_forms(word))


def hide(text: str) -> str:
    """The text with every password in it shown as ***."""
    for word in sorted(_known_words, key=len, reverse=True):
        text = re.sub(_pattern_of(word), SHOWN, text)
    return _hide_by_place(text)


def hide_url(url: str) -> str:
    """A database URL or connection string as it may be shown."""
    keep_secret(url)
    return hide(url)


def hide_what_is_said() -> None:
    """Logs, warnings, tracebacks and messages all go to stderr."""
    if not isinstance(sys.stderr, HidingStream):
        sys.stderr = HidingStream(sys.stderr)


class HidingStream:
    """A text stream that hides secrets in all that is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(hide(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def words_of(url: str) -> set[str]:
    """The passwords in it: as written, as meant, and as they would be escaped.

    One that is said openly beside it (the user's name, the host, the database) is no secret by itself."""
    written = {match["secret"].strip("'") for place in PLACES for match in place.finditer(url)}
    # One that should have been escaped: the driver takes the URL to pieces at the wrong places, and says the pieces.
    pieces = {piece for word in written for piece in re.split(r"[/?#@:%]", word) if len(piece) > 2}
    escaped_well = not any(mark in word for word in written for mark in "/?#@:")
    meant = written | {unquote(word) for word in written}
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
        meant |= {str(parts[name]) for name in SECRET_PARAMETERS if parts.get(name)}
    except ProgrammingError:
        escaped_well = False
    written = meant if escaped_well else meant | pieces
    open_words = set(re.split(r"[^\w.-]+", _hide_by_place(url)))
    return {form for word in written for form in _forms(word) if form and form not in open_words and form != SHOWN}


def _forms(word: str) -> set[str]:
    return {word, quote(word), quote(word, safe=""), quote_plus(word), repr(word)[1:-1], word.replace("'", "\\'")}


def _hide_by_place(text: str) -> str:
    for place in PLACES:
        text = place.sub(lambda found: found["before"] + SHOWN, text)
    return text


def _pattern_of(word: str) -> str:
    pattern = re.escape(word)
    return rf"(?<!\w){pattern}(?!\w)" if len(word) < SHORT else pattern
