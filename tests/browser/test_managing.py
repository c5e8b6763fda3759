"""What people set, and who may: keys, schedules, messages, limits, the access log; two people decide."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from ops.access.settings import Access, Auth
from ops.processes.loops import background
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.browser.conftest import SIZE, WAIT_MS, Site, Watched
from tests.security.serving import served
from tests.walk.command_line import one_at_a_time
from tests.walk.conftest import Walked

POLICY = {
    "policy_id": "desk_limits",
    "lgd_defaults": {"*": 0.45},
    "limits": [{"limit_id": "dv01", "metric": "DV01", "max": 50_000}],
}


def asked(site: Site, path: str) -> Any:
    answer = httpx.get(site.at(f"/api/v1/{path}"), timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture(scope="module", autouse=True)
def at_work(site: Site) -> Iterator[None]:
    """What is asked after a command waits for the read models to have it."""
    with open_tenor(Settings(site.tenor.home, site.tenor.database_url)) as tenor, background(tenor.processes):
        yield


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


class Person:
    """Somebody at a browser of their own, signed in by pasting a key."""

    def __init__(self, browser: Browser, site: Site, role: str, name: str) -> None:
        self.site = site
        self.context = browser.new_context(viewport=SIZE)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.key = str(site.tenor.json("key", "create", "--name", name, "--role", role)["key"])

        self.page.goto(site.at("/auth/sign-in"))
        self.page.locator("input[name=key]").fill(self.key)
        self.page.get_by_role("button", name="Sign in").first.click()
        expect(self.page.locator(".rail .who")).to_contain_text(name)

    def open(self, path: str) -> Page:
        self.page.goto(self.site.at(path))
        self.page.wait_for_load_state("networkidle", timeout=WAIT_MS)
        return self.page


@pytest.fixture(scope="module")
def guarded(site: Site) -> Iterator[Site]:
    """The same database by a door that asks for keys, and for two people."""
    keys = Access(Auth.KEYS, requests_per_second=10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENOR_FOUR_EYES", "1")
        with open_tenor(Settings(site.tenor.home, site.tenor.database_url)) as parts:
            app = build_app(parts, access=keys)
            with served(app) as port:
                yield Site(f"http://127.0.0.1:{port}", site.run, site.later, site.tenor)


def asked_for_by(person: Person, walked: Walked) -> str:
    """A run that somebody asks for with their key, when it has ended."""
    site = person.site
    terms = {"portfolio": walked.portfolio, "market": walked.market, "measures": ["PV"]}
    headers = {"Authorization": f"Bearer {person.key}"}
    with one_at_a_time(site.tenor.kernels):
        answer = httpx.post(site.at("/api/v1/orchestrator/runs"), json=terms, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        run_id = str(answer.json()["run_id"])
        assert site.tenor("run", "watch", run_id).code == 0
    return run_id


def test_a_run_is_approved_and_published_by_two_people(browser: Browser, guarded: Site, walked: Walked) -> None:
    ada, ben = (Person(browser, guarded, "admin", name) for name in ("ada", "ben"))
    finished = asked_for_by(ada, walked)
    page = ada.open(f"/runs/{finished}")
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()
    expect(page.get_by_text("asked by you: somebody else must approve")).to_be_visible()
    page = ben.open(f"/runs/{finished}")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("agrees with the desk's own")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    expect(page.get_by_text("approved by you: somebody else must publish")).to_be_visible()
    page = ada.open(f"/runs/{finished}")
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("table", name="Events of the run")).to_contain_text("run.published")
    history = guarded.tenor.json("run", "show", finished)
    assert history["status"] == "PUBLISHED"
    for one in (ada, ben):
        one.context.close()


@pytest.mark.parametrize(
    ("role", "shown"),
    [("analyst", "as analyst you may not"), ("viewer", None), ("auditor", None)],
)
def test_what_a_role_may_not_is_told_or_absent(browser: Browser, guarded: Site, role: str, shown: str | None) -> None:
    somebody = Person(browser, guarded, role, f"some_{role}")
    page = somebody.open(f"/runs/{guarded.later}")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    approve = page.get_by_role("button", name="Approve")
    if shown:
        expect(approve).to_be_disabled()
        expect(page.get_by_text(shown).first).to_be_visible()
    else:
        expect(approve).to_have_count(0)
    page = somebody.open("/operations?tab=keys")
    expect(page.get_by_text(f"As {role} you may not see keys.")).to_be_visible()
    expect(page.get_by_role("button", name="New key")).to_have_count(0)
    page = somebody.open("/audit?tab=access")
    expect(page.get_by_role("table", name="Access log")).to_have_count(1 if role == "auditor" else 0)
    somebody.context.close()


def test_the_answer_of_who_one_is_says_whether_two_people_are_asked_for(site: Site, guarded: Site) -> None:
    key = site.tenor.json("key", "create", "--name", "eve", "--role", "viewer")["key"]
    said = httpx.get(guarded.at("/auth/me"), headers={"Authorization": f"Bearer {key}"})
    assert json.loads(said.text)["four_eyes"] is True
