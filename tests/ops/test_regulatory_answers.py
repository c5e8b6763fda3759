"""Tables of capital that are kept: worked out once for a run, and apart for whoever sees other nodes of it."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from domain.access.asking import asked_by
from domain.access.principal import LOCAL, Nodes
from ops.regulatory import answers

RUN = "6a111111-1111-4111-8111-111111111111"


class Kept:
    """Both tables that are asked: the run's row, and answers by question."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, bytes] = {}
        self.is_queryable, self.root, self.worked_out = True, "r1", 0
        monkeypatch.setattr(answers, "reading", lambda _connect: nullcontext())
        monkeypatch.setattr(answers, "find_run", lambda _connection, run_id: self.run(run_id))
        self.storage: Any = SimpleNamespace(connect=lambda: nullcontext(self))

    def run(self, run_id: str) -> Any:
        return SimpleNamespace(run_id=run_id, is_queryable=self.is_queryable, blocks_root=self.root, netting_sets=0)

    def transaction(self) -> Any:
        return nullcontext()

    def execute(self, statement: str, values: tuple[Any, ...], **_options: bool) -> Any:
        if statement == answers.INSERT_ANSWER:
            self.answers[values[0]] = values[1]
        found = self.answers.get(values[0]) if statement == answers.SELECT_ANSWER else None
        return SimpleNamespace(fetchone=lambda: None if found is None else (found,))

    def ask(self, *words: object, nodes: Nodes = None) -> pa.Table:
        def work_out() -> pa.Table:
            self.worked_out += 1
            return pa.table({"number": [self.worked_out]})

        with asked_by(replace(LOCAL, nodes=nodes)):
            return answers.answered_once(self.storage, [RUN], words, work_out)


def test_the_same_question_is_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch)
    assert kept.ask("capital", None) == kept.ask("capital", None)
    assert kept.worked_out == 1
    kept.ask("capital", "sector")
    assert kept.worked_out == 2


def test_whoever_sees_other_nodes_has_another_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch)
    for nodes in (None, ("CREDIT",), ("RATES",), ()):
        kept.ask("capital", None, nodes=nodes)
    assert kept.worked_out == 4


def test_another_attempt_at_a_run_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch)
    kept.ask("capital", None)
    kept.root = "r2"
    kept.ask("capital", None)
    assert kept.worked_out == 2


def test_nothing_is_kept_of_a_run_whose_results_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(monkeypatch)
    kept.is_queryable = False
    kept.ask("capital", None)
    kept.ask("capital", None)
    assert kept.worked_out == 2 and not kept.answers
