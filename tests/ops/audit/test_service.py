"""The HTTP service `audit`: what an auditor can ask without a shell, over the same evidence as the command line's."""

import json
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError as LogAway
from fastapi.testclient import TestClient

from commands.change_run import approve_run, publish_run
from domain.sealing.merkle import root_of_inclusion
from ops.audit.certificate.issue import check
from ops.audit.lineage.lineage import lineage
from ops.audit.sealing.keys import rotate
from ops.audit.sealing.sealer import seal
from ops.audit.streams import history
from ops.audit.verification.record import record
from ops.audit.verification.verify import verify
from ops.cli.output import plain
from ops.services import build_app
from tests.builders.read_models import catch_up_all

AUDIT = "/api/v1/audit"


@pytest.fixture
def client(sealed: Any) -> TestClient:
    catch_up_all(sealed.tenor.storage)
    seal(sealed.tenor.sealing)  # what publishing records
    return TestClient(build_app(sealed.tenor, ("audit",)), raise_server_exceptions=False)


@pytest.fixture
def reading(queryable: Any) -> TestClient:
    """For tests that change nothing."""
    return TestClient(build_app(queryable.tenor, ("audit",)), raise_server_exceptions=False)


def as_json(document: Any) -> Any:
    return json.loads(json.dumps(document, default=plain))


def test_a_stream_is_shown_as_the_command_line_shows_it(queryable: Any, reading: TestClient) -> None:
    for stream in (queryable.run_id, "up100"):
        assert reading.get(f"{AUDIT}/streams/{stream}").json() == as_json(
            history(queryable.tenor.database.connect, stream)
        )


def test_a_stream_pages_by_version_and_stands_as_of_an_event(queryable: Any, reading: TestClient) -> None:
    address = f"{AUDIT}/streams/{queryable.run_id}"
    whole = reading.get(address).json()
    page = reading.get(f"{address}?limit=2")
    rest = reading.get(page.links["next"]["url"])
    assert page.json() + rest.json() == whole and "next" not in rest.links
    then = reading.get(f"{address}?as_of_event={whole[1]['position']}").json()
    assert [event["topic"] for event in then] == ["run.requested", "run.planned"]


def test_the_log_is_listed_newest_first_without_its_hundreds_of_facts(queryable: Any, reading: TestClient) -> None:
    whole = reading.get(f"{AUDIT}/events?limit=1000").json()
    places = [event["position"] for event in whole]
    assert places == sorted(places, reverse=True)
    topics = {event["topic"] for event in whole}
    assert "run.requested" in topics and "position.priced" not in topics
    every = reading.get(f"{AUDIT}/events?limit=1000&facts=true").json()
    assert {event["topic"] for event in every} > topics and len(every) > len(whole)
    (asked,) = reading.get(f"{AUDIT}/events?topic=run.requested").json()
    assert asked["originator_id"] == str(queryable.run_id)
    assert asked["says"]["base_currency"] == "USD" and "models" not in asked["says"] and "actor" not in asked["says"]


def test_the_log_pages_backwards_and_stands_as_of_an_event(reading: TestClient) -> None:
    whole = reading.get(f"{AUDIT}/events?limit=1000").json()
    page = reading.get(f"{AUDIT}/events?limit=2")
    rest = reading.get(page.links["next"]["url"])
    assert page.json() + rest.json() == whole[:4]
    then = whole[2]["position"]
    assert reading.get(f"{AUDIT}/events?as_of_event={then}&limit=1000").json() == whole[2:]


