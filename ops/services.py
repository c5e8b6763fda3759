"""The services as HTTP applications: all behind one port, or one alone; the same paths either way."""

import socket
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg
from eventsourcing.persistence import InterfaceError as LogBroken
from eventsourcing.persistence import OperationalError as LogAway
from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from prometheus_client import CollectorRegistry

from commands.api import access as access_commands
from commands.api import hierarchy as hierarchy_commands
from commands.api import ingestion as ingest_commands
from commands.api import mappings as mapping_commands
from commands.api import marketdata as market_commands
from commands.api import marts as mart_commands
from commands.api import models as model_commands
from commands.api import orchestrator as run_commands
from commands.api import quotes as quote_commands
from commands.api import read_models as read_model_commands
from commands.api import regulatory as regulatory_commands
from commands.api import scenario as scenario_commands
from commands.api import schedules as schedule_commands
from commands.api import webhooks as webhook_commands
from commands.submit_run import SubmitRun
from compute.engine_version import engine_version
from domain.access.asking import nodes_asked, who_asks
from domain.event import Envelope
from domain.refusals import Refused
from ops.access import sign_in
from ops.access.binding import Bind
from ops.access.guard import Guard
from ops.access.persons import two_looks
from ops.access.refusing import refuse_beyond_scope, refuse_more_runs, refuse_others_runs, whole_tree
from ops.access.settings import Access
from ops.adapters.database import HEAD, at_another_revision, revision
from ops.adapters.redis_answers import answers_in_redis
from ops.audit.evidence import build_evidence
from ops.audit.metrics import audit_metrics
from ops.cash_flows.bridge import work_out_for as bridge_for
from ops.cash_flows.liquidity import work_out_for as liquidity_for
from ops.cash_flows.tables import work_out_for
from ops.http.database_metrics import DatabaseCollector
from ops.http.probing import Probe
from ops.http.server import Server, configuration
from ops.http.tracing import Tracing, correlation_of
from ops.ids import near_scenarios_named, whole_id_of
from ops.market_checks import check_scenarios, find_unsolved
from ops.marts.requests import MartRequests
from ops.metrics import projection_metrics
from ops.parsing.pool import Abandoned
from ops.ports import KEPT_PORTFOLIOS, KeepingStorage, Storage
from ops.processes.stopping import Stop
from ops.projection_status import dead_letters, states_of_projections
from ops.quote_risk import work_out_for as quotes_for
from ops.regulatory.allowance import AllowanceQueries
from ops.regulatory.capital import CapitalOfRuns, CapitalQueries
from ops.regulatory.limits import check_for
from ops.regulatory.stress import work_out_for as stress_for
from ops.run_metrics import run_metrics
from ops.schedules import schedules_in_scope
from ops.webhooks.addresses import check_address
from ops.webhooks.listing import listed_webhooks
from ops.webhooks.messages import messages_after
from ops.webhooks.metrics import message_metrics
from ops.wiring import Tenor, utc_now
from query_api.http import gateway, kept_answers
from query_api.http.answers import ENGINE
from query_api.http.app import create_app
from query_api.http.problems import unreachable
from query_api.reading import position_reached
from query_api.results.chosen.fields import NamedPortfolio
from query_api.scope import Kept
from query_api.services import (
    access as access_queries,
)
from query_api.services import (
    allowance,
    audit,
    bridge,
    cashflow,
    compare,
    ingestion,
    liquidity,
    marketdata,
    marts,
    models,
    orchestrator,
    portfolio,
    portfolio_data,
    quotes,
    regulatory,
    results,
    risk,
    scenario,
    schedules,
    stress,
    system,
    tail_risk,
    webhooks,
)
from query_api.web import page, problem_pages

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

OPEN_TO_THIS_MACHINE = Access()
NO_ANSWER = "the database does not answer"
LOOPBACK = "127.0.0.1"


