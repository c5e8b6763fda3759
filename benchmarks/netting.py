"""How long SA-CCR over netting sets takes: `python -m benchmarks.netting [TRADES] [NETTING_SETS]`.

The trades are random, of every class, and bring their values; no database, so that what is measured is the arithmetic
and its tables.
"""

import sys
import time

import numpy as np

from benchmarks.capital import AS_OF, Made, ids, market, request
from compute.capital.columns import Columns
from compute.capital.counterparty.netting import netting_of
from compute.capital.counterparty.tables import hedging_sets_table, netting_sets_table, trades_table
from compute.capital.counterparty.trades import Brought
from compute.capital.frameworks import default_days, setting_of
from domain.portfolio.columns import ColumnData, Portfolio, TableData
from domain.portfolio.exposure_columns import CCR_CLASSES
from domain.portfolio.tables import Kind

CURRENCIES = ("EUR", "GBP", "USD")
PAIRS = ("EURUSD", "GBPUSD")
QUALITIES = ("A", "AA", "B", "BB", "BBB", "IG", "SG")


def book_of(trades: int, sets: int) -> Portfolio:
    made = Made(trades)
    classes = made.texts(tuple(sorted(CCR_CLASSES)))
    quality = made.texts(("AA", "BBB", "IG"))
    is_index = np.isin(classes.values, [classes.categories.index("CREDIT_INDEX")])
    quality = ColumnData(Kind.TEXT, np.where(is_index, 2, quality.values % 2).astype(np.int32), quality.categories)
    names = tuple(sorted((*PAIRS, *CURRENCIES, *(f"NAME{i:03}" for i in range(200)))))
    reference = made.chance.integers(0, len(names), trades)
    for name, some in (("FX", PAIRS), ("IR", CURRENCIES)):
        mine = classes.values == classes.categories.index(name)
        reference[mine] = np.array([names.index(each) for each in some])[reference[mine] % len(some)]
    issuers = ids("C", sets)
    agreements = ids("N", sets)
    held = {
        "position_id": ids("P", trades),
        "book_id": made.texts(("BOOK",)),
        "notional": made.numbers(-1e6, 1e6),
        "market_value": made.numbers(-1e4, 1e4),
        "netting_set_id": made.texts(agreements.categories),
        "ccr_class": classes,
        "ccr_quality": quality,
        "ccr_reference": ColumnData(Kind.TEXT, reference.astype(np.int32), names),
    }
    instruments = {
        "instrument_id": ids("I", trades),
        "product_type": made.texts(("EXTERNAL",)),
        "currency": made.texts(CURRENCIES),
        "maturity_date": made.days(20_600, 27_000),
    }
    of_sets = Made(sets)
    netting_sets = {
        "netting_set_id": agreements,
        "counterparty_id": issuers,
        "margined": ColumnData(Kind.FLAG, of_sets.chance.integers(0, 2, sets).astype(np.int8)),
        "collateral": of_sets.numbers(-1e5, 1e5),
    }
    counterparties = {
        "issuer_id": issuers,
        "asset_class": of_sets.texts(("BANK", "CORPORATE")),
        "rating": of_sets.texts(("A", "AA", "BBB")),
    }
    one = np.zeros(1, np.int32)
    nodes = {"node_id": ColumnData(Kind.TEXT, one, ("BOOK",)), "kind": ColumnData(Kind.TEXT, one, ("BOOK",))}
    tables = {
        "positions": TableData(trades, held),
        "instruments": TableData(trades, instruments),
        "issuers": TableData(sets, counterparties),
        "netting_sets": TableData(sets, netting_sets),
        "portfolio": TableData(1, nodes),
    }
    return Portfolio(tables, np.arange(trades, dtype=np.int32), held["book_id"].values)


def main(trades: int, sets: int) -> None:
    book, requested = book_of(trades, sets), request(trades)
    setting, _ = setting_of(requested, market())
    nothing = Brought(lambda rows: np.full(len(rows), np.nan), lambda rows: np.full(len(rows), np.nan))
    marks = [(time.perf_counter(), time.process_time())]
    netting = netting_of(Columns(book), setting, "USD", default_days(setting), nothing)
    marks.append((time.perf_counter(), time.process_time()))
    assert netting is not None
    for table in (netting_sets_table(netting), hedging_sets_table(netting)):
        assert table.num_rows >= sets
    trades_table(netting, setting.rules["basel"])
    marks.append((time.perf_counter(), time.process_time()))
    known = int((~np.isnan(netting.ead)).sum())
    print(f"{trades:,} trades in {sets:,} netting sets on {AS_OF}: {known:,} have an exposure")
    for what, before, after in zip(("SA-CCR", "tables"), marks, marks[1:], strict=False):
        print(f"{what:<18}{after[0] - before[0]:8.2f} s, of processor {after[1] - before[1]:6.2f} s")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 1_000,
    )
