"""Limits of a run's policy, against what the run says; broken ones are events."""

from collections.abc import Callable
from uuid import UUID

import pyarrow as pa

from commands.record_breaches import record_breaches
from compute.capital.limit_uses import limit_uses, limits_table
from domain.documents import JsonObject
from domain.event import Envelope
from ops.http.refused_queries import refusing_as_queries
from ops.ports import Storage
from ops.regulatory.capital import CapitalOfRuns
from ops.regulatory.totals import totals_for
from query_api.runs import run_to_work_on


def checked_limits(storage: Storage, capital: CapitalOfRuns, envelope: Envelope, run_id: str) -> pa.Table:
    """The table; what is broken is recorded, each once."""
    uses = limit_uses(capital.worked(run_id), totals_for(storage, run_id))
    record_breaches(storage.store, envelope, UUID(run_id), capital.policy_of(run_id), uses)
    return limits_table(uses)


def check_for(storage: Storage, capital: CapitalOfRuns) -> Callable[[Envelope, str], tuple[JsonObject, int]]:
    """The same for HTTP: how many limits were held against, how many are broken, and where the log is now."""

    def check(envelope: Envelope, run: str) -> tuple[JsonObject, int]:
        run_id = str(run_to_work_on(storage.connect, run).run_id)
        with refusing_as_queries():
            states = checked_limits(storage, capital, envelope, run_id)["status"].to_pylist()
        broken = sum(state == "BREACH" for state in states)
        return {"run_id": run_id, "limits": len(states), "breaches": broken}, storage.store.head()

    return check
