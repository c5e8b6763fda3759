"""A version of a model keeps its numbers: other numbers are another version (README.md says what to do)."""

import pytest

from domain.valuation_models import MODELS, TRANCHE, Model
from tests.builders.small_fund import PRICED_PRODUCTS
from tests.models.record import differences, recorded, values_of

PRICING = [model for model in MODELS if not (PRICED_PRODUCTS | {TRANCHE}).isdisjoint(model.products)]


@pytest.mark.parametrize("model", PRICING, ids=lambda model: model.name)
def test_a_version_keeps_its_numbers(model: Model) -> None:
    was = recorded(model)
    todo = f"see tests/models/README.md: `python -m tests.models.record {model.name}`"
    assert was is not None, f"{model.reference} has no recorded values; {todo}"
    assert was["version"] == model.version, f"{model.reference} needs values of its own; {todo}"
    changed = differences(was["values"], values_of(model))
    assert not changed, f"{model.reference} gives other numbers: raise it in domain/valuation_models.py; {todo}\n" + (
        "\n".join(changed[:10])
    )


def test_every_recorded_model_is_held_to_something() -> None:
    counts = {model.name: len(was["values"]) for model in PRICING if (was := recorded(model))}
    assert min(counts.values()) >= 1 and sum(counts.values()) > 300


def test_a_number_that_moves_by_more_than_rounding_is_seen() -> None:
    model = next(model for model in MODELS if model.name == "swaps")
    was = recorded(model)
    assert was is not None
    moved = {name: [value * (1 + 1e-8) for value in values] for name, values in was["values"].items()}
    assert len(differences(was["values"], moved)) == sum(any(values) for values in was["values"].values())
    assert differences(was["values"], {}) and not differences({}, moved)
