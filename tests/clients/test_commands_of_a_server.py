"""What people manage of a server from their own machine: the same words, the same answers as where the database is."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.both_ways import Laptop, same, without_position
from tests.clients.conftest import Served
from tests.walk.command_line import SMALL_FUND

TAPES = [
    Path(__file__).parents[1] / "walk" / "tapes" / f"historical_data_{part}_2021Q1.txt"
    for part in ("time", "origination")
]
QUOTES = [Path(__file__).parents[1] / "walk" / "tapes" / name for name in ("market.txt", "fixings.txt")]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+]+")
SCHEDULE = {"portfolio": "small", "market": "latest", "at": "18:30", "zone": "America/New_York", "scenarios": ["up100"]}
WEBHOOK = {"url": "https://93.184.216.34/hook", "events": ["run.completed"]}
LOAN = {"product_type": "LOAN", "currency": "USD", "issue_date": "2020-01-15", "maturity_date": "2030-01-15",
    "rate_type": "FIXED", "coupon": "0.05", "day_count": "ACT/360", "frequency": "4",
    "amortization": "BULLET"}  # fmt: skip
MAPPING = {"mapping_id": "mine", "columns": {
    "positions.position_id": {"from": "ID"}, "positions.notional": {"from": "N"},
    **{f"instruments.{name}": {"value": text} for name, text in LOAN.items()}}}  # fmt: skip
POLICY = {"policy_id": "limited", "lgd_defaults": {"*": 0.45}, "limits": [
    {"limit_id": "small", "metric": "PV", "max": 1.0}]}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    for name, document in {
        "here_s": SCHEDULE | {"schedule_id": "here"},
        "there_s": SCHEDULE | {"schedule_id": "there"},
        "here_w": WEBHOOK | {"webhook_id": "here"},
        "there_w": WEBHOOK | {"webhook_id": "there"},
        "mine": MAPPING,
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def both(served: Served, laptop: Laptop, *words: str | Path) -> tuple[Any, Any]:
    """`PLACE` in a word stands for an id of one's own on either side."""
    return tuple(
        at.json(*(each if isinstance(each, Path) else each.replace("PLACE", place) for each in words))
        for at, place in ((served.local, "here"), (laptop, "there"))
    )


def test_keys_are_made_listed_and_revoked_from_afar(served: Served, laptop: Laptop) -> None:
    line = ("key", "create", "--name", "ada", "--role", "viewer", "--node", "RATES", "--expires", "90d")
    here, there = both(served, laptop, *line)
    assert set(here) == set(there)
    assert {**here, "key_id": 0, "key": 0, "expires_at": 0} == {**there, "key_id": 0, "key": 0, "expires_at": 0}
    same(served, laptop, "key", "list", "--json")
    same(served, laptop, "key", "list")
    revoked = laptop.json("key", "revoke", there["key_id"])
    assert revoked == {**served.local.json("key", "revoke", here["key_id"]), "key_id": there["key_id"],
        **{name: revoked[name] for name in revoked if name.endswith("_at")}}  # fmt: skip
    assert laptop.refusal("key", "revoke", "nosuch")["code"] == "UNKNOWN_KEY"
    assert laptop.refusal("key", "create", "--name", "ada", "--role", "king")["code"] == "UNKNOWN_ROLE"
    assert there["key"] not in json.dumps(laptop.json("key", "list"))


def test_the_access_log_is_read_from_afar(served: Served, laptop: Laptop) -> None:
    laptop.json("run", "list")
    entries = laptop.json("access", "log", "--actor", "local")
    assert {"at", "actor", "role", "method", "path", "status", "rows"} == set(entries[0])
    assert ("GET", "/api/v1/orchestrator/runs") in {(each["method"], each["path"]) for each in entries}
    here = served.local.json("access", "log", "--actor", "local")
    assert entries == here[-len(entries) :]
    assert laptop("access", "log", "--since", "2026-01-01").out
    assert laptop.refusal("access", "log", "--since", "yesterday")["code"] == "BAD_QUERY"


def test_mappings_are_defined_and_shown_alike(served: Served, laptop: Laptop, files: Path) -> None:
    assert laptop.json("mapping", "define", files / "mine.json") == {"mapping_id": "mine", "version": 1}
    for words in (
        ("define", files / "mine.json"), ("list",), ("show", "mine"), ("show", "ore_market"), ("show", "nosuch"),
        ("suggest", SMALL_FUND / "positions.csv"), ("suggest", files / "nosuch.csv"),
    ):  # fmt: skip
        same(served, laptop, "mapping", *words, "--json")
        same(served, laptop, "mapping", *words)


