"""Ask for a run; cancel, retry, approve, reject, publish one."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from commands.api.answers import EnvelopeOf, IdempotencyKey, accepted, key_of, sha256_of
from commands.api.command_route import CommandRoute
from commands.change_run import Changed, approve_run, cancel_run, publish_run, reject_run, retry_run
from commands.submit_run import CheckScenarios, SubmitRun, submit_run
from domain.answered_commands import Key
from domain.event import Envelope
from domain.ports import BlobStore, EventStore
from domain.runs.run import SamePerson

PREFIX = "/api/v1/orchestrator"


def split_words(value: object) -> object:
    """`"a,b@2"`, as the command line takes it, is as good as a list."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(split_words), Field(max_length=10_000)]


class RunBody(BaseModel):
    """`scenarios`: `id`, `id@version`, `@set`; BASE always runs. `measures`: all that Tenor has when left out.
    `cashflows`: scenarios of the run whose cash flows are shown; `none` for none of them. `policy`: `id@version`.
    `rules`: rule sets of capital; for a family of which none is named, the newest in force."""

    model_config = ConfigDict(extra="forbid")

    portfolio: str
    market: str
    scenarios: Words = []
    measures: Words = []
    base_currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    require_approved_models: bool = False
    cashflows: Words = ["BASE"]
    policy: str | None = None
    rules: Words = []


class Why(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=10_000)


Check = Callable[[Envelope, SubmitRun], dict[str, Any]]
"""What a run would lack; handed down, since compute finds it."""
WholeId = Callable[[str, str], str]
"""Of a run, portfolio or market, the id that its beginning or `latest` stands for; handed down, since tables say it."""
Naming = Callable[[], AbstractContextManager[None]]
"""Surrounds code that looks up scenarios: an unknown one is refused with the nearest names. Handed down, since a read
model knows the names."""
RefuseChange = Callable[[str, str], None]
"""Of a change and a run: whether whoever asks may make it is handed down, since it takes more than the address."""
RefuseMore = Callable[[], None]
Change = Callable[[EventStore, Envelope, str, str, Key | None], Changed]

CHANGES: dict[str, Change] = {
    "cancel": cancel_run,
    "retry": lambda store, envelope, run_id, _reason, key: retry_run(store, envelope, run_id, key),
    "approve": approve_run,
    "reject": reject_run,
    "publish": publish_run,
}


@dataclass(frozen=True)
class Rules:
    """Beside a run's own: who may change whose, how many one may have on their way, whether two must have looked."""

    refuse_change: RefuseChange
    refuse_more: RefuseMore
    same_person: SamePerson | None


NO_RULES = Rules(lambda _change, _run_id: None, lambda: None, same_person=None)


def changes_by(rules: Rules) -> dict[str, Change]:
    twice = {"approve": approve_run, "publish": publish_run}
    return CHANGES | {name: partial(change, same_person=rules.same_person) for name, change in twice.items()}


def build_router(
    store: EventStore,
    blobs: BlobStore,
    envelope_of: EnvelopeOf,
    check_scenarios: CheckScenarios,
    check: Check,
    whole_id: WholeId,
    naming: Naming = nullcontext,
    rules: Rules = NO_RULES,
) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["orchestrator"], route_class=CommandRoute)

    @router.post("/runs", status_code=202, operation_id="orchestrator_submit_run")
    def submit(request: Request, asked: RunBody, idempotency_key: IdempotencyKey = None) -> JSONResponse:
        """Ask for a run; follow the Location for its progress."""
        rules.refuse_more()
        command = command_of(asked, whole_id)
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(asked))
        with naming():
            submitted = submit_run(store, blobs, envelope, command, check_scenarios, key)
        body = {"run_id": str(submitted.run_id), "status": "REQUESTED", "event_position": submitted.position}
        return accepted(body, submitted.position, f"{PREFIX}/runs/{submitted.run_id}")

    @router.post("/checks", operation_id="orchestrator_check_run")
    def check_run(request: Request, body: RunBody) -> JSONResponse:
        """What such a run would lack, by sentence and count. Nothing is priced, nothing stored."""
        with naming():
            return JSONResponse(check(envelope_of(request), command_of(body, whole_id)))

    for name, change in changes_by(rules).items():
        _add_change(router, store, envelope_of, whole_id, rules.refuse_change, name, change)
    return router


def command_of(body: RunBody, whole_id: WholeId) -> SubmitRun:
    return SubmitRun(
        whole_id("portfolio", body.portfolio),
        whole_id("market", body.market),
        tuple(body.scenarios),
        tuple(body.measures),
        body.base_currency,
        body.require_approved_models,
        tuple(body.cashflows),
        body.policy,
        tuple(body.rules),
    )


def _add_change(
    router: APIRouter,
    store: EventStore,
    envelope_of: EnvelopeOf,
    whole_id: WholeId,
    refuse_change: RefuseChange,
    name: str,
    change: Change,
) -> None:
    @router.post(
        f"/runs/{{run_id}}/{name}",
        status_code=202,
        operation_id=f"orchestrator_{name}_run",
        summary=f"{name.capitalize()} a run",
    )
    def change_run(
        request: Request, run_id: str, why: Why | None = None, idempotency_key: IdempotencyKey = None
    ) -> JSONResponse:
        reason, run_id = why.reason if why else "", whole_id("run", run_id)
        refuse_change(name, run_id)
        envelope = envelope_of(request)
        key = key_of(request, envelope, idempotency_key, sha256_of(why))
        status, position = change(store, envelope, run_id, reason, key)
        body = {"run_id": run_id, "status": status, "event_position": position}
        return accepted(body, position, f"{PREFIX}/runs/{run_id}")
