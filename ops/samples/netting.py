"""The sample fund's netting agreements: each fund has one with each of a few banks, most of them with margin calls."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ops.samples.market import RATINGS
from ops.samples.obligors import Array, Columns, arrow_table

_PRODUCTS = ("IRS", "CAP_FLOOR", "SWAPTION", "CDS", "FX_FWD", "FX_OPTION")
_BANKS = 4
_CALLED = 500e3
"""What a margin call comes to at least."""
_HELD = (3e6, 1.5e6, 0.0, 0.0)
"""Collateral of each bank's agreements; the last bank's know no margin."""


def netted(positions: pa.Table, instruments: pa.Table, banks: list[str]) -> tuple[pa.Table, pa.Table]:
    """Positions with their `netting_set_id`, and the agreements that they name."""
    of_instrument = pc.index_in(positions.column("instrument_id"), instruments.column("instrument_id"))
    product = pc.take(instruments.column("product_type"), of_instrument)
    is_netted = pc.is_in(product, pa.array(_PRODUCTS)).to_numpy(zero_copy_only=False)
    books = positions.column("book_id").to_numpy(zero_copy_only=False)[is_netted].astype("U32")
    funds: Array = np.array([book.split(".")[0] for book in books], "U32")
    bank = np.arange(funds.size) % len(banks)
    named = np.full(positions.num_rows, "", "U48")
    named[is_netted] = [f"ISDA-{fund}-{banks[each]}" for fund, each in zip(funds, bank, strict=True)]
    column = arrow_table({"netting_set_id": named}).column("netting_set_id")
    pairs = sorted(set(zip(funds.tolist(), bank.tolist(), strict=True)))
    return positions.append_column("netting_set_id", column), _agreements(pairs, banks)


def dealers(issuers: Columns, sectors: pa.Array) -> list[str]:
    """The best rated of the companies that are banks."""
    is_bank = np.asarray(pc.equal(sectors, "FINANCIALS"))
    order = sorted(np.flatnonzero(is_bank).tolist(), key=lambda row: (RATINGS.index(issuers["rating"][row]), row))
    return [str(issuers["issuer_id"][row]) for row in order[:_BANKS]]


def _agreements(pairs: list[tuple[str, int]], banks: list[str]) -> pa.Table:
    margined = [bank < len(banks) - 1 for _, bank in pairs]
    return arrow_table(
        {
            "netting_set_id": np.array([f"ISDA-{fund}-{banks[bank]}" for fund, bank in pairs], "U48"),
            "counterparty_id": np.array([banks[bank] for _, bank in pairs], "U32"),
            "book_id": np.array([f"{fund}.RATES-HEDGES" for fund, _ in pairs], "U32"),
            "currency": np.full(len(pairs), "USD"),
            "margined": np.array(margined, np.bool_),
            "minimum_transfer_amount": np.where(margined, _CALLED, 0.0),
            "collateral": np.array([_HELD[bank] for _, bank in pairs], np.float64),
        }
    )
