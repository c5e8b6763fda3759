"""Ids that a command is given, made whole: first characters, `latest`; read models are brought up to date before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commands.refusals import UnknownRun, UnknownScenario, UnknownSnapshot
from domain.access.asking import who_asks

if TYPE_CHECKING:
    from domain.ports import Connection
    from ops.ports import Storage


def run_named(storage: "Storage", text: str) -> str:
    return whole_id_of(storage, "run", text)


def whole_id_of(storage: "Storage", what: str, text: str) -> str:
    """Of a `run`, `portfolio` or `market`. What is whole already is not looked up: its reader says whether it is; but
    for whoever has a scope, which commands know nothing of."""
    from ops.read_models import catch_up_catalogues
    from query_api.errors import NotFound
    from query_api.ids import IdKind, find_id, whole_id
    from query_api.reading import reading

    known = whole_id(text)
    if known is not None and who_asks().is_whole:
        return str(known)
    catch_up_catalogues(storage)
    with reading(storage.connect) as connection:
        try:
            if known is not None:
                return _seen(connection, what, text)
            return str(find_id(connection, IdKind[what.upper()], text))
        except NotFound as unknown:
            if what == "run":
                raise UnknownRun(text, unknown.fix) from unknown
            raise UnknownSnapshot(what, text, unknown.fix) from unknown


def _seen(connection: "Connection", what: str, text: str) -> str:
    """Within a scope the id of what is not there and of what is somebody else's are refused alike."""
    from query_api.runs import find_run
    from query_api.snapshots import find_snapshot

    if what == "run":
        return str(find_run(connection, text).run_id)
    return str(find_snapshot(connection, what.upper(), text).snapshot_id)


@contextmanager
def near_scenarios_named(storage: "Storage") -> Iterator[None]:
    """Whoever misspells a scenario or a set is told the nearest names; read models are as they are."""
    try:
        yield
    except UnknownScenario as unknown:
        from query_api.scenarios import near_scenarios, near_sets

        if not unknown.versions:
            find = near_sets if unknown.reference.startswith("@") else near_scenarios
            with storage.connect() as connection:
                near = find(connection, unknown.reference.removeprefix("@").partition("@")[0])
            if near:
                unknown.fix = f"the nearest: {', '.join(near)}"
        raise
