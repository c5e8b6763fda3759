"""A fund of any size for demonstrations and measurements: the same seed writes the same files.

About 68 % loans (consumer, mortgages, some of adjustable rate, commercial property, term loans, leveraged floaters),
3 % mortgage pools, 18 % bonds, 1 % callable bonds, 5 % FX forwards, 4.7 % derivatives that hedge the rest, some cash
and shares, twenty structured notes at most, since each costs a Monte Carlo, and eight notes of an auto deal and a CMO;
in USD, EUR and GBP, as of 23 January 2026. Nobody in it exists.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from ops.samples.bank import approaches, brought, policy_document
from ops.samples.deals import HELD, deal_tables, held_tranches
from ops.samples.files import write_json, write_table
from ops.samples.hedges import (
    cap_floors,
    default_swaps,
    forwards,
    fx_options,
    step_table,
    stepping_swaps,
    swaps,
    swaptions,
)
from ops.samples.market import INDEX_OF, RESET_DAYS, market_document, scenario_documents, scenario_set_document
from ops.samples.netting import dealers, netted
from ops.samples.notes import callable_bonds, exercise_table, structured_notes
from ops.samples.obligors import (
    FUNDS,
    Array,
    Columns,
    arrow_table,
    currencies,
    issuer_columns,
    issuer_table,
    pick,
    portfolio_table,
)
from ops.samples.pools import mortgage_pools
from ops.samples.terms import (
    AS_OF_MONTH,
    calendars,
    dates_in,
    ids_of,
    in_books,
    indices,
    lives,
    money_market,
    some_tags,
)

FUND_NAME = "Sample fund"
"""Of the folder that the demonstration brings, and so of its portfolio."""
SEED = 20260123
_PER_MILLE = {
    "consumer": 370,
    "mortgage": 90,
    "property": 50,
    "term": 90,
    "leveraged": 70,
    "pools": 30,
    "callable": 10,
    "structured": 2,
    "fx": 50,
    "swaps": 20,
    "caps": 6,
    "swaptions": 4,
    "cds": 10,
    "fx_options": 5,
    "brought": 2,
    "arms": 10,
    "stepping_swaps": 2,
}
"""What remains is bonds."""
_MAX_STRUCTURED = 20
_EVERY_PRODUCT_FROM = 100
"""Smaller funds need not hold them all."""
_DEALS_FROM = 200
_POSITIONS_PER_BOND = 12
_MAX_BONDS = 6000

_STATES = np.array(["CA", "TX", "NY", "FL", "IL", "PA", "OH", "GA", "NC", "MI", "NJ", "VA", "WA", "AZ", "MA"])


def write_sample_fund(
    folder: Path, positions: int, seed: int = SEED, format: Literal["parquet", "csv"] = "parquet"
) -> None:
    """A portfolio folder with its market, scenarios, their set and a policy as .json files beside the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in fund_tables(positions, seed).items():
        write_table(folder, name, table, format)
    write_json(folder / "market.json", market_document())
    write_json(folder / "scenarios.json", scenario_documents())
    write_json(folder / "scenario_set.json", scenario_set_document())
    write_json(folder / "policy.json", policy_document(positions))


