"""Limits of a run's policy, against what the run says; broken ones are events."""

from uuid import UUID

import pyarrow as pa

from commands.record_breaches import record_breaches
from compute.capital.limit_uses import limit_uses, limits_table
from domain.event import Envelope
from ops.ports import Storage
from ops.regulatory.capital import CapitalOfRuns
from ops.regulatory.totals import totals_for


def checked_limits(storage: Storage, capital: CapitalOfRuns, envelope: Envelope, run_id: str) -> pa.Table:
    """The table; what is broken is recorded, each once."""
    uses = limit_uses(capital.worked(run_id), totals_for(storage, run_id))
    record_breaches(storage.store, envelope, UUID(run_id), capital.policy_of(run_id), uses)
    return limits_table(uses)