def build_app(
    tenor: Tenor,
    services: tuple[str, ...] = tuple(SERVICE_PORTS),
    access: Access = OPEN_TO_THIS_MACHINE,
    allowed_hosts: Collection[str] = ALLOWED_HOSTS,
) -> FastAPI:
    """The services named; the page comes with all of them."""
    builders, credentials = service_routers(tenor, access), tenor.credentials(access)
    routers = [router for name in services for router in builders[name]()]
    routers.append(sign_in.build_router(access, credentials))
    routers += [gateway.build_router({name: SERVICE_PORTS[name] for name in services}), problem_pages.build_router()]
    if set(services) == set(SERVICE_PORTS):
        routers.append(page.build_router())
    title = "Tenor" if len(services) > 1 else f"Tenor {services[0]}"
    registry, probe = CollectorRegistry(), Probe(tenor.database_url)
    metrics = (projection_metrics, audit_metrics, run_metrics, message_metrics)
    registry.register(DatabaseCollector(probe.answers, tenor.database.connect, metrics))
    app = create_app(
        routers,
        title,
        lambda: unready(tenor, probe),
        registry,
        is_allowed_host=frozenset(allowed_hosts).__contains__,
        database_answers=probe.answers_soon,
        reached=lambda lists_alone: run_in_threadpool(position_reached, tenor.database.connect, lists_alone),
        guard=lambda app, routes: app.add_middleware(
            Guard,
            routes=routes,
            access=access,
            credentials=credentials,
            log=tenor.access_log,
            now=utc_now,
        ),
    )
    app.add_middleware(Tracing)
    setattr(app.state, ENGINE, engine_version())
    setattr(app.state, kept_answers.STATE, answers_in_redis())
    app.add_exception_handler(Abandoned, gone)
    # The log's library wraps what the driver says when the database is away.
    for away in (LogAway, LogBroken):
        app.add_exception_handler(away, unreachable)
    return app


def service_routers(tenor: Tenor, access: Access = OPEN_TO_THIS_MACHINE) -> dict[str, Callable[[], list[APIRouter]]]:
    """Queries, and the commands of the same service."""
    connect, store, blobs = tenor.database.connect, tenor.store, tenor.blobs

    storage = KeepingStorage.over(tenor.storage)
    load_book = kept_books(storage)

    def envelope_of(request: Request) -> Envelope:
        return replace(tenor.envelope(who_asks().actor), correlation_id=correlation_of(request))

    return {
        "marketdata": lambda: [
            marketdata.build_router(connect, blobs),
            market_commands.build_router(store, blobs, envelope_of, find_unsolved),
        ],
        "orchestrator": lambda: orchestrator_routers(tenor, storage, envelope_of, access),
        "results": lambda: [results.build_router(connect, load_book)],
        "audit": lambda: [audit.build_router(connect, build_evidence(storage, tenor.sealing, storage.portfolio))],
        "portfolio": lambda: [
            portfolio.build_router(connect),
            portfolio_data.build_router(connect, storage.portfolio, tenor.tree_of),
            hierarchy_commands.build_router(store, envelope_of, whole_tree(tenor.newest_tree)),
        ],
        "risk": lambda: [
            *(risk.build_router(connect, load_book), compare.build_router(connect, load_book)),
            *(models.build_router(connect), model_commands.build_router(store, envelope_of)),
            tail_risk.build_router(connect, storage.portfolio, storage.market),
            quotes.build_router(connect, quotes_for(storage)),
        ],
        "scenario": lambda: [
            scenario.build_router(connect),
            scenario_commands.build_router(store, envelope_of, tenor.parsers.read_history),
        ],
        "cashflow": lambda: cash_flow_routers(storage),
        "regulatory": lambda: regulatory_routers(storage, envelope_of),
        "ingestion": lambda: ingestion_routers(tenor, envelope_of),
    }


