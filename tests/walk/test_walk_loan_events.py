"""Loans whose terms change on agreed dates by the command line: brought in, valued and shown as the oracle does."""

from pathlib import Path

import pytest

from tests.walk.command_line import Tenor
from tests.walk.eventful_fund import write_fund
from tests.walk.oracle.flows import payments
from tests.walk.oracle.market import read_market
from tests.walk.oracle.pricer import Bumps, sensitivities, value
from tests.walk.oracle.terms import read_positions

CLOSE = 1e-9
OF_A_DIFFERENCE = 1e-5
"""What an analytic sensitivity may be off by."""


def test_a_fund_of_them_is_the_oracles(tenor: Tenor, tmp_path: Path) -> None:
    write_fund(tmp_path, seed=5, each=1)
    portfolio = tenor.json("ingest", tmp_path)["snapshot_id"]
    market = tenor.json("market", "load", tmp_path / "market.json")["snapshot_id"]
    words = ("--portfolio", portfolio, "--market", market, "--measures", "PV,DV01")
    run = tenor.json("run", "submit", *words, "--wait")["run_id"]
    told = {row["position_id"]: row for row in tenor.json("results", run)}
    bumps = Bumps(read_market(tmp_path))
    for terms in read_positions(tmp_path):
        pv = value(terms, bumps.market)
        dv01 = sensitivities(pv, lambda moved, of=terms: value(of, moved), bumps)["dv01"]  # type: ignore[misc]
        row = told[terms.position_id]
        assert row["pv"] == pytest.approx(pv, rel=CLOSE), terms.position_id
        assert row["dv01"] == pytest.approx(dv01, rel=OF_A_DIFFERENCE), terms.position_id
        shown = tenor.json("cashflows", run, "--position", terms.position_id)
        expected = payments(terms, bumps.market)
        assert [line["opening_balance"] for line in shown] == pytest.approx(
            [each.opening for each in expected], rel=CLOSE
        )
        assert [line["drawn"] for line in shown] == pytest.approx([each.drawn for each in expected], rel=CLOSE)
        assert sum(line["pv"] for line in shown) == pytest.approx(row["pv"], rel=CLOSE)
