"""Tenor's kernels beside QuantLib on the same terms and curves: python -m benchmarks.peers.report [--json] [--compile]

Both sides on one thread, by the process's own processor time, best of five; ten curves, parallel shifts of -100 to
+100 bp. A valuation is one position under one curve. Compilation is not in the figures: `warm_start_s` is what a
process takes to its first numbers with compiled kernels; --compile also measures it without any (a minute more).
Fails where values differ.
"""

import json
import os
import sys
from typing import Any

from compute.engine_version import pin_arithmetic


def main() -> int:
    pin_arithmetic()  # before numpy is there: the figures are those of official runs
    from benchmarks.peers.comparison import cases, figures
    from benchmarks.peers.start import resolved_bytes, start_seconds

    load = os.getloadavg()[0]
    rows = [figures(case) for case in cases()]
    start_seconds(compiled=True)  # the cases' kernels are in the cache, not yet all of the small ones
    start = {"warm_start_s": start_seconds(compiled=True)}
    if "--compile" in sys.argv[1:]:
        start["with_compilation_s"] = start_seconds(compiled=False)
    measured = {"load_before": load, "cases": rows, **start, **resolved_bytes()}
    if "--json" in sys.argv[1:]:
        print(json.dumps(measured, indent=1))
    else:
        print_table(rows)
        print(json.dumps({name: value for name, value in measured.items() if name != "cases"}))
    return 0 if all(row["same"] for row in rows) else 1


def print_table(rows: list[dict[str, Any]]) -> None:
    print("valuations a second and core; ratios from resolved inputs / from terms")
    print(f"{'':<18}{'QuantLib':<32}{'resolved':>14}{'from terms':>14}{'QuantLib':>12}{'ratios':>16}{'differ':>10}")
    for row in rows:
        ratios = f"{row['ratio_resolved']:g} / {row['ratio_from_terms']:g}"
        print(
            f"{row['case']:<18}{row['peer']:<32}{row['ours_resolved_per_s']:>14,}{row['ours_from_terms_per_s']:>14,}"
            f"{row['peer_per_s']:>12,}{ratios:>16}{row['largest_difference']:>10.1e}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
