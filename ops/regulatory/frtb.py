"""FRTB delta of a run: its sensitivities at BASE, read from its results, by the rule set that it pins."""

import pyarrow as pa

from compute.capital.columns import Columns
from compute.capital.frameworks import rates_to_base
from compute.capital.frtb import RATE_COLUMNS, SPREAD_COLUMNS, Sensitivities, frtb_table
from domain.capital.rule_sets import rules_of_families
from domain.refusals import Refused
from ops.audit.run_events import read_run
from ops.ports import Storage
from query_api.reading import reading
from query_api.results.amounts import chunk_amounts
from query_api.runs import queryable_run

AT_BASE = 0


def frtb_of_run(storage: Storage, run_id: str) -> pa.Table:
    requested = read_run(storage.store, run_id).requested
    rules = rules_of_families(requested.rules, requested.as_of).get("frtb")
    if rules is None:
        message = f"no rule set of frtb is in force on {requested.as_of}"
        raise Refused("RULE_SET_NOT_IN_FORCE", message, "submit a run on a later market")
    columns = Columns(storage.portfolio(requested.portfolio_sha256))
    found = Sensitivities(columns, rates_to_base(storage.market(requested.market_sha256), requested.base_currency))
    names = [*RATE_COLUMNS, *SPREAD_COLUMNS]
    with reading(storage.connect) as connection:
        for chunk in chunk_amounts(connection, queryable_run(connection, run_id), [AT_BASE], names):
            amounts = chunk.amounts_ccy[0]
            found.take(chunk.rows, amounts[: len(RATE_COLUMNS)], amounts[len(RATE_COLUMNS) :])
    return frtb_table(found, rules, requested.base_currency)
