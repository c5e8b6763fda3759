"""Compiles the kernels of this installation before anybody waits for them; part of the set-up.

A small sample fund that holds every product is priced under every measure. Two processes begin at either end of it and
keep what they compile where the workers look (`use_numba_cache`), so each finds the other's half when they meet.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from compute.engine_version import pin_arithmetic
from ops.processes.kernel_cache import use_numba_cache
from ops.settings import read_settings

POSITIONS = 400
CHUNK = 16
"""Rows of a portfolio are in the order of their products: small chunks keep the families apart."""
FORWARD, BACKWARD = "forward", "backward"


def main() -> int:
    if len(sys.argv) > 1:
        warm(sys.argv[1])
        return 0
    print("compiling the kernels for this machine, once: about a minute", file=sys.stderr, flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "ops.processes.compile_kernels"]
    ends = [subprocess.Popen([*command, end]) for end in (FORWARD, BACKWARD)]
    failed = sum(end.wait() != 0 for end in ends)
    print(f"compiled in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return int(failed > 0)


def warm(end: str) -> None:
    pin_arithmetic()
    use_numba_cache(read_settings())
    from compute.product_families import price_chunk

    run = sample_run()
    chunks = range(-(-run.portfolio.position_count // CHUNK))
    for chunk_no in chunks if end == FORWARD else reversed(chunks):
        price_chunk(run, chunk_no)


def sample_run() -> Any:
    import json

    from commands.ingestion.prepare import prepare_portfolio
    from compute.inputs.run_inputs import resolve
    from domain.market.document import parse_market
    from domain.measures.measures import BY_NAME
    from domain.scenarios.shocks import ScenarioDocument
    from ops.samples.fund import write_sample_fund

    with tempfile.TemporaryDirectory(prefix="tenor-warming-") as name:
        folder = Path(name)
        write_sample_fund(folder, POSITIONS)
        portfolio = prepare_portfolio(folder).portfolio
        market = parse_market((folder / "market.json").read_bytes())
        shocked = json.loads((folder / "scenarios.json").read_bytes())
    assert portfolio is not None
    base = {"scenario_id": "BASE", "name": "as it is", "shocks": []}
    scenarios = [ScenarioDocument.model_validate(each) for each in (base, *shocked)]
    measures = tuple(BY_NAME)
    return resolve(portfolio, market, scenarios, base_currency="USD", measures=measures, chunk_size=CHUNK)


if __name__ == "__main__":
    sys.exit(main())
