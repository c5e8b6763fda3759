"""What totals of a run's results say of derivatives: those that are summed from positions have no netting sets."""

from collections.abc import Iterable

from domain.portfolio.term_use import NETTED
from domain.runs.netted import ADDED
from query_api.reading import Connection
from query_api.results.columns import ResultColumn
from query_api.runs import RunRow

COUNTED = frozenset((*(name.upper() for name in ADDED), "RISK_WEIGHT_SA", "RISK_WEIGHT_IRB", "RISK_WEIGHT_US"))
"""Measures whose totals a bank adds its netting sets to."""
SELECT_NETTED = """
SELECT EXISTS (SELECT FROM read.rollup
                WHERE run_no = %(run_no)s
                  AND (dimension = 'ccr_class' OR dimension = 'product_type' AND key = ANY(%(products)s)))
"""


def netting_note(connection: Connection, run: RunRow, columns: Iterable[ResultColumn], *, is_kept: bool) -> str:
    """Empty where no exposure is asked for, the run has no derivatives, or its kept totals have them."""
    if not any(column.measure.name in COUNTED for column in columns):
        return ""
    if run.netting_sets == 0 or (is_kept and run.netting_sets is not None):
        return ""
    products = [name for name in NETTED if name != "EXTERNAL"]
    row = connection.execute(SELECT_NETTED, {"run_no": run.run_no, "products": products}).fetchone()
    if row is None or not row[0]:
        return ""
    return f"exposures and RWA here leave netting sets out: `tenor regulatory show {run.run_id}` adds them"
