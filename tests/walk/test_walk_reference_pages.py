"""What the reference pages show is done as they stand: every table, market, shock and address."""

import csv
import io
import json
import re
import shlex
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from psycopg.conninfo import make_conninfo

from domain.portfolio.tables import TABLES
from ops.embedded_postgres.server import EmbeddedServer
from ops.processes.companions import mart_steps
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import Tenor as Parts
from ops.wiring import open_tenor
from tests.builders.pages import DOCS, blocks, files_of, tables_of
from tests.builders.read_models import catch_up_all
from tests.walk.command_line import Tenor
from tests.walk.http_examples import assert_examples_are_those, take_example

CHANGES_NOTHING = {"cancel", "retry", "reject", "rollback"}
"""of a run that is published, of a read model with one version: 409, as the page says"""


def shocks() -> list[dict[str, Any]]:
    rows = re.findall(r"^\| [A-Z_]+ \|.*\| `(\{.*\})` \|$", (DOCS / "scenarios.md").read_text("utf-8"), re.MULTILINE)
    return [json.loads(row) for row in rows]


@dataclass(frozen=True)
class Shown:
    """The folder that the pages describe, and a database of its own."""

    tenor: Tenor
    folder: Path
    ids: dict[str, str] = field(default_factory=dict)


MOVE_NO_PRICE = ("MACRO", "CREDIT_FACTOR")
"""Shocks of credit alone."""


@pytest.fixture(scope="module")
def shown(
    postgres: EmbeddedServer, template_database: str, kernels: Path, tmp_path_factory: pytest.TempPathFactory
) -> Shown:
    folder = tmp_path_factory.mktemp("pages") / "fund"
    folder.mkdir()
    for name, text in tables_of("portfolio-files.md").items():
        (folder / name).write_text(text)
    (folder / "market.json").write_text(blocks("market-file.md", "json")[0])
    (folder / "scenarios.json").write_text(blocks("scenarios.md", "json")[0])
    (folder / "nightly.json").write_text(blocks("scenarios.md", "json")[1])
    name = f"pages_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    home = tmp_path_factory.mktemp("pages-home")
    return Shown(Tenor(make_conninfo(postgres.dsn(), dbname=name), home, kernels, inside=True), folder)


def test_the_tables_are_a_portfolio_without_a_warning(shown: Shown) -> None:
    report = shown.tenor.json("ingest", shown.folder, "--dry-run")
    assert (report["errors"], report["rejected"]) == ([], 0)
    assert report["warnings"] == []
    assert set(report["rows"]) == {table.name for table in TABLES}


def test_every_shock_is_defined_and_every_position_of_the_pages_is_valued_under_it(shown: Shown) -> None:
    portfolio, market = shown.tenor.bring(shown.folder)
    documents: list[dict[str, Any]] = [
        {"scenario_id": f"shock.{shock['kind'].lower()}", "name": "", "shocks": [shock]} for shock in shocks()
    ]
    assert len(documents) == 16
    file = shown.folder / "shocks.json"
    file.write_text(json.dumps(documents))
    shown.tenor.json("scenario", "define", file)
    shown.tenor.json("scenario", "define", shown.folder / "scenarios.json")
    shown.tenor.json("scenario", "set", shown.folder / "nightly.json")
    names = ",".join([*(each["scenario_id"] for each in documents), "@nightly"])
    ids = ("--portfolio", portfolio, "--market", market)
    told = shown.tenor.json("check", *ids, "--scenarios", names)
    assert (told["failures"], told["coarse_curves"]) == ([], [])
    run = shown.tenor.json("run", "submit", *ids, "--scenarios", names, "--measures", "PV", "--wait", "--workers", "1")
    assert (run["status"], run["failed"], run["positions"]) == ("COMPLETED", 0, 16)
    text = io.StringIO(shown.tenor("results", run["run_id"]).out.decode())
    rows: list[dict[str, Any]] = list(csv.DictReader(text))
    base: dict[str, Any] = {}
    moved: dict[str, Any] = {}
    for row in rows:
        (base if row["scenario_id"] == "BASE" else moved.setdefault(row["scenario_id"], {}))[row["position_id"]] = row
    for document in documents:
        values = {name: row["pv_base"] for name, row in moved[document["scenario_id"]].items()}
        moves = any(value != base[name]["pv_base"] for name, value in values.items())
        assert moves is (document["shocks"][0]["kind"] not in MOVE_NO_PRICE), document


