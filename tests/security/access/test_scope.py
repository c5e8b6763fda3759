"""Somebody scoped to one desk gets nothing of another, in any format, by any service."""

import io
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.security.access.conftest import MINE, OTHERS, Opened

FORMATS = ("json", "csv", "arrow", "parquet", "xlsx")
TABLES = (
    "results/runs/{run}/positions",
    "results/runs/{run}/positions?with=desk,issuer_id,sector",
    "results/runs/{run}/positions?where=pv<1e12",
    "results/runs/{run}/positions?sort=-pv_base",
    "results/runs/{run}/totals?by=node",
    "results/runs/{run}/totals?by=book",
    "results/runs/{run}/totals?by=desk",
    "results/runs/{run}/totals?by=currency",
    "results/runs/{run}/totals?by=issuer",
    "results/runs/{run}/totals?by=product_type,currency",
    "results/runs/{run}/totals?by=sector&where=pv>0",
    "results/runs/{run}/top?limit=1000",
    "results/runs/{run}/top?measure=DV01",
    "results/runs/{run}/exceptions",
    "risk/compare?from={run}&to={run}&by=book",
    "risk/compare?from={run}&to={run}&by=issuer",
    "risk/compare/positions?from={run}&to={run}",
    "risk/compare?from={run}&to={run}&by=node",
    "risk/compare?from={run}&to={run}&by=fund,currency",
    "cashflow/bridge?from={run}&to={run}&by=fund",
    "risk/compare?from={run}&to={run}&by=desk,currency",
    f"risk/compare?from={{run}}&to={{run}}&by=total&node={MINE}",
    f"risk/compare?from={{run}}&to={{run}}&by=total,currency&node={MINE}",
    f"risk/compare/positions?from={{run}}&to={{run}}&node={MINE}",
    "risk/runs/{run}/key-rates?by=node",
    "risk/runs/{run}/key-rates?by=currency",
    "risk/runs/{run}/scenarios?by=node",
    "risk/runs/{run}/scenarios?by=issuer",
    "cashflow/runs/{run}/ladder",
    "cashflow/runs/{run}/ladder?by=node",
    "cashflow/runs/{run}/ladder?by=issuer",
    "cashflow/runs/{run}/repricing?by=book",
    "cashflow/runs/{run}/liquidity/lcr",
    "cashflow/bridge?from={run}&to={run}&by=book",
    "regulatory/runs/{run}/capital",
    "regulatory/runs/{run}/capital?by=issuer_id",
    "regulatory/runs/{run}/exposures",
    "regulatory/runs/{run}/concentration",
    "regulatory/runs/{run}/economic_capital",
    "regulatory/runs/{run}/netting_sets",
    "regulatory/runs/{run}/trades",
    "regulatory/runs/{run}/frtb",
    "regulatory/runs/{run}/allowance/positions",
    "regulatory/runs/{run}/allowance/segments",
    "regulatory/compare?from={run}&to={run}",
    "regulatory/rollforward?from={run}&to={run}",
)
DOCUMENTS = (
    "orchestrator/runs",
    "orchestrator/runs/{run}",
    "orchestrator/runs/{run}/history",
    "results/runs/{run}/groupings",
    "orchestrator/schedules",
    "risk/runs/{run}/quotes",
    f"risk/runs/{{run}}/quotes?node={MINE}",
    "portfolio/snapshots",
    "portfolio/snapshots/{portfolio}/tree",
    "portfolio/runs/{run}/tree",
    "portfolio/snapshots/{portfolio}/segments?by=desk",
    "portfolio/snapshots/{portfolio}/segments?by=currency&concentration=issuer_id",
    "portfolio/snapshots/{portfolio}/changes?since={portfolio}",
    "ingestion/snapshots",
    "ingestion/snapshots/{portfolio}",
)
WHOLE_BOOKS = (
    "audit/status",
    "audit/verifications",
    "audit/checkpoints",
    "audit/streams/{run}",
    "audit/streams/{portfolio}",
    "audit/runs/{run}/certificate",
    "regulatory/runs/{run}/limits",
    "regulatory/runs/{run}/stress/losses",
    "regulatory/runs/{run}/stress/irrbb",
)
ABOVE = (
    "results/runs/{run}/totals?by=total",
    "results/runs/{run}/totals?by=fund",
    "results/runs/{run}/totals?by=fund,currency",
    "results/runs/{run}/totals?by=currency&node=MERIDIAN",
    "results/runs/{run}/positions?node=MERIDIAN",
    "risk/runs/{run}/key-rates",
    "risk/runs/{run}/key-rates?by=node&key=MERIDIAN",
    "risk/runs/{run}/quotes?node=MERIDIAN",
    f"risk/runs/{{run}}/quotes?node={OTHERS}",
    "risk/compare?from={run}&to={run}",
    "risk/compare?from={run}&to={run}&by=total",
    "risk/compare?from={run}&to={run}&by=total,currency",
    "risk/compare?from={run}&to={run}&by=total&node=MERIDIAN",
    f"risk/compare?from={{run}}&to={{run}}&by=total&node={OTHERS}",
    f"risk/compare?from={{run}}&to={{run}}&by=currency&node={OTHERS}",
    "risk/compare/positions?from={run}&to={run}&node=MERIDIAN",
    f"risk/compare/positions?from={{run}}&to={{run}}&node={OTHERS}",
    "risk/runs/{run}/scenarios?by=total",
    "risk/runs/{run}/scenarios?by=fund",
    "results/runs/{run}/totals?by=total,currency",
    f"results/runs/{{run}}/totals?by=currency&node={OTHERS}",
    f"cashflow/runs/{{run}}/liquidity/lcr?node={OTHERS}",
    f"cashflow/runs/{{run}}/repricing?node={OTHERS}",
    "cashflow/runs/{run}/ladder?node=MERIDIAN",
)


