"""Stored events: every one ever stored is read; the same event is the same bytes."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from domain import codec
from domain.event import Event

CORPUS = sorted((Path(__file__).parent / "stored_events").glob("*.json"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_events_stored_long_ago_are_read_and_written_back_the_same(path: Path) -> None:
    stored = json.loads(path.read_text())
    state = json.dumps(stored["state"]).encode()
    event = codec.decode(stored["topic"], state)
    topic, again = codec.encode(event)
    assert topic == stored["topic"]
    assert json.loads(again) == as_written_today(type(event), stored["state"])


def as_written_today(event_class: type[Event], state: dict[str, Any]) -> dict[str, Any]:
    """What was stored, carried forward, with the version that it is now of."""
    version = event_class.class_version
    return codec.upcast(event_class, dict(state)) | ({"class_version": version} if version > 1 else {})


def test_the_corpus_has_every_topic() -> None:
    assert {json.loads(path.read_text())["topic"] for path in CORPUS} == set(codec.BY_TOPIC)


def test_topics_are_unique_and_never_class_paths() -> None:
    assert len(codec.BY_TOPIC) == len(codec.EVENTS)
    assert all(":" not in topic for topic in codec.BY_TOPIC)


def test_an_unknown_topic_is_named() -> None:
    with pytest.raises(codec.UnknownTopic, match=r"no\.such"):
        codec.decode("no.such", b"{}")


def test_an_old_version_is_carried_forward_step_by_step() -> None:
    class Renamed(Event):
        TOPIC: ClassVar[str] = "test.renamed"
        class_version: ClassVar[int] = 3
        reason: str
        level: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> dict[str, Any]:
            return {**{k: v for k, v in state.items() if k != "why"}, "reason": state["why"]}

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> dict[str, Any]:
            return {**state, "level": 0}

    assert codec.upcast(Renamed, {"why": "x"}) == {"reason": "x", "level": 0}
    assert codec.upcast(Renamed, {"class_version": 2, "reason": "x"}) == {"reason": "x", "level": 0}
    assert codec.upcast(Renamed, {"class_version": 3, "reason": "x", "level": 1}) == {"reason": "x", "level": 1}
