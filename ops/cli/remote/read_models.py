"""Read models of a server: how they fare, and what is asked of them, until its process has done it."""

from types import SimpleNamespace

from domain.refusals import Refused
from ops.cli.operating import projections
from ops.cli.remote.asking import At, Options

PROJECTIONS = "/api/v1/orchestrator/projections"


def list_projections(at: At) -> None:
    states = [{name: value for name, value in row.items() if name != "asked"} for row in at.get(PROJECTIONS)]
    at.output.show(states, *(projections.state_line(SimpleNamespace(**each)) for each in states))


def rebuild(at: At) -> None:
    """A server compares contents whether that is asked for or not."""
    projections.show_rebuilt(at.output, done(at, "rebuild"))


def rollback(at: At) -> None:
    document = done(at, "rollback")
    at.output.show(document, projections.swapped(document))


def list_dead_letters(at: At) -> None:
    projections.show_letters(at.output, at.get("/api/v1/orchestrator/dead-letters", replayed=at["replayed"]))


def replay_dead_letters(at: At) -> None:
    if at["position"] is not None:
        fix = "leave it out: all that wait are told again"
        raise Refused("NOT_BY_SERVER", "--position works where the database is, and TENOR_SERVER names a server", fix)
    document = done(at, "replay")
    at.output.show(document, f"{len(document['replayed'])} replayed")


def done(at: At, what: str) -> Options:
    """What came of it; the server's own process takes it up, and goes on where this one stops looking."""
    from tenor import managed

    found: Options = at.client.drive(managed.seen_to(at["name"], what, at.client.session, at.output.note))
    return found
