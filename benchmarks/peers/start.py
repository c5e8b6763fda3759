"""What a process pays before its first numbers: python -m benchmarks.peers.start prints processor seconds.

From the interpreter's start to four positions of every product priced: imports, and loading kernels from the cache or,
where there is none, compiling them. And what the resolved form of a bond and of a loan takes in memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from compute.engine_version import pin_arithmetic

FEW = 4


def main() -> int:
    pin_arithmetic()
    price_everything()
    print(time.process_time())
    return 0


def price_everything() -> None:
    from benchmarks.peers import derivative_terms as derivatives
    from benchmarks.peers import tenor_derivatives as ours
    from benchmarks.peers.tenor import fixed, floating, fx, inputs_of
    from benchmarks.peers.terms import bonds, floaters, fx_forwards, loans

    for terms in (bonds(FEW), loans(FEW), loans(FEW, "CPR 6")):
        fixed(inputs_of(terms)).from_terms()
    floating(inputs_of(floaters(FEW))).from_terms()
    fx(inputs_of(fx_forwards(FEW))).from_terms()
    for name in ("swaps", "caps", "swaptions", "credit_default_swaps", "fx_options"):
        ours.prices(list(getattr(derivatives, name)(FEW)), getattr(ours, name)).from_terms()
    ours.prices(list(derivatives.unadjusted_bonds(FEW)), ours.yields).from_terms()


def start_seconds(*, compiled: bool) -> float:
    """In a process of its own; its kernels are in the cache or, in a new folder, compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ) | ({} if compiled else {"NUMBA_CACHE_DIR": folder})
        command = [sys.executable, "-m", "benchmarks.peers.start"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return round(float(done.stdout), 2)


def resolved_bytes() -> dict[str, Any]:
    """Of what discounting reads; and what a run keeps of a loan, its row of the snapshot."""
    from benchmarks.peers.tenor import fixed_flows_of, inputs_of
    from benchmarks.peers.terms import bonds, loans

    count = 1000
    (_, of_bonds), run = fixed_flows_of(inputs_of(bonds(count))), inputs_of(loans(count))
    _, of_loans = fixed_flows_of(run)
    columns = [
        column for name in ("instruments", "positions") for column in run.portfolio.tables[name].columns.values()
    ]
    return {
        "bytes_per_bond_flow": (of_bonds.day.nbytes + of_bonds.amount.nbytes) / len(of_bonds.day),
        "bytes_per_loan_while_its_chunk_is_priced": (of_loans.day.nbytes + of_loans.amount.nbytes) / count,
        "bytes_per_loan_of_the_snapshot": sum(column.values.nbytes for column in columns) / count,
    }


if __name__ == "__main__":
    raise SystemExit(main())
