"""A history in one go: what is stored, that again is nothing, and files as users bring them."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from commands.define_history import DefineHistory, define_history
from commands.refusals import InvalidInput
from domain.event import Envelope
from domain.scenarios.versions import ScenarioDefined, ScenarioSetDefined
from ops.adapters.database import as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore

QUARTERLY = Path(__file__).parents[2] / "examples" / "history" / "quarterly.csv"
ASKED = Envelope("tester", datetime(2026, 1, 23, 18, tzinfo=UTC), UUID(int=1))


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresEventStore]:
    made = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 4)))
    yield made
    made.close()


def test_every_move_is_a_scenario_and_the_set_pins_them_all(store: PostgresEventStore) -> None:
    defined = define_history(store, ASKED, QUARTERLY.read_bytes(), DefineHistory("past"))
    events = [entry.event for entry in store.log(0, 1000)]
    scenarios = [event for event in events if isinstance(event, ScenarioDefined)]
    (of_set,) = [event for event in events if isinstance(event, ScenarioSetDefined)]
    assert len(events) == len(scenarios) + 1 == 104 and defined["event_position"] == store.head()
    assert of_set.scenarios == [f"{event.scenario_id}@1" for event in scenarios]
    assert (scenarios[0].scenario_id, scenarios[-1].scenario_id) == ("past.1999-06-30", "past.2024-12-31")


def test_the_same_history_again_is_the_same_and_another_one_the_next_version(store: PostgresEventStore) -> None:
    define_history(store, ASKED, QUARTERLY.read_bytes(), DefineHistory("past", last=3))
    before = store.head()
    again = define_history(store, ASKED, QUARTERLY.read_bytes(), DefineHistory("past", last=3))
    assert (again["version"], store.head()) == (1, before)
    other = QUARTERLY.read_bytes().replace(b"2024-12-31,FX,EURUSD,,1.035", b"2024-12-31,FX,EURUSD,,1.04")
    revised = define_history(store, ASKED, other, DefineHistory("past", last=3))
    of_set = store.log(store.head() - 1, 1)[0].event
    assert revised["version"] == 2 and isinstance(of_set, ScenarioSetDefined)
    assert of_set.scenarios == ["past.2024-06-30@1", "past.2024-09-30@1", "past.2024-12-31@2"]


def test_parquet_says_what_csv_says(store: PostgresEventStore) -> None:
    """With dates, doubles and absent tenors of their own types."""
    written = io.BytesIO()
    pq.write_table(pacsv.read_csv(QUARTERLY, convert_options=pacsv.ConvertOptions(strings_can_be_null=True)), written)
    of_csv = define_history(store, ASKED, QUARTERLY.read_bytes(), DefineHistory("past", last=5))
    of_parquet = define_history(store, ASKED, written.getvalue(), DefineHistory("past", last=5))
    assert of_parquet == of_csv


@pytest.mark.parametrize(
    ("raw", "set_id"),
    [
        (b"\xff\xfe", "past"),
        (b"PAR1 but no more", "past"),
        (b"", "past"),
        (b"date,kind,name,move\n2024-01-02,FX,EURUSD,1\n", "a set"),
        (b"date,kind,name,move\n2024-01-02,FX,EURUSD,1\n", "x" * 54),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(
    store: PostgresEventStore, raw: bytes, set_id: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        define_history(store, ASKED, raw, DefineHistory(set_id))
    assert refused.value.code == "INVALID_HISTORY" and refused.value.fix
    assert store.head() == 0
