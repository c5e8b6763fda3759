"""A run whose every chunk fails, since the log names a market that no blob holds: it ends, and it can be mended."""

from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.event import Envelope
from domain.run import Run, RunRequested, request
from ops.adapters.blob_store import PostgresBlobStore
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore
from ops.database import Database, as_application
from tests.walk.command_line import SMALL_FUND, Tenor
from tests.walk.conftest import kernels, tenor_home

__all__ = ["kernels", "tenor_home"]

NO_SUCH_BLOB = "0" * 64
SELECT_FAILURES = "SELECT count(*) FROM ledger_events WHERE topic = 'run.chunk_failed'"
COUNT_EVENTS = "SELECT count(*) FROM ledger_events WHERE topic = %s"


def append_run_over_no_market(database_url: str, like: UUID) -> UUID:
    """What a store that lost a blob looks like to a worker."""
    run_id = uuid4()
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 1)))
    (requested,) = [event for event in store.stream(like) if isinstance(event, RunRequested)]
    terms = requested.model_dump(exclude=set(Envelope.__annotations__) | {"originator_id", "originator_version"})
    print(terms.keys())
    store.append(request(Run(), Envelope("test", requested.timestamp, uuid4()), run_id, terms))
    store.close()
    return run_id
