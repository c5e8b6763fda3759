"""What a run will lack, before it is asked for: the checks of compute, counted as the failures of a run are."""

import time
from typing import Any

from commands.submit_run import SubmitRun, models_of, terms_of
from compute.inputs.run_inputs import resolve
from compute.outputs.failures import Failing
from compute.readiness import CoarseCurve, coarse_curves, failing_by_chunk
from domain.event import Envelope
from domain.measures.failures import Reason
from domain.scenarios.shocks import ScenarioDocument
from domain.valuation_models import ModelStatus
from ops.market_checks import check_scenarios
from ops.matrix_rows import rows_as_printed
from ops.ports import Storage
from ops.snapshot_dates import dates_apart
from projections.results.failures import FailureKinds
from projections.results.positions import Identities
from projections.results.reasons import KnownReasons


def check_before_run(storage: Storage, envelope: Envelope, command: SubmitRun) -> dict[str, Any]:
    """Refused as the run would be; else everything that it would go without. `ok`: nothing.

    Nothing is priced and nothing stored: what only pricing finds (a search that ends nowhere) is not in it.
    """
    started = time.monotonic()
    terms = terms_of(storage.store, storage.blobs, command, check_scenarios)
    portfolio = storage.portfolio(terms["portfolio_sha256"])
    market = storage.market(terms["market_sha256"])
    scenarios = [ScenarioDocument.model_validate(each) for each in terms["scenario_documents"]]
    measures = tuple(terms["measures"])
    named = {name: terms[name] for name in ("base_currency", "chunk_size")}
    run = resolve(portfolio, market, scenarios, measures=measures, **named)
    book, failed = Holes(Identities(portfolio)), 0
    for failing in failing_by_chunk(run):
        failed += book.take(failing)
    coarse = coarse_curves(portfolio, market, scenarios, measures)
    with storage.connect() as connection:
        apart = dates_apart(connection, str(terms["portfolio_snapshot_id"]), str(terms["market_snapshot_id"]))
    unapproved = [
        {"model": use.model, "version": use.version, "status": use.status.value}
        for use in models_of(storage.store, envelope, command)
        if use.status is not ModelStatus.APPROVED
    ]
    return {
        "ok": not (failed or coarse or unapproved),
        "portfolio_snapshot_id": str(terms["portfolio_snapshot_id"]),
        "market_snapshot_id": str(terms["market_snapshot_id"]),
        "as_of": terms["as_of"].isoformat(),
        "base_currency": terms["base_currency"],
        "scenarios": terms["scenarios"],
        "measures": list(measures),
        "positions": terms["positions"],
        "chunks": -(-terms["positions"] // terms["chunk_size"]),
        "results": terms["positions"] * len(terms["scenarios"]),
        "failed": failed,
        "failures": book.documents(),
        "coarse_curves": [_coarse(each) for each in coarse],
        "models_without_approval": unapproved,
        "remarks": [*apart, *rows_as_printed(market)],
        "seconds": round(time.monotonic() - started, 3),
    }


class Holes:
    """`take` each chunk in order: grouped by sentence with the ids and numbers left out, by the book of a run."""

    def __init__(self, identities: Identities) -> None:
        self._identities, self._book = identities, FailureKinds(identities)
        self._reasons, self._first_row = KnownReasons(("PV",)), 0

    def take(self, failing: Failing) -> int:
        """How many of the chunk's positions will have no value."""
        numbers = self._reasons.number(failing.reason[None, None, :])
        self._book.take(self._reasons, numbers, self._first_row, failing.detail + 1, ["", *failing.sentences])
        self._first_row += len(failing.reason)
        return int((failing.reason != Reason.NONE).sum())

    def documents(self) -> list[dict[str, Any]]:
        return self._book.documents(self._identities)


def _coarse(curve: CoarseCurve) -> dict[str, Any]:
    one = len(curve.key_rates) == 1
    named = ", ".join(each.upper() for each in curve.key_rates)
    sentence = f"{curve.curve_id} has no node near the key rate{'' if one else 's'} {named}"
    if curve.scenarios:
        little = "change nothing on it there" if curve.reach == 0.0 else "move it there by less than half of their size"
        sentence += f", and {', '.join(curve.scenarios)} will {little}"
    return {
        "curve_id": curve.curve_id,
        "key_rates": list(curve.key_rates),
        "scenarios": list(curve.scenarios),
        "sentence": sentence,
        "fix": "give the curve nodes there; until then most of that risk is reported at the neighbouring key rates",
    }