@pytest.fixture(scope="module")
def whole(opened: Opened) -> dict[str, str]:
    return opened.key("viewer")


@pytest.fixture(scope="module")
def mine(opened: Opened) -> dict[str, str]:
    return opened.key("viewer", MINE)


@pytest.fixture(scope="module")
def rows(opened: Opened, whole: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = opened.get(
        f"results/runs/{opened.run_id}/positions?with=desk,issuer_id", whole
    ).json()
    return found


@pytest.fixture(scope="module")
def others_words(rows: list[dict[str, Any]], opened: Opened, whole: dict[str, str]) -> set[str]:
    """Ids that only positions out of scope have, and names of nodes out of scope."""
    ids = ("position_id", "instrument_id", "book_id", "issuer_id")
    seen = {row[name] for row in rows for name in ids if row["desk"] == MINE}
    tree = opened.get(f"portfolio/runs/{opened.run_id}/tree", whole).json()
    others = {row[name] for row in rows for name in ids if row["desk"] != MINE} | {
        node["node_id"] for node in tree if MINE not in node["path"]
    }
    return {word for word in others - seen if word}


def address(opened: Opened, template: str) -> str:
    return template.format(run=opened.run_id, portfolio=opened.portfolio)


def words_of(content: bytes, format: str) -> str:
    """All that an answer says, as a text."""
    match format:
        case "arrow":
            return str(pa.ipc.open_stream(content).read_all().to_pylist())
        case "parquet":
            return str(pq.read_table(io.BytesIO(content)).to_pylist())
        case "xlsx":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))
        case _:
            return content.decode()


@pytest.mark.parametrize("template", TABLES)
def test_a_table_says_nothing_of_others(
    opened: Opened, mine: dict[str, str], whole: dict[str, str], others_words: set[str], template: str
) -> None:
    asked = address(opened, template)
    assert opened.get(asked, whole).status_code == 200
    for format in FORMATS:
        joint = "&" if "?" in asked else "?"
        answer = opened.get(f"{asked}{joint}format={format}", mine)
        assert answer.status_code == 200, answer.text[:500]
        said = words_of(answer.content, format)
        assert not {word for word in others_words if f"{word}'" in said or f'{word}"' in said or f"{word}," in said}
        assert not {word for word in others_words if f">{word}<" in said}


