"""The client that waits for its answers."""

from datetime import date
from types import TracebackType
from typing import Any

from tenor import managed, operations
from tenor.exchange import Ask, Operation, Retries, Session, T, query, server_key, server_url
from tenor.managed import HIERARCHIES
from tenor.managing import AccessLog, Keys, Mappings, Marts, Models, Policies, ReadModels, Schedules, Webhooks
from tenor.operations import Question, Row, Rows, Snapshot, segment
from tenor.runs import Results, Runs
from tenor.uploads import Document, Source, Sources, as_bytes
from tenor.wire import Blocking


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
    wire = Blocking(server_url(url), server_key(key), timeout, transport)
    return Client(wire, Session(retries or Retries()))


class Client:
    """`with tenor.connect() as client:` closes its connections at the end."""

    def __init__(self, wire: Blocking, session: Session) -> None:
        self._wire, self.session = wire, session
        self.portfolios, self.markets = Portfolios(self), Markets(self)
        self.scenarios, self.runs = Scenarios(self), Runs(self)
        self.keys, self.access_log, self.mappings = Keys(self), AccessLog(self), Mappings(self)
        self.marts, self.schedules, self.webhooks = Marts(self), Schedules(self), Webhooks(self)
        self.policies, self.models, self.read_models = Policies(self), Models(self), ReadModels(self)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def drive(self, operation: Operation[T]) -> T:
        return self._wire.run(operation)

    def document(self, path: str, **params: Any) -> Any:
        """What any address of the server answers in JSON."""
        return self.drive(operations.document(Ask("GET", path, query(**params)), self.session))

    def table(self, path: str, **params: Any) -> "Results":
        """What any address of the server answers as a table."""
        return Results(self, Question(path, query(**params)))


class Portfolios:
    def __init__(self, client: Client) -> None:
        self._client = client

    def ingest(
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
        return self._client.drive(operations.ingest(source, self._client.session, mapping, params, rejects))

    def list(self) -> Rows:
        """Newest first."""
        return self._client.drive(operations.whole_list("/api/v1/ingestion/snapshots", self._client.session))

    def get(self, snapshot: str | Snapshot = "latest") -> Row:
        said: Row = self._client.document(f"/api/v1/ingestion/snapshots/{segment(str(snapshot))}")
        return said

    def tree(self, snapshot: str | Snapshot = "latest") -> Rows:
        """Funds, desks and books, parents first."""
        rows: Rows = self._client.document(f"/api/v1/portfolio/snapshots/{segment(str(snapshot))}/tree")
        return rows

    def segments(self, by: str, snapshot: str | Snapshot = "latest", **asked: Any) -> Rows:
        """Sums by segment and currency; `node`, `amount`, `weighted`, `concentration`, `top` beside."""
        path = f"/api/v1/portfolio/snapshots/{segment(str(snapshot))}/segments"
        rows: Rows = self._client.document(path, by=by, **asked)
        return rows

    def compare(self, earlier: str | Snapshot, later: str | Snapshot = "latest") -> Rows:
        """By table the rows that are new, gone and changed, and what changed column by column."""
        path = f"/api/v1/portfolio/snapshots/{segment(str(later))}/changes"
        rows: Rows = self._client.document(path, since=str(earlier))
        return rows

    def history(self, portfolio: str, *, instrument: str | None = None, issuer: str | None = None) -> Rows:
        """When one instrument, or one issuer, appeared, changed and went."""
        thing, key = ("instruments", instrument) if issuer is None else ("issuers", issuer)
        path = f"/api/v1/portfolio/{thing}/{segment(str(key))}/history"
        rows: Rows = self._client.document(path, portfolio=portfolio)
        return rows

    def hierarchy(self, portfolio: str, as_of_event: int | None = None) -> Row:
        """The tree that the next files of this name will have, and what was decided about it."""
        said: Row = self._client.document(f"{HIERARCHIES}/{segment(portfolio)}", as_of_event=as_of_event)
        return said

    def create_node(
        self, portfolio: str, node: str, *, kind: str = "BOOK", parent: str | None = None, name: str | None = None
    ) -> Row:
        path = f"{HIERARCHIES}/{segment(portfolio)}/nodes"
        body = {"node_id": node, "kind": kind, "parent_id": parent, "name": name}
        return self._client.drive(managed.done(path, self._client.session, **body))

    def move_node(self, portfolio: str, node: str, parent: str | None = None) -> Row:
        return self._change(portfolio, node, "move", parent_id=parent)

    def rename_node(self, portfolio: str, node: str, name: str) -> Row:
        return self._change(portfolio, node, "rename", name=name)

    def close_node(self, portfolio: str, node: str, reason: str = "") -> Row:
        return self._change(portfolio, node, "close", reason=reason)

    def _change(self, portfolio: str, node: str, what: str, **body: Any) -> Row:
        path = f"{managed.node_of(portfolio, node)}/{what}"
        return self._client.drive(managed.done(path, self._client.session, **body))


class Markets:
    def __init__(self, client: Client) -> None:
        self._client = client

    def load(
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
        return self._client.drive(operations.load_market(market, self._client.session, mapping, params))

    def list(self) -> Rows:
        """Newest first."""
        return self._client.drive(operations.whole_list("/api/v1/marketdata/markets", self._client.session))

    def get(self, snapshot: str | Snapshot = "latest") -> Row:
        """The document as it was loaded."""
        said: Row = self._client.document(f"/api/v1/marketdata/markets/{segment(str(snapshot))}")
        return said


class Scenarios:
    def __init__(self, client: Client) -> None:
        self._client = client

    def define(self, scenarios: Document, *, rates_are_decimals: bool = False) -> Any:
        """One scenario or a list of them: a file, bytes, or what is to be JSON. Answers ids and versions alike."""
        body = as_bytes(scenarios)
        return self._post("scenarios", body, rates_are_decimals=rates_are_decimals)

    def define_set(self, scenario_set: Document) -> Row:
        said: Row = self._post("sets", as_bytes(scenario_set))
        return said

    def history(
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
        return self._client.drive(operations.define_history(history, self._client.session, params))

    def list(self) -> Rows:
        return self._client.drive(operations.whole_list("/api/v1/scenario/scenarios", self._client.session))

    def get(self, scenario: str) -> Row:
        """`up100`, or `up100@2`."""
        said: Row = self._client.document(f"/api/v1/scenario/scenarios/{segment(scenario)}")
        return said

    def _post(self, where: str, body: bytes, **params: Any) -> Any:
        return self._client.drive(operations.post(f"/api/v1/scenario/{where}", body, self._client.session, **params))
