"""A server that asks for keys, and for two people: by command line and by client."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import tenor

from ops.access.settings import Access, Auth
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import connected
from tests.clients.both_ways import Laptop
from tests.clients.conftest import Served
from tests.security.serving import served as on_a_socket
from tests.walk.command_line import Tenor

KEYS = Access(Auth.KEYS, requests_per_second=10_000)


@dataclass(frozen=True)
class Person(Laptop):
    """At a machine of their own, with a key."""

    key: str = ""

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"TENOR_KEY": self.key}


@dataclass(frozen=True)
class Guarded:
    url: str
    owner: Tenor
    run_id: str

    def person(self, name: str, role: str, *more: str) -> Person:
        made = self.owner.json("key", "create", "--name", name, "--role", role, *more)
        return Person(None, self.owner.home / "away", self.owner.kernels, inside=True, server=self.url, key=made["key"])

    def client(self, name: str, role: str, *more: str) -> tenor.Client:
        return tenor.connect(self.url, self.person(name, role, *more).key)


@pytest.fixture(scope="module")
def guarded(served: Served) -> Iterator[Guarded]:
    """The same database, asked by another door."""
    url = served.local.database_url
    assert url is not None
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENOR_FOUR_EYES", "1")
        parts = stack.enter_context(connected(Settings(served.local.home, url), url))
        port = stack.enter_context(on_a_socket(build_app(parts, access=KEYS)))
        yield Guarded(f"http://127.0.0.1:{port}", served.local, served.run_id)


SUBMIT = ("run", "submit", "--portfolio", "latest", "--market", "latest", "--measures", "PV", "--wait")


def test_who_asked_for_a_run_does_not_approve_it_whatever_key_they_take(guarded: Guarded) -> None:
    ada = guarded.person("ada", "admin")
    run = ada.json(*SUBMIT)["run_id"]
    ada_again = guarded.person("ada", "approver")  # a key that was changed for another
    shouting = guarded.person("ADA", "approver")
    renamed = guarded.person("ada.lovelace", "approver", "--person", "ada")
    for one in (ada, ada_again, shouting, renamed):
        assert one.refusal("run", "approve", run)["code"] == "FOUR_EYES"
    with tenor.connect(guarded.url, renamed.key) as client, pytest.raises(tenor.TenorError) as refused:
        client.runs.get(run).approve("mine")
    assert (refused.value.code, refused.value.status) == ("FOUR_EYES", 409)
    grace = guarded.person("grace", "approver")
    assert grace.json("run", "approve", run, "--reason", "checked")["status"] == "APPROVED"
    grace_renamed = guarded.person("hopper", "approver", "--person", "Grace")
    for one in (grace, grace_renamed):
        assert one.refusal("run", "publish", run)["code"] == "FOUR_EYES"
    assert ada_again.json("run", "publish", run)["status"] == "PUBLISHED"


def test_one_whose_key_was_revoked_is_still_that_person(guarded: Guarded) -> None:
    mary = guarded.person("mary", "analyst", "--person", "m17")
    run = mary.json(*SUBMIT)["run_id"]
    guarded.owner.json("key", "revoke", mary.key.split("_")[1])
    assert mary.refusal("run", "list")["code"] == "UNAUTHORIZED"
    married = guarded.person("mary.s", "approver", "--person", "m17")
    assert married.refusal("run", "approve", run)["code"] == "FOUR_EYES"
    listed = guarded.owner.json("key", "list")
    assert {each["name"] for each in listed if each.get("person") == "m17"} == {"mary", "mary.s"}


ENDS = ("MART_NOT_PUBLISHED", "UNKNOWN_MART")
"""What a command may end with that was let in: another role has dropped the mart before."""
MAY: list[tuple[str, set[str]]] = [
    ("run list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("key list", {"admin"}),
    ("key create --name x --role viewer", {"admin"}),
    ("access log", {"auditor", "admin"}),
    ("access prune --keep 400d", {"admin"}),
    ("mart list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("mart reader list", {"admin"}),
    ("mart publish {run}", {"operator", "admin"}),
    ("mart drop {run}", {"operator", "admin"}),
    ("webhook list", {"operator", "admin"}),
    ("projections list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("projections dead-letters replay snapshot", {"operator", "admin"}),
    ("limits check {run}", {"analyst", "operator", "approver", "admin"}),
    ("risk quotes {run} --position P-01", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("watch --after 0 --no-follow", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("mapping list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("mapping show ore_market", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("projections dead-letters list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("schedule list", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
    ("portfolio bands", {"viewer", "analyst", "operator", "approver", "auditor", "admin"}),
]


@pytest.mark.parametrize("role", ["viewer", "analyst", "operator", "approver", "auditor", "admin"])
def test_a_role_does_what_it_may_from_afar_and_nothing_else(guarded: Guarded, role: str) -> None:
    person = guarded.person(f"a-{role}", role)
    for words, may in MAY:
        answer = person(*words.format(run=guarded.run_id).split(), "--json")
        said = json.loads(answer.out) if answer.code else {}
        is_refused = said.get("error", {}).get("code") == "FORBIDDEN"
        assert is_refused != (role in may), (role, words, answer.err)
        assert is_refused or answer.code == 0 or said["error"]["code"] in ENDS, (role, words, answer.err)


def test_within_a_scope_there_is_nothing_of_other_desks_from_afar(guarded: Guarded) -> None:
    nodes = {each["node_id"]: each["parent_id"] for each in tree(guarded)}
    book = next(name for name in nodes if name not in nodes.values())
    scoped = guarded.person("in-scope", "admin", "--node", book)
    for words in ("watch --no-follow", "projections list", "mart list", f"limits check {guarded.run_id}",
                  "webhook list", "portfolio tree small_fund", "projections dead-letters list"):  # fmt: skip
        assert scoped.refusal(*words.split())["code"] == "NOT_FOUND", words
    everything = guarded.owner.json("risk", "quotes", guarded.run_id)
    mine = scoped.json("risk", "quotes", guarded.run_id)
    at_book = guarded.owner.json("risk", "quotes", guarded.run_id, "--node", book)
    assert mine["positions"] == at_book["positions"] < everything["positions"]
    assert [each["dv01_base"] for each in mine["quotes"]] == [each["dv01_base"] for each in at_book["quotes"]]
    others = [one for one in guarded.owner.json("results", guarded.run_id, "--scenario", "BASE", "--format", "json")
              if one["book_id"] != book]  # fmt: skip
    theirs, nobodys = (
        scoped.refusal("risk", "quotes", guarded.run_id, "--position", name)
        for name in (others[0]["position_id"], "NO-SUCH")
    )
    assert theirs["code"] == nobodys["code"]
    assert theirs["message"].replace(others[0]["position_id"], "NO-SUCH") == nobodys["message"]


def tree(guarded: Guarded) -> list[dict[str, Any]]:
    with guarded.client("whole", "viewer") as client:
        snapshot = client.runs.get(guarded.run_id).document["portfolio_snapshot_id"]
        return list(client.portfolios.tree(snapshot))
