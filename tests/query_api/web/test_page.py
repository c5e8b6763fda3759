"""The root page reads well with figures, without any, and with names that are markup."""

from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from query_api.web import charts
from query_api.web.markup import amount, scale_of, tag, text
from tests.query_api.conftest import Connect, client_over, connect_to
from tests.query_api.hand_made_run import RUN_ID, UNFINISHED_ID


class Balanced(HTMLParser):
    """Fails on a tag that is closed out of turn; keeps the texts and the addresses."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta"}:
            self.open.append(tag)
        self.addresses += [value for name, value in attributes if name in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_the_figures_of_a_run(client: TestClient) -> None:
    answer = client.get(f"/?run={RUN_ID}")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Balanced(answer.text)
    for words in (f"Run {RUN_ID}", "completed with exceptions", "Totals by desk", "<D> & co", "=2+5", "5y", "up100"):
        assert words in page.texts, words
    assert "<D>" not in answer.text
    assert all(address.startswith("/") for address in page.addresses)
    assert "<script" not in answer.text


def test_a_run_with_holes_looks_like_one(client: TestClient) -> None:
    markup = client.get(f"/?run={RUN_ID}").text
    texts = Balanced(markup).texts
    assert "Incomplete: of 5 positions 1 has no value." in texts
    assert "1 position: no spot <GBPUSD> (P9)" in texts
    assert markup.index("Incomplete") < markup.index("Totals by desk")


def test_a_run_without_holes_says_nothing_of_them(own_connect: Connect) -> None:
    with own_connect() as connection:
        connection.execute("UPDATE projection.result_run_v1 SET failed = 0, failures = '[]'")
    assert "Incomplete" not in client_over(own_connect).get(f"/?run={RUN_ID}").text


def test_every_link_of_the_page_leads_somewhere(client: TestClient) -> None:
    for address in sorted(set(Balanced(client.get("/").text).addresses)):
        assert client.get(address).status_code == 200, address


def test_an_unfinished_run_is_watched(client: TestClient) -> None:
    markup = client.get("/").text
    assert f"Run {UNFINISHED_ID} is RUNNING: 1 of 2 chunks done" in markup
    assert 'http-equiv="refresh"' in markup


def test_before_the_first_run(database_url: str) -> None:
    answer = client_over(connect_to(database_url)).get("/")
    assert answer.status_code == 200
    assert "No runs yet" in Balanced(answer.text).texts
    assert "refresh" not in answer.text


def test_an_unknown_run(client: TestClient) -> None:
    assert client.get("/?run=nonsense").status_code == 404


def test_a_run_without_results_shows_no_figures(own_connect: Connect) -> None:
    with own_connect() as connection:
        connection.execute("DELETE FROM projection.result_run_v1")
    markup = client_over(own_connect).get("/").text
    assert "Totals by desk" not in markup
    assert str(RUN_ID) in markup


def test_markup_escapes_what_is_text() -> None:
    assert tag("td", text('<b a="1">&'), class_="x", data_id='"') == (
        '<td class="x" data-id="&quot;">&lt;b a=&quot;1&quot;&gt;&amp;</td>'
    )
    assert amount(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"
    assert amount(None).startswith('<span class="blank"')
    assert [scale_of([value])[1] for value in (5e9, 2e6, 7.0)] == ["million", "thousand", ""]


def test_bars_keep_their_proportions() -> None:
    chart = charts.columns("t", [("a", 10.0), ("b", -5.0), ("c", 0.0)])
    heights = [float(part.split('"')[0]) for part in chart.split('height="')[1:]]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.1)  # a tenth of a pixel is how they are written
    assert heights[1] > 60
    assert heights[2] == 0
    Balanced(charts.rows("t", [("a", 1.0), ("<b>", -3.0)]) + charts.rows("none", []))
