"""The end of a worker."""

import subprocess
import sys

ORPHAN = """
import asyncio, threading
import ops.processes.worker_process as worker_process
worker_process.LAST_SECONDS = 0.2
threading.Thread(target=threading.Event().wait).start()  # a job that waits for a database that is gone
asyncio.run(worker_process.stop_with_parent(asyncio.Event(), parent=-1))
"""


def test_a_worker_whose_parent_is_gone_ends_whatever_it_waits_for() -> None:
    assert subprocess.run([sys.executable, "-c", ORPHAN], timeout=60, check=False).returncode == 1
