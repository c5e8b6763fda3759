"""Approving models, and runs that name them: they go on with what nobody approved unless they were to refuse."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from commands.decide_model import approve_model, models_in_use, withdraw_model
from commands.refusals import UnknownModel
from commands.submit_run import SubmitRun, models_of
from domain.event import Envelope
from domain.refusals import Refused
from domain.snapshot import Content, Snapshot, SnapshotKind, SnapshotRegistered, register
from domain.valuation_models import BY_NAME, ModelStatus, ModelUse
from ops.adapters.database import as_application
from ops.adapters.event_store import LedgerDatastore, LedgerRecorder, PostgresEventStore

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
ASKED = Envelope("ada", NOW, UUID(int=1))


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresEventStore]:
    store = PostgresEventStore(LedgerRecorder(LedgerDatastore(database_url, as_application, 2)))
    yield store
    store.close()


def portfolio(**values: list[str] | None) -> SnapshotRegistered:
    (event,) = register(
        Snapshot(),
        ASKED,
        Content(
            kind=SnapshotKind.PORTFOLIO,
            sha256="0" * 64,
            rows={"positions": 1},
            control_totals={},
            source={"values": values},
        ),
    )
    return event


def statuses(uses: list[ModelUse]) -> dict[str, str]:
    return {f"{use.model}@{use.version}": use.status.value for use in uses}


def test_a_portfolio_uses_the_models_of_what_it_holds(store: PostgresEventStore) -> None:
    approve_model(store, ASKED, "swaps", "validated", until=date(2026, 6, 30))
    held = portfolio(product_type=["IRS", "LOAN"], rate_type=["FIXED"], prepayment=None)
    assert statuses(models_in_use(store, held, ["PV"], NOW.date())) == {
        "curves@2": "NOT_APPROVED",
        "fixed_cash_flows@3": "NOT_APPROVED",
        "prepayment_default@1": "NOT_APPROVED",
        "prepayment_models@1": "NOT_APPROVED",
        "swaps@2": "APPROVED",
    }
    later = models_in_use(store, portfolio(product_type=["IRS"]), ["PV"], date(2026, 7, 1))
    assert statuses(later)["swaps@2"] == "EXPIRED"


def test_decisions_answer_with_their_place_and_repeat_harmlessly(store: PostgresEventStore) -> None:
    first = approve_model(store, ASKED, "swaps@2", "validated")
    assert (first, store.head()) == (1, 1)
    assert approve_model(store, ASKED, "swaps", "validated") == 1
    assert withdraw_model(store, ASKED, "swaps", "wrong") == 2
    assert withdraw_model(store, ASKED, "swaps", "wrong") == 2


@pytest.mark.parametrize("reference", ["swap", "swaps@0", "swaps@99", "@1", ""])
def test_an_unknown_model_or_version_is_said_to_be_unknown(store: PostgresEventStore, reference: str) -> None:
    with pytest.raises(UnknownModel):
        approve_model(store, ASKED, reference, "validated")
    assert store.head() == 0


def test_a_run_that_requires_approved_models_names_those_that_are_not(store: PostgresEventStore) -> None:
    held = portfolio(product_type=["IRS"])
    store.append([held])
    command = SubmitRun(str(held.originator_id), "", measures=("PV",))
    strict = SubmitRun(command.portfolio, "", measures=("PV",), require_approved_models=True)
    assert len(models_of(store, ASKED, command)) == 2
    approve_model(store, ASKED, "curves", "validated")
    with pytest.raises(Refused) as refused:
        models_of(store, ASKED, strict)
    assert refused.value.code == "MODELS_NOT_APPROVED" and "swaps@2" in refused.value.message
    assert [one["value"] for one in refused.value.problems] == ["swaps@2"]
    approve_model(store, ASKED, "swaps", "validated")
    assert {use.status for use in models_of(store, ASKED, strict)} == {ModelStatus.APPROVED}


def test_the_version_in_use_is_the_default(store: PostgresEventStore) -> None:
    approve_model(store, ASKED, "cds", "validated")
    (use,) = [u for u in models_in_use(store, portfolio(product_type=["CDS"]), ["PV"], NOW.date()) if u.model == "cds"]
    assert (use.version, use.decided_by) == (BY_NAME["cds"].version, 1)
