"""What is looked at: each screen once, as a reader would have it open, by the name of its picture."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

WAIT_MS = 60_000
DESK = (1440, 900)
PHONE = (390, 844)
THEMES = ("light", "dark")
BUSY_NOWHERE = (
    """() => [...document.querySelectorAll('.skel, [aria-busy=true]')].every((one) => one.closest('.gallery'))"""
)
"""The gallery shows what waiting looks like, and waits for nothing."""


@dataclass(frozen=True)
class Shown:
    """What there is to look at; `open` are the nodes of the tree that are open, the last one chosen."""

    run: str
    against: str
    scenario: str
    scenarios: tuple[str, ...]
    """As the run holds them, BASE aside."""
    open: tuple[str, ...]
    position: str
    fund: str
    """The beginning of a node's name, which is looked for."""
    wrong_files: tuple[Path, ...] = ()


@dataclass(frozen=True)
class View:
    """The address is filled in out of `Shown`; `prepare` does what no address says."""

    name: str
    address: str
    size: tuple[int, int] = DESK
    prepare: Callable[[Page, Shown], None] | None = None

    def address_of(self, shown: Shown) -> str:
        return self.address.format(
            run=shown.run,
            against=shown.against,
            scenario=shown.scenario,
            node=shown.open[-1],
            open=",".join(shown.open),
            position=shown.position,
            shifting=next((one for one in shown.scenarios if one.startswith("credit")), shown.scenario).split("@")[0],
            some=",".join(shown.scenarios[:8]),
        )


def bring_wrong_files(page: Page, shown: Shown) -> None:
    page.get_by_label("Files of a portfolio").set_input_files([str(file) for file in shown.wrong_files])
    page.get_by_role("table", name="Rows of instruments.csv").wait_for()


def find(page: Page, shown: Shown) -> None:
    page.get_by_role("button", name="Find or do anything").click()
    page.get_by_role("combobox").fill(shown.fund)
    page.get_by_role("option").filter(has_text=shown.fund).first.wait_for()


VIEWS = (
    View("overview", "/?run={run}&against={against}"),
    View("risk", "/risk?run={run}&scenario={scenario}&node={node}&open={open}"),
    View("position", "/positions/{position}?run={run}&scenario={scenario}"),
    View("cashflows", "/cashflows?run={run}"),
    View("capital", "/capital?run={run}&against={against}"),
    View("scenarios", "/scenarios?run={run}&open={shifting}"),
    View("run_launch", "/runs/new?run={run}&scenarios={some}"),
    View("run_progress", "/runs/{run}"),
    View("compare", "/compare?run={against}&against={run}"),
    View("audit", "/audit?run={run}"),
    View("data_errors", "/data", prepare=bring_wrong_files),
    View("operations", "/operations?run={run}"),
    View("inspector_total", "/risk?run={run}&scenario={scenario}&node={node}&open={open}&inspect=node:{node}.PV"),
    View("palette", "/risk?run={run}&scenario={scenario}&node={node}&open={open}", prepare=find),
    View("states", "/gallery"),
    View("risk_phone", "/risk?run={run}&scenario={scenario}", PHONE),
)


def is_drawn(page: Page) -> None:
    """Nothing is waited for any more, nothing moves."""
    page.wait_for_load_state("networkidle", timeout=WAIT_MS)
    page.wait_for_function(BUSY_NOWHERE, timeout=WAIT_MS)


def draw(page: Page, site: str, view: View, shown: Shown) -> None:
    page.set_viewport_size({"width": view.size[0], "height": view.size[1]})
    page.goto(site + view.address_of(shown))
    is_drawn(page)
    if view.prepare:
        view.prepare(page, shown)
        is_drawn(page)
    page.mouse.move(0, 0)
