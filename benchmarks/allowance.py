"""How long the allowance of a book of loans takes: `python -m benchmarks.allowance [EXPOSURES] [METHOD]`.

Loans that level their payments monthly, random in everything else, under three weighted scenarios, two of which move
PD and LGD; the allowance of every position with its overlays, and the tables by position and by segment. No database.
"""

import json
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.capital import Made, book_of, market, request
from compute.allowance.allowances import allowances_of_run
from compute.allowance.measures import resolve_allowance
from compute.allowance.reports import Shown, positions_table, segments_table
from compute.inputs.run_inputs import resolve_run
from domain.market.document import MarketDocument, parse_market
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.tables import Kind
from domain.runs.run import RunRequested

METHODS = ("PD_LGD", "DCF")
SHORTEST_DAYS, LONGEST_DAYS = 30, 3_650
"""To maturity: 60 payments to come on average."""
PATH = {"unemployment_rate": [5.0, 6.0, 7.0, 8.0, 8.5, 8.0, 7.5, 7.0, 6.5]}


def loans_of(count: int) -> Portfolio:
    """The exposures of the benchmark of capital, with terms that loans have."""
    book, made, as_of_day = book_of(count), Made(count), 20_476

    def same(text: str) -> ColumnData:
        return ColumnData(Kind.TEXT, np.zeros(count, np.int32), (text,))

    terms = {
        "maturity_date": made.days(as_of_day + SHORTEST_DAYS, as_of_day + LONGEST_DAYS),
        "rate_type": same("FIXED"),
        "coupon": made.numbers(0.02, 0.09),
        "frequency": ColumnData(Kind.INTEGER, np.full(count, 12.0)),
        "day_count": same("30/360"),
        "amortization": same("LEVEL_PAY"),
        "prepayment": made.texts(("CPR 10", "CPR 6"), 0.5),
    }
    instruments = book.tables["instruments"]
    tables = {**book.tables, "instruments": TableData(count, {**instruments.columns, **terms})}
    return replace(book, tables=tables)


def asked(count: int, method: str) -> RunRequested:
    segment = {"segment": "ALL", "match": {}, "method": method}
    overlay = {"match": {"asset_class": "CORP*"}, "rate": 0.001, "reason": "outlook"}
    cecl = {"segments": [segment], "scenario_weights": {"BASE": 0.5, "bad": 0.3, "good": 0.2}, "overlays": [overlay]}
    satellite = {"segment": "ALL", "match": {}, "pd": {"unemployment_rate": 0.15}, "lgd": {"unemployment_rate": 0.01}}
    policy = {"policy_id": "p", "lgd_defaults": {"*": 0.45}, "cecl": cecl, "satellites": [satellite]}
    good = {"unemployment_rate": [4.5 - 0.1 * value for value in PATH["unemployment_rate"]]}
    macro = [{"kind": "MACRO", "start": {"unemployment_rate": 4.5}, "path": path} for path in (PATH, good)]
    shocks = ([], macro[:1], macro[1:])
    names = ("BASE", "bad", "good")
    documents = [{"scenario_id": name, "name": name, "shocks": each} for name, each in zip(names, shocks, strict=True)]
    said: dict[str, Any] = {"scenarios": list(names), "scenario_documents": documents, "policy_document": policy}
    return request(count).model_copy(update=said)


def discounting() -> MarketDocument:
    said = json.loads(market().model_dump_json())
    curves = [{**said["curves"][0], "curve_id": name, "currency": name} for name in ("EUR", "GBP", "USD")]
    said |= {"curves": curves, "discount": {name: name for name in ("EUR", "GBP", "USD")}}
    return parse_market(json.dumps(said))


def measure(book: Portfolio, method: str) -> None:
    requested, prices = asked(book.position_count, method), discounting()
    marks = [(time.perf_counter(), time.process_time())]
    inputs = resolve_allowance(resolve_run(book, prices, requested), prices, requested)
    found = allowances_of_run(inputs.book, inputs.run, inputs.fair_values)
    marks.append((time.perf_counter(), time.process_time()))
    shown = Shown(inputs.book, found)
    positions_table(shown)
    segments = segments_table(shown)
    marks.append((time.perf_counter(), time.process_time()))
    for what, before, after in zip((method, "tables"), marks, marks[1:], strict=False):
        print(f"{what:<10}{after[0] - before[0]:8.2f} s, of processor {after[1] - before[1]:6.2f} s")
    print(f"          allowance {segments['allowance'].to_pylist()[-1]:,.0f} on {shown.has.sum():,} positions")


def main(count: int, methods: tuple[str, ...]) -> None:
    for method in methods:
        measure(loans_of(min(count, 1_000)), method)  # compiled
        measure(loans_of(count), method)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, tuple(sys.argv[2:]) or METHODS)
