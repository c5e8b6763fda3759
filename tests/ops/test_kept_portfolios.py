"""Services decode a portfolio once, whoever of them asks, and show each principal what is in their scope."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commands.ingestion.prepare import prepare_portfolio
from domain.access.asking import asked_by
from domain.access.principal import LOCAL
from domain.portfolio.columns import Portfolio
from ops.ports import KEPT_PORTFOLIOS, KeepingStorage
from tests.builders.small_fund import FOLDER


class Decoding:
    """A store of one portfolio under every name, that counts."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio, self.decoded = portfolio, list[str]()

    def get(self, sha256: str) -> bytes:
        return sha256.encode()

    def decode(self, raw: bytes, tables: Any = None) -> Portfolio:
        self.decoded.append(raw.decode() + (":part" if tables else ""))
        return self.portfolio


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    found = prepare_portfolio(FOLDER).portfolio
    assert found is not None
    return found


@pytest.fixture
def decoding(portfolio: Portfolio) -> Decoding:
    return Decoding(portfolio)


@pytest.fixture
def storage(decoding: Decoding) -> KeepingStorage:
    unused: Any = None
    return KeepingStorage(unused, decoding, unused, decoding, unused)  # type: ignore[arg-type]  # what it needs of them


def books(portfolio: Portfolio) -> set[str]:
    column = portfolio.tables["portfolio"].columns["node_id"]
    return {column.categories[column.values[row]] for row in np.unique(portfolio.book_row)}


def test_it_is_decoded_once_for_the_whole_and_for_every_scope(
    storage: KeepingStorage, decoding: Decoding, portfolio: Portfolio
) -> None:
    one, *_ = sorted(books(portfolio))
    assert storage.portfolio("a") is storage.portfolio("a")
    with asked_by(replace(LOCAL, nodes=(one,))):
        assert books(storage.portfolio("a")) == {one} < books(portfolio)
        assert storage.portfolio("a") is storage.portfolio("a")
    assert books(storage.portfolio("a")) == books(portfolio)
    assert decoding.decoded == ["a"]


def test_some_tables_alone_are_read_anew(storage: KeepingStorage, decoding: Decoding) -> None:
    storage.portfolio("a", ("portfolio",))
    storage.portfolio("a")
    storage.portfolio("a", ("portfolio",))
    assert decoding.decoded == ["a:part", "a", "a:part"]


def test_those_asked_for_last_are_kept(storage: KeepingStorage, decoding: Decoding) -> None:
    names = [str(number) for number in range(KEPT_PORTFOLIOS + 1)]
    for name in [*names, names[-1], names[0]]:
        storage.portfolio(name)
    assert decoding.decoded == [*names, names[0]]
