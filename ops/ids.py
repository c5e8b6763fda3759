"""Ids that a command is given, made whole: first characters, `latest`; read models are brought up to date before."""

from commands.refusals import Conflict, UnknownRun, UnknownSnapshot
from ops.read_models import catch_up_catalogues
from ops.wiring import Tenor
from query_api.errors import AmbiguousId, NotFound
from query_api.ids import IdKind, find_id, whole_id


def run_named(tenor: Tenor, text: str) -> str:
    return whole_id_of(tenor, "run", text)


def whole_id_of(tenor: Tenor, what: str, text: str) -> str:
    """Of a `run`, `portfolio` or `market`. What is whole already is not looked up: its reader says whether it is."""
    if (known := whole_id(text)) is not None:
        return str(known)
    catch_up_catalogues(tenor)
    with tenor.database.connect() as connection:
        try:
            return str(find_id(connection, IdKind[what.upper()], text))
        except AmbiguousId as several:
            raise Conflict(several.code, str(several), several.fix) from several
        except NotFound as unknown:
            if what == "run":
                raise UnknownRun(text, unknown.fix) from unknown
            raise UnknownSnapshot(what, text, unknown.fix) from unknown