@pytest.mark.parametrize("template", DOCUMENTS)
def test_a_document_says_nothing_of_others(
    opened: Opened, mine: dict[str, str], others_words: set[str], template: str
) -> None:
    answer = opened.get(address(opened, template), mine)
    assert answer.status_code == 200, answer.text[:500]
    assert not {word for word in others_words if f'"{word}"' in answer.text}


@pytest.mark.parametrize("template", WHOLE_BOOKS)
def test_what_shows_whole_books_is_not_there(opened: Opened, mine: dict[str, str], template: str) -> None:
    here = opened.get(address(opened, template), mine)
    nowhere = opened.get(template.format(run="no-such", portfolio="no-such"), mine)
    assert (here.status_code, nowhere.status_code) == (404, 404)
    assert {**here.json(), "instance": ""} == {**nowhere.json(), "instance": ""}


@pytest.mark.parametrize("template", ABOVE)
def test_totals_above_the_scope_are_not_there(opened: Opened, mine: dict[str, str], template: str) -> None:
    assert opened.get(address(opened, template), mine).status_code == 404


def test_positions_are_those_below_the_nodes(opened: Opened, mine: dict[str, str], rows: list[dict[str, Any]]) -> None:
    seen = opened.get(f"results/runs/{opened.run_id}/positions?with=desk,issuer_id", mine).json()
    assert seen == [row for row in rows if row["desk"] == MINE]
    assert 0 < len(seen) < len(rows)


def test_counts_are_those_in_scope(opened: Opened, mine: dict[str, str], rows: list[dict[str, Any]]) -> None:
    own = [row for row in rows if row["desk"] == MINE]
    failed = sum(row["status"] == "FAILED" for row in own)
    for run in (
        opened.get(f"orchestrator/runs/{opened.run_id}", mine).json(),
        opened.get("orchestrator/runs", mine).json()[0],
    ):
        assert (run["positions"], run["priced"], run["failed"]) == (len(own), len(own) - failed, failed)
    (snapshot,) = opened.get("ingestion/snapshots", mine).json()
    assert (snapshot["row_counts"], snapshot["control_totals"]) == ({"positions": len(own)}, {})
    answer = opened.get(f"results/runs/{opened.run_id}/positions?limit=2", mine)
    assert answer.headers["x-total-count"] == str(len(own))


def test_pages_go_on_to_the_end_of_the_scope(opened: Opened, mine: dict[str, str]) -> None:
    asked = f"results/runs/{opened.run_id}/positions?columns=pv"
    every = opened.get(asked, mine).json()
    paged: list[Any] = []
    path = f"/api/v1/{asked}&limit=3"
    while path:
        answer = opened.client.get(path, headers=mine)
        paged += answer.json()
        path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert paged == every


def test_totals_at_nodes_are_those_of_the_whole(opened: Opened, mine: dict[str, str], whole: dict[str, str]) -> None:
    asked = f"results/runs/{opened.run_id}/totals?by=node"
    every = {row["node"]: row for row in opened.get(asked, whole).json()}
    seen = {row["node"]: row for row in opened.get(asked, mine).json()}
    assert set(seen) == {MINE, "MERIDIAN-BONDS", "MERIDIAN-FLOATERS"}
    assert all(seen[node] == every[node] for node in seen)


