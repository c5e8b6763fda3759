"""Models as their users see them: an inventory, approvals with a reason, and runs that say what they used."""

from typing import Any

from commands.decide_model import approve_model
from domain.valuation_models import MODELS
from ops.settings import Settings
from ops.wiring import open_tenor
from tests.walk.command_line import Tenor
from tests.walk.conftest import Walked


def standing(tenor: Tenor) -> dict[str, str]:
    return {row["model"]: row["status"] for row in tenor.json("model", "list")}


def test_the_inventory_and_the_life_of_an_approval(tenor: Tenor) -> None:
    assert list(standing(tenor)) == [model.name for model in MODELS]
    assert set(standing(tenor).values()) == {"NOT_APPROVED"}
    conditions = ("--conditions", "up to 30 years", "--until", "2099-12-31")
    approved = tenor.json("model", "approve", "swaps@2", "--reason", "validated", *conditions)
    assert (approved["status"], approved["until"], approved["conditions"]) == (
        "APPROVED",
        "2099-12-31",
        "up to 30 years",
    )
    assert standing(tenor)["swaps"] == "APPROVED"
    assert tenor.json("model", "withdraw", "swaps", "--reason", "a wrong day count")["status"] == "WITHDRAWN"
    shown = tenor.json("model", "show", "swaps")
    assert (shown["page"], shown["products"], shown["status"]) == ("docs/models/swaps.md", ["IRS"], "WITHDRAWN")
    assert [one["reason"] for one in shown["decisions"]] == ["a wrong day count", "validated"]


def test_what_cannot_be_decided_is_refused(tenor: Tenor) -> None:
    assert tenor.refusal("model", "show", "swap")["code"] == "UNKNOWN_MODEL"
    assert tenor.refusal("model", "approve", "swaps@99", "--reason", "x")["code"] == "UNKNOWN_MODEL"
    assert tenor.refusal("model", "withdraw", "swaps", "--reason", "x")["code"] == "MODEL_REFUSED"
    assert tenor.refusal("model", "approve", "swaps", "--reason", " ")["code"] == "MODEL_REFUSED"
    bad_day = ("--reason", "x", "--until", "tomorrow")
    assert tenor.refusal("model", "approve", "swaps", *bad_day)["code"] == "INVALID_DATE"
    assert tenor("model", "approve", "swaps", "--json").code == 2


def test_a_run_names_its_models_and_refuses_where_it_must(walking: Tenor, walked: Walked) -> None:
    def models_of(*asked: str) -> dict[str, Any]:
        run_id = walking.json(*walked.submit, "--measures", "PV", *asked)["run_id"]
        return {one["model"]: one for one in walking.json("run", "show", run_id)["models"]}

    before = models_of()
    assert {"curves", "swaps", "fixed_cash_flows", "cds"} <= before.keys()
    assert {"sensitivities", "yields", "value_at_risk"}.isdisjoint(before)
    refusal = walking.refusal(*walked.submit, "--measures", "PV", "--require-approved-models")
    assert refusal["code"] == "MODELS_NOT_APPROVED" and len(refusal["problems"]) == len(before)
    first, *others = before
    walking.json("model", "approve", first, "--reason", "validated")
    with open_tenor(Settings(walking.home, walking.database_url)) as parts:
        for name in others:
            approve_model(parts.store, parts.envelope("grace"), name, "validated")
    after = models_of("--require-approved-models")
    assert {one["status"] for one in after.values()} == {"APPROVED"} and after.keys() == before.keys()
