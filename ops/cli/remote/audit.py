"""The evidence of a server's log."""

import sys
from pathlib import Path

from ops.cli import audit
from ops.cli.remote.asking import At
from ops.cli.remote.results import named

AUDIT = "/api/v1/audit"


def show(at: At) -> None:
    events = at.every(f"{AUDIT}/streams/{named(at['stream'])}", limit=1000)
    at.output.show(events, *audit.event_lines(events))


def lineage(at: At) -> None:
    from ops.audit.lineage.lineage import lines_of

    asked = at.some("position", "measure", "scenario")
    document = at.get(f"{AUDIT}/runs/{named(at['run'])}/lineage", **asked)
    at.output.show(document, *lines_of(document))


def certificate(at: At) -> None:
    from tenor.exchange import Ask, asked

    run = at.run_id(at["run"])
    document = at.client.drive(asked(Ask("GET", f"{AUDIT}/runs/{run}/certificate"), at.client.session)).body
    if at["out"] is None:
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
        return
    out = Path(at["out"])
    audit.write(out, document)
    at.output.show({"run_id": run, "file": str(out), "bytes": len(document)}, f"certificate  {out}")
