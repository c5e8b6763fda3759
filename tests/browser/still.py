"""A page that looks the same each time: the clock stands, and what differs from log to log is written as noughts.

And what two pictures of it differ by.
"""

import datetime as dt
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page

NOON = dt.datetime(2026, 1, 23, 12, 0, tzinfo=dt.UTC)
COLOURS = 240
"""Of a kept picture; text needs few, and files stay small."""
TILE = 16
MOST_APART = 14.0
"""Levels of 255 that a tile may differ by on average: fewer colours are below it, a changed letter is above."""
MOST_TILES = 3
"""Tiles that may differ more: a letter or two of what nobody thought to still."""

STILL = """(dates) => {
  const id = "180d24b7c3e95f6a";
  const same = (text) => text.replace(/[0-9a-f]/g, (_, n) => id[n % id.length]);
  const rules = [
    [/\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b/g, same],
    [/(?<![.,\\d])\\b[0-9a-f]{8}\\b(?![.,]\\d)/g, same],
    [/(?<![.,\\d])\\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\\d)[0-9a-f]{7,64}\\b/g, same],
    [/\\b\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?\\b/g, (text) => "22:02:09.204".slice(0, text.length)],
    [/\\b[\\d,.]+ ?(ms|s|min|h|hours|days)( ago)?\\b/g, "6.1 s$2"],
    [/\\b[\\d,.]+\\/s\\b/g, "54,000/s"],
    [/\\b(event|leaf|events|checkpoint of|log at) [\\d,]+/g, "$1 214"],
    ...dates.map(([from, to]) => [new RegExp(from.replace(/ /g, "[ \\u00a0]"), "g"), to]),
  ];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const said = rules.reduce((text, [from, to]) => text.replace(from, to), node.data);
    if (said !== node.data) node.data = said;
  }
  for (const one of document.querySelectorAll(PLACES)) {
    if (/^[\\d,]+$/.test(one.textContent)) one.textContent = "214";
  }
  for (const one of document.querySelectorAll(MOVING)) one.style.visibility = "hidden";
}"""
PLACES = ".foot b, .e .p, .op td:nth-child(2), [aria-label='Events of the run'] td"
"""Where positions in the log stand alone."""
MOVING = (
    ".scrubber :is(svg > rect, .handle, .at, .ax), .ch.path, .op .spark, "
    "[aria-label='Read models'] td:nth-child(5), [aria-label=Workers] tbody"
)
"""What is drawn by when it happened, by how fast, or by the machine that did it."""


def stop_the_clock(page: Page) -> None:
    page.clock.set_fixed_time(NOON)


def still(page: Page) -> None:
    """Of the days on which this can have been done, as the page and as the program write them."""
    today = dt.datetime.now(dt.UTC).date()
    days = [today - dt.timedelta(days=1), today]
    written = [(f"{day.day} {day:%b %Y}", "1 Jan 2026") for day in days]
    written += [(f"{day.day} {day:%b}", "1 Jan") for day in days] + [(day.isoformat(), "2026-01-01") for day in days]
    page.evaluate(STILL.replace("MOVING", repr(MOVING)).replace("PLACES", repr(PLACES)), written)


def kept(picture: Path, at: Path) -> None:
    """In its most frequent colours: what is flat stays as it is, letters lose shades that nobody sees."""
    at.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(picture) as opened:
        whole = np.asarray(opened.convert("RGB"))
    codes = (whole.astype(np.uint32) << np.array([16, 8, 0], np.uint32)).sum(axis=2, dtype=np.uint32)
    seen, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    colours = np.stack([seen >> 16 & 255, seen >> 8 & 255, seen & 255], axis=1).astype(np.int32)
    most = colours[np.argsort(-counts, kind="stable")[:COLOURS]]
    nearest = np.array([np.abs(most - one).sum(axis=1).argmin() for one in colours], np.uint8)
    few = Image.fromarray(nearest[places.ravel()].reshape(whole.shape[:2]), "P")
    few.putpalette(most.astype(np.uint8).tobytes())
    few.save(at, optimize=True)


def tiles_apart(one: Path, other: Path) -> int:
    """How many tiles differ by more than a rasteriser explains; all of them where the sizes differ."""
    with Image.open(one) as first, Image.open(other) as second:
        if first.size != second.size:
            return (first.width // TILE) * (first.height // TILE)
        a, b = (np.asarray(each.convert("RGB"), dtype=np.int16) for each in (first, second))
    apart = np.abs(a - b).max(axis=2)
    high, wide = (side // TILE * TILE for side in apart.shape)
    tiles = apart[:high, :wide].reshape(high // TILE, TILE, wide // TILE, TILE).mean(axis=(1, 3))
    return int((tiles > MOST_APART).sum())
