"""Groups, filters, own currencies, what is left out, who pays in a bucket, foreign files, the past."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched, asked

pytestmark = pytest.mark.browser
TAPE = [
    ["LOAN_ID", "BALANCE", "RATE", "ORIGINATED", "MATURES", "TYPE", "FICO", "STATE"],
    ["L1", "100,000.00", "4.5%", "2020-02-01", "2050-01-01", "FRM", "720", "CA"],
    ["L2", "250,000.00", "3.9%", "2021-03-01", "2051-02-01", "FRM", "680", "NY"],
]
SAID = {
    "instruments.product_type": "LOAN",
    "instruments.currency": "USD",
    "instruments.day_count": "30/360",
    "instruments.frequency": "12",
    "instruments.amortization": "LEVEL_PAY",
}


def millions(value: float) -> str:
    return f"{value / 1e6:,.1f}".replace("-0.0", "0.0").replace("-", "\N{MINUS SIGN}")


def test_groups_of_an_attribute_have_the_servers_totals_and_open_to_their_positions(watched: Watched) -> None:
    site, page = watched.site, watched.open(f"/risk?scenario=up100@1&run={watched.site.run}")
    page.get_by_role("button", name="Group: tree").click()
    page.get_by_role("combobox", name="Find in Group by").fill("product")
    page.get_by_role("option", name="product_type").click()
    watched.settle()
    assert "by=product_type" in page.url
    grid = page.get_by_role("treegrid", name="Risk by product_type and position")
    totals = asked(site, f"results/runs/{site.run}/totals", by="product_type", measures="PV")
    for one in totals:
        if one["scenario_id"] == "BASE":
            row = grid.get_by_role("row", name=re.compile(f"^{one['product_type']}"))
            expect(row).to_contain_text(millions(one["pv_base"]))
    loans = asked(site, f"results/runs/{site.run}/positions", where="product_type=LOAN", scenario="BASE", columns="pv")
    grid.get_by_role("row", name=re.compile("^LOAN")).locator(".twist").click()
    watched.settle()
    expect(grid.locator("tr[aria-level='2']")).to_have_count(len(loans))
    own = [row for row in watched.asked if site.run in row]
    assert len(set(own)) == len(own), "the same twice"


def test_a_filter_is_chips_in_the_address_and_the_servers_totals(watched: Watched) -> None:
    site, page = watched.site, watched.open(f"/risk?run={watched.site.run}")
    page.get_by_role("button", name="Filter", exact=True).click()
    sheet = page.get_by_role("dialog", name="Filter")
    sheet.get_by_label("Column").fill("ficoo")
    sheet.get_by_label("Is", exact=True).select_option(">=")
    sheet.get_by_label("Value").fill("700")
    sheet.get_by_role("button", name="Show what fits").click()
    expect(sheet.get_by_role("alert")).to_contain_text("fico")
    sheet.get_by_label("Column").fill("fico")
    sheet.get_by_role("button", name="Show what fits").click()
    watched.settle()
    (whole,) = asked(site, f"results/runs/{site.run}/totals", by="total", where="fico>=700", scenario="BASE")
    foot = page.get_by_role("treegrid").locator("tfoot")
    expect(foot).to_contain_text(str(whole["positions"]))
    expect(foot).to_contain_text(millions(whole["pv_base"]))
    nodes = asked(site, f"results/runs/{site.run}/totals", by="node", where="fico>=700", scenario="BASE", measures="PV")
    assert {one["positions"] for one in nodes} == {whole["positions"]}
    expect(page.get_by_text("holds nothing that fits").first).to_be_visible()
    page.get_by_role("button", name="Take away fico>=700").click()
    watched.settle()
    assert "where" not in page.url


def test_figures_in_a_currency_only_where_all_of_a_node_is_in_it(watched: Watched) -> None:
    site, page = watched.site, watched.open(f"/risk?run={watched.site.run}&open=HARBOUR,HARBOUR-LENDING,MERIDIAN")
    tree = asked(site, f"portfolio/runs/{site.run}/tree", measures="PV")
    own = next(node for node in tree if node["currency"] == "USD" and node["positions"])
    mixed = next(node for node in tree if node["currency"] is None and node["positions"])
    page.locator(".ctx", has=page.locator("small", has_text="Currency")).click()
    expect(page.get_by_role("option", name=re.compile("^USD"))).to_be_visible()
    page.keyboard.press("Escape")
    page = watched.open(f"/risk?run={site.run}&ccy=GBP&open=HARBOUR,HARBOUR-LENDING")
    row = page.locator("tr[role=row]", has_text=mixed["name"]).first
    expect(row.get_by_title("not all of it is in GBP").first).to_be_visible()
    assert own["pv"] == pytest.approx(own["pv_base"])


def test_columns_are_moved_by_keys_and_kept_in_the_address(watched: Watched) -> None:
    page = watched.open(f"/risk?run={watched.site.run}")
    page.locator("tr[role=row][tabindex='0']").focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_role("columnheader").nth(4)).to_contain_text("DV01")
    assert "cols=cs01,dv01,effective_duration,yield" in page.url


def test_what_is_left_out_is_listed_by_reason_over_any_screen(watched: Watched) -> None:
    page = watched.open(f"/?run={watched.site.run}&leftout=all")
    drawer = page.get_by_role("dialog", name="Left out, and why")
    expect(drawer).to_contain_text("By reason")
    expect(drawer.get_by_text("Nothing is left out").first).to_be_visible()
    page.keyboard.press("Escape")
    assert "leftout" not in page.url


def test_a_bucket_opens_the_positions_that_pay_in_it(watched: Watched) -> None:
    site, page = watched.site, watched.open(f"/cashflows?run={watched.site.run}")
    page.get_by_role("button", name="1–2y: who pays").click()
    drawer = page.get_by_role("dialog", name="What is paid in 1–2y")
    buckets = "1M,3M,6M,1Y,2Y,3Y,5Y,7Y,10Y"
    rows = asked(site, f"cashflow/runs/{site.run}/ladder/positions", bucket="2Y", buckets=buckets, scenario="BASE")
    table = drawer.get_by_role("table", name="Positions that pay")
    expect(table.locator("tbody tr")).to_have_count(len(rows), timeout=120_000)
    assert table.locator("tbody th").all_inner_texts() == [row["position_id"] for row in rows]
    table.get_by_role("link").first.click()
    page.wait_for_url(f"**/positions/{rows[0]['position_id']}**")


def test_a_foreign_file_is_mapped_checked_and_accepted(watched: Watched, tmp_path: Path) -> None:
    site, page = watched.site, watched.open("/data")
    tape = tmp_path / "tape_of_loans.csv"
    with tape.open("w", newline="") as opened:
        csv.writer(opened, delimiter="|").writerows(TAPE)
    page.get_by_label("Files of a portfolio").set_input_files(tape)
    table = page.get_by_role("table", name="Columns, and what each goes to")
    expect(table.get_by_role("row").filter(has_text="LOAN_ID")).to_contain_text("positions.position_id")
    check = page.get_by_role("button", name="Check", exact=True)
    expect(check).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("no source")
    for source, target in (("ORIGINATED", "instruments.issue_date"), ("MATURES", "instruments.maturity_date")):
        table.get_by_label(f"{source} goes to").select_option(target)
    for column, value in SAID.items():
        row = table.get_by_role("row").filter(has_text=re.compile(f"{column}(?!_)")).filter(has=page.locator("input"))
        row.get_by_role("combobox").or_(row.get_by_role("textbox")).fill(value)
    page.get_by_label("Book").fill("LOANS")
    head = asked(site, "audit/status")["head_position"]
    check.click()
    expect(page.get_by_text("nothing is wrong").first).to_be_visible()
    assert asked(site, "audit/status")["head_position"] == head
    page.get_by_role("button", name="Accept 2 positions").click()
    expect(page.get_by_text("is stored as snapshot")).to_be_visible()
    assert "tape_of_loans" in [one["mapping_id"] for one in asked(site, "ingestion/mappings")]


def test_a_run_is_looked_at_as_it_was(watched: Watched) -> None:
    site = watched.site
    events = {one["event"]: one["event_position"] for one in asked(site, f"orchestrator/runs/{site.run}/history")}
    page = watched.open(f"/risk?run={site.run}&as_of_event={events['run.completed']}")
    expect(page.locator(".ctx small", has_text="Run · Completed")).to_be_visible()
    expect(page.get_by_role("treegrid")).to_be_visible()
    page = watched.open(f"/risk?run={site.run}&as_of_event={events['run.requested']}")
    expect(page.get_by_text(f"had no figures as of event {events['run.requested']}")).to_be_visible()
    page = watched.open(f"/risk?run={site.run}&as_of_event={events['run.requested'] - 1}")
    expect(page.get_by_text("or you may not see it")).to_be_visible()
    page.get_by_role("button", name="Back to now").first.click()
    watched.settle()
    expect(page.locator(".ctx small", has_text="Run · Published")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/risk?run=00000000-0000-0000-0000-000000000000", "or you may not see it"),
        ("/positions/NOBODY?run={run}", "or you may not see it"),
        ("/runs/00000000-0000-0000-0000-000000000000", "or you may not see it"),
        ("/operations?tab=limits&policy=nothing@7", "or you may not see it"),
        ("/risk?run={run}&by=ficoo", "fico"),
        ("/risk?run={run}&where=ficoo>1", "fico"),
    ],
)
def test_a_link_to_what_is_gone_or_wrong_says_so_and_the_rest_lives_on(watched: Watched, path: str, said: str) -> None:
    page = watched.open(path.replace("{run}", watched.site.run))
    expect(page.get_by_text(re.compile(re.escape(said))).first).to_be_visible()
    expect(page.get_by_role("navigation", name="Screens")).to_be_visible()