@pytest.mark.parametrize("words", [
    "tree small", "tree nosuch", "bands", "segments latest --by currency", "segments latest --by currency --top 2 "
    "--weighted coupon --concentration issuer_id", "segments latest --by nothing", "compare latest latest",
    "compare nosuch latest", "history small --issuer I-01", "history small --instrument nosuch", "history small",
])  # fmt: skip
def test_portfolios_are_looked_at_alike(served: Served, laptop: Laptop, words: str) -> None:
    same(served, laptop, "portfolio", *words.split(), "--json")
    same(served, laptop, "portfolio", *words.split())


def test_a_tree_is_changed_from_afar(served: Served, laptop: Laptop) -> None:
    name = "of-trees"
    laptop.json("ingest", SMALL_FUND, "--portfolio", name, "--as-of", "2025-01-15")
    for line in (
        ("create", name, "NEW-PLACE", "--kind", "FUND"),
        ("create", name, "DESK-PLACE", "--kind", "DESK", "--parent", "NEW-PLACE"),
        ("rename", name, "DESK-PLACE", "A desk"),
        ("move", name, "DESK-PLACE", "--parent", "NEW-here"),
        ("close", name, "DESK-PLACE", "--reason", "done"),
    ):
        here, there = both(served, laptop, "portfolio", "node", *line)
        texts = [MOMENT.sub("", json.dumps(without_position(each))) for each in (here, there)]
        assert texts[1].replace("there", "here") == texts[0]
    same(served, laptop, "portfolio", "node", "close", name, "NOSUCH", "--json")
    same(served, laptop, "portfolio", "tree", name)


def test_schedules_are_managed_alike(served: Served, laptop: Laptop, files: Path) -> None:
    here, there = both(served, laptop, "schedule", "define", files / "here_s.json")
    assert without_position(here) == without_position(there)  # the same content again is the same version
    laptop.json("schedule", "define", files / "there_s.json")
    same(served, laptop, "schedule", "list", "--json")
    same(served, laptop, "schedule", "list")
    same(served, laptop, "schedule", "define", files / "here_w.json", "--json")
    here, there = both(served, laptop, "schedule", "drop", "PLACE")
    assert without_position(here | {"schedule_id": "there"}) == without_position(there)
    same(served, laptop, "schedule", "drop", "nosuch", "--json")


def test_webhooks_are_managed_alike(served: Served, laptop: Laptop, files: Path) -> None:
    here = served.local.json("webhook", "define", files / "here_w.json")
    there = laptop.json("webhook", "define", files / "there_w.json")
    assert set(here) == set(there) >= {"secret", "version"}
    same(served, laptop, "webhook", "list", "--json")
    same(served, laptop, "webhook", "list")
    here, there = both(served, laptop, "webhook", "rotate", "PLACE")
    assert set(here) == set(there) == {"webhook_id", "secret", "previous_until", "event_position"}
    assert laptop.json("webhook", "rotate", "there", "--at-once")["previous_until"] is None
    for line in (("replay", "PLACE"), ("drop", "PLACE")):
        here, there = both(served, laptop, "webhook", *line)
        assert without_position(here | {"webhook_id": "there"}) == without_position(there)
    same(served, laptop, "webhook", "replay", "nosuch", "--json")
    private = ("webhook", "define", files / "here_w.json", "--allow-private")
    assert laptop.refusal(*private)["code"] == "NOT_BY_SERVER"


def test_messages_are_watched_from_afar(served: Served, laptop: Laptop) -> None:
    line = ("watch", "--after", "0", "--no-follow")
    here, there = served.local(*line, "--json"), laptop(*line, "--json")
    assert here.out == there.out
    assert b'"run.completed"' in there.out
    assert served.local(*line).out == laptop(*line).out
    assert laptop("watch", "--no-follow").out == b""


def test_figures_go_into_the_mart_and_out_of_it_from_afar(served: Served, laptop: Laptop) -> None:
    there = laptop.json("mart", "publish", served.run_id)
    assert there["new"]
    assert served.local.json("mart", "publish", served.run_id) == there | {"new": False}
    same(served, laptop, "mart", "publish", served.run_id)
    for words in (("list",), ("list", "--check"), ("list", "--check", "--json"), ("publish", "nosuch", "--json")):
        same(served, laptop, "mart", *words)
    dropped = laptop.json("mart", "drop", served.run_id, "--reason", "enough")
    assert dropped["status"] == "DROPPED"
    same(served, laptop, "mart", "drop", served.run_id, "--json")


def test_readers_of_the_mart_are_made_and_dropped_from_afar(served: Served, laptop: Laptop) -> None:
    here, there = both(served, laptop, "mart", "reader", "create", "reader_of_PLACE", "--node", "RATES")
    try:
        assert set(here) == set(there)
        assert (there["name"], there["nodes"], len(there["password"])) == ("reader_of_there", ["RATES"], 32)
        same(served, laptop, "mart", "reader", "list", "--json")
        same(served, laptop, "mart", "reader", "list")
        assert laptop.refusal("mart", "reader", "create", "tenor_app")["code"] == "BAD_READER_NAME"
    finally:
        here, there = both(served, laptop, "mart", "reader", "drop", "reader_of_PLACE")
    assert without_position(here | {"name": "reader_of_there"}) == without_position(there)
    assert laptop.refusal("mart", "reader", "drop", "reader_of_there")["code"] == "UNKNOWN_READER"


