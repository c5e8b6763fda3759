"""The client on an event loop."""

from datetime import date
from types import TracebackType
from typing import Any

from tenor import managed, operations
from tenor.aio.managing import AccessLog, Keys, Mappings, Marts, Models, Policies, ReadModels, Schedules, Webhooks
from tenor.aio.runs import Results, Runs
from tenor.exchange import Ask, Operation, Retries, Session, T, query, server_key, server_url
from tenor.managed import HIERARCHIES
from tenor.operations import Question, Row, Rows, Snapshot, segment
from tenor.uploads import Document, Source, Sources, as_bytes
from tenor.wire import Awaiting


def connect(
    url: str | None = None,
    key: str | None = None,
    *,
    timeout: float = 120.0,
    retries: Retries | None = None,
    transport: Any = None,
) -> "Client":
    """A client of the server at `url` (TENOR_SERVER) under `key` (TENOR_KEY). `timeout` is of one answer, in seconds;
    `transport` an httpx transport of your own."""
    wire = Awaiting(server_url(url), server_key(key), timeout, transport)
    return Client(wire, Session(retries or Retries()))


class Client:
    """`async with tenor.aio.connect() as client:` closes its connections at the end."""

    def __init__(self, wire: Awaiting, session: Session) -> None:
        self._wire, self.session = wire, session
        self.portfolios, self.markets = Portfolios(self), Markets(self)
        self.scenarios, self.runs = Scenarios(self), Runs(self)
        self.keys, self.access_log, self.mappings = Keys(self), AccessLog(self), Mappings(self)
        self.marts, self.schedules, self.webhooks = Marts(self), Schedules(self), Webhooks(self)
        self.policies, self.models, self.read_models = Policies(self), Models(self), ReadModels(self)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._wire.close()

    async def drive(self, operation: Operation[T]) -> T:
        return await self._wire.run(operation)

    async def document(self, path: str, **params: Any) -> Any:
        """What any address of the server answers in JSON."""
        return await self.drive(operations.document(Ask("GET", path, query(**params)), self.session))

    def table(self, path: str, **params: Any) -> "Results":
        """What any address of the server answers as a table."""
        return Results(self, Question(path, query(**params)))


class Portfolios:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def ingest(
        self,
        source: Sources,
        *,
        mapping: Document | None = None,
        book: str | None = None,
        portfolio: str | None = None,
        as_of: date | str | None = None,
        dry_run: bool = False,
        accept_valid: bool = False,
        rates_are_decimals: bool = False,
        rejects: Source | None = None,
    ) -> Snapshot:
        """Send a folder of tables, an archive of them, or a workbook; it is validated whole, then stored. With a
        `mapping`, a name or a document, one file or several are tapes; `book` then holds all positions, and rejected
        rows go to the file `rejects`, as they came, each with its reason."""
        params = {"portfolio": portfolio, "as_of": as_of, "dry_run": dry_run, "book": book}
        params |= {"accept_valid": accept_valid, "rates_are_decimals": rates_are_decimals}
        return await self._client.drive(operations.ingest(source, self._client.session, mapping, params, rejects))

    async def list(self) -> Rows:
        """Newest first."""
        return await self._client.drive(operations.whole_list("/api/v1/ingestion/snapshots", self._client.session))

    async def get(self, snapshot: str | Snapshot = "latest") -> Row:
        said: Row = await self._client.document(f"/api/v1/ingestion/snapshots/{segment(str(snapshot))}")
        return said

    async def tree(self, snapshot: str | Snapshot = "latest") -> Rows:
        """Funds, desks and books, parents first."""
        rows: Rows = await self._client.document(f"/api/v1/portfolio/snapshots/{segment(str(snapshot))}/tree")
        return rows

    async def segments(self, by: str, snapshot: str | Snapshot = "latest", **asked: Any) -> Rows:
        """Sums by segment and currency; `node`, `amount`, `weighted`, `concentration`, `top` beside."""
        path = f"/api/v1/portfolio/snapshots/{segment(str(snapshot))}/segments"
        rows: Rows = await self._client.document(path, by=by, **asked)
        return rows

    async def compare(self, earlier: str | Snapshot, later: str | Snapshot = "latest") -> Rows:
        """By table the rows that are new, gone and changed, and what changed column by column."""
        path = f"/api/v1/portfolio/snapshots/{segment(str(later))}/changes"
        rows: Rows = await self._client.document(path, since=str(earlier))
        return rows

    async def history(self, portfolio: str, *, instrument: str | None = None, issuer: str | None = None) -> Rows:
        """When one instrument, or one issuer, appeared, changed and went."""
        thing, key = ("instruments", instrument) if issuer is None else ("issuers", issuer)
        path = f"/api/v1/portfolio/{thing}/{segment(str(key))}/history"
        rows: Rows = await self._client.document(path, portfolio=portfolio)
        return rows

    async def hierarchy(self, portfolio: str, as_of_event: int | None = None) -> Row:
        """The tree that the next files of this name will have, and what was decided about it."""
        said: Row = await self._client.document(f"{HIERARCHIES}/{segment(portfolio)}", as_of_event=as_of_event)
        return said

    async def create_node(
        self, portfolio: str, node: str, *, kind: str = "BOOK", parent: str | None = None, name: str | None = None
    ) -> Row:
        path, session = f"{HIERARCHIES}/{segment(portfolio)}/nodes", self._client.session
        return await self._client.drive(
            managed.done(path, session, node_id=node, kind=kind, parent_id=parent, name=name)
        )

    async def move_node(self, portfolio: str, node: str, parent: str | None = None) -> Row:
        return await self._change(portfolio, node, "move", parent_id=parent)

    async def rename_node(self, portfolio: str, node: str, name: str) -> Row:
        return await self._change(portfolio, node, "rename", name=name)

    async def close_node(self, portfolio: str, node: str, reason: str = "") -> Row:
        return await self._change(portfolio, node, "close", reason=reason)

    async def _change(self, portfolio: str, node: str, what: str, **body: Any) -> Row:
        path = f"{managed.node_of(portfolio, node)}/{what}"
        return await self._client.drive(managed.done(path, self._client.session, **body))


