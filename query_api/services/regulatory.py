"""Capital of a run: exposures by every framework, totals, explanations, comparisons, and the rules themselves.

They are worked out when they are first asked for, by whoever hands in `Capital`.
"""

from enum import StrEnum
from typing import Annotated, Protocol

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from query_api.http.answers import TABLE_RESPONSES, AsOfEvent, Format, document, named_table, table, unchanged
from query_api.reading import Connect
from query_api.results.table import ResultTable
from query_api.runs import run_to_work_on

POLICIES = pa.schema([("policy_id", pa.string()), ("version", pa.int64())])


class Report(StrEnum):
    CAPITAL = "capital"
    EXPOSURES = "exposures"
    NETTING_SETS = "netting_sets"
    HEDGING_SETS = "hedging_sets"
    TRADES = "trades"
    CONCENTRATION = "concentration"
    MIGRATION = "migration"
    ECONOMIC_CAPITAL = "economic_capital"
    FRTB = "frtb"


class Capital(Protocol):
    """Who works it out; refuses as queries do."""

    def report(self, run_id: str, report: Report, by: str | None, years: int) -> pa.Table: ...
    def limits(self, run_id: str) -> pa.Table: ...
    def explanation(self, run_id: str, exposure_id: str) -> dict[str, object]: ...
    def comparison(self, from_run: str, to_run: str) -> pa.Table: ...
    def rules(self, rule_set: str) -> list[dict[str, object]]: ...
    def policies(self) -> list[dict[str, object]]: ...
    def policy(self, reference: str) -> dict[str, object]: ...


By = Annotated[str | None, Query(description="A column whose values stand in place of nodes.")]
Years = Annotated[int, Query(description="Of migration: powers of the matrix up to this one.", ge=1, le=100)]
RunFrom = Annotated[str, Query(alias="from", description="The earlier run.")]
RunTo = Annotated[str, Query(alias="to", description="The later run.")]


def build_router(connect: Connect, capital: Capital) -> APIRouter:
    router = APIRouter(prefix="/api/v1/regulatory", tags=["regulatory"])
    _add_rules(router, capital)
    _add_comparison(router, connect, capital)
    _add_explanation(router, connect, capital)
    _add_limits(router, connect, capital)
    _add_reports(router, connect, capital)
    return router


def _add_rules(router: APIRouter, capital: Capital) -> None:
    @router.get("/rules/{rule_set}", operation_id="regulatory_get_rules", responses=TABLE_RESPONSES)
    def get_rules(request: Request, rule_set: str, format: Format = None) -> Response:
        """Every parameter of a rule set, with its paragraph and the days on which it is in force."""
        return named_table(request, capital.rules(rule_set), rule_set, format)

    @router.get("/policies", operation_id="regulatory_list_policies", responses=TABLE_RESPONSES)
    def list_policies(request: Request, format: Format = None) -> Response:
        """The latest version of every policy."""
        return named_table(request, capital.policies(), "policies", format, POLICIES)

    @router.get("/policies/{policy}", operation_id="regulatory_get_policy")
    def get_policy(request: Request, policy: str) -> Response:
        """A policy as it was defined: `id`, or `id@version`."""
        return document(request, capital.policy(policy))


def _add_comparison(router: APIRouter, connect: Connect, capital: Capital) -> None:
    @router.get("/compare", operation_id="regulatory_compare", responses=TABLE_RESPONSES)
    def compare(request: Request, from_run: RunFrom, to_run: RunTo, format: Format = None) -> Response:
        """Why risk-weighted assets moved from one run to another."""
        first, second = (run_to_work_on(connect, run) for run in (from_run, to_run))
        found = capital.comparison(str(first.run_id), str(second.run_id))
        return table(request, second, ResultTable.of(found, f"run-{second.run_id}-compare"), format)


def _add_explanation(router: APIRouter, connect: Connect, capital: Capital) -> None:
    @router.get("/runs/{run_id}/explain/{exposure_id:path}", operation_id="regulatory_explain")
    def explain(request: Request, run_id: str, exposure_id: str, as_of_event: AsOfEvent = None) -> Response:
        """Rule, paragraph, inputs and arithmetic of one exposure's figures."""
        run = run_to_work_on(connect, run_id, as_of_event)
        return document(request, capital.explanation(str(run.run_id), exposure_id))


def _add_limits(router: APIRouter, connect: Connect, capital: Capital) -> None:
    @router.get("/runs/{run_id}/limits", operation_id="regulatory_get_limits", responses=TABLE_RESPONSES)
    def get_limits(request: Request, run_id: str, format: Format = None, as_of_event: AsOfEvent = None) -> Response:
        """What the run uses of its policy's limits; `tenor limits check` records the breaches."""
        run = run_to_work_on(connect, run_id, as_of_event)
        found = capital.limits(str(run.run_id))
        return table(request, run, ResultTable.of(found, f"run-{run.run_id}-limits"), format)


def _add_reports(router: APIRouter, connect: Connect, capital: Capital) -> None:
    @router.get("/runs/{run_id}/{report}", operation_id="regulatory_get_report", responses=TABLE_RESPONSES)
    def get_report(
        request: Request,
        run_id: str,
        report: Report,
        by: By = None,
        years: Years = 1,
        format: Format = None,
        as_of_event: AsOfEvent = None,
    ) -> Response:
        """Capital at nodes, exposures, netting sets, concentrations, migration, trading book sensitivities."""
        run = run_to_work_on(connect, run_id, as_of_event)
        known = unchanged(request, run, format)
        if known:
            return known
        found = capital.report(str(run.run_id), report, by, years)
        return table(request, run, ResultTable.of(found, f"run-{run.run_id}-{report}"), format)
