"""The nine journeys by keyboard alone, in both themes; `make browser`. No pointer, no focus that a test sets."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched, asked
from tests.walk.command_line import SMALL_FUND

pytestmark = pytest.mark.browser

AT_WORK_MS = 240_000
MOST_STOPS = 120
"""Of the tab key, before what is looked for is said not to be reached."""
THEMES = ("light", "dark")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def reach(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """By the tab key alone; what has focus can be seen to have it."""
    expect(wanted.first).to_be_visible()
    for _ in range(MOST_STOPS):
        if wanted.first.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the tab key does not reach {wanted}")


def act(page: Page, wanted: Locator, key: str = "Enter", *, back: bool = False) -> None:
    reach(page, wanted, back=back)
    page.keyboard.press(key)


def go(watched: Watched, letter: str, heading: str) -> Page:
    page = watched.page
    press(page, "g", letter)
    expect(page.get_by_role("heading", level=1).first).to_have_text(heading)
    watched.settle()
    return page


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def begin(watched: Watched, theme: str) -> Page:
    page = watched.open(f"/?run={watched.site.run}")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    return page


@pytest.mark.parametrize("theme", THEMES)
def test_first_look_to_the_desk_that_loses_most(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, go(watched, "r", "Risk")
    press(page, ".")
    expect(page.get_by_role("listbox", name="Scenario")).to_be_visible()
    page.keyboard.type("stagflation")
    press(page, "Enter")
    watched.settle()
    reach(page, page.locator("tr[role=row][tabindex='0']"))
    press(page, "Home", "ArrowDown")
    expect(page.locator("tr[role=row]:focus")).to_have_attribute("aria-level", "2")
    tree = {node["node_id"]: node for node in asked(site, f"portfolio/runs/{site.run}/tree")}
    changes = asked(site, f"risk/runs/{site.run}/scenarios?by=node")
    desks = [one for one in changes if one["scenario_id"] == "stagflation" and tree[one["node"]]["kind"] == "DESK"]
    worst = tree[min(desks, key=lambda one: one["pv_change_base"])["node"]]
    for _ in tree:
        if f"node={worst['node_id']}" in page.url:
            break
        press(page, "ArrowDown")
    expect(page.locator("tr[role=row]:focus")).to_contain_text(worst["name"].split()[-1])


@pytest.mark.parametrize("theme", THEMES)
def test_drill_to_a_position_and_to_where_its_number_came_from(watched: Watched, theme: str) -> None:
    page = begin(watched, theme)
    press(page, "/")
    page.keyboard.type("P-06")
    expect(page.get_by_role("option").filter(has_text="P-06").first).to_be_visible()
    press(page, "Enter")
    page.wait_for_url("**/positions/P-06**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("P-06")
    watched.settle()
    press(page, "i")
    drawer = page.get_by_role("dialog", name="Where this number came from")
    expect(drawer).to_contain_text("positions.csv")
    expect(drawer.get_by_role("list", name="Proofs")).to_contain_text("signature of log key")
    press(page, "Escape")
    expect(drawer).to_have_count(0)


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("theme", THEMES)
def test_launch_a_run_with_a_scenario_of_ones_own_approve_and_publish_it(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, watched.page
    press(page, "n")
    expect(page.get_by_role("heading", level=1).first).to_have_text("New run")
    watched.settle()
    expect(page.get_by_text("will be left out").first).to_be_visible()
    reach(page, page.get_by_label("Id of your scenario"))
    page.keyboard.type(f"by_keys_{theme}")
    reach(page, page.get_by_label("Size of shock 1, bp"))
    press(page, "Control+a")
    page.keyboard.type("40")
    act(page, page.get_by_role("button", name="Run now"))
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    run_id = page.url.partition("?")[0].rpartition("/")[2]
    expect(button(page, "Approve")).to_be_visible(timeout=AT_WORK_MS)
    for deed in ("Approve", "Publish"):
        act(page, button(page, deed))
        act(page, button(page.get_by_role("dialog"), deed))
        expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("table", name="Events of the run")).to_contain_text("run.published")
    run = asked(site, f"orchestrator/runs/{run_id}")
    assert run["status"] == "PUBLISHED"
    assert f"by_keys_{theme}@1" in run["scenarios"]


@pytest.mark.parametrize("theme", THEMES)
def test_compare_two_days(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site = watched.site
    page = watched.open(f"/compare?run={site.later}")
    press(page, "x")
    expect(page.get_by_role("listbox", name="Against")).to_be_visible()
    page.keyboard.type(site.run[:8])
    press(page, "Enter")
    watched.settle()
    assert f"against={site.run}" in page.url
    expect(page.get_by_role("table", name="Positions that moved most").locator("tbody tr").first).to_contain_text(
        "Gone"
    )
    press(page, "t")
    expect(page.get_by_role("table", name="What moved")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_find_an_exposures_weight_and_its_paragraph(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, go(watched, "k", "Capital and allowance")
    act(page, page.locator("button.rule"))
    drawer = page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    name = drawer.locator("tbody a.mono").first.inner_text()
    act(page, drawer.locator("tbody a.mono").first)
    watched.settle()
    explained = asked(site, f"regulatory/runs/{site.run}/explain/{name}")
    expect(page.get_by_role("dialog")).to_contain_text(explained["measures"][0]["paragraph"])
    press(page, "Escape")


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("theme", THEMES)
def test_correct_a_wrong_file_in_place_and_accept_it(watched: Watched, theme: str, tmp_path: Path) -> None:
    begin(watched, theme)
    page = go(watched, "d", "Data")
    for file in SMALL_FUND.glob("*.csv"):
        shutil.copy(file, tmp_path)
    path = tmp_path / "instruments.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    rows[1][rows[0].index("issue_date")] = "2024-02-30"
    with path.open("w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows(rows)
    chooser = page.get_by_label("Files of a portfolio")
    page.on("filechooser", lambda _: None)  # whoever listens early is told of the first one
    reach(page, chooser)
    with page.expect_file_chooser() as waiting:
        press(page, "Enter")
    waiting.value.set_files(sorted(tmp_path.glob("*.csv")))
    expect(page.get_by_text("1 error in 1 row").first).to_be_visible()
    act(page, button(page.get_by_role("table", name="Rows of instruments.csv"), "2024-02-29"))
    act(page, button(page, "Check again, with 1 change"), back=True)
    expect(page.get_by_text("nothing is wrong").first).to_be_visible()
    act(page, page.get_by_role("button", name=re.compile("^Accept ")), back=True)
    expect(page.get_by_text(re.compile("is stored as snapshot"))).to_be_visible()


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("theme", THEMES)
def test_rebuild_a_read_model(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, go(watched, "p", "Operations")
    before = next(one for one in asked(site, "orchestrator/projections") if one["name"] == "scenario")
    act(page, button(page, "Rebuild scenario"))
    act(page, button(page.get_by_role("dialog"), "Rebuild scenario"))
    told = f"Version {before['version'] + 1} is shown in place of {before['version']}"
    expect(page.get_by_text(told)).to_be_visible(timeout=AT_WORK_MS)


@pytest.mark.parametrize("theme", THEMES)
def test_export_a_table_and_find_the_same_numbers_in_the_file(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, go(watched, "r", "Risk")
    act(page, button(page, "Export"))
    expect(page.get_by_role("listbox", name="Export")).to_be_visible()
    with page.expect_download() as waiting:
        press(page, "Home", "Enter")
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    total = sum(float(row["pv_base"]) for row in rows if row["scenario_id"] == "BASE" and row["pv_base"])
    (base,) = asked(site, f"results/runs/{site.run}/totals?by=total&scenario=BASE&measures=PV")
    assert total == pytest.approx(base["pv_base"], rel=1e-12)


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("theme", THEMES)
def test_a_key_is_made_and_revoked(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    site, page = watched.site, go(watched, "p", "Operations")
    act(page, button(page, "Keys and roles"))
    act(page, button(page, "New key"))
    expect(page.get_by_role("dialog", name="New key").get_by_label("Name", exact=True)).to_be_focused()
    name = f"keys_{theme}"
    page.keyboard.type(name)
    press(page, "Enter")
    shown = page.get_by_role("dialog", name=f"Key of {name}, viewer")
    act(page, button(shown, "I have kept it"))
    row = page.get_by_role("table", name="Keys", exact=True).get_by_role("row").filter(has_text=name)
    act(page, row.get_by_role("button"))
    act(page, button(page.get_by_role("dialog"), "Revoke"))
    expect(row).to_contain_text("revoked")
    made = [one for one in asked(site, "orchestrator/keys") if one["name"] == name]
    assert json.dumps(made).count("revoked_at") == 1
    assert made[0]["revoked_at"]


@pytest.mark.parametrize("theme", THEMES)
def test_groups_and_filters(watched: Watched, theme: str) -> None:
    begin(watched, theme)
    page = go(watched, "r", "Risk")
    act(page, page.get_by_role("button", name="Group: tree"))
    page.keyboard.type("product")
    expect(page.get_by_role("option", name="product_type")).to_be_visible()
    press(page, "Enter")
    watched.settle()
    assert "by=product_type" in page.url
    act(page, button(page, "Filter"), back=True)
    expect(page.get_by_role("dialog", name="Filter").get_by_label("Column")).to_be_focused()
    page.keyboard.type("currency")
    reach(page, page.get_by_label("Value"))
    page.keyboard.type("EUR")
    press(page, "Enter")
    page.wait_for_url("**where=currency**")
    watched.settle()
    act(page, button(page, "Take away currency='EUR'"))
    watched.settle()
    assert "where" not in page.url
