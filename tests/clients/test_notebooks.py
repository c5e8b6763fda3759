"""The notebooks do what they show, cell after cell, against a server."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Served

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path) -> list[str]:
    document: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]


def run_through(notebook: Path) -> dict[str, Any]:
    """What stands in the notebook's names at the end."""
    names: dict[str, Any] = {}
    for number, source in enumerate(cells(notebook)):
        exec(compile(source, f"{notebook.name}, cell {number}", "exec"), names)
    return names


def test_there_are_four() -> None:
    assert len(NOTEBOOKS) == 4


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    apart: Served, notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "TENOR_SERVER", apart.url)
    names = run_through(notebook)
    match notebook.stem[:1]:
        case "1":
            assert (tmp_path / "desks.parquet").exists() and len(names["schedule"])
        case "2":
            assert names["run"].status == "COMPLETED" and (names["wide"]["change"] != 0).any()
        case "3":
            assert (names["days"]["change"] != 0).any() and len(names["bridge"])
        case _:
            assert names["grid"].to_numpy(na_value=0).sum() > 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_its_outputs(notebook: Path) -> None:
    kept = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in kept)
