"""The Python client against a server: what a session in a notebook does, blocking and asynchronous."""

import asyncio
import inspect
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tenor
import tenor.aio
from tenor import operations
from tenor.progress import Bar

from tests.clients.conftest import Served
from tests.walk.command_line import SMALL_FUND


@pytest.fixture
def client(served: Served) -> Iterator[tenor.Client]:
    with tenor.connect(served.url) as made:
        yield made


@pytest.fixture
def run(client: tenor.Client, served: Served) -> tenor.Run:
    return client.runs.get(served.run_id)


def test_a_list_is_read_to_its_end_page_by_page(client: tenor.Client, served: Served) -> None:
    path = "/api/v1/scenario/scenarios"
    whole = client.scenarios.list()
    assert len(whole) > 2
    assert client.drive(operations.whole_list(path, client.session, limit=2)) == whole

    async def session() -> list[dict[str, Any]]:
        async with tenor.aio.connect(served.url) as other:
            return await other.drive(operations.whole_list(path, other.session, limit=1))

    assert asyncio.run(session()) == whole


def small_fund_of(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Other tests bring others to the same server."""
    return next(each for each in listed if each["name"] == "small_fund")


def by_key(rows: list[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[name] for name in names): row for row in rows}


def test_what_was_brought_is_listed_and_found_again(client: tenor.Client) -> None:
    portfolio, market = small_fund_of(client.portfolios.list()), client.markets.list()[0]
    assert (portfolio["name"], portfolio["as_of"]) == ("small_fund", "2026-01-15")
    assert client.portfolios.get(portfolio["snapshot_id"][:13])["snapshot_id"] == portfolio["snapshot_id"]
    assert client.portfolios.tree()[0]["parent_id"] is None
    assert client.markets.get(market["snapshot_id"][:13])["as_of"] == market["as_of"]
    assert {"BASE", "up100"} <= {each["scenario_id"] for each in client.scenarios.list()}
    assert client.scenarios.get("up100@1")["version"] == 1


def test_the_same_content_again_is_the_same_snapshot_as_archive_or_workbook(
    client: tenor.Client, tmp_path: Path
) -> None:
    known = client.portfolios.list()[0]["sha256"]
    archive = tmp_path / "fund.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for table in SMALL_FUND.glob("*.csv"):
            packed.write(table, table.name)
    tried = client.portfolios.ingest(archive, dry_run=True)
    assert (tried.snapshot_id, tried.sha256, tried.document["portfolio"]) == ("", known, "fund")


def test_results_by_desk_are_the_sums_of_their_positions(run: tenor.Run) -> None:
    desks = run.results(by="desk", scenario="up100", measures=["PV"]).to_pylist()
    positions = run.results(scenario="up100", measures="PV").to_pylist()
    tree = {row["book_id"] for row in positions}
    assert len(tree) > 1 and len(desks) > 1
    total = sum(row["pv_base"] or 0.0 for row in positions)
    assert sum(row["pv_base"] for row in desks) == pytest.approx(total, rel=1e-12)
    assert run.totals("desk", "up100", measures="PV").to_pylist() == desks


def test_a_table_is_arrow_pandas_polars_and_files(run: tenor.Run, tmp_path: Path) -> None:
    import pandas
    import polars
    import pyarrow.parquet as pq

    results = run.results(by="desk", scenario="up100")
    table = results.to_arrow()
    assert len(results) == table.num_rows == len(results.to_pandas()) == len(results.to_polars())
    assert isinstance(results.to_pandas(), pandas.DataFrame) and isinstance(results.to_polars(), polars.DataFrame)
    assert polars.DataFrame(results).equals(results.to_polars())
    assert pq.read_table(results.save(tmp_path / "desks.parquet")).equals(table)
    frame = pandas.read_csv(results.save(tmp_path / "desks.csv"))
    assert list(frame["pv_base"]) == table["pv_base"].to_pylist()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["desks.csv", "desks.parquet"]
    with pytest.raises(tenor.Invalid, match="UNKNOWN_FORMAT"):
        results.save(tmp_path / "desks.dbf")


def test_one_position_its_cash_flows_and_its_capital(run: tenor.Run) -> None:
    rows = by_key(run.position("P-01"), "scenario_id")
    wide = by_key(run.results().to_pylist(), "position_id", "scenario_id")
    assert all(wide["P-01", *key]["pv"] == row["pv"] for key, row in rows.items()) and len(rows) > 1
    schedule = run.cashflows("P-01", scenario="BASE").to_arrow()
    assert schedule.num_rows and set(schedule["position_id"].to_pylist()) == {"P-01"}
    assert run.cashflows(by="book", buckets="IRRBB").to_arrow().num_rows
    assert "ead" in run.capital().to_arrow().schema.names
    assert run.explain("P-01")["exposure_id"] == "P-01"
    assert "allowance" in run.allowance().to_arrow().schema.names
    lineage = run.lineage("P-01", "PV")
    assert lineage["number"]["values"] == {"pv": rows["BASE",]["pv"]}


class At(NamedTuple):
    client: tenor.Client
    run: tenor.Run


@pytest.mark.parametrize(
    ("ask", "kind", "code"),
    [
        (lambda at: at.run.position("NO-SUCH"), tenor.NotFound, "NOT_FOUND"),
        (lambda at: at.client.runs.get("ffffffff"), tenor.NotFound, "NOT_FOUND"),
        (lambda at: at.run.totals("desk", "nowhere").to_arrow(), tenor.Invalid, "BAD_QUERY"),
        (lambda at: at.run.cancel(), tenor.Conflict, None),
        (lambda at: at.run.cashflows("P-01", deal="D"), tenor.Invalid, "WHAT_IS_SHOWN"),
        (lambda at: at.run.results(by="desk", sort="pv"), tenor.Invalid, "BAD_QUERY"),
        (lambda at: at.client.runs.submit("latest"), tenor.Invalid, "NO_MARKET"),
        (lambda at: at.client.markets.load(b"{}"), tenor.Invalid, None),
        (lambda at: at.client.portfolios.ingest("/no/such/folder"), tenor.Invalid, "UNREADABLE_FILE"),
        (lambda _: tenor.connect("http://127.0.0.1:9", retries=tenor.Retries(2, 0.01)).runs.list(),
         tenor.Unreachable, "SERVER_UNREACHABLE"),
        (lambda _: tenor.connect("localhost:8000"), tenor.TenorError, "NO_SERVER"),
    ],
)  # fmt: skip
def test_whatever_is_refused_has_a_class_a_code_and_a_fix(
    client: tenor.Client, run: tenor.Run, ask: Any, kind: type[tenor.TenorError], code: str | None
) -> None:
    with pytest.raises(kind) as refused:
        ask(At(client, run))
    assert refused.value.code == (code or refused.value.code) and refused.value.code and refused.value.fix
    assert refused.value.status == (refused.value.document or {"status": 0})["status"]


def test_a_context_says_what_a_call_does_not(client: tenor.Client) -> None:
    around = tenor.RunContext(portfolio="latest", market="latest", scenarios=["up100"], measures=["PV"])
    with around, tenor.RunContext(measures=["ACCRUED_INTEREST"]):
        run = client.runs.submit(scenarios=[]).wait(timeout=300)
    assert (run.document["scenarios"], run.document["measures"]) == (["BASE"], ["PV", "ACCRUED_INTEREST"])
    with pytest.raises(TypeError, match="markets"):
        tenor.RunContext(markets="latest")
    with pytest.raises(tenor.Invalid, match="NO_PORTFOLIO"):
        client.runs.submit()


def test_the_same_key_again_is_the_same_run(client: tenor.Client) -> None:
    first, again = (
        client.runs.submit("latest", "latest", measures="PV", idempotency_key="client-test") for _ in range(2)
    )
    assert first.run_id == again.run_id
    first.wait(timeout=300)


def test_a_run_is_approved_and_published(client: tenor.Client) -> None:
    run = client.runs.submit("latest", "latest", measures=["PV"]).wait(timeout=300)
    assert run.approve("checked").status == "APPROVED"
    assert run.publish().status == run.refresh().status == "PUBLISHED"


def test_the_bar_shows_where_a_run_is_and_is_silent_where_nobody_watches() -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    said = {"run_id": "12345678-0", "status": "RUNNING", "progress": {"chunks": 4, "chunks_done": 2}}
    screen, file = Screen(), io.StringIO()
    for out in (screen, file):
        bar = Bar(out)
        bar(said)
        bar(said | {"status": "COMPLETED", "queryable": True})
    assert "2/4 RUNNING" in screen.getvalue() and screen.getvalue().endswith("\n")
    assert "RUNNING" not in file.getvalue() and "COMPLETED" in file.getvalue()


def test_the_same_session_on_an_event_loop(served: Served) -> None:
    async def session() -> None:
        async with tenor.aio.connect(served.url) as client:
            asked = client.runs.submit("latest", "latest", scenarios=["up100"], measures=["PV"])
            run, listed = await asyncio.gather(asked.wait(timeout=300), client.portfolios.list())
            brought = small_fund_of(listed)
            frame = await run.results(by="desk", scenario="up100").to_pandas()
            table = await run.results(by="desk", scenario="up100")
            assert len(frame) == len(table) and table.to_arrow().num_rows
            assert (await run.position("P-01"))[0]["position_id"] == "P-01"
            assert (await (await client.runs.submit("latest", "latest", measures="PV")).wait()).status == "COMPLETED"
            with pytest.raises(tenor.NotFound):
                await client.runs.get("ffffffff")
            again = await client.portfolios.ingest(SMALL_FUND, as_of="2026-01-15")
            assert again.snapshot_id == brought["snapshot_id"]

    asyncio.run(session())


def methods_of(kind: type) -> dict[str, list[str]]:
    return {
        name: [each.name for each in inspect.signature(found).parameters.values()]
        for name, found in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("kind", ["Client", "Portfolios", "Markets", "Scenarios"])
def test_both_clients_have_the_same_methods(kind: str) -> None:
    import tenor.aio.client
    import tenor.client

    assert methods_of(getattr(tenor.client, kind)) == methods_of(getattr(tenor.aio.client, kind))


@pytest.mark.parametrize(
    "kind", ["Keys", "AccessLog", "Mappings", "Marts", "Schedules", "Webhooks", "Policies", "Models"]
)
def test_both_clients_manage_alike(kind: str) -> None:
    import tenor.aio.managing
    import tenor.managing

    own = methods_of(getattr(tenor.managing, kind))
    assert own and own == methods_of(getattr(tenor.aio.managing, kind))


@pytest.mark.parametrize("kind", ["Runs", "Run", "Results"])
def test_both_clients_have_the_same_runs(kind: str) -> None:
    import tenor.aio.runs
    import tenor.runs

    own = methods_of(getattr(tenor.runs, kind))
    assert {name: own[name] for name in own if name != "note"} == methods_of(getattr(tenor.aio.runs, kind))


def test_importing_loads_neither_the_wire_nor_arrow_and_is_quick() -> None:
    code = (
        "import sys, time; started = time.process_time()\n"
        "import tenor, tenor.aio; used = time.process_time() - started\n"
        "heavy = {'httpx', 'pyarrow', 'pandas', 'polars', 'numpy'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(heavy)) or (f'{used:.3f} s' if used > 0.3 else 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(tenor.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