def ingestion_routers(tenor: Tenor, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    connect, store, blobs, parsers = tenor.database.connect, tenor.store, tenor.blobs, tenor.parsers
    beyond = refuse_beyond_scope(tenor.storage)
    return [
        ingestion.build_router(connect),
        ingest_commands.build_router(store, blobs, tenor.portfolio_codec, envelope_of, parsers.digest_upload, beyond),
        mapping_commands.build_router(store, envelope_of, parsers.suggest),
        quote_commands.build_router(store, blobs, envelope_of, find_unsolved, parsers.market_of),
    ]


def kept_books(storage: Storage) -> Callable[[str], NamedPortfolio]:
    """Portfolios with their names: those asked for last, each as it is in the scope of whoever asks."""
    books: Kept[NamedPortfolio] = Kept(KEPT_PORTFOLIOS)

    def load_book(sha256: str) -> NamedPortfolio:
        return books.get((sha256, nodes_asked()), lambda: NamedPortfolio(storage.portfolio(sha256)))

    return load_book


def orchestrator_routers(
    tenor: Tenor, storage: Storage, envelope_of: Callable[[Request], Envelope], access: Access
) -> list[APIRouter]:
    def check(envelope: Envelope, command: SubmitRun) -> dict[str, Any]:
        from ops.readiness import check_before_run  # with all of compute, which nothing else here needs

        return check_before_run(storage, envelope, command)

    names = partial(whole_id_of, tenor.storage), partial(near_scenarios_named, tenor.storage)
    refuse_more = refuse_more_runs(tenor.database.connect, access.open_runs)
    rules = run_commands.Rules(refuse_others_runs(tenor.storage), refuse_more, two_looks(tenor.store))
    return [
        orchestrator.build_router(tenor.database.connect),
        system.build_router(tenor.database.connect, states_of_projections, dead_letters),
        read_model_commands.build_router(tenor.store, tenor.database.connect, envelope_of),
        access_queries.build_router(tenor.database.connect, tenor.keyring.listed, tenor.access_log.flush),
        access_commands.build_router(tenor.store, envelope_of),
        run_commands.build_router(tenor.store, tenor.blobs, envelope_of, check_scenarios, check, *names, rules),
        *mart_routers(tenor.storage, envelope_of),
        *schedule_routers(tenor.storage, envelope_of),
        webhooks.build_router(partial(listed_webhooks, tenor.storage), partial(messages_after, tenor.store)),
        webhook_commands.build_router(
            tenor.store,
            envelope_of,
            check_address,
            tenor.secrets.seal,
            allow_private=tenor.settings.webhooks_may_be_private,
        ),
    ]


def mart_routers(storage: Storage, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    requests = MartRequests(storage)
    return [marts.build_router(requests), mart_commands.build_router(requests, envelope_of)]


def schedule_routers(storage: Storage, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    def listed(schedule_id: str | None) -> list[dict[str, Any]]:
        return schedules_in_scope(storage, utc_now(), schedule_id)

    return [schedules.build_router(listed), schedule_commands.build_router(storage.store, envelope_of)]


def cash_flow_routers(storage: Storage) -> list[APIRouter]:
    return [
        cashflow.build_router(storage.connect, work_out_for(storage)),
        liquidity.build_router(storage.connect, liquidity_for(storage)),
        bridge.build_router(storage.connect, bridge_for(storage)),
    ]


def regulatory_routers(storage: Storage, envelope_of: Callable[[Request], Envelope]) -> list[APIRouter]:
    capital = CapitalOfRuns(storage)
    return [
        regulatory.build_router(storage.connect, CapitalQueries(storage, capital)),
        allowance.build_router(storage.connect, AllowanceQueries(storage)),
        stress.build_router(storage.connect, stress_for(storage)),
        regulatory_commands.build_router(storage.store, envelope_of, check_for(storage, capital)),
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


def refuse_taken_port(port: int, host: str = LOOPBACK) -> None:
    """Before anything is started or promised."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"port {port} on {host} cannot be used: {error.strerror}"
            raise Refused("PORT_TAKEN", message, "stop what holds it, or choose another with --port") from error


def serve_app(app: FastAPI, port: int, told: Stop, bind: Bind = Bind()) -> None:
    """On the loopback interface, or where it was bound to, until told to stop."""
    server = Server(configuration(app, bind.host, port, bind.tls))
    told.calls(server.end)
    server.run()
