"""The services as HTTP applications: all behind one port, or one alone; the same paths either way."""

import socket
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import psycopg
from eventsourcing.persistence import InterfaceError as LogBroken
from eventsourcing.persistence import OperationalError as LogAway
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry

from commands.api import hierarchy as hierarchy_commands
from commands.api import ingestion as ingest_commands
from commands.api import mappings as mapping_commands
from commands.api import marketdata as market_commands
from commands.api import models as model_commands
from commands.api import orchestrator as run_commands
from commands.api import quotes as quote_commands
from commands.api import regulatory as regulatory_commands
from commands.api import scenario as scenario_commands
from commands.submit_run import SubmitRun
from domain.event import Envelope
from domain.portfolio.columns import Portfolio
from domain.refusals import Refused
from domain.texts import of_header
from ops.adapters.database import HEAD, at_another_revision, revision
from ops.audit.evidence import build_evidence
from ops.audit.metrics import AuditCollector
from ops.cash_flows.bridge import work_out_for as bridge_for
from ops.cash_flows.liquidity import work_out_for as liquidity_for
from ops.cash_flows.tables import work_out_for
from ops.checking import check_scenarios, find_unsolved
from ops.http.database_metrics import DatabaseCollector
from ops.http.probing import Probe
from ops.http.server import Server, configuration
from ops.ids import near_scenarios_named, whole_id_of
from ops.metrics import ProjectionCollector
from ops.parsing.pool import Abandoned
from ops.ports import Storage
from ops.processes.stopping import Stop
from ops.regulatory.allowance import AllowanceQueries
from ops.regulatory.capital import CapitalQueries
from ops.regulatory.stress import work_out_for as stress_for
from ops.run_metrics import RunCollector
from ops.wiring import Tenor
from query_api.http.app import create_app
from query_api.http.problems import unreachable
from query_api.services import (
    allowance,
    audit,
    bridge,
    cashflow,
    ingestion,
    liquidity,
    mappings,
    marketdata,
    models,
    orchestrator,
    portfolio,
    portfolio_data,
    regulatory,
    results,
    risk,
    scenario,
    stress,
    tail_risk,
)
from query_api.web import page

SERVICE_PORTS = {
    "marketdata": 8001,
    "orchestrator": 8002,
    "results": 8003,
    "audit": 8004,
    "portfolio": 8005,
    "risk": 8006,
    "cashflow": 8007,
    "regulatory": 8008,
    "scenario": 8009,
    "ingestion": 8010,
}
ALLOWED_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "[::1]", "testserver"})
"""Names under which a loopback server is asked; any other is somebody's rebound name."""

NO_ANSWER = "the database does not answer"
LOOPBACK = "127.0.0.1"
ACTOR_HEADER = "Tenor-Actor"


def build_app(tenor: Tenor, services: tuple[str, ...] = tuple(SERVICE_PORTS)) -> FastAPI:
    """The services named; the page comes with all of them."""
    builders = service_routers(tenor)
    routers = [router for name in services for router in builders[name]()]
    if set(services) == set(SERVICE_PORTS):
        routers.append(page.build_router(tenor.database.connect))
    title = "Tenor" if len(services) > 1 else f"Tenor {services[0]}"
    registry, probe = CollectorRegistry(), Probe(tenor.database_url)
    collectors = [
        collector(tenor.database.connect) for collector in (ProjectionCollector, AuditCollector, RunCollector)
    ]
    registry.register(DatabaseCollector(probe.answers, collectors))
    app = create_app(
        routers,
        title,
        lambda: unready(tenor, probe),
        registry,
        is_allowed_host=ALLOWED_HOSTS.__contains__,
        database_answers=probe.answers_soon,
    )
    app.add_exception_handler(Abandoned, gone)
    # The log's library wraps what the driver says when the database is away.
    for away in (LogAway, LogBroken):
        app.add_exception_handler(away, unreachable)
    return app


