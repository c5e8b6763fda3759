"""Figures of a run as plain tables: equal to `tenor results` to the bit, once, and gone when dropped."""

from uuid import uuid5

import psycopg
import pyarrow as pa
import pytest

from domain.refusals import Unknown
from ops.marts.checking import is_intact
from ops.marts.listing import listed_marts
from ops.marts.publishing import drop, publish
from ops.wiring import Tenor
from projections.marts.tables import MartInUse
from query_api.results.columns import layout
from query_api.results.table import position_results
from query_api.results.totals import totals_asked
from query_api.runs import queryable_run
from tests.builders.mart_rows import as_rows, in_mart
from tests.builders.read_models import catch_up_all
from tests.builders.sample_run import ASKED, SPACE, SampleRun


def shown_positions(tenor: Tenor, run: SampleRun) -> pa.Table:
    with tenor.database.connect() as connection:
        table = position_results(connection, run.run_id)
        return pa.Table.from_batches(table.batches, table.schema)


def shown_totals(tenor: Tenor, run: SampleRun) -> pa.Table:
    with tenor.database.connect() as connection:
        found = queryable_run(connection, run.run_id)
        return totals_asked(connection, run.run_id, "node", layout(found)).table


def test_positions_equal_the_results_to_the_bit(tenor: Tenor, published: SampleRun) -> None:
    publish(tenor.storage, ASKED, published.run_id)
    shown = shown_positions(tenor, published)
    keys = ["scenario_id", "position_id"]
    columns = [name for name in shown.column_names if name not in (*keys, "detail")]
    expected = as_rows(shown, columns, keys)
    assert len(expected) == 90 * 3
    assert in_mart(tenor, "position_result", columns, keys) == expected


def test_totals_equal_the_results_to_the_bit(tenor: Tenor, published: SampleRun) -> None:
    publish(tenor.storage, ASKED, published.run_id)
    shown = shown_totals(tenor, published).rename_columns(
        ["node_id" if name == "node" else name for name in shown_totals(tenor, published).column_names]
    )
    keys, about = ["scenario_id", "node_id"], ["positions", "left_out", "reasons", "currency"]
    columns = [name for name in shown.column_names if name not in (*keys, *about, "base_currency")]
    assert in_mart(tenor, "total", columns, keys) == as_rows(shown, columns, keys)
    assert in_mart(tenor, "total_detail", about, keys) == as_rows(shown, about, keys)


def test_the_first_columns_are_those_of_the_contract(tenor: Tenor, published: SampleRun) -> None:
    publish(tenor.storage, ASKED, published.run_id)
    with tenor.database.connect() as connection:
        for table, first in {
            "position_result": "run_id as_of scenario_id position_id instrument_id book_id product_type "
            "currency status reason",
            "total": "run_id as_of scenario_id node_id",
        }.items():
            rows = connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart' "
                "AND table_name = %s ORDER BY ordinal_position",
                (table,),
            ).fetchall()
            names, count = [name for name, _ in rows], len(first.split())
            assert names[:count] == first.split()
            assert {kind for _, kind in rows[count:]} == {"double precision"}
            assert {"pv", "pv_base", "dv01", "key_rate_dv01_5y_base", "yield"} <= set(names)
        comments = connection.execute(
            "SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a "
            "WHERE a.attrelid = 'mart.position_result'::regclass AND a.attname IN ('pv', 'pv_base', 'key_rate_dv01_5y')"
        ).fetchall()
    assert dict(comments) == {
        "pv": "[currency] present value of the position",
        "pv_base": "[base currency] present value of the position",
        "key_rate_dv01_5y": "[currency per bp] gain when one key rate falls by a basis point; they add up to DV01 "
        "(dv01_5y)",
    }


def test_publishing_again_is_nothing(tenor: Tenor, published: SampleRun) -> None:
    first = publish(tenor.storage, ASKED, published.run_id)
    head = tenor.store.head()
    again = publish(tenor.storage, ASKED, published.run_id)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.event == first.event
    assert tenor.store.head() == head
    assert first.event.rows == {"position_result": 270, "total": 27, "total_detail": 27}


