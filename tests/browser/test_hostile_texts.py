"""A portfolio whose every text is markup: it is shown as it is written, and nothing of it runs."""

import csv
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.walk.command_line import SMALL_FUND, Tenor, one_at_a_time
from tests.walk.conftest import Walked

MARKUP = "<img src=x onerror=document.title='owned'>"
TEXTS = {
    "portfolio.csv": ("name",),
    "issuers.csv": ("name", "sector"),
    "positions.csv": ("loan_program", "position_id"),
}


@pytest.fixture(scope="module")
def hostile_run(walking: Tenor, walked: Walked, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    for file in SMALL_FUND.iterdir():
        shutil.copy(file, folder)
    for name, columns in TEXTS.items():
        spoil(folder / name, columns)
    portfolio = str(walking.json("ingest", folder)["snapshot_id"])
    with one_at_a_time(walking.kernels):
        submit = ("run", "submit", "--portfolio", portfolio, "--market", walked.market, "--scenarios", "up100")
        return str(walking.json(*submit, "--measures", "PV,DV01", "--wait", "--workers", "1")["run_id"])


def spoil(file: Path, columns: tuple[str, ...]) -> None:
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows:
        row.update({column: f"{MARKUP}{row[column]}" for column in columns if row.get(column)})
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


EACH_TIME = ("/risk", "/data", f"/risk?by={MARKUP}")
"""In `make test`; the others in `make browser`."""
SCREENS = [
    *("/", "/risk", "/cashflows", "/capital", "/compare", "/scenarios", "/runs", "/audit", "/data", "/operations"),
    *("/risk?by=loan_program", "/risk?by=issuer", f"/risk?where=name='{MARKUP}'", f"/risk?by={MARKUP}"),
    *("/risk?leftout=all", f"/risk?leftout={MARKUP}", "/operations?tab=limits", "/audit?tab=access"),
    *(f"/audit?tab=access&actor={MARKUP}", f"/risk?ccy={MARKUP}&scenario={MARKUP}", f"/cashflows?node={MARKUP}"),
]


@pytest.mark.parametrize(
    "screen", [pytest.param(one, marks=() if one in EACH_TIME else pytest.mark.browser) for one in SCREENS]
)
def test_texts_are_shown_and_never_run(watched: Watched, hostile_run: str, screen: str) -> None:
    place, _, query = screen.partition("?")
    query = "&".join(f"{name}={quote(value)}" for name, _, value in (part.partition("=") for part in query.split("&")))
    page = watched.open(f"{place}?run={hostile_run}&against={watched.site.run}&{query.strip('=')}")
    assert "owned" not in page.title()
    assert page.locator("img[src=x]").count() == 0
    if screen == "/risk":
        expect(page.get_by_role("treegrid")).to_contain_text(MARKUP)


def test_a_position_by_such_a_name_has_an_address(watched: Watched, hostile_run: str) -> None:
    page = watched.open(f"/risk?run={hostile_run}")
    page.get_by_role("button", name="Find or do anything").click()
    page.get_by_role("combobox").fill("<img")
    page.get_by_role("option").filter(has_text="P-01").first.click()
    watched.settle()
    expect(page.get_by_role("heading", level=1)).to_contain_text(MARKUP)
    assert "owned" not in page.title()
