"""Deals in the files: each code of the contract at its table and column, and a wrong row that takes its whole deal."""

from collections.abc import Callable
from typing import Any

import pytest

from commands.ingestion.prepare import Prepared

Tables = dict[str, list[dict[str, Any]]]
Bring = Callable[..., Prepared]


def with_deal(sound: Tables, deal: str = "D") -> Tables:
    """A note, a subordinate note planned as a PAC, a strip and a residual on two lines."""
    names = {kind: f"{deal}:{kind}" for kind in "ABXR"}
    sound["instruments"] += [
        {"instrument_id": name, "product_type": "ABS_MBS", "currency": "USD"} for name in names.values()
    ]
    sound["positions"].append(
        {"position_id": f"T-{deal}", "instrument_id": names["A"], "book_id": "BOOK", "notional": "350"}
    )
    for table, rows in rows_of_deal(names).items():
        sound.setdefault(table, []).extend({"deal_id": deal, **row} for row in rows)
    return sound


def rows_of_deal(names: dict[str, str]) -> Tables:
    senior = {"instrument_id": names["A"], "rank": "1", "balance": "700", "coupon": "0.05", "kind": "SEQUENTIAL"}
    planned = {"instrument_id": names["B"], "rank": "2", "balance": "250", "coupon": "0.06", "kind": "PAC"}
    strip = senior | {"instrument_id": names["X"], "coupon": "0.01", "kind": "NOTIONAL", "notional_of": names["A"]}
    return {
        "deals": [{"currency": "USD", "first_payment_date": "2026-02-15", "oc_target": "0.05"}],
        "collateral": [
            {"line_id": "1", "balance": "600", "wac": "0.06", "wam": "12", "age": "3"},
            {"line_id": "2", "balance": "400", "wac": "0.07", "wam": "24", "age": "0"},
        ],
        "tranches": [
            senior,
            planned,
            strip,
            {"instrument_id": names["R"], "rank": "9", "balance": "1", "kind": "RESIDUAL"},
        ],
        "tranche_schedules": [{"instrument_id": names["B"], "date": "2026-02-15", "balance": "240"}],
        "deal_triggers": [{"test": "OC_RATIO", "from_date": "2026-02-15", "level": "1.02", "action": "TURBO"}],
    }


def found(prepared: Prepared) -> set[tuple[str, str | None, str]]:
    return {(each.table, each.column, each.code) for each in prepared.errors}


