"""The allowance of a run, worked out when it is asked for: by the policy, rules and scenarios that its log pins."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from compute.allowance.allowances import allowances_of_run
from compute.allowance.book import Book
from compute.allowance.measures import AllowanceInputs
from compute.allowance.moves import moves_of
from compute.allowance.reports import (
    Shown,
    past_due_table,
    paths_table,
    positions_table,
    segments_table,
    vintage_table,
)
from compute.allowance.rollforward import rollforward_table
from compute.capital.columns import Columns
from compute.capital.frameworks import setting_of
from compute.inputs.run_inputs import PRICES_ONLY, RunInputs, resolve
from domain.access.asking import nodes_asked
from domain.access.principal import Nodes
from domain.capital.policies import PolicyDocument
from domain.lazy import lazy
from domain.market.document import MarketDocument
from domain.refusals import Refused
from domain.runs.run import RunRequested
from domain.scenarios.shocks import BASE_SCENARIO, ScenarioDocument
from domain.scenarios.versions import BASE, split_reference
from ops.audit.run_events import read_run
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.answers import answered_once
from query_api.services.allowance import NOTE, AllowanceReport

RUNS_KEPT = 2
Scenarios = dict[str, ScenarioDocument]
"""by pinned name"""


@dataclass(frozen=True)
class OfRun:
    """What a run's allowance is worked out from."""

    requested: RunRequested
    market: MarketDocument
    columns: Columns

    @lazy
    def scenarios(self) -> Scenarios:
        documents = zip(self.requested.scenarios, self.requested.scenario_documents, strict=True)
        return {pinned: ScenarioDocument.model_validate(one) for pinned, one in documents}

    @lazy
    def policy(self) -> PolicyDocument | None:
        return setting_of(self.requested, self.market)[1]

    @lazy
    def shown(self) -> Shown:
        return self.under(self.policy, self.scenarios)

    def under(self, policy: PolicyDocument | None, scenarios: Scenarios) -> Shown:
        """Under a policy; its scenarios are looked up among those given."""
        weighed = _weighed(policy, scenarios)
        book = self.book(policy, weighed)
        inputs = AllowanceInputs(book, self.inputs(list(weighed.values())), self.market)
        return Shown(book, allowances_of_run(book, inputs.run, inputs.fair_values))

    def book(self, policy: PolicyDocument | None, scenarios: Scenarios) -> Book:
        said = policy.model_dump(mode="json", exclude_none=True) if policy else None
        setting, policy = setting_of(self.requested.model_copy(update={"policy_document": said}), self.market)
        moves = tuple(moves_of(one) for one in scenarios.values())
        return Book(self.columns, setting, policy, tuple(scenarios), moves)

    def inputs(self, scenarios: Sequence[ScenarioDocument]) -> RunInputs:
        requested = self.requested
        return resolve(
            self.columns.portfolio,
            self.market,
            scenarios,
            base_currency=requested.base_currency,
            measures=PRICES_ONLY,
            chunk_size=requested.chunk_size,
        )


def _weighed(policy: PolicyDocument | None, scenarios: Scenarios) -> Scenarios:
    """Those that the policy weighs; BASE where it weighs none."""
    horizon = policy and (policy.cecl or policy.ifrs9)
    names = tuple(horizon.scenario_weights) if horizon and horizon.scenario_weights else (BASE,)
    return {pinned: one for pinned, one in scenarios.items() if pinned in names or split_reference(pinned)[0] in names}


def _known_to(first: Scenarios, second: Scenarios) -> Scenarios:
    """The first run's scenarios, and those of the second that it had none of the name of."""
    names = {split_reference(pinned)[0] for pinned in first}
    return first | {pinned: one for pinned, one in second.items() if split_reference(pinned)[0] not in names}


def events_left_out(count: int) -> str:
    events = "1 credit event is" if count == 1 else f"{count:,} credit events are"
    return f"{events} left out: neither run makes an allowance for the position"


class AllowanceOfRuns:
    """Keeps what it worked out last: a run's allowance never changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._kept = lru_cache(maxsize=RUNS_KEPT)(self._read)

    def report(self, run_id: str, report: AllowanceReport) -> pa.Table:
        words = ("allowance", report.value)
        return answered_once(self._storage, [run_id], words, lambda: self._report(run_id, report))

    def _report(self, run_id: str, report: AllowanceReport) -> pa.Table:
        run = self._of(run_id)
        match report:
            case AllowanceReport.POSITIONS:
                return positions_table(run.shown)
            case AllowanceReport.SEGMENTS:
                return segments_table(run.shown)
            case AllowanceReport.PATHS:
                return paths_table(run.book(run.policy, run.scenarios), run.inputs([BASE_SCENARIO]))
            case AllowanceReport.VINTAGE:
                return vintage_table(run.shown)
            case AllowanceReport.PAST_DUE:
                return past_due_table(run.shown)

    def rollforward(self, from_run: str, to_run: str) -> pa.Table:
        """What it leaves out is said in the table's own metadata, under NOTE."""
        runs, words = [from_run, to_run], ("rollforward",)
        return answered_once(self._storage, runs, words, lambda: self._rollforward(from_run, to_run))

    def _rollforward(self, from_run: str, to_run: str) -> pa.Table:
        first, second = self._of(from_run), self._of(to_run)
        if first.requested.base_currency != second.requested.base_currency:
            message = f"one run is in {first.requested.base_currency}, the other in {second.requested.base_currency}"
            raise Refused("BASE_CURRENCY_DIFFERS", message, "roll forward between runs in one base currency")
        if first.requested.as_of > second.requested.as_of:
            message = f"--from is of {first.requested.as_of}, after --to, which is of {second.requested.as_of}"
            raise Refused("RUNS_REVERSED", message, "name the earlier run with --from")
        found, left_out = rollforward_table(
            first.shown,
            second.shown,
            lambda: first.under(second.policy, _known_to(first.scenarios, second.scenarios)),
        )
        if left_out:
            found = found.replace_schema_metadata({NOTE: events_left_out(left_out)})
        return found

    def _of(self, run_id: str) -> OfRun:
        return self._kept(run_id, nodes_asked())

    def _read(self, run_id: str, _nodes: Nodes) -> OfRun:
        requested = read_run(self._storage.store, run_id).requested
        portfolio = self._storage.portfolio(requested.portfolio_sha256)
        return OfRun(requested, self._storage.market(requested.market_sha256), Columns(portfolio))


class AllowanceQueries:
    """The same, refusing as queries do."""

    def __init__(self, storage: Storage) -> None:
        self._allowance = AllowanceOfRuns(storage)

    def report(self, run_id: str, report: AllowanceReport) -> pa.Table:
        with refusing_as_queries():
            return self._allowance.report(run_id, report)

    def rollforward(self, from_run: str, to_run: str) -> pa.Table:
        with refusing_as_queries():
            return self._allowance.rollforward(from_run, to_run)
