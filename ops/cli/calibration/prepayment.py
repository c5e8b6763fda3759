"""`tenor market calibrate-prepayment`: a prepayment model of a market file fitted to observed speeds."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.options import AsJson, RatesAreDecimals
from ops.cli.output import Output

if TYPE_CHECKING:
    from compute.market.prepayment_calibration import Fitted

WORST = 5
"""Rows told to a person: those that the model misses most."""


def calibrate_prepayment(
    history: Annotated[Path, typer.Argument(help="CSV: month, gross_rate, market_rate, age, balance, …, smm.")],
    market: Annotated[Path, typer.Option(help="A market document (JSON) with prepayment_models.")],
    model: Annotated[str, typer.Option(help="The name of the one to fit.")],
    out: Annotated[Path | None, typer.Option(help="Write the market here, with the fitted model in it.")] = None,
    rates_are_decimals: RatesAreDecimals = False,
    as_json: AsJson = False,
) -> None:
    """Fit a, b, c, d and burnout of a prepayment model to observed speeds."""
    from compute.engine_version import pin_arithmetic

    pin_arithmetic()  # before numpy is there
    from ops.cli.files import read_bytes
    from ops.prepayment_history import fitted_model

    raw = read_bytes(market)
    fitted, periods = fitted_model(read_bytes(history), raw, model, rates_are_decimals=rates_are_decimals)
    if out is not None:
        out.write_text(json.dumps(filled_in(json.loads(raw), model, fitted), indent=1) + "\n", encoding="utf-8")
    report = document_of(model, fitted) | {"written": str(out) if out is not None else None}
    Output(as_json).show(report, *lines_of(model, fitted, periods))


def filled_in(content: dict[str, dict[str, object]], name: str, fitted: "Fitted") -> dict[str, dict[str, object]]:
    """The file as it is, with another version of one entry."""
    own = {name: fitted.model.model_dump(mode="json")}
    return content | {"prepayment_models": content.get("prepayment_models", {}) | own}


def document_of(name: str, fitted: "Fitted") -> dict[str, object]:
    said = fitted.model.model_dump(mode="json")
    return {
        "model": name,
        "version": fitted.model.version,
        "rows": fitted.rows,
        "rmse_smm": fitted.rmse_smm,
        "r_squared": fitted.r_squared,
        "fitted": {each: said[each] for each in ("a", "b", "c", "d", "burnout") if each in said},
    }


def lines_of(name: str, fitted: "Fitted", periods: list[str]) -> list[str]:
    model = fitted.model
    found = ", ".join(f"{each} {getattr(model, each):.6g}" for each in "abcd")
    burnout = f", burnout {model.burnout.floor:.6g} + {model.burnout.slope:.6g} B / B0" if model.burnout else ""
    worst = sorted(range(fitted.rows), key=lambda row: -abs(fitted.residual_smm[row]))[:WORST]
    return [
        f"{model.reference(name)} from {fitted.rows:,} rows: {found}{burnout}",
        f"rmse {fitted.rmse_smm:.6f} SMM, r squared {fitted.r_squared:.6f}, both by balance",
        *(f"  row {row + 2}, {periods[row]}: model {fitted.residual_smm[row]:+.6f} SMM" for row in worst),
    ]
