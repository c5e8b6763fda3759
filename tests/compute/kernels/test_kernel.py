"""Kernels are compiled once: a second process takes them from disk."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = """
from compute.kernels.dates.calendars import civil_of_day
print(civil_of_day(20_000), sum(civil_of_day.stats.cache_hits.values()), sum(civil_of_day.stats.cache_misses.values()))
"""


def test_a_second_process_takes_a_kernel_from_disk(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["(2024, 10, 4) 0 1", "(2024, 10, 4) 1 0"]
