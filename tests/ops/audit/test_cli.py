"""The commands as they are typed: one JSON document, exit 1 when something is wrong."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from domain.refusals import Refused
from domain.sealing.seals import VERIFICATIONS_STREAM, LogVerified
from ops.cli import audit


@pytest.fixture
def tenor(sealed: Any) -> Any:
    app = typer.Typer()
    audit.register(app)
    environment = {"TENOR_HOME": str(sealed.tenor.settings.home), "TENOR_DATABASE_URL": sealed.tenor.database_url}

    def run(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(app, ["audit", *arguments], obj=sealed.tenor.database_url)

    return run


def test_verify_says_that_all_is_well_and_that_it_is_not(sealed: Any, tenor: Any) -> None:
    well = tenor("verify", "--json")
    assert well.exit_code == 0
    report = json.loads(well.stdout)
    assert {"ok", "events", "blocks", "bytes", "checkpoints", "problems"} <= report.keys()
    sealed.as_superuser("DELETE FROM ledger_events WHERE topic = 'run.planned'")
    broken = tenor("verify", "--json")
    assert broken.exit_code == 1
    assert not json.loads(broken.stdout)["ok"]
    assert "EVENT_DELETED: position" in tenor("verify").stdout
    kept = [event for event in sealed.tenor.store.stream(VERIFICATIONS_STREAM) if isinstance(event, LogVerified)]
    assert [event.ok for event in kept] == [True, False, False]
    assert kept[1].problems_total == len(kept[1].problems) == json.loads(broken.stdout)["problems_total"]


def test_a_log_that_takes_no_event_is_verified_all_the_same(sealed: Any, tenor: Any) -> None:
    """A replica, say."""
    sealed.as_superuser("REVOKE INSERT ON ledger_events FROM tenor_app")
    answer = tenor("verify", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["ok"]) == (0, True)
    assert "was not kept in the log" in answer.stderr


def test_a_certificate_goes_to_a_file_and_is_checked(sealed: Any, tenor: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    assert tenor("certificate", sealed.run_id, "--out", str(file)).exit_code == 0
    assert tenor("certificate", sealed.run_id, "--json").stdout_bytes.startswith(b'{"blocks":')
    checked = tenor("check", str(file), "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["ok"]) == (0, True)
    file.write_bytes(file.read_bytes().replace(b"COMPLETED", b"PUBLISHED", 1))
    checked = tenor("check", str(file), "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["ok"]) == (1, False)


def test_a_certificate_of_another_log_needs_any_log(sealed: Any, tenor: Any, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    assert tenor("certificate", sealed.run_id, "--out", str(file)).exit_code == 0
    first_key = json.loads(tenor("check", str(file), "--json").stdout)["first_key"]
    shutil.rmtree(sealed.tenor.settings.home / "seals")
    checked = tenor("check", str(file), "--json")
    report = json.loads(checked.stdout)
    assert (checked.exit_code, report["ok"], report["key_known"]) == (1, False, False)
    assert "is not known here" in report["problems"][0] and "--any-log" in report["problems"][0]
    assert tenor("check", str(file), "--any-log").exit_code == 0
    assert tenor("check", str(file), "--key", first_key).exit_code == 0
    assert tenor("check", str(file), "--key", "0" * 64, "--any-log").exit_code == 1


def test_history_lineage_seal_export_and_rotation(sealed: Any, tenor: Any, tmp_path: Path) -> None:
    assert json.loads(tenor("show", sealed.run_id, "--json").stdout)[0]["topic"] == "run.requested"
    assert "positions.csv row 2" in tenor("lineage", sealed.run_id, "P-01", "pv").stdout
    assert json.loads(tenor("lineage", sealed.run_id, "P-01", "PV", "--json").stdout)["number"]["values"]["pv"]
    assert json.loads(tenor("rotate-key", "--reason", "yearly", "--json").stdout)["previous_key_id"]
    assert json.loads(tenor("seal", "--json").stdout) == {"sealed_events": 1}
    assert json.loads(tenor("export", str(tmp_path / "x"), "--json").stdout)["checkpoints"] == 4
    assert tenor("verify", "--seals", str(tmp_path / "x")).exit_code == 0


def test_a_file_that_is_not_there_is_refused(tenor: Any) -> None:
    refused = tenor("check", "/nowhere/x.json").exception
    assert isinstance(refused, Refused) and refused.code == "UNREADABLE_FILE"
