"""Models and policies of a server."""

import json
from pathlib import Path

from ops.cli.files import read_bytes
from ops.cli.remote.asking import At, Options, with_moments
from ops.cli.remote.results import REGULATORY, RISK, named
from ops.cli.valuation_models import day_of, say, show_model_row, standing


def define_policy(at: At) -> None:
    document = at.post(f"{REGULATORY}/policies", read_bytes(Path(at["file"])))
    document.pop("event_position", None)
    at.output.show(document, f"{document['policy_id']}@{document['version']}")


def approve_policy(at: At) -> None:
    said = at.post(f"{REGULATORY}/policies/{named(at['policy'])}/approve", because(at))
    at.output.show(said, f"{said['policy_id']}@{said['version']} is APPROVED")


def list_policies(at: At) -> None:
    documents = at.get(f"{REGULATORY}/policies")
    at.output.show(documents, *(f"{one['policy_id']}@{one['version']}" for one in documents))


def list_models(at: At) -> None:
    rows = at.get(f"{RISK}/models")
    lines = [f"{row['model'] + '@' + str(row['version']):<22}{standing(row):<28}{row['summary']}" for row in rows]
    at.output.show(rows, *lines)


def show_model(at: At) -> None:
    show_model_row(at.output, model(at))


def model(at: At) -> Options:
    found: Options = at.get(f"{RISK}/models/{named(at['name'])}")
    return found | {"decisions": [with_moments(each, "decided_at") for each in found["decisions"]]}


def approve_model(at: At) -> None:
    until = day_of(at["until"])
    decided(at, "approve", because(at, conditions=at["conditions"], until=until.isoformat() if until else None))


def withdraw_model(at: At) -> None:
    decided(at, "withdraw", because(at))


def decided(at: At, what: str, body: bytes) -> None:
    said = at.post(f"{RISK}/models/{named(at['name'])}/{what}", body)
    say(model(at), said["event_position"], at["as_json"])


def because(at: At, **more: str | None) -> bytes:
    return json.dumps({"reason": at["reason"], **more}).encode()
