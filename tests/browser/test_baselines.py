"""Every screen over the demo's fund looks as it was recorded, in both themes; `make browser`.

With TENOR_RECORD_PICTURES=1 they are recorded anew, README's picture among them.
"""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser
from psycopg.conninfo import make_conninfo

from benchmarks.page.probes import FURTHER, NOTHING_TO_COME
from ops.embedded_postgres.server import EmbeddedServer
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.browser.pictures import of_the_demo, spoilt_fund
from tests.browser.still import MOST_TILES, TILE, kept, still, stop_the_clock, tiles_apart
from tests.browser.views import DESK, THEMES, VIEWS, WAIT_MS, Shown, View, draw, is_drawn
from tests.builders.read_models import catch_up_all
from tests.security.serving import served
from tests.walk.command_line import Tenor, one_at_a_time

BASELINES = Path(__file__).parent / "baselines"
SHOWN_BY_README = Path(__file__).parents[2] / "docs" / "pictures"
POSITIONS = "10000"
SECONDS_FOR_THE_DEMO = 1200
"""Its kernels among them, on a machine that is busy."""
RECORDS = "TENOR_RECORD_PICTURES" in os.environ


def baseline_of(view: View, theme: str) -> Path:
    folder = SHOWN_BY_README if view.name == "overview" else BASELINES
    return folder / f"{view.name}_{theme}.png"


@pytest.fixture(scope="module")
def demo(
    postgres: EmbeddedServer,
    template_database: str,
    tenor_home: Path,
    kernels: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Shown]]:
    """The demo in a database of its own, its first run published, everything sealed."""
    name = f"pictured_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    tenor = Tenor(make_conninfo(postgres.dsn(), dbname=name), tenor_home, kernels)
    with one_at_a_time(kernels):
        process = tenor.start("demo", "--no-serve", "--positions", POSITIONS, "--json")
        out, err = process.communicate(timeout=SECONDS_FOR_THE_DEMO)
    assert process.returncode == 0, err
    run = str(json.loads(out)["run_id"])
    tenor.json("run", "approve", run, "--reason", "checked")
    tenor.json("run", "publish", run)
    tenor.json("audit", "seal")
    with open_tenor(Settings(tenor.home, tenor.database_url)) as parts, served(build_app(parts)) as port:
        catch_up_all(parts.storage)
        site = f"http://127.0.0.1:{port}"
        yield site, replace(of_the_demo(site), wrong_files=spoilt_fund(tmp_path_factory.mktemp("my_fund")))


@pytest.mark.browser
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_screen_looks_as_it_was_recorded(
    browser: Browser, demo: tuple[str, Shown], view: View, theme: str, tmp_path: Path
) -> None:
    site, shown = demo
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    stop_the_clock(page)
    draw(page, site, view, shown)
    still(page)
    picture = tmp_path / f"{view.name}_{theme}.png"
    page.screenshot(path=picture, animations="disabled")
    context.close()
    baseline = baseline_of(view, theme)
    if RECORDS:
        kept(picture, baseline)
    apart = tiles_apart(picture, baseline)
    assert apart <= MOST_TILES, f"{apart} tiles of {picture} differ from {baseline}; TENOR_RECORD_PICTURES=1 records it"


def test_a_block_that_changed_is_seen_and_fewer_colours_are_not(tmp_path: Path) -> None:
    baseline = baseline_of(VIEWS[0], "light")
    with Image.open(baseline) as whole:
        plain = whole.convert("RGB")
    block = TILE * (MOST_TILES + 1)
    changed = plain.copy()
    changed.paste((200, 30, 60), (700, 300, 700 + block, 300 + block))
    changed.save(tmp_path / "changed.png")
    plain.quantize(192, method=Image.Quantize.FASTOCTREE).save(tmp_path / "fewer.png")
    plain.crop((0, 0, 1400, 900)).save(tmp_path / "smaller.png")
    assert tiles_apart(tmp_path / "changed.png", baseline) > MOST_TILES
    assert tiles_apart(tmp_path / "smaller.png", baseline) > MOST_TILES
    assert tiles_apart(baseline, baseline) == tiles_apart(tmp_path / "fewer.png", baseline) == 0


def test_every_screen_has_its_baselines() -> None:
    wanted = {baseline_of(view, theme) for view in VIEWS for theme in THEMES}
    assert {*BASELINES.glob("*.png"), *SHOWN_BY_README.glob("*.png")} == wanted


MOST_ROWS = 80
"""In the document, whatever there is: what is seen and a little beyond."""


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESK, (1280, 720), (1100, 900)])
def test_positions_come_as_they_are_read_and_few_rows_stand_in_the_document(
    browser: Browser, demo: tuple[str, Shown], size: tuple[int, int]
) -> None:
    site, shown = demo
    nodes = {one["node_id"]: one for one in httpx.get(f"{site}/api/v1/portfolio/runs/{shown.run}/tree").json()}
    parents = {one["parent_id"] for one in nodes.values()}
    book = max((one for one in nodes.values() if one["node_id"] not in parents), key=lambda one: one["positions"])
    path = [book["node_id"]]
    while nodes[path[-1]]["parent_id"]:
        path.append(nodes[path[-1]]["parent_id"])
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{site}/risk?run={shown.run}&open={','.join(path)}")
    is_drawn(page)
    grid = page.get_by_role("treegrid")
    page.locator("tr[role=row] a.mono").first.wait_for()
    while page.evaluate(FURTHER):
        page.wait_for_timeout(30)
        page.wait_for_function(NOTHING_TO_COME)
    assert book["positions"] > 200, "the demo has a book of more than a page"
    assert int(grid.get_attribute("aria-rowcount") or 0) > book["positions"]
    assert 0 < page.locator("[role=treegrid] tbody tr[role=row]").count() <= MOST_ROWS
    page.close()
