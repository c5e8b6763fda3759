"""A history of observed prepayment speeds as a user brings it, and the model of a market that is fitted to it."""

import csv
import io
import math
import re
from collections.abc import Iterator

import numpy as np

from commands.load_market import usable_market
from compute.market.prepayment_calibration import Fitted, History, calibrate_prepayment
from domain.market.prepayment import PrepaymentModel, readable_models
from domain.refusals import Refused
from ops.market_checks import find_unsolved

COLUMNS = ("month", "gross_rate", "market_rate", "age", "balance", "original_balance", "smm")
MAX_RATE, MAX_TOLD = 0.5, 12
_MONTH = re.compile(r"(?:\d{4}-)?(0?[1-9]|1[0-2])(?:-\d{2})?")
_FIX = "correct the row; rates and SMM are decimals (5 % is 0.05), months dates, 2024-03 or 1 to 12"


def fitted_model(history: bytes, market: bytes, name: str, *, rates_are_decimals: bool) -> tuple[Fitted, list[str]]:
    """The fit, and what each row calls its month."""
    document = usable_market(market, find_unsolved, rates_are_decimals=rates_are_decimals)
    model = model_named(readable_models(document.prepayment_models), name)
    rows = read_rows(history)
    parsed = history_of(rows, model, rates_are_decimals=rates_are_decimals)
    return calibrate_prepayment(model, parsed), [row["month"] for row in rows]


def model_named(models: dict[str, PrepaymentModel], name: str) -> PrepaymentModel:
    if name not in models:
        known = ", ".join(sorted(models)) or "none"
        message = f"the market has no prepayment model {name!r}; it has: {known}"
        raise Refused("UNKNOWN_PREPAYMENT_MODEL", message, "name one of them, or add it to prepayment_models")
    return models[name]


def read_rows(raw: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), skipinitialspace=True)
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        rows = [{name: (row.get(name) or "").strip() for name in names} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused("INVALID_HISTORY", f"the history cannot be read: {error}", "save it as CSV in UTF-8") from error
    lacking = [name for name in COLUMNS if name not in names]
    if lacking:
        message = f"the history has no column {', '.join(lacking)}"
        raise Refused("INVALID_HISTORY", message, f"its columns are {', '.join(COLUMNS)}")
    return rows


def history_of(rows: list[dict[str, str]], model: PrepaymentModel, *, rates_are_decimals: bool) -> History:
    """Refused with everything that is wrong, row by row as a spreadsheet counts."""
    most = math.inf if rates_are_decimals else MAX_RATE
    problems = [each for number, row in enumerate(rows, start=2) for each in _problems(number, row, model, most)]
    if problems:
        told = "; ".join(f"row {each['row']}: {each['message']}" for each in problems[:MAX_TOLD])
        more = f"; and {len(problems) - MAX_TOLD:,} more" if len(problems) > MAX_TOLD else ""
        raise Refused("INVALID_HISTORY", f"the history has rows that cannot be used: {told}{more}", _FIX, problems)
    needed = 4 + (model.burnout is not None)
    if len(rows) < needed:
        message = f"{len(rows)} rows cannot tell {needed} coefficients apart"
        raise Refused("HISTORY_TOO_SHORT", message, f"bring {needed} rows or more, at different incentives")
    numbers = {name: np.array([_number(row[name]) for row in rows]) for name in COLUMNS[1:]}
    if not numbers["balance"].sum() > 0.0:
        raise Refused("INVALID_HISTORY", "no row has a balance to weigh it by", "give balances above nil")
    months = np.array([_month(row["month"]) for row in rows], np.int32)
    return History(months, **numbers)


def _month(text: str) -> int:
    """Of the year; 0 where it is none."""
    found = _MONTH.fullmatch(text)
    return int(found[1]) if found else 0


def _problems(number: int, row: dict[str, str], model: PrepaymentModel, most: float) -> Iterator[dict[str, object]]:
    def problem(column: str, message: str) -> dict[str, object]:
        said = f"{column} {message}"
        return {"row": number, "column": column, "value": row[column], "message": said, "fix": _FIX}

    values = {name: _number(row[name]) for name in COLUMNS[1:]}
    if not _month(row["month"]):
        yield problem("month", f"{row['month']!r} is no month")
    for name, value in values.items():
        if not math.isfinite(value) and (name != "original_balance" or model.burnout is not None):
            yield problem(name, f"{row[name]!r} is no number")
    if values["smm"] < 0.0 or values["smm"] > 1.0:
        yield problem("smm", f"{values['smm']:g} is not between 0 and 1")
    for name in ("gross_rate", "market_rate"):
        if abs(values[name]) > most:
            yield problem(name, f"{values[name]:g} looks like percent")
    if model.incentive == "RATIO" and values["market_rate"] <= 0.0:
        yield problem("market_rate", f"{values['market_rate']:g} has no ratio to it")
    if values["balance"] < 0.0:
        yield problem("balance", f"{values['balance']:g} is negative")
    if model.burnout is not None and values["original_balance"] <= 0.0:
        yield problem("original_balance", f"{values['original_balance']:g} leaves nothing to burn out")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
