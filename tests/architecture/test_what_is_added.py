"""What is added is added everywhere: the places that docs/adding-*.md name, where a gap would pass in silence."""

import re
from unittest.mock import Mock

from compute.outputs.measures import SOURCES
from compute.pricers.matured.recoveries import BY_MATURITY
from domain.measures.measures import MEASURES, Fact
from domain.portfolio.tables import PRODUCT_TYPES, REQUIRED_TERMS
from domain.portfolio.term_use import EXPOSED, NETTED
from domain.valuation_models import BY_NAME, MODELS
from ops.adapters.database import HEAD, known_revisions
from ops.read_models import build_projections
from ops.reference import DOCS

ROOT = DOCS.parent
OF_EVERY_MODEL = {"PV", "ACCRUED_INTEREST", "DIRTY_PRICE", "CLEAN_PRICE", "STANDARD_ERROR"}
"""What the product's own model gives; any other measure has a model that names it."""
NEW_READ_MODEL = re.compile(r"\('(\w+)', 1, 'LIVE', ")


def test_every_measure_of_a_pricer_is_of_a_model() -> None:
    named = {name for model in MODELS for name in model.measures}
    of_pricers = {measure.name for measure in MEASURES if measure.fact is not Fact.CAPITAL}
    assert of_pricers == named | OF_EVERY_MODEL


def test_every_given_measure_is_given_by_a_pricer() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "compute" / "pricers").rglob("*.py"))
    assert [name for name, source in SOURCES.items() if source.derived is None and f'"{name}"' not in text] == []


def test_every_product_is_an_exposure_or_netted() -> None:
    assert set(EXPOSED) | set(NETTED) == set(PRODUCT_TYPES)


def test_every_product_is_past_its_maturity_or_its_expiry() -> None:
    """An EXTERNAL brings its value."""
    expiring = {product for product, terms in REQUIRED_TERMS.items() if "expiry_date" in terms}
    assert {PRODUCT_TYPES[each] for each in BY_MATURITY} == set(PRODUCT_TYPES) - expiring - {"EXTERNAL"}


def test_every_product_has_a_model_beside_those_of_all() -> None:
    of_all = {*BY_NAME["curves"].products}
    own = {product for model in MODELS if not of_all <= set(model.products) for product in model.products}
    assert set(PRODUCT_TYPES) <= own


def test_every_model_has_its_page_and_its_line() -> None:
    contents = (DOCS / "models" / "README.md").read_text(encoding="utf-8")
    missing = [
        model.name for model in MODELS if not (ROOT / model.page).exists() or f"({model.name}.md)" not in contents
    ]
    assert missing == []


def test_databases_are_brought_to_the_newest_migration() -> None:
    assert max(known_revisions()) == HEAD


def test_every_read_model_of_a_migration_is_kept_and_told_of() -> None:
    scripts = (path.read_text(encoding="utf-8") for path in (ROOT / "migrations" / "sql").glob("*.sql"))
    made = {name for text in scripts for name in NEW_READ_MODEL.findall(text)}
    assert made == {each.name for each in build_projections(Mock())}
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert [name for name in made if f"`{name}`" not in operations] == []
