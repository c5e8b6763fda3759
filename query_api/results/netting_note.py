"""What totals of a run's results say of derivatives: netting sets have no rows among positions, nor a part in them."""

from collections.abc import Iterable

from domain.portfolio.term_use import NETTED
from query_api.reading import Connection
from query_api.results.columns import ResultColumn
from query_api.runs import RunRow

COUNTED = frozenset(
    (
        *("EAD", "EAD_SA", "RISK_WEIGHT_SA", "RWA_SA", "RISK_WEIGHT_IRB", "RWA_IRB"),
        *("EAD_US", "RISK_WEIGHT_US", "RWA_US_SA", "CAPITAL"),
    )
)
"""Measures whose totals a bank adds its netting sets to."""
SELECT_NETTED = """
SELECT EXISTS (SELECT FROM read.rollup
                WHERE run_no = %(run_no)s
                  AND (dimension = 'ccr_class' OR dimension = 'product_type' AND key = ANY(%(products)s)))
"""


def netting_note(connection: Connection, run: RunRow, columns: Iterable[ResultColumn]) -> str:
    """Empty where no exposure is asked for, or the run has no derivatives."""
    if not any(column.measure.name in COUNTED for column in columns):
        return ""
    products = [name for name in NETTED if name != "EXTERNAL"]
    row = connection.execute(SELECT_NETTED, {"run_no": run.run_no, "products": products}).fetchone()
    if row is None or not row[0]:
        return ""
    return f"exposures and RWA here leave netting sets out: `tenor regulatory show {run.run_id}` adds them"
