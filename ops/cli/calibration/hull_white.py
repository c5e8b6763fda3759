"""`tenor market calibrate`: Hull-White parameters from the swaptions of a market file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.cli.options import AsJson, RatesAreDecimals
from ops.cli.output import Output

if TYPE_CHECKING:
    from compute.market.hull_white_calibration import Calibrated


def calibrate(
    file: Annotated[Path, typer.Argument(help="A market document (JSON) with swaption volatilities.")],
    currency: Annotated[str | None, typer.Option(help="One currency; without it, all that have swaptions.")] = None,
    fixed_mean_reversion: Annotated[float | None, typer.Option(help="Hold it, and fit sigma alone.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the market here, with hull_white filled in.")] = None,
    rates_are_decimals: RatesAreDecimals = False,
    as_json: AsJson = False,
) -> None:
    """Fit Hull-White to the swaptions of a market file."""
    from compute.engine_version import pin_arithmetic

    pin_arithmetic()  # before numpy is there
    fitted = fitted_of(file, currency, fixed_mean_reversion, rates_are_decimals=rates_are_decimals)
    if out is not None:
        content = json.loads(file.read_bytes())
        out.write_text(json.dumps(filled_in(content, fitted), indent=1) + "\n", encoding="utf-8")
    written = str(out) if out is not None else None
    report = {"hull_white": [document_of(each) for each in fitted], "written": written}
    Output(as_json).show(report, *(line for each in fitted for line in lines_of(each)))


def fitted_of(
    file: Path, currency: str | None, fixed_mean_reversion: float | None, *, rates_are_decimals: bool = False
) -> "list[Calibrated]":
    from commands.load_market import usable_market
    from compute.market.hull_white_calibration import calibrate, surface_of, surfaces_by_currency
    from ops.cli.files import read_bytes
    from ops.market_checks import find_unsolved

    market = usable_market(read_bytes(file), find_unsolved, rates_are_decimals=rates_are_decimals)
    currencies = [currency] if currency else sorted(surfaces_by_currency(market)) or [market.base_currency]
    for each in currencies:
        surface_of(market, each)
    return [calibrate(market, each, fixed_mean_reversion) for each in currencies]


def filled_in(content: dict[str, Any], fitted: "list[Calibrated]") -> dict[str, Any]:
    own = {each.currency: {"mean_reversion": each.mean_reversion, "sigma": each.sigma} for each in fitted}
    return content | {"hull_white": content.get("hull_white", {}) | own}


def document_of(fitted: "Calibrated") -> dict[str, Any]:
    return {
        "currency": fitted.currency,
        "surface_id": fitted.surface_id,
        "mean_reversion": fitted.mean_reversion,
        "sigma": fitted.sigma,
        "largest_error_bp": fitted.largest_error_bp,
        "swaptions": [vars(each) | {"error_bp": each.model_vol_bp - each.market_vol_bp} for each in fitted.quotes],
    }


def lines_of(fitted: "Calibrated") -> list[str]:
    found = f"mean_reversion {fitted.mean_reversion:.6f}, sigma {fitted.sigma:.6f}"
    head = f"{fitted.currency} from {fitted.surface_id}: {found}"
    quotes = [
        f"  {each.expiry_yr:g} into {each.tenor_yr:g} years: market {each.market_vol_bp:.2f} bp,"
        f" model {each.model_vol_bp:.2f} bp, error {each.model_vol_bp - each.market_vol_bp:+.2f} bp"
        for each in fitted.quotes
    ]
    return [head, *quotes]
