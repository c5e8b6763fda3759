"""What people come for, by mouse: each walk begins at the root and reads what the page says."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, asked

MINUS = "\N{MINUS SIGN}"


def figure(page: Page, label: str) -> str:
    return (
        page.locator(".fig", has=page.locator("dt", has_text=re.compile(f"^{label}"))).locator("dd").first.inner_text()
    )


def choose(page: Page, part: str, words: str) -> None:
    page.locator(".ctx", has=page.locator("small", has_text=part)).click()
    page.get_by_role("option", name=re.compile(words)).click()


def test_from_the_first_look_to_the_desk_that_loses_most_and_where_a_number_came_from(watched: Watched) -> None:
    site, page = watched.site, watched.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.locator(".ctx small", has_text="Run · Published")).to_be_visible()
    page.get_by_role("link", name="Risk").click()
    choose(page, "Scenario", "^stagflation@1")
    watched.settle()
    changes = asked(site, f"risk/runs/{site.run}/scenarios?by=node")
    tree = {node["node_id"]: node for node in asked(site, f"portfolio/runs/{site.run}/tree")}
    desks = [one for one in changes if one["scenario_id"] == "stagflation" and tree[one["node"]]["kind"] == "DESK"]
    worst = min(desks, key=lambda one: one["pv_change_base"])
    assert figure(page, "Hardest-hit desk") == tree[worst["node"]]["name"]
    row = page.get_by_role("row", name=re.compile(f"^{tree[worst['node']]['name'].split()[-1]}"))
    row.locator(".twist").click()
    book = next(node for node in tree.values() if node["parent_id"] == worst["node"] and node["positions"])
    shown = book["name"].removeprefix(book["name"].split()[0] + " ")
    page.locator("tr[role=row]", has_text=shown).first.locator(".twist").click()
    position = page.locator("tr[role=row] a.mono").first
    name = position.inner_text()
    position.click()
    watched.settle()
    assert page.url.startswith(site.at(f"/positions/{name}"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    lineage = page.get_by_label("Lineage")
    expect(lineage).to_contain_text(re.compile(r"positions\.csv, row \d+"))
    expect(lineage).to_contain_text("Bytes match")
    expect(page.get_by_role("table", name="Measures under every scenario").locator("tbody tr")).to_have_count(15)


def test_two_runs_are_compared_and_their_difference_adds_up(watched: Watched) -> None:
    site, page = watched.site, watched.open(f"/compare?run={watched.site.later}")
    page.get_by_role("link", name=re.compile(site.run[:8])).click()
    watched.settle()
    (whole,) = asked(site, f"risk/compare?from={site.run}&to={site.later}&by=total")
    assert whole["from"] + whole["gone"] + whole["changed"] + whole["new"] == pytest.approx(whole["to"])
    assert whole["positions_gone"] == 1
    table = page.get_by_role("table", name="Positions that moved most")
    expect(table.locator("tbody tr").first).to_contain_text("Gone")
    page.locator("button.twin").first.click()
    expect(
        page.get_by_role("table", name="What moved").get_by_title(re.compile(re.escape(repr(whole["to"]))))
    ).to_be_visible()


def test_an_exposures_weight_and_its_paragraph(watched: Watched) -> None:
    site, page = watched.site, watched.open("/capital")
    page.locator("button.rule").first.click()
    drawer = page.get_by_role("dialog")
    name = drawer.locator("tbody a.mono").first.inner_text()
    drawer.locator("tbody a.mono").first.click()
    watched.settle()
    explained = asked(site, f"regulatory/runs/{site.run}/explain/{name}")
    drawer = page.get_by_role("dialog")
    for one in explained["measures"]:
        expect(drawer).to_contain_text(one["paragraph"])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_table_is_exported_and_holds_the_same_numbers(watched: Watched) -> None:
    site, page = watched.site, watched.open("/risk")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("option", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    total = sum(float(row["pv_base"]) for row in rows if row["scenario_id"] == "BASE" and row["pv_base"])
    (base,) = asked(site, f"results/runs/{site.run}/totals?by=total&scenario=BASE&measures=PV")
    assert total == pytest.approx(base["pv_base"], rel=1e-12)
    assert figure(page, "Present value").startswith(f"{base['pv_base'] / 1e6:,.1f}")


def test_what_is_found_by_its_beginning(watched: Watched) -> None:
    page = watched.open("/")
    page.get_by_role("button", name="Find or do anything").click()
    page.get_by_role("combobox").fill("harbour")
    expect(page.get_by_role("option").first).to_contain_text("Harbour")
    page.get_by_role("option", name=re.compile("^Harbour lending")).click()
    watched.settle()
    assert "node=HARBOUR-LENDING" in page.url
    expect(page.locator("tr[aria-selected=true]")).to_contain_text("lending")
    page.get_by_role("button", name="Find or do anything").click()
    page.get_by_role("combobox").fill("P-0")
    expect(page.get_by_role("option", name=re.compile("^P-01"))).to_be_visible()


def test_a_link_never_means_another_run(watched: Watched) -> None:
    page = watched.open("/risk?scenario=up100")
    page.get_by_role("button", name="Copy a permanent link").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"run={watched.site.run}" in copied


def test_cash_flows_by_bucket_are_the_servers(watched: Watched) -> None:
    site, page = watched.site, watched.open("/cashflows")
    ladder = asked(site, f"cashflow/runs/{site.run}/ladder?by=total&buckets=1M,3M,6M,1Y,2Y,3Y,5Y,7Y,10Y")
    total = sum(row["cash_flow_base"] for row in ladder)
    expect(page.get_by_role("table", name="Ladder").locator("tfoot")).to_contain_text(
        f"{total / 1e6:,.1f}".replace("-", MINUS)
    )
    for view in ("Repricing gap", "Liquidity", "Deals"):
        page.get_by_role("button", name=view, exact=True).click()
        watched.settle()
        expect(page.locator(".panel").first).to_be_visible()


def test_what_is_not_there_and_what_fails_are_told_and_the_rest_lives_on(watched: Watched) -> None:
    page = watched.open("/risk?run=00000000-0000-0000-0000-000000000000")
    expect(page.locator(".note")).to_contain_text("or you may not see it")
    said = {"title": "Service Unavailable", "status": 503, "code": "AWAY"}
    broken = json.dumps(said | {"detail": "the database did not answer", "fix": "try again in a minute"})
    page.route(
        "**/key-rates*", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=broken)
    )
    watched.open("/risk")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("The database did not answer. Try again in a minute.")
    expect(page.get_by_role("treegrid").locator("tbody tr").first).to_be_visible()
    page.unroute("**/key-rates*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("^Key-rate DV01"))).to_be_visible()


def test_the_phone_goes_down_a_level_at_a_time(watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.open("/risk?scenario=up100@1")
    page.get_by_role("link", name=re.compile("Harbour")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Harbour")
    expect(page.get_by_role("navigation", name="Where this is")).to_contain_text("All funds")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


SCREENS = ("/", "/risk", "/positions/P-01", "/cashflows", "/capital", "/compare")
OF_THE_SHELL = re.compile(r"^/(auth/me|assets/|api/v1/(orchestrator/runs|audit/status|portfolio/snapshots))")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_asks_five_times_at_most(watched: Watched, screen: str) -> None:
    watched.open(f"{screen}?run={watched.site.later}&against={watched.site.run}")
    mine = [one for one in watched.asked[1:] if not OF_THE_SHELL.match(one)]
    assert 0 < len(mine) <= 5, mine
    shell = [one for one in watched.asked[1:] if OF_THE_SHELL.match(one) and not one.startswith("/assets/")]
    assert len(shell) <= 5, shell
    assert len(set(watched.asked)) == len(watched.asked), "the same twice"
    assert all(one.startswith("/") for one in watched.asked), "another host"
