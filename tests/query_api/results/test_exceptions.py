"""What a run leaves out, told by kind: counted and added up by hand from its rows."""

import pytest

from query_api.results.chosen.fields import NamedPortfolio
from query_api.results.exceptions import exceptions_of
from query_api.results.table import position_results
from query_api.runs import queryable_run
from tests.builders.result_tables import publish
from tests.builders.sample_run import RUN_ID, SampleRun, tenor_over


def test_kinds_with_the_largest_notional_first(database_url: str) -> None:
    with tenor_over(database_url) as tenor:
        sample = SampleRun(failing=(1,)).whole(tenor)
        publish(tenor)
        held = sample.portfolio.tables["positions"].columns
        with tenor.database.connect() as connection:
            run = queryable_run(connection, RUN_ID)
            rows = [row for batch in position_results(connection, RUN_ID).batches for row in batch.to_pylist()]
            found = exceptions_of(connection, run, lambda _sha256: NamedPortfolio(sample.portfolio)).to_pylist()
            rates = dict(
                connection.execute(
                    "SELECT currency, rate FROM read.result_fx WHERE run_no = %s AND scenario_no = 0", (run.run_no,)
                ).fetchall()
            )
    ids = held["position_id"]
    notional = {
        ids.categories[code]: value
        for code, value in zip(ids.values.tolist(), held["notional"].values.tolist(), strict=True)
    }
    worst: dict[str, dict[str, str]] = {}
    for row in rows:
        rank = ("PRICED", "PARTIAL", "FAILED")
        known = worst.get(row["position_id"])
        if row["status"] != "PRICED" and (not known or rank.index(row["status"]) > rank.index(known["status"])):
            worst[row["position_id"]] = row
    kinds: dict[tuple[str, str], list[str]] = {}
    for name, row in worst.items():
        kinds.setdefault((row["status"], row["detail"]), []).append(name)
    currency = {row["position_id"]: row["currency"] for row in rows}
    assert {each["sentence"] for each in found} > {"no curve USD-SOFR"}
    assert sum(each["positions"] for each in found) == len(worst)
    for each in found:
        sentence = each["sentence"] if each["sentence"] != each["reason"] else ""
        names = kinds[each["status"], sentence]
        worth = {name: notional[name] * rates[currency[name]] for name in names}
        assert each["positions"] == len(names)
        assert each["notional_base"] == pytest.approx(sum(worth.values()), rel=1e-12)
        largest = sorted(worth.values(), key=abs, reverse=True)[:5]
        assert [worth[name] for name in each["largest"].split(",")] == largest
    sizes = [abs(each["notional_base"]) for each in found]
    assert sizes == sorted(sizes, reverse=True)
