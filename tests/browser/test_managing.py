"""What people set, and who may: keys, schedules, messages, limits, the access log; two people decide."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched, asked

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("projecting")]
POLICY = {
    "policy_id": "desk_limits",
    "lgd_defaults": {"*": 0.45},
    "limits": [{"limit_id": "dv01", "metric": "DV01", "max": 50_000}],
}


def test_a_key_is_made_shown_once_used_and_revoked(watched: Watched) -> None:
    site, page = watched.site, watched.open("/operations?tab=keys")
    page.get_by_role("button", name="New key").click()
    sheet = page.get_by_role("dialog", name="New key")
    sheet.get_by_label("Name", exact=True).fill("<b>ada</b>")
    sheet.get_by_label("Role").select_option("analyst")
    sheet.get_by_label("Nodes").fill("HARBOUR")
    sheet.get_by_role("button", name="Make the key").click()
    shown = page.get_by_role("dialog", name="Key of <b>ada</b>, analyst")
    expect(shown).to_contain_text("It is shown this once.")
    key = shown.get_by_label("Key of <b>ada</b>").input_value()
    assert re.fullmatch(r"tnr_\w+_.{43}", key)
    shown.get_by_role("button", name="Copy").click()
    expect(shown).to_contain_text("It is in the clipboard.")
    assert page.evaluate("navigator.clipboard.readText()") == key
    shown.get_by_role("button", name="I have kept it").click()
    row = page.get_by_role("table", name="Keys").get_by_role("row").filter(has_text="<b>ada</b>")
    expect(row).to_contain_text("HARBOUR")
    assert key not in page.content()
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    (kept,) = [one for one in asked(site, "orchestrator/keys") if one["name"] == "<b>ada</b>"]
    assert kept["revoked_at"] is not None


def test_what_is_wrong_with_a_key_is_said_in_its_sheet(watched: Watched) -> None:
    page = watched.open("/operations?tab=keys")
    page.get_by_role("button", name="New key").click()
    sheet = page.get_by_role("dialog", name="New key")
    sheet.get_by_label("Name", exact=True).fill("bob")
    sheet.get_by_label("Ends after").fill("soon")
    sheet.get_by_role("button", name="Make the key").click()
    expect(sheet.get_by_role("alert")).to_contain_text("soon")
    sheet.get_by_label("Ends after").fill("12h")
    sheet.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("dialog", name="Key of bob, viewer")).to_be_visible()


def test_a_schedule_is_defined_and_dropped(watched: Watched) -> None:
    site, page = watched.site, watched.open("/operations?tab=schedules")
    page.get_by_role("button", name="New schedule").click()
    sheet = page.get_by_role("dialog", name="New schedule")
    sheet.get_by_label("Id").fill("end_of_day")
    sheet.get_by_label("Zone").fill("Europe/London")
    sheet.get_by_label("Calendar").select_option("UK")
    sheet.get_by_role("button", name="Define").click()
    row = page.get_by_role("table", name="Schedules").get_by_role("row").filter(has_text="end_of_day")
    expect(row).to_contain_text("18:30 Europe/London, UK")
    (kept,) = [one for one in asked(site, "orchestrator/schedules") if one["schedule_id"] == "end_of_day"]
    assert (kept["scenarios"], kept["measures"]) == (["@nightly"], ["PV", "DV01", "CS01"])
    row.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop").click()
    expect(row).to_have_count(0)


def test_an_address_that_messages_may_not_go_to_is_refused_with_its_fix(watched: Watched) -> None:
    page = watched.open("/operations?tab=messages")
    expect(page.get_by_text("Nobody is told anything yet.")).to_be_visible()
    page.get_by_role("button", name="New webhook").click()
    sheet = page.get_by_role("dialog", name="New webhook")
    sheet.get_by_label("Id").fill("desk")
    sheet.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    sheet.get_by_role("button", name="Define").click()
    expect(sheet.get_by_role("alert")).to_contain_text("a private address")


def test_limits_are_changed_by_a_version_of_their_policy(watched: Watched) -> None:
    site = watched.site
    posted = httpx.post(site.at("/api/v1/regulatory/policies"), json=POLICY)
    assert posted.is_success, posted.text
    page = watched.open("/operations?tab=limits&policy=desk_limits")
    table = page.get_by_role("table", name="Limits")
    expect(table.get_by_role("row").filter(has_text="dv01")).to_contain_text("50,000")
    page.get_by_role("button", name="New limit").click()
    sheet = page.get_by_role("dialog", name="New limit")
    sheet.get_by_label("Id").fill("cs01_each_desk")
    sheet.get_by_label("Of", exact=True).fill("CS01")
    sheet.get_by_label("By").fill("desk")
    sheet.get_by_label("Limit").fill("20000")
    sheet.get_by_role("button", name="Define desk_limits@2").click()
    added = table.get_by_role("row").filter(has_text="cs01_each_desk")
    expect(added).to_contain_text("version 2")
    expect(table.get_by_role("row").filter(has_text="dv01")).to_contain_text("version 1")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("approved", exact=True)).to_be_visible()
    kept = asked(site, "regulatory/policies/desk_limits")
    assert (kept["version"], kept["status"], kept["limits_since"]) == (2, "APPROVED", {"dv01": 1, "cs01_each_desk": 2})
    assert kept["document"]["limits"][1] == {
        "limit_id": "cs01_each_desk",
        "metric": "CS01",
        "by": "desk",
        "max": 20000.0,
        "warn_at": 0.9,
    }


def test_who_read_what_stands_in_the_access_log(watched: Watched) -> None:
    site, page = watched.site, watched.open("/audit?tab=access")
    mine = f"/api/v1/orchestrator/runs/{site.run}/history"
    httpx.get(site.at(mine), headers={"Tenor-Actor": "carla"})
    page.get_by_label("Actor").fill("carla")
    page.get_by_label("Actor").press("Enter")
    row = page.get_by_role("table", name="Access log").get_by_role("row").filter(has_text=mine)
    expect(row.first).to_contain_text("carla")
    assert "actor=carla" in page.url
    expect(page.get_by_text("tenor access log --actor carla")).to_be_visible()
