"""What the page asks is what the program answers: drift of either breaks this, and `make web` mends it."""

import json

from ops.page.used_api import KEPT, used_document, without_words


def test_the_page_was_built_for_this_api() -> None:
    assert json.loads(KEPT.read_text(encoding="utf-8")) == used_document(), "`make web` builds the page anew"


def test_words_may_change() -> None:
    said = {"description": "x", "properties": {"title": {"type": "string", "title": "Title"}}, "summary": "y"}
    assert without_words(said) == {"properties": {"title": {"type": "string"}}}
