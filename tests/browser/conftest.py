"""The page in a real browser, over the small fund: Debian's Chromium, else the one that Playwright brought."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize, expect, sync_playwright

from ops.processes.loops import background
from ops.processes.supervisor import workers
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.browser.views import BUSY_NOWHERE
from tests.builders.read_models import catch_up_all
from tests.security.serving import served
from tests.walk.command_line import SMALL_FUND, Tenor, one_at_a_time
from tests.walk.conftest import Walked, kernels, tenor_home, walked, walking

__all__ = ["kernels", "tenor_home", "walked", "walking"]

WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)  # a busy machine is slow, not wrong
SIZE: ViewportSize = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Site:
    """The program, served; `run` has everything that is asked for, `later` is of a portfolio that has changed."""

    address: str
    run: str
    later: str
    tenor: Tenor

    def at(self, path: str) -> str:
        return f"{self.address}{path}"


def asked(site: Site, path: str, **query: str) -> Any:
    answer = httpx.get(site.at(f"/api/v1/{path}"), params=query or None, timeout=120)
    assert answer.is_success, answer.text
    return answer.json()


@dataclass
class Watched:
    """A page, and what it asked for and complained of."""

    page: Page
    site: Site
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.site.at(path))
        self.settle()
        return self.page

    def settle(self) -> None:
        """Nothing is waited for any more."""
        self.page.wait_for_load_state("networkidle", timeout=WAIT_MS)
        self.page.wait_for_function(BUSY_NOWHERE, timeout=WAIT_MS)

    def heard(self, request: Request) -> None:
        self.asked.append(request.url.removeprefix(self.site.address))

    def told(self, message: ConsoleMessage) -> None:
        """An answer that is no 200 is told by the page itself, and is not a complaint of the browser's."""
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module: while it is there an event loop runs in this thread, and no other test can have one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(walking: Tenor, walked: Walked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    changed = tmp_path_factory.mktemp("changed")
    for file in SMALL_FUND.iterdir():
        shutil.copy(file, changed)
    positions = changed / "positions.csv"
    lines = positions.read_text().splitlines()
    positions.write_text("\n".join([lines[0], *lines[2:]]) + "\n")  # the first position is gone
    portfolio = str(walking.json("ingest", changed)["snapshot_id"])
    with one_at_a_time(walking.kernels):
        submit = ("run", "submit", "--portfolio", portfolio, "--market", walked.market, "--scenarios", "up100")
        later = walking.json(*submit, "--measures", "PV,DV01", "--wait", "--workers", "1")
    walking.json("audit", "seal")
    walking.json("run", "approve", walked.run_id, "--reason", "checked")
    walking.json("run", "publish", walked.run_id)
    with open_tenor(Settings(walking.home, walking.database_url)) as parts, served(build_app(parts)) as port:
        catch_up_all(parts.storage)
        yield Site(f"http://127.0.0.1:{port}", walked.run_id, str(later["run_id"]), walking)


@pytest.fixture(scope="module")
def projecting(site: Site) -> Iterator[None]:
    """What is asked after a command waits for the read models to have it."""
    with open_tenor(Settings(site.tenor.home, site.tenor.database_url)) as tenor, background(tenor.processes):
        yield


@pytest.fixture(scope="module")
def at_work(site: Site) -> Iterator[None]:
    """A worker too: what is asked for is worked out."""
    settings = Settings(site.tenor.home, site.tenor.database_url)
    with open_tenor(settings) as tenor, background(tenor.processes), workers(tenor.processes, 1):
        yield


@pytest.fixture
def theme() -> str:
    return "light"


@pytest.fixture
def watched(browser: Browser, site: Site, theme: str, tmp_path: Path) -> Iterator[Watched]:
    """A reader who is new here. Whatever the browser complains of fails the test, a breach of the policy among it."""
    context = browser.new_context(
        viewport=SIZE,
        color_scheme="dark" if theme == "dark" else "light",
        accept_downloads=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    watched = Watched(page, site)
    page.on("request", watched.heard)
    page.on("console", watched.told)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    yield watched
    page.screenshot(path=tmp_path / "last.png")
    context.close()
    assert watched.complaints == []
