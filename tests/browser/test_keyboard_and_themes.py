"""By keyboard alone, in both themes, and each screen looked through by axe; `make browser`."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.builders.page_screens import known_screens

pytestmark = pytest.mark.browser

THEMES = ("light", "dark")
PARTS = {"{position_id}": "P-01"}


def address_of(screen: str, run: str) -> str:
    for part, value in (PARTS | {"{id}": run}).items():
        screen = screen.replace(part, value)
    return screen


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("screen", known_screens())
def test_axe_finds_nothing(watched: Watched, screen: str, theme: str) -> None:
    page = watched.open(f"{address_of(screen, watched.site.run)}?scenario=up100@1&against={watched.site.later}")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


PANELS = (
    "/operations?tab=limits",
    "/operations?tab=keys",
    "/operations?tab=schedules",
    "/operations?tab=messages",
    "/audit?tab=access",
    "/risk?by=product_type&scenario=up100@1&open=LOAN",
    "/risk?where=fico>=700 and state in (CA, NY)",
    "/risk?ccy=EUR&leftout=all",
    "/risk?as_of_event=1",
    "/cashflows?pays=1Y",
)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("panel", PANELS)
def test_axe_finds_nothing_in_panels_that_are_opened(watched: Watched, panel: str, theme: str) -> None:
    page = watched.open(panel)
    found = Axe().run(page)
    assert found.violations_count == 0, (theme, found.generate_report())


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_what_floats(watched: Watched, theme: str) -> None:
    page = watched.open("/risk")
    page.keyboard.press("/")
    page.keyboard.type("harbour")
    expect(page.get_by_role("option").first).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, (theme, found.generate_report())
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("theme", THEMES)
def test_the_tree_by_keyboard(watched: Watched, theme: str) -> None:
    page = watched.open("/")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.keyboard.press("g")
    page.keyboard.press("r")
    watched.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text("Risk")
    page.keyboard.press(".")
    page.keyboard.type("stag")
    page.keyboard.press("Enter")
    watched.settle()
    assert "scenario=stagflation@1" in page.url
    page.locator("tr[role=row][tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    row = page.locator("tr[role=row]:focus")
    expect(row).to_have_attribute("aria-level", "2")
    page.keyboard.press("ArrowRight")
    expect(row).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowRight")
    expect(row).to_have_attribute("aria-level", "3")
    page.keyboard.press("ArrowRight")
    watched.settle()
    page.keyboard.press("ArrowDown")
    expect(row).to_have_attribute("aria-level", "4")
    expect(row).to_contain_text("P-")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/positions/P-\d+"))
    watched.settle()
    page.go_back()
    watched.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text("Risk")


def test_letters_can_be_turned_off(watched: Watched) -> None:
    page = watched.open("/")
    page.keyboard.press("?")
    page.get_by_label("Single letters are keys").press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_rows_are_copied_with_every_digit(watched: Watched) -> None:
    page = watched.open("/risk")
    page.locator("tr[role=row][tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("2 rows copied").first).to_be_visible()
    lines = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert len(lines) == 4
    assert watched.site.run in lines[0]
    shown = page.get_by_role("row").nth(1).get_by_role("gridcell").nth(1).locator("span").get_attribute("title")
    assert shown in lines[2].split("\t")
