"""The screens that the page's own router knows, read from its source."""

import re

from ops.page.sources import WEB

SCREEN_LINE = re.compile(r'\{ path: "([^"]+)", name: ')


def known_screens() -> list[str]:
    return SCREEN_LINE.findall((WEB / "src" / "screens" / "index.ts").read_text(encoding="utf-8"))
