"""What people do with the page: a run with a scenario of their own, decisions, files corrected, proofs, rebuilds."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, asked
from tests.walk.command_line import SMALL_FUND

AT_WORK_MS = 240_000
"""A worker that starts compiles what it lacks."""
OWN = "five_up"


def run_of(page: Page) -> str:
    return page.url.partition("?")[0].rpartition("/")[2]


def launch(watched: Watched, size: str) -> str:
    page = watched.open("/runs/new?measures=pv,dv01")
    expect(page.get_by_text("will be left out").first).to_be_visible()
    page.get_by_label("Id of your scenario").fill(OWN)
    page.get_by_label("Size of shock 1, bp").fill(size)
    expect(page.get_by_role("img", name=re.compile(rf"at most \+{size} bp"))).to_be_visible()
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    return run_of(page)


@pytest.mark.usefixtures("at_work")
def test_a_run_with_a_scenario_of_ones_own_is_launched_watched_approved_and_published(watched: Watched) -> None:
    site, page = watched.site, watched.page
    run_id = launch(watched, "60")
    expect(page.get_by_role("progressbar", name="Chunks valued")).to_be_visible()
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_visible(timeout=AT_WORK_MS)
    run = asked(site, f"orchestrator/runs/{run_id}")
    assert run["measures"] == ["PV", "DV01"]
    assert [one for one in run["scenarios"] if one.startswith(OWN)] == [f"{OWN}@1"]
    assert asked(site, f"scenario/scenarios/{OWN}")["document"]["shocks"][0]["bp"] == 60
    expect(page.get_by_role("table", name="Events of the run")).to_contain_text("run.completed")
    expect(page.get_by_role("img", name=re.compile(r"^Chunks: 1 done"))).to_be_visible()
    approve.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    told = page.get_by_role("dialog")
    expect(told).to_contain_text(run_id[:8])
    told.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("table", name="Events of the run")).to_contain_text("run.published")
    assert asked(site, f"orchestrator/runs/{run_id}")["status"] == "PUBLISHED"


@pytest.mark.usefixtures("at_work")
def test_a_double_click_is_one_run_and_a_rejection_says_why(watched: Watched) -> None:
    site, page = watched.site, watched.page
    before = len(asked(site, "orchestrator/runs?limit=1000"))
    page = watched.open("/runs/new?measures=pv")
    expect(page.get_by_text("will be left out").first).to_be_visible()
    page.get_by_role("button", name="Run now").dblclick()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    page.get_by_role("button", name="Reject").click(timeout=AT_WORK_MS)
    assert len(asked(site, "orchestrator/runs?limit=1000")) == before + 1
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_role("alert")).to_contain_text("says why")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    dialog.get_by_label("Reason").fill("a trial <b>only</b>")
    dialog.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("table", name="Events of the run")).to_contain_text("a trial <b>only</b>")
    assert asked(site, f"orchestrator/runs/{run_of(page)}")["status"] == "REJECTED"


def test_a_scenario_that_matches_nothing_says_so_under_its_field(watched: Watched) -> None:
    page = watched.open("/scenarios")
    page.get_by_role("button", name="New scenario").click()
    page.get_by_label("Curves of shock 1").fill("UDS-*")
    expect(page.get_by_text("Matches no curve. Did you mean USD-")).to_be_visible()
    page.get_by_label("Curves of shock 1").fill("USD-*")
    expect(page.get_by_text("Matches no curve")).to_have_count(0)
    page.get_by_label("Id of the scenario").fill("usd_trial")
    page.get_by_role("button", name="Add a shock").click()
    page.get_by_label("Kind of shock 2").select_option("FX")
    page.get_by_label("Kind of shock 2").press("Alt+ArrowUp")
    expect(page.get_by_label("Kind of shock 1")).to_have_value("FX")
    page.get_by_role("button", name="Save as @1").click()
    expect(page.get_by_text("usd_trial@1 is defined").first).to_be_visible()
    shocks = asked(watched.site, "audit/streams/usd_trial")[0]["state"]["document"]["shocks"]
    assert [shock["kind"] for shock in shocks] == ["FX", "PARALLEL"]


@pytest.mark.usefixtures("at_work")
def test_a_read_model_is_rebuilt_and_cannot_be_asked_for_twice(watched: Watched) -> None:
    site, page = watched.site, watched.open("/operations")
    before = next(one for one in asked(site, "orchestrator/projections") if one["name"] == "scenario")
    page.get_by_role("button", name="Rebuild scenario").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"version {before['version'] + 1} beside version {before['version']}")
    dialog.get_by_role("button", name="Rebuild scenario").click()
    told = f"Version {before['version'] + 1} is shown in place of {before['version']}"
    expect(page.get_by_text(told)).to_be_visible(timeout=AT_WORK_MS)
    expect(page.get_by_role("table", name="Rows that both versions have")).to_contain_text("equal")
    expect(page.get_by_role("button", name="Roll back scenario")).to_be_enabled()


def test_where_a_number_came_from_is_checked_in_the_browser(watched: Watched) -> None:
    site, page = watched.site, watched.open("/audit")
    (first,) = asked(site, f"results/runs/{site.run}/top?limit=1")
    lineage = asked(site, f"audit/runs/{site.run}/lineage?position={first['position_id']}&measure=PV")
    panel = page.get_by_label("Where this number came from")
    value = repr(lineage["number"]["values"]["pv"])
    expect(panel.locator(".v")).to_contain_text(value.partition(".")[2])
    proofs = panel.get_by_role("list", name="Proofs")
    expect(proofs.locator(".okk:not(.open):not(.no)")).to_have_count(4)
    expect(proofs).to_contain_text("signature of log key")
    for row in lineage["portfolio"]["rows"]:
        expect(panel.get_by_role("table", name="Rows of the files")).to_contain_text(row["file"])


def test_a_proof_that_does_not_hold_is_not_taken_on_trust(watched: Watched) -> None:
    page = watched.page

    def spoil(route: Any) -> None:
        answer = route.fetch()
        document = answer.json()
        path = document["block"]["inclusion"]["path"]
        path[0] = ("1" if path[0][0] == "0" else "0") + path[0][1:]
        route.fulfill(response=answer, body=json.dumps(document))

    page.route("**/lineage?**", spoil)
    watched.open("/audit")
    expect(page.get_by_role("list", name="Proofs")).to_contain_text("the path does not lead to the signed root")


def test_a_total_leads_to_its_parts_and_they_to_their_own_proof(watched: Watched) -> None:
    site = watched.site
    tree = asked(site, f"portfolio/runs/{site.run}/tree")
    desk = next(node for node in tree if node["kind"] == "DESK" and node["positions"])
    page = watched.open(f"/risk?inspect=node:{desk['node_id']}.PV")
    drawer = page.get_by_role("dialog", name="Where this number came from")
    expect(drawer.locator(".v")).to_contain_text(repr(abs(desk["pv_base"])).partition(".")[2])
    drawer.get_by_role("button", name=re.compile("^P-")).first.click()
    expect(drawer.get_by_role("list", name="Proofs")).to_contain_text("signature of log key")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    assert "inspect" not in page.url


def test_the_log_is_looked_at_as_it_was(watched: Watched) -> None:
    page = watched.open("/audit")
    handle = page.get_by_role("slider")
    last = int(handle.get_attribute("aria-valuenow") or 0)
    handle.press("ArrowLeft")
    then = int(handle.get_attribute("aria-valuenow") or 0)
    assert then < last and f"as_of_event={then}" in page.url
    expect(page.get_by_text("You are looking at the past").first).to_be_visible()
    page.get_by_role("button", name="Back to now").first.click()
    assert "as_of_event" not in page.url


def spoilt_fund(folder: Path) -> list[Path]:
    """Two dates that are none, as a spreadsheet of another country writes them."""
    for file in SMALL_FUND.glob("*.csv"):
        shutil.copy(file, folder)
    path = folder / "instruments.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    column = rows[0].index("issue_date")
    rows[1][column], rows[2][column] = "2024-02-30", "14/09/2024"
    with path.open("w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows(rows)
    return sorted(folder.glob("*.csv"))


def test_a_wrong_file_is_corrected_in_place_and_accepted(watched: Watched, tmp_path: Path) -> None:
    site, page = watched.site, watched.open("/data")
    page.get_by_label("Files of a portfolio").set_input_files(spoilt_fund(tmp_path))
    expect(page.get_by_text("2 errors in 2 rows").first).to_be_visible()
    sheet = page.get_by_role("table", name="Rows of instruments.csv")
    expect(sheet.locator("tbody tr")).to_have_count(2)
    accept = page.get_by_role("button", name=re.compile("^Accept"))
    expect(accept).to_be_disabled()
    sheet.get_by_role("button", name="2024-02-29").click()
    sheet.get_by_role("button", name="14/09/2024").click()
    cell = sheet.get_by_label("issue_date, row 3", exact=True)
    cell.fill("2024-09-14")
    cell.press("Enter")
    head = asked(site, "audit/status")["head_position"]
    page.get_by_role("button", name="Check again, with 2 changes").click()
    expect(page.get_by_text("nothing is wrong").first).to_be_visible()
    assert asked(site, "audit/status")["head_position"] == head  # nothing is in the log before it is accepted
    accept.click()
    expect(page.get_by_text(re.compile("is stored as snapshot"))).to_be_visible()
    assert asked(site, "audit/status")["head_position"] > head
    expect(page.get_by_role("link", name="Run it")).to_be_visible()


def test_curves_of_a_market_are_drawn_and_have_their_table(watched: Watched) -> None:
    site, page = watched.site, watched.open("/data?tab=markets")
    market = asked(site, f"marketdata/markets/{asked(site, 'marketdata/markets')[0]['snapshot_id']}")
    curve = next(one for one in market["curves"] if one.get("nodes"))
    panel = page.get_by_label(curve["curve_id"], exact=True)
    panel.get_by_role("button", name="Table").click()
    expect(panel.get_by_role("table").locator("tbody tr")).to_have_count(len(curve["nodes"]))