def test_lineage_and_its_proof(queryable: Any, reading: TestClient) -> None:
    asked = f"{AUDIT}/runs/{queryable.run_id}/lineage?position=P-03&measure=DV01&scenario=up100"
    answer = reading.get(asked)
    assert answer.json() == as_json(lineage(queryable.tenor.storage, queryable.run_id, "P-03", "DV01", "up100"))
    proof = answer.json()["block"]["inclusion"]
    path = [bytes.fromhex(step) for step in proof["path"]]
    root = root_of_inclusion(bytes.fromhex(proof["leaf_hash"]), proof["leaf_index"], proof["tree_size"], path)
    checkpoint = reading.get(f"{AUDIT}/checkpoints/{proof['tree_size']}").json()
    assert root is not None and root.hex() == checkpoint["root"] and checkpoint["note"] == proof["checkpoint"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert reading.get(asked, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_certificate_can_be_checked_offline_and_needs_not_be_sent_twice(sealed: Any, client: TestClient) -> None:
    address = f"{AUDIT}/runs/{sealed.run_id}/certificate"
    answer = client.get(address)
    checked = check(answer.content, sealed.tenor.settings)
    assert (checked.problems, checked.is_key_known) == ([], True)
    again = client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
    rotate(sealed.tenor.sealing, "yearly")
    seal(sealed.tenor.sealing)
    assert client.get(address).headers["etag"] != answer.headers["etag"]


def test_what_a_published_run_says_is_asked_about_each_time(sealed: Any, client: TestClient) -> None:
    addresses = [f"{AUDIT}/runs/{sealed.run_id}/{rest}" for rest in ("certificate", "lineage?position=P-01&measure=PV")]
    for change in (approve_run, publish_run):
        change(sealed.tenor.store, sealed.tenor.envelope("ada"), sealed.run_id, "it is right")
    catch_up_all(sealed.tenor.storage)
    assert client.get(addresses[0]).json()["code"] == "NOT_SEALED_YET"
    seal(sealed.tenor.sealing)
    for address in addresses:
        assert client.get(address).headers["cache-control"] == "private, no-cache"


def test_asking_for_evidence_writes_nothing(queryable: Any, reading: TestClient) -> None:
    counts = "SELECT (SELECT count(*) FROM ledger_events) + (SELECT count(*) FROM log_checkpoint)"
    before = queryable.one(counts)
    for rest in ("status", "keys", "checkpoints", "verifications", f"runs/{queryable.run_id}/certificate"):
        assert reading.get(f"{AUDIT}/{rest}").status_code == 200
    assert queryable.one(counts) == before


def test_checkpoints_are_notes_that_never_change(reading: TestClient) -> None:
    listed = reading.get(f"{AUDIT}/checkpoints").json()
    sizes = [checkpoint["tree_size"] for checkpoint in listed]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 4
    page = reading.get(f"{AUDIT}/checkpoints?limit=2")
    assert page.json() + reading.get(page.links["next"]["url"]).json() == listed
    one = reading.get(f"{AUDIT}/checkpoints/{sizes[0]}")
    assert one.json() == listed[0] and one.headers["cache-control"] == "private, no-cache"


def test_keys_are_public_and_in_the_form_that_others_read(sealed: Any, client: TestClient) -> None:
    rotated = rotate(sealed.tenor.sealing, "yearly")
    first, second = client.get(f"{AUDIT}/keys").json()
    (path,) = (sealed.tenor.settings.home / "seals").iterdir()
    assert first["verifier_key"] == path.read_text().splitlines()[0]
    assert (second["key_id"], second["previous_key_id"]) == (rotated.key_id, first["key_id"])
    assert (second["public_key"], second["reason"]) == (rotated.public_key, "yearly")


def test_the_status_says_how_far_the_log_is_sealed_and_what_the_last_verification_found(
    sealed: Any, client: TestClient
) -> None:
    calm = client.get(f"{AUDIT}/status").json()
    assert (calm["unsealed_events"], calm["last_verification"], calm["failed_verifications"]) == (0, None, 0)
    assert (
        calm["sealed_events"]
        == calm["last_checkpoint"]["tree_size"]
        == sealed.one("SELECT count(*) FROM ledger_events")
    )
    record(sealed.tenor.store, sealed.tenor.envelope, verify(sealed.tenor.storage, sealed.tenor.sealing))
    sealed.as_superuser("DELETE FROM ledger_events WHERE topic = 'run.planned'")
    record(sealed.tenor.store, sealed.tenor.envelope, verify(sealed.tenor.storage, sealed.tenor.sealing))
    broken = client.get(f"{AUDIT}/status").json()
    assert (broken["unsealed_events"], broken["failed_verifications"]) == (2, 1)
    last = broken["last_verification"]
    assert not last["ok"] and "EVENT_DELETED" in {problem["code"] for problem in last["problems"]}
    listed = client.get(f"{AUDIT}/verifications").json()
    assert [each["ok"] for each in listed] == [False, True] and listed[0] == last
    page = client.get(f"{AUDIT}/verifications?limit=1")
    assert client.get(page.links["next"]["url"]).json() == listed[1:]


def test_metrics_of_seals_and_verifications(sealed: Any, client: TestClient) -> None:
    def metrics() -> dict[str, float]:
        lines = [line.split() for line in client.get("/metrics").text.splitlines() if line.startswith("tenor_")]
        return {name: float(value) for name, value in (line for line in lines if len(line) == 2)}

    before = metrics()
    assert before["tenor_merkle_tree_size"] == sealed.one("SELECT count(*) FROM ledger_events")
    assert before["tenor_unsealed_events"] == before["tenor_audit_verify_failures_total"] == 0
    assert 0 <= before["tenor_checkpoint_age_seconds"] < 3600 and "tenor_audit_verify_ok" not in before
    sealed.as_superuser("DELETE FROM ledger_events WHERE topic = 'run.planned'")
    record(sealed.tenor.store, sealed.tenor.envelope, verify(sealed.tenor.storage, sealed.tenor.sealing))
    after = metrics()
    assert (after["tenor_audit_verify_failures_total"], after["tenor_audit_verify_ok"]) == (1, 0)
    assert 0 <= after["tenor_audit_verify_age_seconds"] < 60


REFUSALS = [
    ("streams/nobody", 404, "NOT_FOUND"),
    (f"streams/{UUID(int=999)}", 404, "NOT_FOUND"),
    ("streams/up100?cursor=x", 422, "BAD_QUERY"),
    ("checkpoints/9999", 404, "NOT_FOUND"),
    ("checkpoints/0", 422, "INVALID_REQUEST"),
    ("runs/{run}/lineage?position=NOBODY&measure=PV", 404, "UNKNOWN_POSITION"),
    ("runs/{run}/lineage?position=P-01&measure=WAL", 422, "UNKNOWN_MEASURE"),
    ("runs/{run}/lineage?position=P-01&measure=PV&scenario=up200", 422, "UNKNOWN_SCENARIO"),
    ("runs/{run}/lineage?position=P-01", 422, "INVALID_REQUEST"),
    ("runs/nobody/lineage?position=P-01&measure=PV", 404, "NOT_FOUND"),
    (f"runs/{UUID(int=999)}/certificate", 404, "NOT_FOUND"),
]


@pytest.mark.parametrize(("rest", "status", "code"), REFUSALS)
def test_every_refusal_is_a_problem_document(
    queryable: Any, reading: TestClient, rest: str, status: int, code: str
) -> None:
    answer = reading.get(f"{AUDIT}/{rest.format(run=queryable.run_id)}")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] and answer.json()["title"]


def test_a_machine_without_the_sealing_key_says_where_certificates_are_made(sealed: Any, client: TestClient) -> None:
    for path in (sealed.tenor.settings.home / "keys").rglob("*.pem"):
        path.unlink()
    answer = client.get(f"{AUDIT}/runs/{sealed.run_id}/certificate")
    assert (answer.status_code, answer.json()["code"]) == (409, "SEALING_KEY_ELSEWHERE")


def test_an_edited_event_is_not_vouched_for(sealed: Any, client: TestClient) -> None:
    sealed.as_superuser(
        "UPDATE ledger_events SET state = convert_to(replace(convert_from(state, 'UTF8'), "
        '\'"actor":"ada"\', \'"actor":"eve"\'), \'UTF8\') '
        "WHERE topic = 'run.requested'"
    )
    answer = client.get(f"{AUDIT}/runs/{sealed.run_id}/certificate")
    assert (answer.status_code, answer.json()["code"]) == (409, "EVENT_NOT_PROVEN")


def test_the_service_is_in_openapi_alone_and_beside_the_others(sealed: Any) -> None:
    def operations(*services: str) -> set[str]:
        document = (build_app(sealed.tenor, services) if services else build_app(sealed.tenor)).openapi()
        every = [one for methods in document["paths"].values() for one in methods.values()]
        return {one["operationId"] for one in every if one["tags"] == ["audit"]}

    assert len(operations("audit")) == 9
    assert operations() == operations("audit")


def test_a_log_that_is_away_is_503_as_a_database_is(sealed: Any) -> None:
    """The log's library has exceptions of its own for what the driver says."""
    app = build_app(sealed.tenor, ("audit",))

    def lost() -> None:
        raise LogAway("terminating connection due to administrator command")

    app.add_api_route("/lost", lost)
    answer = TestClient(app, raise_server_exceptions=False).get("/lost")
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNREACHABLE")
