"""`tenor market load`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.files import read_bytes
from ops.cli.ingested import show_loaded
from ops.cli.options import AsJson, RatesAreDecimals, opened
from ops.cli.output import Output

if TYPE_CHECKING:
    from commands.tapes.markets.prepare import MarketMade
    from ops.wiring import Tenor


def load(
    context: typer.Context,
    file: Annotated[list[Path], typer.Argument(help="A market document (JSON), or with --mapping files of quotes.")],
    mapping: Annotated[
        str | None, typer.Option(help="How quotes are read: the name of a mapping, or a file with one.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="With --mapping: the date of the quotes; the newest by default."
        ),
    ] = None,
    base_currency: Annotated[str | None, typer.Option(help="With --mapping: where the quotes do not say it.")] = None,
    rates_are_decimals: RatesAreDecimals = False,
    as_json: AsJson = False,
) -> None:
    """Validate a market document and solve its curves, then store it as a snapshot."""
    from commands.load_market import load_market
    from ops.market_checks import find_unsolved

    output = Output(as_json)
    refuse_without_mapping(file, mapping, as_of, base_currency)
    raw = read_bytes(file[0]) if mapping is None else b""
    with opened(context) as tenor:
        made = None if mapping is None else made_of(tenor, file, mapping, as_of, base_currency)
        loaded = load_market(
            tenor.store,
            tenor.blobs,
            tenor.envelope(),
            raw if made is None else made.raw,
            find_unsolved,
            rates_are_decimals=rates_are_decimals,
            made=made,
        )
    show_loaded(output, loaded)


def refuse_without_mapping(
    file: list[Path], mapping: str | None, as_of: datetime | None, base_currency: str | None
) -> None:
    from domain.refusals import Refused

    if mapping is not None:
        return
    for given, name in ((as_of, "--as-of"), (base_currency, "--base-currency")):
        if given is not None:
            fix = "a market document says it itself; leave it out"
            raise Refused("NEEDS_MAPPING", f"{name} is of quotes, which --mapping reads", fix)
    if len(file) > 1:
        raise Refused("NEEDS_MAPPING", "a market document is one file", "add --mapping for files of quotes")


def made_of(
    tenor: "Tenor", file: list[Path], mapping: str, as_of: datetime | None, base_currency: str | None
) -> "MarketMade":
    from commands.define_mapping import document_of, mapping_said, refuse_portfolio
    from commands.tapes.markets.prepare import MarketWanted
    from domain.refusals import Refused

    pinned = mapping_said(tenor.store, tenor.envelope(), mapping, is_tried=False)
    refuse_portfolio(pinned)
    for each in file:
        if not each.is_file():
            raise Refused("UNREADABLE_FILE", f"there is no file {each}", "check the path")
    return tenor.parsers.market_of(
        MarketWanted(
            document_of(pinned),
            pinned.reference,
            tuple(str(each.absolute()) for each in file),
            as_of.date().isoformat() if as_of else None,
            base_currency,
        )
    )
