"""Models over HTTP: the inventory, decisions with their idempotency keys, refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.valuation_models import MODELS
from ops.read_models import catch_up_catalogues
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor

MODEL = "/api/v1/risk/models/swaps"
VERSION = next(model.version for model in MODELS if model.name == "swaps")


class Service:
    def __init__(self, tenor: Tenor) -> None:
        self.tenor, self.client = tenor, TestClient(build_app(tenor, ("risk",)))

    def post(self, path: str, key: str | None = None, **body: Any) -> Any:
        return self.client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})

    def get(self, path: str) -> Any:
        catch_up_catalogues(self.tenor.storage)
        return self.client.get(path)


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield Service(tenor)
    tenor.close()


def test_the_inventory_says_how_each_model_stands(service: Service) -> None:
    rows = service.get("/api/v1/risk/models").json()
    assert [row["model"] for row in rows] == [model.name for model in MODELS]
    assert {row["status"] for row in rows} == {"NOT_APPROVED"}
    accepted = service.post(f"{MODEL}/approve", reason="validated", conditions="up to 30 years", until="2099-12-31")
    assert (accepted.status_code, accepted.headers["location"]) == (202, f"{MODEL}@{VERSION}")
    document = service.get(MODEL).json()
    assert (document["status"], document["until"], document["conditions"], document["actor"]) == (
        "APPROVED",
        "2099-12-31",
        "up to 30 years",
        "local",
    )
    assert service.get(f"{MODEL}?as_of_event=0").json()["status"] == "NOT_APPROVED"
    service.post(f"{MODEL}@{VERSION}/withdraw", reason="wrong")
    document = service.get(f"{MODEL}@{VERSION}").json()
    assert [one["status"] for one in document["decisions"]] == ["WITHDRAWN", "APPROVED"]


def test_an_idempotency_key_decides_once(service: Service) -> None:
    first = service.post(f"{MODEL}/approve", key="k1", reason="validated")
    service.post(f"{MODEL}/withdraw", reason="wrong")
    again = service.post(f"{MODEL}/approve", key="k1", reason="validated")
    assert again.status_code == 202 and again.json()["event_position"] == first.json()["event_position"]
    assert service.get(MODEL).json()["status"] == "WITHDRAWN"
    other = service.post(f"{MODEL}/approve", key="k1", reason="another")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


REFUSALS = [
    ("/api/v1/risk/models/swap/approve", {"reason": "x"}, 404, "UNKNOWN_MODEL"),
    (f"{MODEL}@7/approve", {"reason": "x"}, 404, "UNKNOWN_MODEL"),
    (f"{MODEL}/withdraw", {"reason": "x"}, 409, "MODEL_REFUSED"),
    (f"{MODEL}/approve", {"reason": "x", "until": "2020-01-01"}, 409, "MODEL_REFUSED"),
    (f"{MODEL}/approve", {}, 422, "INVALID_REQUEST"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), REFUSALS)
def test_every_refusal_is_a_problem_document(
    service: Service, path: str, body: dict[str, str], status: int, code: str
) -> None:
    answer = service.post(path, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert service.tenor.store.head() == 0


def test_an_unknown_model_is_not_found(service: Service) -> None:
    assert service.get("/api/v1/risk/models/swap").status_code == 404
