"""How fast the page is over a large run, on this machine and in this Chromium.

    make browser-bench                                 a run of 1,000,000 positions under ten scenarios
    make browser-bench ARGS="--positions 20000"        smaller

A server of its own under TMPDIR is filled and looked at, then removed. Times are medians.
"""

import argparse
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import tenor
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.page.probes import (
    FURTHER,
    KEY_TO_PAINT,
    NOTHING_TO_COME,
    OPEN_ALSO,
    PAINTED,
    ROWS_IN_THE_DOCUMENT,
    TO_THE_TOP,
    TREE_OPENED,
)
from benchmarks.serving import server
from ops.samples.fund import write_sample_fund

MEASURES = ("PV", "DV01", "CS01", "YIELD", "EFFECTIVE_DURATION", "KEY_RATE_DV01")
SCREENS = ("/", "/risk", "/positions/{position}", "/cashflows", "/capital", "/scenarios", "/runs", "/audit", "/data")
OF_THE_SHELL = re.compile(
    r"^/(assets/|auth/me|api/v1/(orchestrator/runs(\?|/[^/]+$)|audit/status|portfolio/snapshots))"
)
TIMES, KEYS = 5, 40
WAIT_MS = 300_000
SCROLL_MS = 25
SCROLLED_ROWS = 100_000
LIMITS = {
    "first useful paint, s": (0.6, 1.0),
    "first useful paint again, s": (0.6, 1.0),
    "key to paint, ms": (50, 100),
    "tree opened, ms": (60, 120),
    "requests of a screen, at most": (5, 5),
    "gzipped, kB": (200, 350),
    "memory after rows scrolled, MB": (150, 150),
}
"""Goal and limit."""


def main() -> None:
    asked = argparse.ArgumentParser(prog="make browser-bench", description=__doc__)
    asked.add_argument("--positions", type=int, default=1_000_000)
    asked.add_argument("--rows", type=int, default=SCROLLED_ROWS, help="how many are scrolled for the memory")
    asked.add_argument("--port", type=int, default=8790)
    asked.add_argument("--json", type=Path, help="a file for the figures")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenor-page-") as name, server(Path(name), given.port, None):
        site = f"http://127.0.0.1:{given.port}"
        run = filled(site, Path(name) / "Sample fund", given.positions)
        figures = {"positions": given.positions, **run, **looked_at(site, given.rows)}
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")
    show(figures)


def filled(site: str, folder: Path, positions: int) -> dict[str, Any]:
    client = tenor.connect(site)
    write_sample_fund(folder, positions)
    portfolio, market = client.portfolios.ingest(folder), client.markets.load(folder / "market.json")
    client.scenarios.define(folder / "scenarios.json")
    client.scenarios.define_set(folder / "scenario_set.json")
    began = time.monotonic()
    run = client.runs.submit(portfolio, market, scenarios=["@nightly"], measures=list(MEASURES), cashflows="none")
    run.wait(progress=True)
    return {"run": run.run_id, "run took, s": round(time.monotonic() - began, 1)}