def test_read_models_are_looked_at_and_rebuilt_from_afar(served: Served, laptop: Laptop) -> None:
    names = [[row["name"] for row in at.json("projections", "list")] for at in (served.local, laptop)]
    assert names[0] == names[1]
    assert laptop("projections", "list").out
    built = laptop.json("projections", "rebuild", "snapshot", "--verify")
    assert built["verified"]
    assert "contents equal" in laptop("projections", "rebuild", "snapshot").out.decode()
    assert laptop.json("projections", "rollback", "snapshot")["previous_version"] == built["version"] + 1
    assert laptop.refusal("projections", "rebuild", "nosuch")["code"] == "UNKNOWN_PROJECTION"
    same(served, laptop, "projections", "dead-letters", "list", "--json")
    same(served, laptop, "projections", "dead-letters", "list", "--replayed")
    assert laptop.json("projections", "dead-letters", "replay", "snapshot") == {"replayed": []}
    there = laptop.refusal("projections", "dead-letters", "replay", "snapshot", "--position", "1")
    assert there["code"] == "NOT_BY_SERVER"


@pytest.mark.parametrize("words", [
    "risk quotes {run}", "risk quotes {run} --position P-01", "risk quotes {run} --node NOSUCH",
    "risk quotes {run} --position NOSUCH", "risk quotes nosuch", "limits check {run}",
])  # fmt: skip
def test_what_is_worked_out_when_asked_for_is_the_same(served: Served, laptop: Laptop, words: str) -> None:
    same(served, laptop, *words.format(run=served.run_id).split(), "--json")
    same(served, laptop, *words.format(run=served.run_id).split())


def test_limits_are_checked_and_breaches_recorded_from_afar(served: Served, laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    laptop.json("policy", "define", tmp_path / "policy.json")
    asked = ("--portfolio", served.local.json("portfolio", "list")[-1]["snapshot_id"], "--market", "latest")
    run = laptop.json("run", "submit", *asked, "--measures", "PV,DV01", "--policy", "limited", "--wait")["run_id"]
    head = laptop("watch", "--after", "0", "--no-follow", "--json").out.count(b"limit.breached")
    checked = laptop("limits", "check", run, "--format", "csv").out
    assert b"BREACH" in checked
    told = laptop("watch", "--after", "0", "--no-follow", "--json").out.count(b"limit.breached")
    assert told > head
    assert served.local("limits", "check", run, "--format", "csv").out == checked
    assert laptop("watch", "--after", "0", "--no-follow", "--json").out.count(b"limit.breached") == told


def test_a_market_is_read_by_a_mapping_from_afar(served: Served, laptop: Laptop) -> None:
    for mapping in ("ore_market", "nosuch", "fannie_mae_sflp"):
        same(served, laptop, "market", "load", *QUOTES, "--mapping", mapping, "--json")
        same(served, laptop, "market", "load", *QUOTES, "--mapping", mapping)
    same(served, laptop, "market", "load", *QUOTES, "--json")
    same(served, laptop, "market", "load", SMALL_FUND / "market.json", "--as-of", "2026-01-15", "--json")


@pytest.mark.parametrize("name", ["rejected.txt", "rejected.txt.gz"])
def test_rejected_rows_come_back_from_afar_as_they_went(
    served: Served, laptop: Laptop, tmp_path: Path, name: str
) -> None:
    spoiled = tmp_path / TAPES[0].name
    lines = TAPES[0].read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"|", b"|x", 3)
    spoiled.write_bytes(b"".join(lines))
    line = ("ingest", spoiled, TAPES[1], "--mapping", "freddie_mac_sflld", "--book", "BOOK", "--as-of", "2026-01-23")
    written = {}
    for place, at in (("here", served.local), ("there", laptop)):
        file = tmp_path / place / name
        file.parent.mkdir()
        at(*line, "--rejects", file, "--accept-valid", "--dry-run")
        raw = file.read_bytes()
        written[place] = gzip.decompress(raw) if name.endswith(".gz") else raw
    assert written["here"] == written["there"]
    assert len(written["there"].splitlines()) >= 1 and written["there"]
    same(served, laptop, *line, "--rejects", tmp_path / "no" / "folder", "--json")
    same(served, laptop, "ingest", SMALL_FUND, "--rejects", tmp_path / "rejects", "--json")
    same(served, laptop, "ingest", SMALL_FUND, "--book", "BOOK", "--json")
