"""HTML without surprises: what is text is escaped once, here; what is Html already is left alone."""

from collections.abc import Iterable
from html import escape
from typing import NewType

Html = NewType("Html", str)
"""Markup of our own making. Everything else is text, and is escaped on its way in."""


def text(value: object) -> Html:
    return Html(escape(str(value), quote=True))


def tag(name: str, *inside: Html, **attributes: object) -> Html:
    """`class_` for class; an underscore in a name is a hyphen."""
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{''.join(inside)}</{name}>")


def join(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def link(address: str, words: str) -> Html:
    return tag("a", text(words), href=address)


def table(caption: str, heads: list[str], rows: list[list[Html]], numeric_from: int = 1) -> Html:
    """The first columns are words, those from `numeric_from` on are numbers and stand to the right."""

    def cells(name: str, parts: list[Html]) -> Html:
        return join(
            tag(name, part, class_="number" if place >= numeric_from else "words") for place, part in enumerate(parts)
        )

    head = tag("thead", tag("tr", cells("th", [text(each) for each in heads])))
    body = tag("tbody", *(tag("tr", cells("td", row)) for row in rows))
    return tag("div", tag("table", tag("caption", text(caption)), head, body), class_="scroll")


MINUS = "\N{MINUS SIGN}"
BLANK = Html('<span class="blank" title="no figure">·</span>')
SCALES = ((1e8, 1e6, "million"), (1e5, 1e3, "thousand"))


def amount(value: float | None, decimals: int = 0, signed: bool = False) -> Html:
    if value is None:
        return BLANK
    sign = "+" if signed else ""
    words = f"{value:{sign},.{decimals}f}".replace("-", MINUS)
    side = "loss" if value < 0 else "gain"
    return tag("span", text(words), class_=side) if signed else text(words)


def scale_of(values: Iterable[float | None]) -> tuple[float, str]:
    """What to divide by so that the largest reads well, and its name."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    return next(((unit, name) for least, unit, name in SCALES if largest >= least), (1.0, ""))


def scaled(value: float | None, unit: float, signed: bool = False) -> Html:
    return amount(None if value is None else value / unit, 1 if unit > 1 else 0, signed)
