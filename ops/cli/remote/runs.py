"""Runs of a server: asked for, looked at, waited for, decided on."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.refusals import Refused
from ops.cli import runs as commands
from ops.cli.remote.asking import At, Options
from ops.cli.runs import words

RUNS = "/api/v1/orchestrator/runs"
LISTED = ("run_id", "status", "portfolio_snapshot_id", "market_snapshot_id", "requested_at")
SUMMED = ("run_id", "status", "positions", "priced", "failed", "results", "seconds")
SHOWN = (
    *("run_id", "status", "portfolio_snapshot_id", "market_snapshot_id", "as_of", "base_currency", "scenarios"),
    *("measures", "positions", "priced", "failed", "chunks", "chunks_done", "failed_chunks", "failure_counts"),
    *("blocks_root", "actor", "requested_at", "planned_at", "completed_at", "queryable_at", "partial", "failures"),
    *("models", "policy", "policy_status", "rules"),
)
MOMENTS = ("requested_at", "planned_at", "completed_at", "queryable_at")


def submit(at: At) -> None:
    if at["workers"]:
        fix = "leave --workers out; the server has its own"
        raise Refused("NOT_BY_SERVER", "--workers brings workers here, and TENOR_SERVER names a server", fix)
    asked: Options = {name: list(words(at[name])) for name in ("scenarios", "measures", "cashflows", "rules")}
    asked |= at.some("base_currency", "policy", "require_approved_models")
    run = at.client.runs.submit(at["portfolio"], at["market"], idempotency_key=at["idempotency_key"], **asked)
    if at["wait"]:
        wait_for(at, run)
        return
    nothing_yet = {"priced": 0, "failed": 0, "results": 0, "seconds": 0.0}
    at_request = {name: run.document[name] for name in ("run_id", "status", "positions")}
    commands.show_summary(at.output, at_request | nothing_yet, [])


def watch(at: At) -> None:
    wait_for(at, at.client.runs.get(at["run"]))


def wait_for(at: At, run: Any) -> None:
    """A run that ends without figures is shown all the same."""
    from tenor import RunFailed

    try:
        document = run.wait(progress=not at["as_json"]).document
    except RunFailed as failed:
        document = dict(failed.document)
    summary = {name: document[name] or 0 for name in SUMMED}
    summary["seconds"] = round(float(summary["seconds"]), 3)
    commands.show_summary(at.output, summary, commands.failure_lines(document))
    commands.end_as(at.output, summary)


def list_runs(at: At) -> None:
    rows = [{name: row[name] for name in LISTED} for row in at.every(RUNS)]
    for row in rows:
        row["requested_at"] = datetime.fromisoformat(row["requested_at"])
    at.output.show(rows, *commands.run_lines(rows))


def show(at: At) -> None:
    from tenor.operations import segment

    document = at.get(f"{RUNS}/{segment(at['run'])}")
    document |= document["progress"]
    row = {name: document[name] for name in SHOWN}
    row |= {name: datetime.fromisoformat(row[name]) for name in MOMENTS if row[name]}
    commands.show_row(at.output, row, [])


def change(what: str) -> Callable[[At], None]:
    def ask(at: At) -> None:
        reason = at.said.get("reason")
        body = json.dumps({"reason": reason} if reason else {}).encode()
        from tenor.operations import segment

        said = at.post(f"{RUNS}/{segment(at['run'])}/{what}", body)
        if what == "retry":
            shown = {name: said[name] for name in ("run_id", "event_position")}
            at.output.show(shown, f"{said['run_id']} is open again")
        else:
            at.output.show(said, f"{said['run_id']} is {said['status']}")

    return ask


retry, cancel, approve, reject, publish = map(change, ("retry", "cancel", "approve", "reject", "publish"))


def check(at: At) -> None:
    from ops.cli.check import lines_of

    body = at.some("portfolio", "market", "base_currency") | {
        name: list(words(at[name])) for name in ("scenarios", "measures")
    }
    document = at.post("/api/v1/orchestrator/checks", json.dumps(body).encode())
    at.output.show(document, *lines_of(document))
