"""Ladders in the read model, against what the blocks of their runs give: they are few, and all are added up again."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from ops.audit.verification.findings import Findings
from ops.audit.verification.read_models import Version
from ops.audit.verification.results import ResultsTold
from ops.ports import Storage
from projections.cash_flows.ladders import KeptRows, LadderDamaged, LadderProjection
from projections.engine.versions import Tables, versioned

SELECT_RUNS = "SELECT DISTINCT run_id FROM {ladder}"
SELECT_ROWS = "SELECT dimension, key, currency, scenario_id, basis, amounts FROM {ladder} WHERE run_id = %s"
MAX_ROWS = 20
"""Of a run that are told one by one; the rest are counted."""

Rows = dict[tuple[str, ...], bytes]


def verify_ladders(
    storage: Storage, connection: Any, versions: list[Version], told: ResultsTold, findings: Findings
) -> None:
    kept = KeptRows(storage.store, storage.blobs, storage.portfolio_codec, storage.block_codec)
    for version in versions:
        tables = Tables(LadderProjection.tables, version.number)
        name, due = versioned("ladder", version.number), told.due(version).keys() - told.archived
        there = {run_id for (run_id,) in connection.execute(tables.sql(SELECT_RUNS)).fetchall()}
        for run_id in sorted(there | due):
            where = f"read model {name}, run {run_id}"
            if run_id not in due:
                findings.add("RESULTS_WITHOUT_RUN", where, "the log has no such run that completed")
                continue
            stands = {tuple(key): amounts for *key, amounts in connection.execute(tables.sql(SELECT_ROWS), (run_id,))}
            for message in differing(kept, run_id, stands):
                findings.add("RESULTS_EDITED", where, message)


def differing(kept: KeptRows, run_id: UUID, stands: Rows) -> Iterator[str]:
    try:
        given: Rows = {tuple(key): amounts for *key, amounts in kept.of(run_id)}
    except (LadderDamaged, LookupError, ValueError) as problem:
        yield f"its rows cannot be compared: {problem}"
        return
    different = [key for key in given | stands if given.get(key) != stands.get(key)]
    for key in different[:MAX_ROWS]:
        what = "is gone" if key not in stands else "should not be here" if key not in given else "has other amounts"
        yield f"the row of {', '.join(key)} {what}"
    if len(different) > MAX_ROWS:
        yield f"{len(different) - MAX_ROWS:,} more rows differ"