class Markets:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def load(
        self,
        market: Document | Sources,
        *,
        mapping: Document | None = None,
        as_of: date | str | None = None,
        base_currency: str | None = None,
        rates_are_decimals: bool = False,
    ) -> Snapshot:
        """A market document: a file, bytes, or what is to be JSON. With a `mapping`, a name or a document, one file or
        several of quotes; `as_of` is then their date, and `base_currency` what they do not say."""
        params = {"rates_are_decimals": rates_are_decimals, "as_of": as_of, "base_currency": base_currency}
        return await self._client.drive(operations.load_market(market, self._client.session, mapping, params))

    async def list(self) -> Rows:
        """Newest first."""
        return await self._client.drive(operations.whole_list("/api/v1/marketdata/markets", self._client.session))

    async def get(self, snapshot: str | Snapshot = "latest") -> Row:
        """The document as it was loaded."""
        said: Row = await self._client.document(f"/api/v1/marketdata/markets/{segment(str(snapshot))}")
        return said


class Scenarios:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def define(self, scenarios: Document, *, rates_are_decimals: bool = False) -> Any:
        """One scenario or a list of them: a file, bytes, or what is to be JSON. Answers ids and versions alike."""
        body = as_bytes(scenarios)
        return await self._post("scenarios", body, rates_are_decimals=rates_are_decimals)

    async def define_set(self, scenario_set: Document) -> Row:
        said: Row = await self._post("sets", as_bytes(scenario_set))
        return said

    async def history(
        self,
        history: Document,
        *,
        set: str,
        horizon: int = 1,
        last: int | None = None,
        rates_are_decimals: bool = False,
    ) -> Row:
        """A scenario for every date of a table of past moves or levels, and the set of them."""
        params = {"set": set, "horizon": horizon, "last": last, "rates_are_decimals": rates_are_decimals}
        return await self._client.drive(operations.define_history(history, self._client.session, params))

    async def list(self) -> Rows:
        return await self._client.drive(operations.whole_list("/api/v1/scenario/scenarios", self._client.session))

    async def get(self, scenario: str) -> Row:
        """`up100`, or `up100@2`."""
        said: Row = await self._client.document(f"/api/v1/scenario/scenarios/{segment(scenario)}")
        return said

    async def _post(self, where: str, body: bytes, **params: Any) -> Any:
        return await self._client.drive(
            operations.post(f"/api/v1/scenario/{where}", body, self._client.session, **params)
        )
