"""The tables of results: filled by every projection, and read whole."""

from projections.engine.runner import catch_up
from tests.builders.sample_run import Tenor

PARTITIONED = ("result_chunk_v1", "result_position_v1", "result_row_v1", "result_status_v1", "rollup_v1")
TABLES = (*PARTITIONED, "rollup_reason_v1", "top_v1", "result_reason_v1", "result_fx_v1", "result_run_v1")


def publish(tenor: Tenor) -> None:
    for projection in tenor.projections():
        catch_up(projection, tenor.store, tenor.database.connect)


def read(tenor: Tenor, *, clock: bool = False) -> dict[str, list[str]]:
    """All rows of all result tables; NaN is compared as its text."""
    columns = "t.*" if clock else "to_jsonb(t) - 'queryable_at'"
    return {
        name: [str(row) for row in tenor.rows(f"SELECT ({columns})::text FROM projection.{name} t ORDER BY 1")]  # noqa: S608
        for name in TABLES
    }
