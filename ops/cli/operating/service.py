"""`tenor up | serve | stop | worker | migrate | doctor`."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.access.listening import AllowedHost, Asked, AuthBy, BehindProxy, Host, TlsCert, TlsKey, listening
from ops.cli.options import AsJson, serving, settings_of
from ops.cli.output import Output
from ops.processes.stopping import Stop

if TYPE_CHECKING:
    from ops.access.binding import Bind

LOOK_SECONDS = 0.1
LOOPBACK = "127.0.0.1"


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(serve)
    app.command()(stop)
    app.command()(worker)
    app.command()(migrate)
    app.command()(doctor)


def up(
    context: typer.Context,
    workers: Annotated[int | None, typer.Option(help="Worker processes; default one a core.", min=1)] = None,
    port: Annotated[int, typer.Option(help="To listen on.", min=1, max=65535)] = 8000,
    host: Host = LOOPBACK,
    auth: AuthBy = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    behind_proxy: BehindProxy = False,
    allowed_host: AllowedHost = None,
) -> None:
    """Everything on one port: APIs, workers, projections and the page. Ctrl-C stops cleanly."""
    from ops.processes.loops import background
    from ops.processes.run_to_end import default_workers
    from ops.processes.supervisor import workers as worker_pool
    from ops.services import build_app, refuse_taken_port, serve_app

    bind, access = listening(Asked(host, auth, tls_cert, tls_key, behind_proxy, allowed_host))
    ready_to_compute(context)
    refuse_taken_port(port, bind.host)
    with (
        serving(context) as (tenor, told),
        background(tenor.processes),  # ends after the workers, and with the last seal over all that they wrote
        worker_pool(tenor.processes, workers or default_workers()),
    ):
        note_where("Tenor", bind, port)
        serve_app(build_app(tenor, access=access, allowed_hosts=bind.names()), port, told, bind)


def serve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The service's name.")],
    port: Annotated[int | None, typer.Option(help="To listen on; default the service's own.", min=1, max=65535)] = None,
    host: Host = LOOPBACK,
    auth: AuthBy = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    behind_proxy: BehindProxy = False,
    allowed_host: AllowedHost = None,
) -> None:
    """One service alone."""
    from ops.services import SERVICE_PORTS, build_app, refuse_taken_port, serve_app

    if name not in SERVICE_PORTS:
        Output(False).fail("UNKNOWN_SERVICE", f"there is no service {name!r}", f"one of {', '.join(SERVICE_PORTS)}")
    chosen = port or SERVICE_PORTS[name]
    bind, access = listening(Asked(host, auth, tls_cert, tls_key, behind_proxy, allowed_host))
    ready_to_compute(context)
    refuse_taken_port(chosen, bind.host)
    with serving(context) as (tenor, told):
        note_where(name, bind, chosen)
        serve_app(build_app(tenor, (name,), access, bind.names()), chosen, told, bind)


def note_where(what: str, bind: "Bind", port: int) -> None:
    scheme, host = "https" if bind.tls else "http", f"[{bind.host}]" if ":" in bind.host else bind.host
    Output(False).note(f"{what} is at {scheme}://{host}:{port}/ (Ctrl-C stops it)")


def stop(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Do not ask, whoever is using it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the embedded server that commands share; who still uses it is named first, and a terminal asks."""
    from ops.embedded_postgres.server import EmbeddedServer
    from ops.embedded_postgres.users import users_of

    settings = settings_of(context)
    if not settings.is_embedded:
        Output(as_json).fail(
            "NOT_EMBEDDED", "the database is not ours to stop", "stop that Postgres with its own tools"
        )
    server = EmbeddedServer(settings.home)
    was_running = server.running()
    users = users_of(server) if was_running else []
    if users:
        Output(as_json).note(
            f"warning: in use by {', '.join(users)}: it will wait, and fail what it is asked meanwhile"
        )
        if sys.stdin.isatty() and not force:
            typer.confirm("Stop the server nevertheless?", abort=True, err=True)
    if was_running:
        server.stop()
    document = {"stopped": was_running, "in_use_by": users}
    Output(as_json).show(document, "stopped" if was_running else "it was not running")


def worker(
    context: typer.Context,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
) -> None:
    """Work on chunks until stopped; any number on any machines that reach the database."""
    from ops.processes.supervisor import workers as worker_pool

    with serving(context) as (tenor, told), worker_pool(tenor.processes, workers):
        wait_for_the_end(told, f"{workers} worker(s) at work (Ctrl-C stops them)")


def migrate(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the database up to date."""
    from ops.adapters.database import migrate as migrate_database
    from ops.wiring import database_url_of

    revision = migrate_database(database_url_of(settings_of(context)))
    Output(as_json).show({"revision": revision}, f"the database is at migration {revision}")


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """What is wrong, and its fix."""
    from ops.doctor import examine

    report = examine(settings_of(context))
    lines = [f"{one['code']}: {one['message']}\n  fix: {one['fix']}" for one in report["problems"]]
    Output(as_json).show(report, f"database  {report['database_url']}", *(lines or ["nothing is wrong"]))
    if not report["ok"]:
        raise SystemExit(1)


def ready_to_compute(context: typer.Context) -> None:
    """Checks of a run before it is asked for use kernels: the workers' compiled ones, found before numba is there."""
    from compute.engine_version import pin_arithmetic
    from ops.processes.kernel_cache import use_numba_cache

    pin_arithmetic()
    use_numba_cache(settings_of(context))


def wait_for_the_end(told: Stop, note: str) -> None:
    """Said when we are ready to hear it.

    No wait without an end: a handler that comes in the middle of an Event's wait would wait for the lock that we hold
    ourselves, and one that comes just before any wait is heard when that is over.
    """
    told.calls(lambda: None)
    Output(False).note(note)
    while not told.asked.is_set():
        time.sleep(LOOK_SECONDS)