def looked_at(site: str, rows: int) -> dict[str, Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        try:
            return paints(browser, site) | tree(browser, site, rows) | requests(browser, site)
        finally:
            browser.close()


def opened(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(PAINTED)
    return page


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle", timeout=WAIT_MS)


def paints(browser: Browser, site: str) -> dict[str, float]:
    """From the navigation to the frame with the first figure: in a new browser's cache, and again in the same."""
    seconds: dict[str, list[float]] = {"first useful paint, s": [], "first useful paint again, s": []}
    for _ in range(TIMES):
        page = opened(browser)
        for taken in seconds.values():
            page.goto(site)
            page.wait_for_function("() => window.paintedAt")
            taken.append(page.evaluate("window.paintedAt") / 1000)
            settle(page)
        page.context.close()
    return {name: round(median(taken), 3) for name, taken in seconds.items()}


def tree(browser: Browser, site: str, rows: int) -> dict[str, Any]:
    page = opened(browser)
    page.goto(f"{site}/risk")
    page.get_by_role("treegrid").wait_for()
    settle(page)
    fund = page.locator("tr[role=row][aria-level='1']").first
    fund.click()
    page.evaluate(KEY_TO_PAINT)
    for n in range(KEYS):
        page.keyboard.press("ArrowDown" if n < KEYS / 2 else "ArrowUp")
        page.wait_for_timeout(60)
    keys = page.evaluate("window.keyTimes")
    page.evaluate(TREE_OPENED)
    for _ in range(TIMES):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(100)
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    opening = page.evaluate("window.openTimes")
    return {
        "key to paint, ms": round(median(keys), 1),
        "tree opened, ms": round(median(opening), 1),
        **scrolled(page, rows),
    }


def scrolled(page: Page, rows: int) -> dict[str, Any]:
    """The largest books are read to their ends, until so many rows have been on the screen; then what is held."""
    session = page.context.new_cdp_session(page)
    before, began, most, seen = held_mb(session), time.monotonic(), 0, 0
    opened: list[str] = []
    for book in largest_books(page):
        opened += ancestors(page, book)
        page.evaluate(OPEN_ALSO, ",".join(opened))
        page.wait_for_timeout(1_000)
        is_moving = True
        while is_moving and seen < rows:
            page.wait_for_timeout(SCROLL_MS)
            page.wait_for_function(NOTHING_TO_COME)
            is_moving = page.evaluate(FURTHER)
            most = max(most, page.evaluate(ROWS_IN_THE_DOCUMENT))
            seen = int(page.get_by_role("treegrid").get_attribute("aria-rowcount") or 0)
        page.evaluate(TO_THE_TOP)
        if seen >= rows:
            break
    return {
        "rows scrolled": seen,
        "rows in the document, at most": most,
        "memory before, MB": before,
        "memory after rows scrolled, MB": held_mb(session),
        "scrolling took, s": round(time.monotonic() - began, 1),
    }


def nodes(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "async () => { const runs = await (await fetch('/api/v1/orchestrator/runs?limit=1')).json();"
        " return (await fetch(`/api/v1/portfolio/runs/${runs[0].run_id}/tree`)).json() }"
    )
    return found


def largest_books(page: Page) -> list[str]:
    found = nodes(page)
    parents = {one["parent_id"] for one in found}
    books = [one for one in found if one["node_id"] not in parents]
    return [one["node_id"] for one in sorted(books, key=lambda one: -one["positions"])]


def ancestors(page: Page, book: str) -> list[str]:
    above = {one["node_id"]: one["parent_id"] for one in nodes(page)}
    path = [book]
    while above.get(path[-1]):
        path.append(above[path[-1]])
    return path


def held_mb(session: CDPSession) -> float:
    """After what is no longer needed is given back."""
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    return round(used / 1e6, 1)


def requests(browser: Browser, site: str) -> dict[str, Any]:
    """Of each screen beyond those that every screen asks; and the bytes of all files of the page, as they are sent."""
    page = opened(browser)
    page.goto(site)
    settle(page)
    (position,) = page.evaluate(
        "async () => { const runs = await (await fetch('/api/v1/orchestrator/runs?limit=1')).json();"
        " return (await fetch(`/api/v1/results/runs/${runs[0].run_id}/positions?limit=1`)).json() }"
    )
    asked: dict[str, int] = {}
    sent: dict[str, int] = {}
    for screen in SCREENS:
        page = opened(browser)
        urls = listened(page, site, sent)
        page.goto(site + screen.format(position=position["position_id"]))
        settle(page)
        mine = [path for path in urls.values() if not OF_THE_SHELL.match(path)]
        asked[screen] = len(mine) - 1  # the document itself
        page.context.close()
    return {
        "requests": asked,
        "requests of a screen, at most": max(asked.values()),
        "gzipped, kB": round(sum(size for path, size in sent.items() if path.startswith("/assets/")) / 1000, 1),
    }


def listened(page: Page, site: str, sent: dict[str, int]) -> dict[str, str]:
    """The paths that the page asks, by request; `sent` learns the bytes of each answer."""
    urls: dict[str, str] = {}

    def begun(said: dict[str, Any]) -> None:
        urls[said["requestId"]] = said["request"]["url"].removeprefix(site)

    def ended(said: dict[str, Any]) -> None:
        sent[urls.get(said["requestId"], "")] = int(said["encodedDataLength"])

    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", begun)
    session.on("Network.loadingFinished", ended)
    return urls


def show(figures: dict[str, Any]) -> None:
    table = Table(title=f"The page over a run of {figures['positions']:,} positions")
    for name in ("figure", "measured", "goal", "limit"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, value in figures.items():
        if isinstance(value, int | float):
            goal, limit = LIMITS.get(name, ("", ""))
            style = "red" if limit != "" and value > float(limit) else ""
            table.add_row(name, f"{value:,}", str(goal), str(limit), style=style)
    console = Console()
    console.print(table)
    console.print("requests of each screen: " + ", ".join(f"{path} {n}" for path, n in figures["requests"].items()))


if __name__ == "__main__":
    main()