def service_routers(tenor: Tenor) -> dict[str, Callable[[], list[APIRouter]]]:
    """Queries, and the commands of the same service."""
    connect, store, blobs = tenor.database.connect, tenor.store, tenor.blobs

    @lru_cache(maxsize=2)
    def load_portfolio(sha256: str) -> Portfolio:
        return tenor.storage.portfolio(sha256)

    def envelope_of(request: Request) -> Envelope:
        return tenor.envelope(of_header(request.headers.get(ACTOR_HEADER, "api"))[:100])

    return {
        "marketdata": lambda: [
            marketdata.build_router(connect, blobs),
            market_commands.build_router(store, blobs, envelope_of, find_unsolved),
        ],
        "orchestrator": lambda: orchestrator_routers(tenor, envelope_of),
        "results": lambda: [results.build_router(connect, load_portfolio)],
        "audit": lambda: [audit.build_router(connect, build_evidence(tenor.storage, tenor.sealing, load_portfolio))],
        "portfolio": lambda: [
            portfolio.build_router(connect),
            portfolio_data.build_router(connect, load_portfolio, tenor.tree_of),
            hierarchy_commands.build_router(store, envelope_of, tenor.newest_tree),
        ],
        "risk": lambda: [
            risk.build_router(connect),
            *(models.build_router(connect), model_commands.build_router(store, envelope_of)),
            tail_risk.build_router(connect, load_portfolio, tenor.storage.market),
        ],
        "scenario": lambda: [
            scenario.build_router(connect),
            scenario_commands.build_router(store, envelope_of, tenor.parsers.read_history),
        ],
        "cashflow": lambda: cash_flow_routers(tenor.storage),
        "regulatory": lambda: regulatory_routers(tenor, envelope_of),
        "ingestion": lambda: [
            ingestion.build_router(connect),
            mappings.build_router(connect),
            ingest_commands.build_router(store, blobs, tenor.portfolio_codec, envelope_of, tenor.parsers.digest_upload),
            mapping_commands.build_router(store, envelope_of, tenor.parsers.suggest),
            quote_commands.build_router(store, blobs, envelope_of, find_unsolved, tenor.parsers.market_of),
        ],
    }


def orchestrator_routers(tenor: Tenor, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    def check(envelope: Envelope, command: SubmitRun) -> dict[str, Any]:
        from ops.before_a_run import check_before_run  # with all of compute, which nothing else here needs

        return check_before_run(tenor.storage, envelope, command)

    names = partial(whole_id_of, tenor.storage), partial(near_scenarios_named, tenor.storage)
    return [
        orchestrator.build_router(tenor.database.connect),
        run_commands.build_router(tenor.store, tenor.blobs, envelope_of, check_scenarios, check, *names),
    ]


def cash_flow_routers(storage: Storage) -> list[APIRouter]:
    return [
        cashflow.build_router(storage.connect, work_out_for(storage)),
        liquidity.build_router(storage.connect, liquidity_for(storage)),
        bridge.build_router(storage.connect, bridge_for(storage)),
    ]


def regulatory_routers(tenor: Tenor, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    return [
        regulatory.build_router(tenor.database.connect, CapitalQueries(tenor.storage)),
        allowance.build_router(tenor.database.connect, AllowanceQueries(tenor.storage)),
        stress.build_router(tenor.database.connect, stress_for(tenor.storage)),
        regulatory_commands.build_router(tenor.store, envelope_of),
    ]


def gone(_request: Request, _error: Exception) -> Response:
    """Written to nobody: the client has left, and the work for it has ended."""
    return Response(status_code=499)


def unready(tenor: Tenor, probe: Probe) -> list[str]:
    """What stands in the way of answering."""
    if not probe.answers():
        return [NO_ANSWER]
    try:
        at = revision(tenor.database_url)
    except psycopg.OperationalError:
        return [NO_ANSWER]
    if at == HEAD:
        return []
    problem = at_another_revision(at)
    return [f"{problem}: {problem.fix}"]


def refuse_taken_port(port: int) -> None:
    """Before anything is started or promised."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            message = f"port {port} on {LOOPBACK} cannot be used: {error.strerror}"
            raise Refused("PORT_TAKEN", message, "stop what holds it, or choose another with --port") from error


def serve_app(app: FastAPI, port: int, told: Stop) -> None:
    """On the loopback interface until told to stop."""
    server = Server(configuration(app, LOOPBACK, port))
    told.calls(server.end)
    server.run()
