"""What is measured: the sample fund, and as many scenarios as asked for."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ops.samples.fund import write_sample_fund
from ops.samples.market import scenario_documents

FIRST_SCENARIOS = (
    "up100",
    "down100",
    "faster_prepayment",
    "bbb_wider",
    "eur_weaker",
    "steeper",
    "key5y",
    "irrbb_up",
    "credit_crunch",
)
"""Every kind of shock is among the first ten (BASE is one): rates alone would leave projected flows as they are."""

STEP_BP = 5


def write_fund(folder: Path, positions: int, seed: int) -> None:
    """In a process of its own: what making the files takes is no memory of Tenor's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(write_sample_fund, folder, positions, seed).result()


def shocked_scenarios(count: int) -> list[dict[str, Any]]:
    """The sample's first; beyond those, parallel shifts of ever other sizes."""
    sample = {document["scenario_id"]: document for document in scenario_documents()}
    ordered = [sample.pop(name) for name in FIRST_SCENARIOS] + list(sample.values())
    return ordered[:count] + [_shift(number) for number in range(1, count - len(ordered) + 1)]


def scenario_file(count: int) -> bytes:
    return json.dumps(shocked_scenarios(count)).encode()


def _shift(number: int) -> dict[str, Any]:
    bp = STEP_BP * (number + 1) // 2 * (1 if number % 2 else -1)
    return {
        "scenario_id": f"shift{number}",
        "name": f"Rates {bp:+} bp",
        "shocks": [{"kind": "PARALLEL", "curves": "*", "bp": bp}],
    }
