"""Tenor from Python: `with tenor.connect() as client: …`. `tenor.aio` is the same, asynchronous."""

from tenor.client import Client, connect
from tenor.context import RunContext
from tenor.errors import (
    Busy,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RunFailed,
    ServerFault,
    TenorError,
    TimedOut,
    Unreachable,
)
from tenor.exchange import Retries
from tenor.operations import Snapshot
from tenor.runs import Results, Run
from tenor.tables import Table

__all__ = [
    "Busy",
    "Client",
    "Conflict",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Results",
    "Retries",
    "Run",
    "RunContext",
    "RunFailed",
    "ServerFault",
    "Snapshot",
    "Table",
    "TenorError",
    "TimedOut",
    "Unreachable",
    "connect",
]
