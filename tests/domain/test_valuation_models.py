"""Decisions on models: given what was decided, when somebody decides, then an event, nothing or a refusal."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.event import Envelope
from domain.measures.measures import BY_NAME as MEASURES
from domain.portfolio.tables import PRODUCT_TYPES
from domain.valuation_models import (
    BY_NAME,
    MODELS,
    TRANCHE,
    ModelDecisions,
    ModelEvent,
    ModelRefused,
    ModelStatus,
    ModelUse,
    ModelVersionApproved,
    ModelVersionWithdrawn,
    approve,
    fold,
    model_stream,
    models_for,
    withdraw,
)
from tests.builders.small_fund import PRICED_PRODUCTS

NOW = datetime(2026, 1, 23, 18, tzinfo=UTC)
TODAY = NOW.date()
ASKED = Envelope("ada", NOW, UUID(int=1))
PAGES = Path(__file__).parents[2] / "docs" / "models"
KEPT_ELSEWHERE = ("callable_bonds", "hull_white", "structured", "value_at_risk")
"""Pages of a form of their own, written with their kernels."""


def approved(version: int = 1, until: date | None = None) -> ModelEvent:
    place = ASKED.at(model_stream("swaps"), 1)
    return ModelVersionApproved(**place, model="swaps", version=version, reason="validated", until=until)


def withdrawn(version: int = 1) -> ModelEvent:
    place = ASKED.at(model_stream("swaps"), 2)
    return ModelVersionWithdrawn(**place, model="swaps", version=version, reason="wrong")


def approve_swaps(decisions: ModelDecisions, reason: str = "validated", until: date | None = None) -> list[ModelEvent]:
    return approve(decisions, ASKED, "swaps", 1, reason, until=until)


def test_an_approval_says_what_was_approved_why_and_until_when() -> None:
    assert approve_swaps(fold([]), until=date(2026, 12, 31)) == [approved(until=date(2026, 12, 31))]


def test_the_same_approval_again_is_nothing_and_another_replaces_it() -> None:
    decisions = fold([approved()])
    assert approve_swaps(decisions) == []
    (renewed,) = approve_swaps(decisions, until=TODAY)
    assert renewed.originator_version == 2
    assert fold([approved(), renewed]).status(1, TODAY + timedelta(days=1)) is ModelStatus.EXPIRED


def test_an_approval_is_withdrawn_once_and_may_be_given_again() -> None:
    decisions = fold([approved()])
    assert withdraw(decisions, ASKED, "swaps", 1, "wrong") == [withdrawn()]
    assert withdraw(fold([approved(), withdrawn()]), ASKED, "swaps", 1, "again") == []
    (again,) = approve_swaps(fold([approved(), withdrawn()]))
    assert fold([approved(), withdrawn(), again]).status(1, TODAY) is ModelStatus.APPROVED


def test_what_does_not_follow_is_refused() -> None:
    with pytest.raises(ModelRefused, match="has not been approved"):
        withdraw(fold([]), ASKED, "swaps", 1, "why")
    with pytest.raises(ModelRefused, match="without a reason"):
        approve_swaps(fold([]), reason=" ")
    with pytest.raises(ModelRefused, match="without a reason"):
        withdraw(fold([approved()]), ASKED, "swaps", 1, "")
    with pytest.raises(ModelRefused, match="run out"):
        approve_swaps(fold([]), until=TODAY - timedelta(days=1))


STANDING: list[tuple[list[ModelEvent], ModelStatus]] = [
    ([], ModelStatus.NOT_APPROVED),
    ([approved()], ModelStatus.APPROVED),
    ([approved(until=TODAY)], ModelStatus.APPROVED),
    ([approved(until=TODAY - timedelta(days=1))], ModelStatus.EXPIRED),
    ([approved(version=2)], ModelStatus.NOT_APPROVED),
    ([approved(), withdrawn()], ModelStatus.WITHDRAWN),
]


@pytest.mark.parametrize(("given", "status"), STANDING)
def test_how_a_version_stands(given: list[ModelEvent], status: ModelStatus) -> None:
    assert fold(given).status(1, TODAY) is status


def test_a_run_pins_the_version_in_use_and_the_event_that_decided() -> None:
    swaps = BY_NAME["swaps"]
    assert fold([]).use(swaps, TODAY) == ModelUse(model="swaps", version=2, status=ModelStatus.NOT_APPROVED)
    told = fold([approved(2), withdrawn(2)]).use(swaps, TODAY)
    assert (told.status, told.decided_by) == (ModelStatus.WITHDRAWN, 2)
    newer = fold([approved(2)]).use(replace(swaps, version=3), TODAY)
    assert (newer.version, newer.status, newer.decided_by) == (3, ModelStatus.NOT_APPROVED, None)


def names(measure: str, **terms: str) -> list[str]:
    return [model.name for model in models_for({key: [value] for key, value in terms.items()}, [measure])]


def test_the_models_behind_a_number() -> None:
    assert names("PV", product_type="IRS") == ["curves", "swaps"]
    assert names("DV01", product_type="IRS") == ["curves", "swaps", "sensitivities"]
    assert names("YIELD", product_type="BOND", rate_type="FIXED") == ["curves", "fixed_cash_flows", "yields"]
    assert names("PV", product_type="LOAN", rate_type="FLOATING") == ["curves", "floating_rate"]
    assert names("PV", product_type="LOAN", rate_type="FIXED", prepayment="CPR 6") == [
        "curves",
        "fixed_cash_flows",
        "prepayment_default",
    ]
    assert names("WAL", product_type="ABS_MBS", prepayment="PSA 100") == [
        "curves",
        "prepayment_default",
        "pools",
        "yields",
    ]
    assert names("PV", product_type="CALLABLE_BOND", rate_type="FIXED") == ["curves", "callable_bonds", "hull_white"]


@pytest.mark.parametrize("product", PRODUCT_TYPES)
@pytest.mark.parametrize("rate_type", ["FIXED", "FLOATING", "ZERO"])
def test_every_product_has_a_model_of_its_own(product: str, rate_type: str) -> None:
    assert set(names("PV", product_type=product, rate_type=rate_type)) - {"curves"}


def test_the_inventory_names_products_and_measures_that_there_are() -> None:
    assert len(BY_NAME) == len(MODELS)
    for model in MODELS:
        assert model.version >= 1 and model.summary
        assert set(model.products) <= {*PRODUCT_TYPES, TRANCHE} and set(model.measures) <= set(MEASURES)


def test_every_model_is_in_the_index_and_has_its_page_once_it_prices_something() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [model.name for model in MODELS if f"({model.name}.md)" not in index] == []
    pricing = [model.name for model in MODELS if not PRICED_PRODUCTS.isdisjoint(model.products)]
    assert [name for name in pricing if name not in KEPT_ELSEWHERE and not (PAGES / f"{name}.md").exists()] == []


@pytest.mark.parametrize("name", [model.name for model in MODELS if model.name not in KEPT_ELSEWHERE])
def test_a_page_says_what_a_validator_asks_for(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    asked = ("Equations", "Source", "Assumptions", "Calibration", "Tests", "Weaknesses", "Limits of use")
    assert [heading for heading in asked if f"\n## {heading}\n" not in text] == []
    assert f"`{name}` version {BY_NAME[name].version}" in text
    named = [Path(each) for each in re.findall(r"`(tests/[\w/.]+)`", text)]
    assert named and all((PAGES.parents[1] / each).exists() for each in named)