def test_a_sound_deal_is_stored_in_the_order_of_its_keys(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    prepared = bring(tables)
    assert (prepared.errors, prepared.warnings) == ([], [])
    assert prepared.portfolio is not None
    stored = prepared.portfolio.tables
    assert {name: stored[name].rows for name in ("deals", "collateral", "tranches", "deal_triggers")} == {
        "deals": 1, "collateral": 2, "tranches": 4, "deal_triggers": 1,
    }  # fmt: skip
    tables["tranches"].reverse()
    tables["collateral"].reverse()
    assert bring(tables).sha256 == prepared.sha256


def test_units_of_a_residual_are_no_notional_in_control_totals(sound: Tables, bring: Bring) -> None:
    """350 of face and 3 units: 350 of currency more, and 3 units beside them."""
    before = bring(sound).control_totals["USD"]
    tables = with_deal(sound)
    residual = {"position_id": "T-R", "instrument_id": "D:R", "book_id": "BOOK", "notional": "3"}
    tables["positions"].append(residual)
    after = bring(tables).control_totals["USD"]
    assert after["notional"] == before["notional"] + 350.0
    assert after["units"] == 3.0 and "units" not in before
    assert after["positions"] == before["positions"] + 2


WRONG: list[tuple[str, int, dict[str, str], tuple[str, str, str]]] = [
    ("collateral", 0, {"balance": "-1"}, ("collateral", "balance", "OUT_OF_RANGE")),
    ("tranches", 0, {"balance": "-1"}, ("tranches", "balance", "OUT_OF_RANGE")),
    ("tranche_schedules", 0, {"balance": "-1"}, ("tranche_schedules", "balance", "OUT_OF_RANGE")),
    *[
        ("deals", 0, {column: "1.1"}, ("deals", column, "OUT_OF_RANGE"))
        for column in ("oc_target", "oc_initial", "oc_floor", "reserve_target", "reserve_floor", "clean_up_call")
    ],
    ("deals", 0, {"reserve_balance": "-1"}, ("deals", "reserve_balance", "OUT_OF_RANGE")),
    ("collateral", 0, {"severity": "1.1"}, ("collateral", "severity", "OUT_OF_RANGE")),
    ("collateral", 0, {"wam": "0"}, ("collateral", "wam", "OUT_OF_RANGE")),
    ("collateral", 0, {"first_collection_months": "0"}, ("collateral", "first_collection_months", "OUT_OF_RANGE")),
    ("collateral", 0, {"prepayment": "CPR 101"}, ("collateral", "prepayment", "INVALID_SPEED")),
    ("collateral", 0, {"prepayment": "ABS 100.5"}, ("collateral", "prepayment", "INVALID_SPEED")),
    ("collateral", 0, {"prepayment": "fast"}, ("collateral", "prepayment", "INVALID_SPEED")),
    ("collateral", 0, {"default": "PD", "severity": "0.4"}, ("collateral", "default", "INVALID_SPEED")),
    ("collateral", 0, {"default": "CDR 101", "severity": "0.4"}, ("collateral", "default", "INVALID_SPEED")),
    ("tranches", 1, {"pac_low": "PSA x", "pac_high": "PSA 300"}, ("tranches", "pac_low", "INVALID_SPEED")),
    ("tranches", 1, {"pac_low": "CPR 1", "pac_high": "CPR 300"}, ("tranches", "pac_high", "INVALID_SPEED")),
    ("collateral", 0, {"deal_id": "E"}, ("collateral", "deal_id", "UNKNOWN_REFERENCE")),
    ("deal_triggers", 0, {"deal_id": "E"}, ("deal_triggers", "deal_id", "UNKNOWN_REFERENCE")),
    ("tranches", 2, {"notional_of": "D:Q"}, ("tranches", "notional_of", "UNKNOWN_REFERENCE")),
    ("tranches", 0, {"instrument_id": "D:Q"}, ("tranches", "instrument_id", "UNKNOWN_REFERENCE")),
    ("tranche_schedules", 0, {"instrument_id": "L1"}, ("tranche_schedules", "instrument_id", "UNKNOWN_REFERENCE")),
    ("tranches", 2, {"notional_of": "POOL D:X"}, ("tranches", "notional_of", "CYCLE")),
    ("collateral", 0, {"wac": ""}, ("collateral", "wac", "MISSING_TERM")),
    ("tranches", 0, {"kind": "PAC"}, ("tranches", "pac_low", "MISSING_TERM")),
    ("tranches", 2, {"notional_of": ""}, ("tranches", "notional_of", "MISSING_TERM")),
    ("collateral", 0, {"default": "CDR 2"}, ("collateral", "severity", "MISSING_SEVERITY")),
    ("tranches", 1, {"pac_low": "PSA 300", "pac_high": "PSA 90"}, ("tranches", "pac_low", "INCONSISTENT_TERMS")),
    ("tranches", 0, {"index": "USD-SOFR-3M"}, ("tranches", "coupon", "INCONSISTENT_TERMS")),
    (
        "collateral", 0, {"wac": "", "index": "USD-SOFR-3M", "first_collection_months": "2"},
        ("collateral", "index", "INCONSISTENT_TERMS"),
    ),
    ("tranches", 0, {"instrument_id": "L1"}, ("tranches", "instrument_id", "INCONSISTENT_TERMS")),
    ("deals", 0, {"currency": "EUR"}, ("tranches", "instrument_id", "WRONG_CURRENCY")),
    ("deals", 0, {"currency": "XXY"}, ("deals", "currency", "UNKNOWN_CURRENCY")),
    ("deals", 0, {"accrual_start_date": "2026-02-15"}, ("deals", "accrual_start_date", "DATE_ORDER")),
    ("deals", 0, {"first_payment_date": ""}, ("deals", "first_payment_date", "REQUIRED")),
    ("collateral", 0, {"age": ""}, ("collateral", "age", "REQUIRED")),
    ("tranches", 0, {"rank": ""}, ("tranches", "rank", "REQUIRED")),
]  # fmt: skip


@pytest.mark.parametrize(("table", "row", "changes", "expected"), WRONG)
def test_what_is_wrong_is_named_and_takes_the_whole_deal(
    sound: Tables, bring: Bring, table: str, row: int, changes: dict[str, str], expected: tuple[str, str, str]
) -> None:
    tables = with_deal(with_deal(sound), "E2")
    tables[table][row] |= changes
    assert expected in found(bring(tables))
    if expected == ("collateral", "deal_id", "UNKNOWN_REFERENCE") or table == "deal_triggers":
        return  # which deal lacks the row cannot be known
    kept = bring(tables, accept_valid=True).portfolio
    assert kept is not None
    for name in ("deals", "collateral", "tranches", "tranche_schedules"):
        assert kept.tables[name].columns["deal_id"].categories == ("E2",)
    assert "T-E2" in kept.tables["positions"].columns["position_id"].categories
    assert not [each for each in kept.tables["instruments"].columns["instrument_id"].categories if each[:2] == "D:"]


@pytest.mark.parametrize(
    ("table", "column"), [("deals", "deal_id"), ("collateral", "deal_id"), ("tranches", "deal_id"),
                          ("tranche_schedules", "deal_id"), ("deal_triggers", "deal_id")],
)  # fmt: skip
def test_a_key_used_twice(sound: Tables, bring: Bring, table: str, column: str) -> None:
    tables = with_deal(sound)
    tables[table].append(dict(tables[table][0]))
    assert (table, column, "DUPLICATE_ID") in found(bring(tables))


def test_a_tranche_belongs_to_one_deal(sound: Tables, bring: Bring) -> None:
    tables = with_deal(with_deal(sound), "E")
    tables["tranches"][4]["instrument_id"] = "D:A"
    assert ("tranches", "instrument_id", "DUPLICATE_ID") in found(bring(tables))


@pytest.mark.parametrize("lacking", ["collateral", "notes", "tables"])
def test_an_empty_deal(sound: Tables, bring: Bring, lacking: str) -> None:
    tables = with_deal(with_deal(sound), "E")
    if lacking == "collateral":
        tables["collateral"] = [row for row in tables["collateral"] if row["deal_id"] == "E"]
    elif lacking == "notes":
        del tables["tranches"][:2], tables["tranche_schedules"][0]
        tables["tranches"][0]["notional_of"] = "POOL"
        tables["positions"] = [row for row in tables["positions"] if row["position_id"] != "T-D"]
    else:
        for name in ("collateral", "tranches", "tranche_schedules", "deal_triggers"):
            del tables[name]
    assert ("deals", "deal_id", "EMPTY_DEAL") in found(bring(tables))


def test_two_strips_that_stand_on_one_another(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    tables["instruments"].append({"instrument_id": "D:Y", "product_type": "ABS_MBS", "currency": "USD"})
    tables["tranches"].append({**tables["tranches"][2], "instrument_id": "D:Y", "notional_of": "D:X"})
    assert bring(tables).errors == []
    tables["tranches"][2]["notional_of"] = "D:A D:Y"
    cycles = [each for each in bring(tables).errors if each.code == "CYCLE"]
    assert [each.row for each in cycles] == [4, 6]


def test_a_cent_above_the_pool_is_none_whatever_the_sum_of_cents_rounds_to(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    pool = 233000.0
    assert pool + 0.01 - pool > 0.01
    tables["collateral"] = [tables["collateral"][0] | {"balance": str(pool)}]
    tables["tranches"][0]["balance"] = str(pool + 0.01 - _notes_beside(tables))
    codes = [each.code for each in bring(tables).warnings]
    assert "TRANCHES_EXCEED_POOL" not in codes
    tables["tranches"][0]["balance"] = str(pool + 0.02 - _notes_beside(tables))
    assert "TRANCHES_EXCEED_POOL" in [each.code for each in bring(tables).warnings]


def _notes_beside(tables: Tables) -> float:
    rows = tables["tranches"][1:]
    return sum(float(row["balance"]) for row in rows if row["kind"] not in ("NOTIONAL", "RESIDUAL"))


def test_what_a_run_will_fail_is_warned_of(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    tables["tranches"][0]["balance"] = "750.02"
    tables["collateral"][0] |= {"default": "CDR 2", "severity": "0.4", "recovery_lag_months": "12"}
    warned = {(each.table, each.column, each.code) for each in bring(tables).warnings}
    assert warned == {
        ("deals", "deal_id", "TRANCHES_EXCEED_POOL"),
        ("collateral", "recovery_lag_months", "LAG_TOO_LONG"),
    }
    tables["deals"][0]["undercollateralised"] = "true"
    tables["collateral"][0]["recovery_lag_months"] = "11"
    assert bring(tables).warnings == []


def test_a_tranche_reads_little_of_its_instrument(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    instrument = next(row for row in tables["instruments"] if row["instrument_id"] == "D:A")
    instrument |= {"spread": "0.01", "issuer_id": "ACME", "deal_id": "D", "discount_curve": "USD"}
    assert bring(tables).warnings == []
    instrument |= {"wac": "0.06", "default": "CDR 1"}
    prepared = bring(tables)
    assert prepared.errors == []
    assert {(each.column, each.code) for each in prepared.warnings} == {
        ("wac", "TERM_NOT_USED"),
        ("default", "TERM_NOT_USED"),
    }


def test_a_line_in_percent_is_refused(sound: Tables, bring: Bring) -> None:
    tables = with_deal(sound)
    for row in tables["collateral"]:
        row["wac"] = "0.65"
    assert ("collateral", "wac", "PERCENT_SUSPECTED") in found(bring(tables))
