"""Agency pools of mortgages in the sample fund."""

import numpy as np
import pyarrow as pa

from ops.samples.obligors import Columns, arrow_table, pick
from ops.samples.terms import AS_OF_MONTH, dates_in, ids_of, in_books, some_tags


def mortgage_pools(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Agency pass-throughs: paid on the 25th, half a point of the borrowers' rate kept by servicer and guarantor."""
    currency, ids = np.full(n, "USD"), ids_of("A", n)
    issuer = pick(rng, issuers, "HOME", currency)
    term_mo = rng.choice([180, 360], n, p=[0.2, 0.8])
    age = (rng.random(n) * 0.6 * term_mo).astype(np.int64)
    coupon = rng.choice([0.025, 0.03, 0.035, 0.045, 0.055, 0.06], n)
    instruments = {
        "instrument_id": ids,
        "product_type": np.full(n, "ABS_MBS"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
        "coupon": coupon,
        "wac": (coupon + 0.005 + rng.uniform(0, 0.003, n)).round(5),
        "wam": term_mo - age,
        "age": age,
        "first_payment_date": dates_in(np.full(n, AS_OF_MONTH + 1), np.ones(n, np.int64)),
        "payment_delay_days": np.full(n, 24),
        "prepayment": rng.choice(["PSA 90", "PSA 140", "PSA 210", "CPR 7"], n),
        "spread_curve": np.full(n, "AAA-BOND"),
    }
    positions = {
        "instrument_id": ids,
        "book_id": in_books(rng, "MORTGAGE", n=n),
        "notional": rng.lognormal(14.5, 0.7, n).round(2),
        "accounting_class": np.full(n, "AFS"),
        "tags": some_tags(rng, n, "STRATEGY=CARRY", "STRATEGY=RELATIVE_VALUE"),
        "loan_program": np.where(term_mo == 360, "AGENCY_30Y", "AGENCY_15Y"),
    }
    return arrow_table(instruments), arrow_table(positions)
