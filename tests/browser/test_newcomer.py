"""The walk of somebody who has read nothing: from the page's root to a number's origin, and out with the table."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched, asked

AT_WORK_MS = 240_000
OWN = "my_widening"


@pytest.mark.usefixtures("at_work")
def test_a_newcomer_finds_the_way_from_a_scenario_of_their_own_to_the_file_row_and_the_exported_table(
    watched: Watched,
) -> None:
    site, page = watched.site, watched.open("/")
    page.get_by_role("link", name="New run").click()
    expect(page.get_by_text("will be left out").first).to_be_visible()
    page.get_by_label("Id of your scenario").fill(OWN)
    page.get_by_label("Size of shock 1, bp").fill("75")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    run_id = page.url.partition("?")[0].rpartition("/")[2]
    expect(page.get_by_role("button", name="Approve")).to_be_visible(timeout=AT_WORK_MS)
    page.get_by_role("link", name="See its figures").click()
    watched.settle()
    page.get_by_role("link", name="Risk", exact=True).first.click()
    watched.settle()
    page.keyboard.press(".")
    page.get_by_role("option", name=re.compile(f"^{OWN}@1")).click()
    watched.settle()
    assert f"run={run_id}" in page.url

    tree = {node["node_id"]: node for node in asked(site, f"portfolio/runs/{run_id}/tree")}
    changes = asked(site, f"risk/runs/{run_id}/scenarios?by=node")
    desks = [one for one in changes if one["scenario_id"] == OWN and tree[one["node"]]["kind"] == "DESK"]
    worst = tree[min(desks, key=lambda one: one["pv_change_base"])["node"]]
    hit = page.locator(".fig", has=page.locator("dt", has_text="Hardest-hit desk"))
    expect(hit.locator("dd").first).to_have_text(worst["name"])

    page.get_by_role("row", name=re.compile(f"^{worst['name'].split()[-1]}")).locator(".twist").click()
    book = next(node for node in tree.values() if node["parent_id"] == worst["node_id"] and node["positions"])
    shown = book["name"].removeprefix(book["name"].split()[0] + " ")
    page.locator("tr[role=row]", has_text=shown).first.locator(".twist").click()
    page.locator("tr[role=row] a.mono").first.click()
    watched.settle()
    name = page.url.partition("?")[0].rpartition("/")[2]
    page.get_by_role("button", name="Where it came from").click()
    drawer = page.get_by_role("dialog", name="Where this number came from")
    lineage = asked(site, f"audit/runs/{run_id}/lineage?position={name}&measure=PV&scenario={OWN}")
    for row in lineage["portfolio"]["rows"]:
        expect(drawer).to_contain_text(row["file"])
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Risk", exact=True).first.click()
    watched.settle()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("option", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    (total,) = asked(site, f"results/runs/{run_id}/totals?by=total&scenario={OWN}&measures=PV")
    exported = [row for row in rows if row["scenario_id"] == OWN and row["pv_base"]]
    chosen = re.search(r"[?&]node=([^&]+)", page.url)
    assert len(exported) == (tree[chosen.group(1)]["positions"] if chosen else total["positions"])