def test_totals_by_attribute_sum_what_is_in_scope(
    opened: Opened, mine: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    for by in ("currency", "product_type"):
        found = {row[by]: row for row in opened.get(f"results/runs/{opened.run_id}/totals?by={by}", mine).json()}
        own = [row for row in rows if row["desk"] == MINE]
        assert set(found) == {row[by] for row in own}
        for key, total in found.items():
            values = [row["pv_base"] for row in own if row[by] == key]
            assert total["positions"] == len(values)
            assert total["pv_base"] == pytest.approx(sum(value for value in values if value is not None), rel=1e-12)


def test_the_largest_are_the_largest_in_scope(opened: Opened, mine: dict[str, str], rows: list[dict[str, Any]]) -> None:
    own = [row for row in rows if row["desk"] == MINE and row["pv_base"] is not None]
    ranked = sorted(own, key=lambda row: -abs(row["pv_base"]))
    top = opened.get(f"results/runs/{opened.run_id}/top?limit=1000", mine).json()
    assert [row["position_id"] for row in top] == [row["position_id"] for row in ranked]


def test_a_position_of_others_is_as_one_that_is_not_there(
    opened: Opened, mine: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    theirs = next(row["position_id"] for row in rows if row["desk"] == OTHERS)
    own = next(row["position_id"] for row in rows if row["desk"] == MINE)
    run = opened.run_id
    for template in (
        "results/runs/{run}/positions/{id}",
        "cashflow/runs/{run}/positions/{id}",
        "regulatory/runs/{run}/explain/{id}",
        "audit/runs/{run}/lineage?position={id}&measure=PV",
    ):
        assert opened.get(template.format(run=run, id=own), mine).status_code == 200
        refused = [opened.get(template.format(run=run, id=each), mine) for each in (theirs, "no-such")]
        said = [answer.text.replace(theirs, "no-such") for answer in refused]
        assert [answer.status_code for answer in refused] == [404, 404]
        assert said[0] == said[1]


def test_a_run_of_others_is_as_one_that_is_not_there(opened: Opened) -> None:
    nobody = opened.key("operator", "NOWHERE")
    assert opened.get("orchestrator/runs", nobody).json() == []
    assert opened.get("portfolio/snapshots", nobody).json() == []
    other = "00000000-0000-4000-8000-000000000000"
    for template in (
        "orchestrator/runs/{run}",
        "orchestrator/runs/{run}/history",
        "orchestrator/runs/{run}/events",
        "results/runs/{run}/positions",
        "risk/runs/{run}/var",
        "cashflow/runs/{run}/ladder",
        "regulatory/runs/{run}/capital",
        "portfolio/snapshots/{portfolio}/tree",
        "ingestion/snapshots/{portfolio}",
    ):
        here = opened.get(address(opened, template), nobody)
        nowhere = opened.get(template.format(run=other, portfolio=other), nobody)
        assert (here.status_code, nowhere.status_code) == (404, 404), template
        known = here.text.replace(opened.run_id, other).replace(opened.portfolio, other)
        assert known == nowhere.text
    for change in ("cancel", "retry"):
        refused = [
            opened.client.post(f"/api/v1/orchestrator/runs/{run}/{change}", headers=nobody)
            for run in (opened.run_id, other)
        ]
        assert [answer.status_code for answer in refused] == [404, 404]
    assert opened.get(f"orchestrator/runs/{opened.run_id[:8]}", nobody).status_code == 404
    assert opened.get("orchestrator/runs/latest", nobody).status_code == 404


def test_answers_are_named_by_the_scope_too(opened: Opened, mine: dict[str, str], whole: dict[str, str]) -> None:
    for asked in (f"results/runs/{opened.run_id}/positions", f"orchestrator/runs/{opened.run_id}"):
        tags = {opened.get(asked, who).headers["etag"] for who in (mine, whole, opened.key("viewer", OTHERS))}
        assert len(tags) == 3
        theirs = opened.get(asked, whole).headers["etag"]
        assert opened.get(asked, mine, headers={"If-None-Match": theirs}).status_code == 200
        own = opened.get(asked, mine)
        assert opened.get(asked, mine, headers={"If-None-Match": own.headers["etag"]}).status_code == 304
        assert "private" in own.headers["cache-control"]
        assert {"Authorization", "Cookie"} <= {name.strip() for name in own.headers["vary"].split(",")}


def test_an_auditor_reads_everything_and_changes_nothing(opened: Opened, rows: list[dict[str, Any]]) -> None:
    auditor = opened.key("auditor")
    assert len(opened.get(f"results/runs/{opened.run_id}/positions", auditor).json()) == len(rows)
    assert opened.get("orchestrator/access-log", auditor).status_code == 200
    assert opened.get(f"audit/streams/{opened.run_id}", auditor).status_code == 200
    refused = opened.client.post(f"/api/v1/orchestrator/runs/{opened.run_id}/approve", headers=auditor)
    assert refused.status_code == 403