def test_a_dropped_mart_is_gone_and_comes_back_the_same(tenor: Tenor, published: SampleRun) -> None:
    first = publish(tenor.storage, ASKED, published.run_id)
    assert [row["run_id"] for row in listed_marts(tenor.storage)] == [str(published.run_id)]
    drop(tenor.storage, ASKED, published.run_id, "room")
    assert listed_marts(tenor.storage) == []
    with tenor.database.connect() as connection:
        for table in ("run", "position_result", "total", "total_detail"):
            assert connection.execute(f"SELECT count(*) FROM mart.{table}").fetchone() == (0,)  # noqa: S608
    with pytest.raises(Unknown, match="no table"):
        drop(tenor.storage, ASKED, published.run_id, "again")
    assert publish(tenor.storage, ASKED, published.run_id).event.contents == first.event.contents


def test_rows_are_those_that_the_log_says_until_somebody_changes_them(
    tenor: Tenor, published: SampleRun, database_url: str
) -> None:
    run_id = published.run_id
    publish(tenor.storage, ASKED, run_id)
    assert is_intact(tenor.storage, run_id)
    for table in ("position_result", "total"):
        with psycopg.connect(database_url, autocommit=True) as superuser:
            ((run_no,),) = superuser.execute("SELECT run_no FROM mart_publication").fetchall()
            superuser.execute(f"UPDATE mart.{table}_{run_no} SET pv_base = pv_base + 1e-9 WHERE scenario_id = 'fx'")  # noqa: S608
        assert not is_intact(tenor.storage, run_id)
        drop(tenor.storage, ASKED, run_id, "")
        publish(tenor.storage, ASKED, run_id)
        assert is_intact(tenor.storage, run_id)


def test_a_run_that_was_worked_on_since_is_written_anew(tenor: Tenor) -> None:
    run = SampleRun(failing=(1,)).whole(tenor)  # type: ignore[arg-type]
    catch_up_all(tenor.storage)
    before = publish(tenor.storage, ASKED, run.run_id).event
    run.retry(tenor)  # type: ignore[arg-type]
    run.end(tenor)  # type: ignore[arg-type]
    catch_up_all(tenor.storage)
    after = publish(tenor.storage, ASKED, run.run_id)
    assert after.is_new and after.event.completed_version > before.completed_version
    assert after.event.contents != before.contents and after.event.rows == before.rows
    assert is_intact(tenor.storage, run.run_id)


def test_the_next_run_brings_its_own_measures(tenor: Tenor, published: SampleRun) -> None:
    """Columns are added to what is there; of a run without a measure they are NULL."""
    few = SampleRun(measures=("PV",), run_id=uuid5(SPACE, "few")).whole(tenor)  # type: ignore[arg-type]
    catch_up_all(tenor.storage)
    assert publish(tenor.storage, ASKED, few.run_id).event.columns == ["pv", "pv_base"]
    publish(tenor.storage, ASKED, published.run_id)
    with tenor.database.connect() as connection:
        rows = connection.execute(
            "SELECT run_id, count(pv), count(dv01) FROM mart.position_result GROUP BY 1"
        ).fetchall()
    counts = {run_id: (pv > 0, dv01 > 0) for run_id, pv, dv01 in rows}
    assert counts == {few.run_id: (True, False), published.run_id: (True, True)}


def test_readers_in_the_way_are_not_waited_for_without_end(tenor: Tenor, published: SampleRun) -> None:
    """A tool's query holds the table: a drop gives up, says so, and has changed nothing."""
    publish(tenor.storage, ASKED, published.run_id)
    with tenor.database.connect() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM mart.position_result")
        with pytest.raises(MartInUse, match="stand in the way"):
            drop(tenor.storage, ASKED, published.run_id, "")
        assert len(listed_marts(tenor.storage)) == 1
    drop(tenor.storage, ASKED, published.run_id, "")
