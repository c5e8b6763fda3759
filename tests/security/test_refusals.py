"""What once was a 500: each is a refusal with its fix, or an answer."""

import json
import threading
from fractions import Fraction
from math import comb
from typing import Any
from uuid import uuid4

import pytest

from commands.define_history import DefineHistory, define_history
from commands.define_scenario import define_scenario_set, define_scenarios
from domain.event import Envelope, Event
from domain.ports import AlreadyThere
from domain.scenarios.versions import scenario_stream, split_reference
from ops.wiring import utc_now
from query_api.value_at_risk.coverage_tests import backtest, zone_of
from tests.security.conftest import Service

LONG = b'"' + b"x" * 140_000 + b'"'


@pytest.mark.parametrize("body", [LONG + b",b\n", b"date,pnl,var\n2026-01-02,1,1\n" + LONG + b",1,1\n"])
def test_a_backtest_with_a_long_cell(service: Service, body: bytes) -> None:
    problem = service.refusal(service.post("risk/backtest", content=body), 422)
    assert "131,072" in problem["detail"] and "quotation mark" in problem["fix"]


@pytest.mark.parametrize("body", [LONG + b"\n", b"date,kind,name,tenor,move\n" + LONG + b",FX,EURUSD,,1\n"])
def test_a_history_with_a_long_cell(service: Service, body: bytes) -> None:
    problem = service.refusal(service.post("scenario/histories?set=s", content=body), 422)
    assert problem["code"] == "INVALID_HISTORY" and "131,072" in problem["detail"]


def test_a_history_of_too_many_cells_or_observations(service: Service) -> None:
    problem = service.refusal(service.post("scenario/histories?set=s&horizon=261", content=b""), 422)
    assert "horizon" in problem["detail"]


def test_a_backtest_of_1500_days_with_700_exceptions(service: Service) -> None:
    """Once an overflow: no binomial coefficient of 1,500 days is within a double."""
    days = [
        f"{1990 + i // 336}-{i // 28 % 12 + 1:02d}-{i % 28 + 1:02d},{-2 if i % 2 and i < 1400 else 2},1"
        for i in range(1500)
    ]
    found = service.post("risk/backtest", content="\n".join(["date,pnl,var", *days]).encode()).json()
    assert (found["days"], found["exceptions"], found["zone"]) == (1500, 700, "RED")
    assert found["cumulative_probability"] == pytest.approx(1.0)


def test_a_probability_of_many_days_is_exact() -> None:
    one, exact = Fraction(1, 100), Fraction(0)
    for k in range(31):
        exact += comb(1_500, k) * one**k * (1 - one) ** (1_500 - k)
    found = backtest([True] * 30 + [False] * 1_470, 0.99)
    assert found.cumulative_probability == pytest.approx(float(exact), rel=1e-12)
    assert zone_of(backtest([True] * 700 + [False] * 800, 0.99).cumulative_probability) == "RED"


@pytest.mark.parametrize("version", ["²", "٣", "-1", "0", "9" * 30, "1e3", ""])
def test_a_version_that_is_no_number(service: Service, version: str) -> None:
    assert split_reference(f"up@{version}") in ((f"up@{version}", None), ("up", 0))
    assert service.get(f"scenario/scenarios/up@{version}").status_code == 404
    assert service.get(f"risk/models/swaps@{version}").status_code == 404
    body = {"scenario_set_id": "s", "scenarios": [f"up@{version}"]}
    assert service.post("scenario/sets", json=body).status_code in (404, 422)
    approval = service.post(f"risk/models/swaps@{version}/approve", json={"reason": "x"})
    assert approval.status_code == 404


def test_lone_surrogates_and_numbers_beyond_64_bits_can_be_told(service: Service) -> None:
    for body in (
        b'{"\\ud800": 1}',
        b'{"scenario_id": "\\ud800", "shocks": [{"kind": "\\udfff"}]}',
        b'[{"scenario_id": 1e999}]',
    ):
        problem = service.refusal(service.post("scenario/scenarios", content=body), 422)
        assert problem["problems"]
    many = b'{"portfolio": "p", "market": "m", "measures": ' + b"9" * 4_000 + b"}"
    service.refusal(service.post("orchestrator/runs", content=many), 422)


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("orchestrator/runs", b'{"portfolio": "p", "market": "m", "market": "n"}'),
        ("orchestrator/runs/00000000-0000-0000-0000-000000000001/reject", b'{"reason": "a", "reason": "b"}'),
        ("risk/models/swaps/approve", b'{"reason": "a", "reason": "b"}'),
        ("scenario/sets", b'{"scenario_set_id": "s", "scenarios": ["a"], "scenarios": ["b"]}'),
    ],
)
def test_a_key_twice(service: Service, address: str, body: bytes) -> None:
    """Whoever reads a body, a model or a document: neither of the two is taken for the other."""
    problem = service.refusal(service.post(address, content=body), 422)
    assert [each["code"] for each in problem["problems"]] == ["DUPLICATE_KEY"]
    assert problem["fix"] == "keep one of them"


# --- two at once ----------------------------------------------------------------------------------------------------


def asked() -> Envelope:
    return Envelope("other", utc_now(), uuid4())


class Busy:
    """A log in which somebody else defines the same, a few times, just before we append."""

    def __init__(self, store: Any, others: list[bytes]) -> None:
        self._store, self._others = store, others

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, events: list[Event], **how: Any) -> Any:
        if self._others:
            define_scenarios(self._store, asked(), self._others.pop())
        return self._store.append(events, **how)


def scenario(bp: int, name: str = "twice") -> bytes:
    return json.dumps({"scenario_id": name, "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}]}).encode()


def test_a_definition_that_others_overtake_is_decided_anew(fresh: Service) -> None:
    store: Any = Busy(fresh.tenor.store, [scenario(1), scenario(2), scenario(3)])
    (defined,) = define_scenarios(store, asked(), scenario(4))
    assert defined["version"] == 4
    same: Any = Busy(fresh.tenor.store, [scenario(5)])
    (defined,) = define_scenarios(same, asked(), scenario(5))
    assert defined["version"] == 5 and len(fresh.tenor.store.stream(scenario_stream("twice"))) == 5


def test_definitions_at_once(fresh: Service) -> None:
    """Eight at a time, of a scenario, a set and a history: each is stored as a version, or is one already."""
    history = b"date,kind,name,tenor,move\n2026-01-02,FX,EURUSD,,%d\n"
    define_scenarios(fresh.tenor.store, asked(), scenario(0, "first"))
    answers: list[Any] = []

    def define(turn: int) -> None:
        store, pinned = (
            fresh.tenor.store,
            json.dumps({"scenario_set_id": "s", "scenarios": ["BASE", "first"][turn % 2 :]}),
        )
        answers.append(define_scenarios(store, asked(), scenario(turn % 4)))
        answers.append(define_scenario_set(store, asked(), pinned.encode()))
        answers.append(define_history(store, asked(), history % (turn % 4), DefineHistory("past")))

    threads = [threading.Thread(target=define, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24


def test_what_nobody_translates_is_a_conflict(fresh: Service) -> None:
    def append(*_: Any, **__: Any) -> Any:
        raise AlreadyThere

    fresh.tenor.store.append = append  # type: ignore[method-assign]
    for address, body in (("scenario/scenarios", scenario(1)), ("risk/models/swaps/approve", b'{"reason": "x"}')):
        assert fresh.refusal(fresh.post(address, json=json.loads(body)), 409)["fix"]
