"""Operations without a wire: what is tried again, how a run is waited for over a stream that is cut, or without one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tenor
from tenor.exchange import Answer, Ask, Broken, Listen, NextLine, Operation, Pause, Retries, Send, Session, asked, query
from tenor.waiting import Events, until_settled

BUSY = Answer(503, {"retry-after": "2"}, b'{"code": "BUSY", "detail": "busy", "fix": "again"}')
STREAM = Answer(200, {"content-type": "text/event-stream; charset=utf-8"}, b"")
NOT_A_STREAM = Answer(200, {"content-type": "text/html"}, b"")
DONE = {"run_id": "r", "status": "COMPLETED", "queryable": True, "progress": {"chunks": 1, "chunks_done": 1}}
GOING = DONE | {"status": "RUNNING", "queryable": False}


def answered(document: Any, **headers: str) -> Answer:
    return Answer(200, headers, json.dumps(document).encode())


def driven(operation: Operation[Any], answers: Iterator[Any]) -> tuple[Any, list[Any]]:
    """The value, and the steps that were taken; pauses answer themselves."""
    steps: list[Any] = []
    said: Any = None
    while True:
        try:
            step = operation.send(said)
        except StopIteration as done:
            return done.value, steps
        steps.append(step)
        said = None if isinstance(step, Pause) else next(answers)


def event(name: str, document: Any, position: int | None = None) -> list[str]:
    return [*([f"id: {position}"] if position else []), f"event: {name}", f"data: {json.dumps(document)}", ""]


def test_what_may_be_answered_later_is_asked_again_when_the_server_says() -> None:
    value, steps = driven(asked(Ask("GET", "/x"), Session()), iter([BUSY, Broken("refused"), answered([1])]))
    assert value.document == [1]
    assert [type(step) for step in steps] == [Send, Pause, Send, Pause, Send]
    assert steps[1] == Pause(2.0) and 0 < steps[3].seconds < 1


def test_a_command_is_sent_again_under_its_own_key() -> None:
    _, steps = driven(asked(Ask("POST", "/x"), Session()), iter([Broken("cut"), answered({})]))
    first, _, second = steps
    assert first.ask.headers["Idempotency-Key"] == second.ask.headers["Idempotency-Key"]
    assert not driven(asked(Ask("GET", "/x"), Session()), iter([answered({})]))[1][0].ask.headers


@pytest.mark.parametrize(
    ("answers", "kind", "sent"),
    [
        ([BUSY] * 9, tenor.Busy, 3),
        ([Broken("refused")] * 9, tenor.Unreachable, 3),
        ([Answer(404, {}, b"{}")], tenor.NotFound, 1),
        ([Answer(401, {}, b"{}")], tenor.NotSignedIn, 1),
        ([Answer(403, {}, b"{}")], tenor.NotAllowed, 1),
        ([Answer(422, {}, b"no json")], tenor.Invalid, 1),
        ([Answer(500, {}, b"{}")], tenor.ServerFault, 1),
        ([Answer(302, {}, b"")], tenor.Invalid, 1),
    ],
)
def test_what_is_refused_is_not_asked_again(answers: list[Any], kind: type[tenor.TenorError], sent: int) -> None:
    given = iter(answers)
    with pytest.raises(kind) as refused:
        driven(asked(Ask("GET", "/x"), Session(Retries(3, 0.01))), given)
    assert refused.value.fix and refused.value.code
    assert len(answers) - len(list(given)) == sent


def test_a_read_asks_for_what_was_written_until_it_has_seen_it() -> None:
    session = Session()
    driven(asked(Ask("POST", "/x"), session), iter([Answer(202, {"x-event-position": "7"}, b"{}")]))
    (first,) = driven(asked(Ask("GET", "/x"), session), iter([answered({})]))[1]
    (second,) = driven(asked(Ask("GET", "/x"), session), iter([answered({})]))[1]
    assert (first.ask.params, second.ask.params) == ({"min_position": "7"}, {})


def test_a_stream_that_is_cut_goes_on_after_the_last_event() -> None:
    told: list[str] = []
    answers = [STREAM, *event("run.planned", {}, 41), *event("progress", GOING), Broken("cut")]
    answers += [STREAM, *event("progress", GOING), *event("end", DONE)]
    operation = until_settled("r", lambda said: told.append(said["status"]), None, Session())
    document, steps = driven(operation, iter(answers))
    assert document == DONE and told == ["RUNNING", "RUNNING", "COMPLETED"]
    streams = [step.ask.headers for step in steps if isinstance(step, Listen)]
    assert streams == [{}, {"Last-Event-ID": "41"}]


@pytest.mark.parametrize("streams", [[NOT_A_STREAM], [Broken("refused")], [STREAM, Broken("cut")] * 3])
def test_where_no_stream_passes_the_run_is_asked_about_now_and_then(streams: list[Any]) -> None:
    answers = iter([*streams, answered(GOING), answered(GOING), answered(DONE)])
    document, steps = driven(until_settled("r", lambda _: None, None, Session()), answers)
    assert document == DONE
    pauses = [step.seconds for step in steps[-4:] if isinstance(step, Pause)]
    assert pauses == sorted(pauses) and isinstance(steps[-1], Send)
    assert not any(isinstance(step, NextLine) for step in steps[-5:])


def test_a_run_without_figures_is_an_error_with_its_document() -> None:
    failed = GOING | {"status": "FAILED"}
    with pytest.raises(tenor.RunFailed) as refused:
        driven(until_settled("r", lambda _: None, None, Session()), iter([STREAM, *event("end", failed)]))
    assert (refused.value.code, refused.value.document["status"]) == ("RUN_FAILED", "FAILED")


def test_waiting_ends_when_its_time_is_over() -> None:
    with pytest.raises(tenor.TimedOut):
        driven(until_settled("r", lambda _: None, -1.0, Session()), iter([STREAM, *event("progress", GOING)]))


def test_events_are_read_as_the_standard_says() -> None:
    events = Events()
    lines = [": still there", "id: 3", "event:end", 'data: {"a":', "data: 1}", "", "", "data: 2", ""]
    found = [one for line in lines if (one := events.take(line))]
    assert (found, events.last_id) == ([("end", {"a": 1}), ("", 2)], "3")


def test_a_query_says_what_is_asked_and_nothing_else() -> None:
    said = query(a=None, b=False, c=True, d=["x", "y"], e=[], f=0.5, g="")
    assert said == {"c": "true", "d": "x,y", "f": "0.5"}
