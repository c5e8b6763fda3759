"""Ids that a command is given, made whole: first characters, `latest`; read models are brought up to date before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from commands.refusals import UnknownRun, UnknownScenario, UnknownSnapshot

if TYPE_CHECKING:
    from ops.ports import Storage


def run_named(storage: "Storage", text: str) -> str:
    return whole_id_of(storage, "run", text)


def whole_id_of(storage: "Storage", what: str, text: str) -> str:
    """Of a `run`, `portfolio` or `market`. What is whole already is not looked up: its reader says whether it is."""
    from ops.read_models import catch_up_catalogues
    from query_api.errors import NotFound
    from query_api.ids import IdKind, find_id, whole_id

    if (known := whole_id(text)) is not None:
        return str(known)
    catch_up_catalogues(storage)
    with storage.connect() as connection:
        try:
            return str(find_id(connection, IdKind[what.upper()], text))
        except NotFound as unknown:
            if what == "run":
                raise UnknownRun(text, unknown.fix) from unknown
            raise UnknownSnapshot(what, text, unknown.fix) from unknown


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
