"""Runs on an event loop, and the tables of one."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tenor import managed, operations
from tenor.context import shows_progress
from tenor.exchange import Operation, Session, T, query
from tenor.operations import ORCHESTRATOR, Question, Row, Rows, Snapshot, Words, segment
from tenor.progress import Bar
from tenor.questions import OfRun
from tenor.tables import Table
from tenor.uploads import Source
from tenor.waiting import until_settled

if TYPE_CHECKING:
    import pyarrow as pa


class Driven(Protocol):
    """The client, as far as runs need it."""

    session: Session

    async def drive(self, operation: Operation[T]) -> T: ...
    async def document(self, path: str, **params: Any) -> Any: ...


class Runs:
    def __init__(self, client: "Driven") -> None:
        self._client = client

    def submit(
        self,
        portfolio: str | Snapshot | None = None,
        market: str | Snapshot | None = None,
        *,
        scenarios: Words = None,
        measures: Words = None,
        base_currency: str | None = None,
        cashflows: Words = None,
        policy: str | None = None,
        rules: Words = None,
        require_approved_models: bool | None = None,
        idempotency_key: str | None = None,
    ) -> "Submitted":
        """Ask for a run; what is not told, the `RunContext` around says, or else the server."""
        told = {
            "portfolio": portfolio,
            "market": market,
            "scenarios": scenarios,
            "measures": measures,
            "base_currency": base_currency,
            "cashflows": cashflows,
            "policy": policy,
            "rules": rules,
            "require_approved_models": require_approved_models,
        }
        return Submitted(self._client, operations.submit(self._client.session, idempotency_key, told))

    async def check(
        self,
        portfolio: str | Snapshot,
        market: str | Snapshot,
        *,
        scenarios: Words = None,
        measures: Words = None,
        base_currency: str | None = None,
    ) -> Row:
        """What a run over these would lack, by sentence and count; nothing is priced, nothing stored."""
        told = {"portfolio": str(portfolio), "market": str(market), "base_currency": base_currency}
        words = {"scenarios": operations.words_of(scenarios), "measures": operations.words_of(measures)}
        found: Row = await self._client.drive(
            managed.done(f"{ORCHESTRATOR}/checks", self._client.session, **told, **words)
        )
        return found

    async def list(self) -> Rows:
        """Newest first."""
        return await self._client.drive(operations.whole_list(f"{ORCHESTRATOR}/runs", self._client.session))

    async def get(self, run: str = "latest") -> "Run":
        return Run(self._client, await self._client.drive(operations.run(run, self._client.session)))


class Submitted:
    """A run that is being asked for: `await` gives it, `await ….wait()` gives it once its figures are there."""

    def __init__(self, client: "Driven", asking: Operation[Row]) -> None:
        self._client, self._asking = client, asking

    async def _asked(self) -> "Run":
        return Run(self._client, await self._client.drive(self._asking))

    def __await__(self) -> Generator[Any, None, "Run"]:
        return self._asked().__await__()

    async def wait(self, progress: bool | None = None, timeout: float | None = None) -> "Run":
        return await (await self._asked()).wait(progress, timeout)


class Run:
    """`document` is what the server said last; `refresh` asks again."""

    def __init__(self, client: "Driven", document: Row) -> None:
        self._client, self.document = client, document
        self._tables = OfRun(self.run_id)

    def __repr__(self) -> str:
        return f"<Run {self.run_id} {self.status}>"

    def __str__(self) -> str:
        return self.run_id

    @property
    def run_id(self) -> str:
        return str(self.document["run_id"])

    @property
    def status(self) -> str:
        return str(self.document["status"])

    async def refresh(self) -> "Run":
        return await self._now(operations.run(self.run_id, self._client.session))

    async def wait(self, progress: bool | None = None, timeout: float | None = None) -> "Run":
        """Until its figures can be asked for. `progress` shows a bar on stderr."""
        tell = Bar() if shows_progress(progress) else silent
        return await self._now(until_settled(self.run_id, tell, timeout, self._client.session))

    def results(
        self,
        by: str | None = None,
        scenario: str | None = None,
        *,
        measures: Words = None,
        columns: Words = None,
        attached: Words = None,
        where: str | None = None,
        node: str | None = None,
        sort: str | None = None,
        q: str | None = None,
    ) -> "Results":
        """Totals `by` node, attribute or tag; without it every position. `attached` are columns of positions,
        instruments and issuers beside the figures."""
        asked = {"scenario": scenario, "where": where, "node": node, "sort": sort, "q": q}
        columns_of = {"measures": measures, "columns": columns, "attached": attached}
        return self._table(self._tables.results(by, **columns_of, **asked))

    def totals(
        self,
        by: str = "fund",
        scenario: str | None = None,
        *,
        measures: Words = None,
        columns: Words = None,
        where: str | None = None,
        node: str | None = None,
    ) -> "Results":
        return self.results(by, scenario, measures=measures, columns=columns, where=where, node=node)

    async def position(self, position_id: str, scenario: str | None = None) -> Rows:
        """One position, a row for each scenario."""
        path = f"/api/v1/results/runs/{self.run_id}/positions/{segment(position_id)}"
        rows: Rows = await self._client.document(path, scenario=scenario)
        return rows

    def cashflows(
        self,
        position: str | None = None,
        *,
        deal: str | None = None,
        pool: bool = False,
        repricing: bool = False,
        liquidity: str | None = None,
        by: str | None = None,
        node: str | None = None,
        buckets: str | None = None,
        scenario: str | None = None,
        basis: str | None = None,
    ) -> "Results":
        """The schedule of a position, a deal or its pool, LCR, NSFR or LIQUIDATION; else the ladder of all."""
        asked = {"by": by, "node": node, "buckets": buckets, "scenario": scenario, "basis": basis}
        return self._table(self._tables.cashflows(position, deal, liquidity, pool=pool, repricing=repricing, **asked))

    def capital(self, report: str = "capital", *, by: str | None = None, years: int | None = None) -> "Results":
        """Capital at nodes, or `exposures`, `netting_sets`, `concentration`, `frtb`, …"""
        return self._table(self._tables.capital(report, by=by, years=years))

    def allowance(self, report: str = "segments") -> "Results":
        return self._table(self._tables.allowance(report))

    def stress(self, report: str = "path", scenario: str | None = None) -> "Results":
        return self._table(self._tables.stress(report, scenario))

    def var(self, **asked: Any) -> "Results":
        """`method`, `by`, `node`, `history`, `confidence`, `es_confidence`, `decay`."""
        return self._table(self._tables.var(**asked))

    def key_rates(self, **asked: Any) -> "Results":
        """`by`, `key`, `scenario`."""
        return self._table(self._tables.key_rates(**asked))

    async def explain(self, exposure_id: str) -> Row:
        """Rule, paragraph, inputs and arithmetic of one exposure's capital."""
        said: Row = await self._client.document(f"/api/v1/regulatory/runs/{self.run_id}/explain/{segment(exposure_id)}")
        return said

    def limits(self) -> "Results":
        """What the run uses of the limits of its policy."""
        return self._table(Question(f"/api/v1/regulatory/runs/{self.run_id}/limits", {}))

    async def check_limits(self) -> Row:
        """The same, and a breach is recorded, once."""
        path = f"/api/v1/regulatory/runs/{self.run_id}/limits/check"
        said: Row = await self._client.drive(operations.post(path, b"", self._client.session))
        return said

    async def quotes(self, node: str | None = None, position: str | None = None) -> Row:
        """DV01 by market quote, of all positions, of a node or of one."""
        said: Row = await self._client.document(f"/api/v1/risk/runs/{self.run_id}/quotes", node=node, position=position)
        return said

    def compare(self, earlier: object, by: str = "total", **asked: Any) -> "Results":
        """Why totals moved since an earlier run; `measure`, `scenario`, `node` beside."""
        said = query(**{"from": str(earlier)}, to=self.run_id, by=by, **asked)
        return self._table(Question("/api/v1/risk/compare", said))

    async def lineage(self, position: str, measure: str, scenario: str = "BASE") -> Row:
        """From a number to everything that it came from."""
        path = f"/api/v1/audit/runs/{self.run_id}/lineage"
        said: Row = await self._client.document(path, position=position, measure=measure, scenario=scenario)
        return said

    async def approve(self, reason: str = "") -> "Run":
        return await self._change("approve", reason)

    async def reject(self, reason: str = "") -> "Run":
        return await self._change("reject", reason)

    async def publish(self, reason: str = "") -> "Run":
        return await self._change("publish", reason)

    async def cancel(self, reason: str = "") -> "Run":
        return await self._change("cancel", reason)

    async def retry(self) -> "Run":
        return await self._change("retry", "")

    async def _change(self, what: str, reason: str) -> "Run":
        return await self._now(operations.change(self.run_id, what, reason, self._client.session))

    async def _now(self, operation: Operation[Row]) -> "Run":
        self.document = await self._client.drive(operation)
        return self

    def _table(self, question: Question) -> "Results":
        return Results(self._client, question)


class Results:
    """A table that is fetched when it is first asked for, and kept; `await` gives the rows that are then here."""

    def __init__(self, client: "Driven", question: Question) -> None:
        self._client, self.question = client, question
        self._table: Table | None = None

    async def fetch(self) -> Table:
        if self._table is None:
            self._table = Table.of(await self._client.drive(operations.fetched(self.question, self._client.session)))
        return self._table

    def __await__(self) -> Generator[Any, None, Table]:
        return self.fetch().__await__()

    async def to_arrow(self) -> "pa.Table":
        return (await self.fetch()).to_arrow()

    async def to_pandas(self) -> Any:
        return (await self.fetch()).to_pandas()

    async def to_polars(self) -> Any:
        return (await self.fetch()).to_polars()

    async def to_pylist(self) -> Rows:
        return (await self.fetch()).to_pylist()

    async def save(self, file: Source) -> Path:
        """Straight to a file, in the format of its name: .parquet, .csv, .arrow, .xlsx or .json."""
        return await self._client.drive(operations.saved(self.question, file, self._client.session))


def silent(_said: Row) -> None:
    """Nobody watches."""
