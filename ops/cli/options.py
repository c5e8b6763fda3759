"""Options that many commands share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ops.processes.stopping import Stop, until_told
from ops.settings import Settings, read_settings

if TYPE_CHECKING:
    from ops.wiring import Tenor

A_RUN = "A run: its id, the beginning of one, or `latest`."
A_SNAPSHOT = "A snapshot: its id, the beginning of one, or `latest`."

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else there.")]
RatesAreDecimals = Annotated[
    bool, typer.Option("--rates-are-decimals", help="Rates that look like percent are meant as they stand.")
]


def settings_of(context: typer.Context) -> Settings:
    return read_settings(context.find_root().obj)


@contextmanager
def serving(context: typer.Context) -> "Iterator[tuple[Tenor, Stop]]":
    """For processes that run until told to end: the embedded server is kept alive for as long as they do."""
    from ops.embedded_postgres.keeper import kept_up
    from ops.logs import configure_logs

    configure_logs(logging.INFO)
    with until_told() as stop, opened(context) as tenor, kept_up(tenor.settings):
        yield tenor, stop


@contextmanager
def opened(context: typer.Context) -> "Iterator[Tenor]":
    from ops.wiring import open_tenor

    with open_tenor(settings_of(context)) as tenor:
        yield tenor