def sizes_of(count: int) -> dict[str, int]:
    """Positions of each family in a fund of `count`."""
    up = 999 if count >= _EVERY_PRODUCT_FROM else 500
    sizes = {name: (share * count + up) // 1000 for name, share in _PER_MILLE.items()}
    sizes["structured"] = min(sizes["structured"], _MAX_STRUCTURED)
    sizes["tranches"] = HELD if has_deals(count) else 0
    return sizes | {"bonds": count - sum(sizes.values())}


def has_deals(count: int) -> bool:
    """Whether a fund of `count` positions holds notes of the sample's deals."""
    return count >= _DEALS_FROM


def fund_tables(count: int, seed: int) -> dict[str, pa.Table]:
    rng = np.random.default_rng(seed)
    issuers = issuer_columns(rng)
    made = {name: _MAKERS[name](rng, size, issuers) for name, size in sizes_of(count).items()}
    instruments = pa.concat_tables([tables[0] for tables in made.values()], promote_options="default")
    positions = pa.concat_tables([tables[1] for tables in made.values()], promote_options="default")
    who = issuer_table(issuers).append_column("irb_approach", pa.array(approaches(issuers["family"])))
    positions, agreements = netted(positions, instruments, dealers(issuers, who.column("sector")))
    tables = {
        "portfolio": portfolio_table(),
        "issuers": who,
        "instruments": instruments,
        "exercises": exercise_table(made["callable"][0]),
        "steps": step_table(made["stepping_swaps"][0]),
        **(deal_tables() if made["tranches"][1].num_rows else {}),
        "netting_sets": agreements,
        "positions": _numbered(positions, 1),
    }
    return {name: table for name, table in tables.items() if table.num_rows}


def bought_loans(count: int, seed: int, after: int) -> tuple[pa.Table, pa.Table]:
    """Instruments and positions of as many consumer loans and as many term loans, numbered after those that are held.

    Their borrowers are those of the fund of the seed before.
    """
    issuers = issuer_columns(np.random.default_rng(seed - 1))
    rng = np.random.default_rng(seed)
    made = [_MAKERS[name](rng, count, issuers) for name in ("consumer", "term")]
    instruments, positions = (
        pa.concat_tables([tables[side] for tables in made], promote_options="default") for side in (0, 1)
    )
    return _as_later(instruments), _numbered(_as_later(positions), after + 1)


def _as_later(table: pa.Table) -> pa.Table:
    """Instrument ids that no earlier loan has."""
    ids = [f"{each}-2" for each in table.column("instrument_id").to_pylist()]
    return table.set_column(table.column_names.index("instrument_id"), "instrument_id", pa.array(ids))


def _numbered(positions: pa.Table, first: int) -> pa.Table:
    ids = pa.array([f"P{row:08d}" for row in range(first, first + positions.num_rows)])
    return positions.add_column(0, "position_id", ids)


# --- loans ----------------------------------------------------------------------------------------------------------


def _consumer(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Prime consumer loans: level monthly payments over three to seven years."""
    currency = rng.choice(["USD", "GBP"], n, p=[0.9, 0.1])
    issuer = pick(rng, issuers, "SEG", currency)
    term = rng.choice([36, 48, 60, 72, 84], n, p=[0.25, 0.2, 0.3, 0.15, 0.1])
    fico = np.clip(rng.normal(735, 38, n).round(), 640, 850)
    # An ABS speed would retire more than the pool has left near the end of the long loans.
    speed = np.where(term <= 48, rng.choice(["ABS 1.1", "ABS 1.3"], n), rng.choice(["CPR 6", "CPR 9", "CPR 12"], n))
    terms = {
        **lives(rng, term, 12),
        **_fixed(0.06 + (850 - fico) * 0.0004 + rng.normal(0, 0.008, n), 12, "30/360", "LEVEL_PAY"),
        "prepayment": speed,
        "default": np.where(fico >= 740, "CDR 0.8", "CDR 2.2"),
        "severity": np.full(n, 0.6),
        "recovery_lag_months": np.full(n, 6),
        "servicing_fee": np.where(rng.random(n) < 0.5, 0.01, 0.0075),
    }
    program = np.where(fico >= 760, "SUPER_PRIME", np.where(fico >= 700, "PRIME", "NEAR_PRIME"))
    extra = {"fico": fico, "state": rng.choice(_STATES, n), "loan_program": program}
    face = rng.lognormal(9.6, 0.5, n) * _share_left(terms, term)
    return _loans(
        rng, "C", currency, _of(issuers, issuer), terms, face, in_books(rng, "CONSUMER-1", "CONSUMER-2", n=n), extra
    )


def _mortgage(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Residential balloons: levelled over thirty years, due in five to ten."""
    currency = rng.choice(["USD", "GBP"], n, p=[0.8, 0.2])
    issuer = pick(rng, issuers, "HOME", currency)
    ltv = np.clip(rng.normal(0.68, 0.12, n), 0.25, 0.95).round(3)
    face = rng.lognormal(12.4, 0.45, n).round(2)
    terms = {
        **lives(rng, rng.choice([60, 84, 120], n), 12),
        **_fixed(0.045 + 0.02 * ltv + rng.normal(0, 0.004, n), 12, "30/360", "LEVEL_PAY"),
        "amortization_months": np.full(n, 360),
        "prepayment": rng.choice(["PSA 100", "PSA 150", "PSA 225"], n),
        "default": np.full(n, "SDA 100"),
        "severity": np.full(n, 0.25),
        "recovery_lag_months": np.full(n, 12),
        "servicing_fee": np.full(n, 0.0025),
    }
    fico = np.clip(rng.normal(748, 35, n).round(), 620, 850)
    extra = {"fico": fico, "ltv": ltv, "state": rng.choice(_STATES, n), "collateral_value": (face / ltv).round(2)}
    extra["loan_program"] = rng.choice(["CONFORMING", "JUMBO"], n, p=[0.7, 0.3])
    return _loans(rng, "M", currency, _of(issuers, issuer), terms, face, in_books(rng, "MORTGAGE", n=n), extra)


def _arms(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Mortgages fixed for five or seven years and reset once a year since, within 2/2/5."""
    currency = np.full(n, "USD")
    issuer = pick(rng, issuers, "HOME", currency)
    age, fixed_mo, day = rng.integers(6, 72, n), rng.choice([60, 84], n), np.ones(n, np.int64)
    fixed_mo = np.where(age >= fixed_mo, 84, fixed_mo)
    rate = np.clip(rng.normal(0.048, 0.008, n), 0.025, 0.075).round(5)
    first = AS_OF_MONTH - age
    terms = {
        "issue_date": dates_in(first, day),
        "maturity_date": dates_in(first + 360, day),
        "rate_type": np.full(n, "FLOATING"),
        "coupon": rate,
        "index": indices(currency),
        "margin": np.full(n, 0.0275),
        "frequency": np.full(n, 12),
        "day_count": np.full(n, "30/360"),
        "amortization": np.full(n, "LEVEL_PAY"),
        "first_reset_date": dates_in(first + fixed_mo, day),
        "reset_frequency": np.full(n, 1),
        "initial_rate": rate,
        "first_cap": np.full(n, 0.02),
        "periodic_cap": np.full(n, 0.02),
        "life_cap": np.full(n, 0.05),
        "prepayment": rng.choice(["PSA 150", "PSA 225"], n),
        "default": np.full(n, "SDA 100"),
        "severity": np.full(n, 0.25),
        "recovery_lag_months": np.full(n, 12),
        "servicing_fee": np.full(n, 0.0025),
    }
    extra = {"state": rng.choice(_STATES, n), "loan_program": np.where(fixed_mo == 60, "ARM_5_1", "ARM_7_1")}
    face = rng.lognormal(12.6, 0.45, n).round(2)
    return _loans(rng, "H", currency, _of(issuers, issuer), terms, face, in_books(rng, "MORTGAGE", n=n), extra)


def _property(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Commercial property balloons, interest only at first."""
    currency = currencies(rng, n)
    issuer = pick(rng, issuers, "PROP", currency)
    ltv = np.clip(rng.normal(0.60, 0.08, n), 0.35, 0.8).round(3)
    face = rng.lognormal(15.6, 0.6, n).round(2)
    terms = {
        **lives(rng, rng.choice([60, 84, 120], n), 12),
        **_fixed(0.05 + rng.normal(0.005, 0.006, n), 12, money_market(currency), "LEVEL_PAY"),
        "amortization_months": rng.choice([300, 360], n),
        "io_months": rng.choice([0, 24, 36], n, p=[0.4, 0.35, 0.25]),
        "calendar": calendars(currency),
        "business_day": np.full(n, "MODIFIED_FOLLOWING"),
    }
    extra = {"ltv": ltv, "collateral_value": (face / ltv).round(2), "loan_program": np.full(n, "CRE_BALLOON")}
    return _loans(rng, "R", currency, _of(issuers, issuer), terms, face, in_books(rng, "PROPERTY", n=n), extra)


def _term(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Commercial term loans at a fixed rate, quarterly, straight line or bullet."""
    currency = currencies(rng, n)
    issuer = pick(rng, issuers, "CORP", currency)
    amortization = rng.choice(["LINEAR", "BULLET"], n, p=[0.6, 0.4])
    terms = {
        **lives(rng, rng.choice([24, 36, 60, 84], n), 3),
        **_fixed(0.045 + rng.gamma(2, 0.006, n), 4, money_market(currency), amortization),
        "calendar": calendars(currency),
        "business_day": np.full(n, "FOLLOWING"),
    }
    extra = {"loan_program": np.full(n, "TERM_LOAN_A")}
    face = rng.lognormal(14.5, 0.7, n)
    return _loans(rng, "T", currency, _of(issuers, issuer), terms, face, in_books(rng, "TERM-LOANS", n=n), extra)


def _leveraged(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Leveraged loans over three-month rates with a floor at nil; some are revolvers with an undrawn part."""
    currency = currencies(rng, n)
    issuer = pick(rng, issuers, "CORP", currency)
    terms = {
        **lives(rng, rng.choice([36, 60, 84], n), 3, RESET_DAYS),
        **_floating(currency, rng.choice([0.0275, 0.0325, 0.04, 0.0475, 0.055], n), money_market(currency)),
        "floor": np.zeros(n),
        "amortization": rng.choice(["BULLET", "LINEAR"], n, p=[0.85, 0.15]),
        "calendar": calendars(currency),
        "business_day": np.full(n, "MODIFIED_FOLLOWING"),
        "seniority": np.full(n, "SENIOR_SECURED"),
    }
    face = rng.lognormal(15.0, 0.6, n).round(2)
    revolver = rng.random(n) < 0.2
    undrawn = np.where(revolver, (face * rng.uniform(0.2, 1.5, n)).round(2), np.nan)
    extra = {"undrawn": undrawn, "loan_program": np.where(revolver, "REVOLVER", "TERM_LOAN_B")}
    return _loans(rng, "V", currency, _of(issuers, issuer), terms, face, in_books(rng, "LEVERAGED", n=n), extra)


def _of(issuers: Columns, issuer: Array) -> Columns:
    """The chosen issuer of each loan."""
    return {name: column[issuer] for name, column in issuers.items()}


def _loans(
    rng: np.random.Generator,
    letter: str,
    currency: Array,
    borrowers: Columns,
    terms: Columns,
    face: Array,
    book: Array,
    extra: Columns,
) -> tuple[pa.Table, pa.Table]:
    """One instrument to a position, as loans are."""
    n = currency.size
    ids = ids_of(letter, n)
    instruments = {
        "instrument_id": ids,
        "product_type": np.full(n, "LOAN"),
        "currency": currency,
        "issuer_id": borrowers["issuer_id"],
        **terms,
        "spread_curve": np.char.add(borrowers["rating"], "-LOAN"),
    }
    positions = {
        "instrument_id": ids,
        "book_id": book,
        "notional": np.maximum(face, 100).round(2),
        "acquisition_date": terms["issue_date"],
        "accounting_class": rng.choice(["AMORTISED_COST", "AFS"], n, p=[0.85, 0.15]),
        "tags": some_tags(rng, n, "ORIGIN=BRANCH", "ORIGIN=BROKER", "ORIGIN=ONLINE;GREEN"),
        "origination_date": terms["issue_date"],
        **extra,
    }
    return arrow_table(instruments), arrow_table(positions)


# --- bonds ----------------------------------------------------------------------------------------------------------


def _bonds(rng: np.random.Generator, n: int, issuers: Columns) -> tuple[pa.Table, pa.Table]:
    """Governments, bills, companies' fixed and floating notes; a bond is held by several books."""
    count = min(_MAX_BONDS, max(1, -(-n // _POSITIONS_PER_BOND))) if n else 0
    sort = rng.choice(["GOVERNMENT", "BILL", "COMPANY", "FLOATER"], count, p=[0.25, 0.08, 0.52, 0.15])
    currency = currencies(rng, count)
    state = np.isin(sort, ["GOVERNMENT", "BILL"])
    issuer = np.where(state, pick(rng, issuers, "SOV", currency), pick(rng, issuers, "CORP", currency))
    terms = _bond_terms(rng, sort, currency)
    instruments = {
        "instrument_id": ids_of("B", count),
        "product_type": np.full(count, "BOND"),
        "currency": currency,
        "issuer_id": issuers["issuer_id"][issuer],
        **terms,
        "spread_curve": np.where(state, "", np.char.add(issuers["rating"][issuer], "-BOND")),
        "seniority": np.where(state, "", "SENIOR_UNSECURED"),
    }
    held = rng.integers(0, max(count, 1), n)
    books = {"GOVERNMENT": "GOVERNMENTS", "BILL": "BILLS", "FLOATER": "FLOATERS", "COMPANY": "INVESTMENT-GRADE"}
    high_yield = (sort == "COMPANY") & np.isin(issuers["rating"][issuer], ["BB", "B", "CCC"])
    book = np.where(high_yield, "HIGH-YIELD", [books[each] for each in sort])[held]
    face = np.maximum(1, rng.lognormal(6.5, 0.9, n).round()) * 1000.0 * np.where(rng.random(n) < 0.04, -1, 1)
    positions = {
        "instrument_id": instruments["instrument_id"][held],
        "book_id": np.char.add(np.char.add(rng.choice(FUNDS, n), "."), book),
        "notional": face,
        "accounting_class": rng.choice(["AFS", "TRADING"], n),
        "tags": some_tags(rng, n, "STRATEGY=CARRY", "STRATEGY=RELATIVE_VALUE", "STRATEGY=LIQUIDITY"),
    }
    return arrow_table(instruments), arrow_table(positions)


def _bond_terms(rng: np.random.Generator, sort: Array, currency: Array) -> Columns:
    n = sort.size
    floater, bill, company = sort == "FLOATER", sort == "BILL", sort == "COMPANY"
    annual = (currency == "EUR") & ~floater
    frequency = np.where(bill, 0, np.where(floater, 4, np.where(annual, 1, 2)))
    american_company = company & (currency == "USD")
    day_count = np.where(bill | floater, money_market(currency), np.where(american_company, "30/360", "ACT/ACT.ICMA"))
    years = np.where(bill, 1, np.where(sort == "GOVERNMENT", rng.choice([5, 10, 20, 30], n), rng.choice([5, 7, 10], n)))
    life = lives(rng, 12 * years, 1, RESET_DAYS)
    coupon = np.where(company, 0.035 + rng.gamma(2, 0.008, n), 0.01 + rng.gamma(3, 0.009, n)).round(5)
    return {
        **life,
        "rate_type": np.where(bill, "ZERO", np.where(floater, "FLOATING", "FIXED")),
        "coupon": np.where(bill | floater, np.nan, coupon),
        "index": np.where(floater, [INDEX_OF[each] for each in currency], ""),
        "margin": np.where(floater, rng.choice([0.006, 0.0095, 0.014], n), np.nan),
        "frequency": frequency,
        "day_count": day_count,
        "calendar": calendars(currency, government=~company & ~floater),
        "business_day": np.full(n, "FOLLOWING"),
    }


# --- small parts ----------------------------------------------------------------------------------------------------


def _fixed(coupon: Array, frequency: int, day_count: str | Array, amortization: str | Array) -> Columns:
    n = coupon.size
    return {
        "rate_type": np.full(n, "FIXED"),
        "coupon": np.clip(coupon, 0.01, 0.29).round(5),
        "frequency": np.full(n, frequency),
        "day_count": np.broadcast_to(np.asarray(day_count), n),
        "amortization": np.broadcast_to(np.asarray(amortization), n),
    }


def _floating(currency: Array, margin: Array, day_count: Array) -> Columns:
    n = currency.size
    return {
        "rate_type": np.full(n, "FLOATING"),
        "index": indices(currency),
        "margin": margin,
        "frequency": np.full(n, 4),
        "day_count": day_count,
    }


def _share_left(terms: Columns, term_mo: Array) -> Array:
    """Roughly how much of a level-pay loan is left: its share of the months still to run."""
    months_left = (terms["maturity_date"].astype("datetime64[M]").astype(np.int64) - AS_OF_MONTH) / term_mo
    share: Array = np.clip(months_left**0.85, 0.02, 1.0)
    return share


_MAKERS: dict[str, Callable[[np.random.Generator, int, Columns], tuple[pa.Table, pa.Table]]] = {
    "consumer": _consumer,
    "mortgage": _mortgage,
    "property": _property,
    "term": _term,
    "leveraged": _leveraged,
    "pools": mortgage_pools,
    "bonds": _bonds,
    "callable": callable_bonds,
    "structured": structured_notes,
    "fx": forwards,
    "swaps": swaps,
    "caps": cap_floors,
    "swaptions": swaptions,
    "cds": default_swaps,
    "fx_options": fx_options,
    "brought": brought,
    "arms": _arms,
    "stepping_swaps": stepping_swaps,
    "tranches": held_tranches,
}