def test_every_table_of_cash_flows_is_there(shown: Shown) -> None:
    """Of the run above: no command of the page comes back empty."""
    lines = [line for block in blocks("cash-flows.md", "sh") for line in block.splitlines()]
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words.pop(0) == "tenor"
        assert shown.tenor.json(*words), line
    assert len(lines) == 8


@pytest.fixture(scope="module")
def parts(shown: Shown) -> Iterator[Parts]:
    with open_tenor(Settings(shown.tenor.home, shown.tenor.database_url, webhooks_may_be_private=True)) as tenor:
        yield tenor


def curls() -> list[list[str]]:
    lines = [line for block in blocks("http.md", "sh") for line in block.splitlines()]
    return [shlex.split(Template(line).safe_substitute({}), comments=True) for line in lines]


def send(client: TestClient, words: list[str], folder: Path, ids: dict[str, str]) -> Response:
    """A curl command, as curl reads it."""
    words = [Template(word).safe_substitute(ids) for word in words]
    assert words.pop(0) == "curl"
    headers, data, method, address = {}, None, None, ""
    while words:
        match words.pop(0):
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-X":
                method = words.pop(0)
            case "-d" | "--data-binary" as way:
                said = words.pop(0)
                data = (folder / said[1:]).read_bytes() if said.startswith("@") else said.encode()
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
                assert way == "-d" or said.startswith("@")
            case said:
                address = said
    verb = method or ("POST" if data is not None else "GET")
    answer: Response = client.request(verb, address, headers=headers, content=data)
    return answer


def test_every_address_answers_as_its_curl_asks(shown: Shown, parts: Parts) -> None:
    with zipfile.ZipFile(shown.folder / "portfolio.zip", "w") as archive:
        for name in tables_of("portfolio-files.md"):
            archive.write(shown.folder / name, name)
    for name, text in tables_of("http.md").items():
        (shown.folder / name).write_text(text)
    for name, text in files_of("schedules-and-messages.md").items():
        (shown.folder / name).write_text(text)
    (shown.folder / "tape.csv").write_text(blocks("mappings.md", "csv")[0])
    (shown.folder / "mapping.json").write_text(blocks("mappings.md", "json")[0])
    app = build_app(parts)
    ids, asked = {"AT": ""}, set()
    told_of: dict[str, Any] = {}
    with TestClient(app) as client:
        for words in curls():
            if words[1].endswith("/audit/status"):
                shown.tenor.json("audit", "seal")  # as a process that serves does by itself
            answer = send(client, words, shown.folder, ids)
            path = answer.request.url.path
            last = path.rpartition("/")[2]
            assert answer.status_code == (409 if last in CHANGES_NOTHING else answer.status_code), (words, answer.text)
            assert answer.is_success or last in CHANGES_NOTHING, (words, answer.text)
            template = template_of(app, answer.request.method, path)
            asked.add((answer.request.method, template))
            take_example(told_of, app.openapi(), template, answer)
            if last == "checks":
                told = answer.json()
                assert (told["failed"], told["positions"], told["failures"]) == (0, 16, [])
            if answer.status_code == 202:
                catch_up_all(parts.storage)
            if answer.status_code == 202 and last == "marts":
                ((_, step),) = mart_steps(parts.processes)
                while step():
                    continue
            if answer.status_code == 202 and last in ("portfolios", "markets"):
                ids["PORTFOLIO" if last == "portfolios" else "MARKET"] = answer.json()["snapshot_id"]
            if answer.status_code == 202 and last == "keys":
                ids["KEY"] = answer.json()["key_id"]
            if answer.status_code == 202 and last == "runs":
                ids["RUN"] = answer.json()["run_id"]
                shown.tenor.json("run", "watch", ids["RUN"])
            if path.endswith("/audit/checkpoints"):
                ids["SIZE"] = str(answer.json()[0]["tree_size"])
    assert asked >= addresses(app)
    assert_examples_are_those(told_of)


def addresses(app: Any) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, ways in app.openapi()["paths"].items() for method in ways}


def template_of(app: Any, method: str, path: str) -> str:
    """The address that the path is of; the one with fewest names in braces where several fit."""
    known = sorted((each for way, each in addresses(app) if way == method), key=lambda each: each.count("{"))
    fits = (each for each in known if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", each), path))
    return next(fits, path)
