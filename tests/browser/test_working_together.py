"""Approve and publish as two people, each at a browser of their own with a key; what a role may not."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from ops.access.settings import Access, Auth
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.browser.conftest import SIZE, WAIT_MS, Site
from tests.security.serving import served
from tests.walk.command_line import one_at_a_time
from tests.walk.conftest import Walked


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


@pytest.mark.usefixtures("projecting")
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


@pytest.mark.browser
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
