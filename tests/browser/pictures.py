"""Pictures of every screen over whatever is served, to be laid beside the design.

`python -m tests.browser.pictures http://127.0.0.1:8000 FOLDER [VIEW …] [--themes light]`, after `make demo`.
"""

import argparse
import csv
import shutil
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from tests.browser.views import THEMES, VIEWS, WAIT_MS, Shown, draw
from tests.walk.command_line import SMALL_FUND

HIT_HARD = "stagflation"


def of_the_demo(site: str) -> Shown:
    """The published or fullest run against the next; the path to the desk that loses most, and its largest position."""

    def asked(path: str) -> list[dict[str, object]]:
        answer = httpx.get(f"{site}/api/v1/{path}", timeout=60)
        answer.raise_for_status()
        found: list[dict[str, object]] = answer.json()
        return found

    runs = [one for one in asked("orchestrator/runs?limit=20") if one["positions"] and one["results"]]
    run = max(runs, key=lambda one: int(str(one["scenario_count"])) * int(str(one["measure_count"])))
    whole_run = httpx.get(f"{site}/api/v1/orchestrator/runs/{run['run_id']}", timeout=60).json()
    others = [one for one in runs if one["run_id"] != run["run_id"]]
    other = next((one for one in others if one["as_of"] != run["as_of"]), others[0] if others else run)
    names = whole_run["scenarios"]
    scenario = next((one for one in names if one.startswith(HIT_HARD)), names[-1])
    nodes = {str(one["node_id"]): one for one in asked(f"portfolio/runs/{run['run_id']}/tree")}
    changes = [
        one
        for one in asked(f"risk/runs/{run['run_id']}/scenarios?by=node")
        if one["scenario_id"] == scenario.split("@")[0] and nodes[str(one["node"])]["kind"] == "DESK"
    ]
    desk = str(min(changes, key=lambda one: float(str(one["pv_change_base"])))["node"])
    fund = str(nodes[desk]["parent_id"])
    book = max(
        (one for one in nodes.values() if one["parent_id"] == desk), key=lambda one: float(str(one["pv_base"] or 0))
    )
    (position,) = asked(f"results/runs/{run['run_id']}/positions?node={book['node_id']}&sort=-pv_base&limit=1")
    return Shown(
        str(run["run_id"]),
        str(other["run_id"]),
        scenario,
        tuple(one for one in names if one != "BASE"),
        (fund, str(book["node_id"]), desk),
        str(position["position_id"]),
        str(nodes[fund]["name"]).split()[0],
    )


def spoilt_fund(folder: Path) -> tuple[Path, ...]:
    """Dates that are none, as a spreadsheet of another country writes them."""
    for file in SMALL_FUND.glob("*.csv"):
        shutil.copy(file, folder)
    path = folder / "instruments.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    column = rows[0].index("issue_date")
    rows[1][column], rows[2][column] = "2024-02-30", "14/09/2024"
    with path.open("w", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows(rows)
    return tuple(sorted(folder.glob("*.csv")))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("site")
    asked.add_argument("folder", type=Path)
    asked.add_argument("views", nargs="*", metavar="VIEW", help=", ".join(view.name for view in VIEWS))
    asked.add_argument("--themes", default=",".join(THEMES))
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        shown = of_the_demo(given.site)
        shown = Shown(**(shown.__dict__ | {"wrong_files": spoilt_fund(Path(name))}))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in given.themes.split(","):
            page = browser.new_page(color_scheme="dark" if theme == "dark" else "light")
            page.set_default_timeout(WAIT_MS)
            for view in VIEWS:
                if not given.views or view.name in given.views:
                    draw(page, given.site, view, shown)
                    page.screenshot(path=given.folder / f"{view.name}_{theme}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
