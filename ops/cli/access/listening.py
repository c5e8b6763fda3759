"""Options of the commands that serve: where to listen, and who may come in."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.cli.output import harmless

if TYPE_CHECKING:
    from ops.access.binding import Bind
    from ops.access.settings import Access

Host = Annotated[str, typer.Option("--host", "--bind", help="The address to listen on.")]
AuthBy = Annotated[str | None, typer.Option("--auth", envvar="TENOR_AUTH", help="keys or oidc; without, all is local.")]
TlsCert = Annotated[Path | None, typer.Option("--tls-cert", help="A certificate in PEM.")]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", help="Its key in PEM.")]
BehindProxy = Annotated[bool, typer.Option("--behind-proxy", help="A proxy before it speaks TLS.")]
AllowedHost = Annotated[list[str] | None, typer.Option("--allowed-host", help="A name to be asked by; several too.")]

WRONG_USAGE = 2


@dataclass(frozen=True)
class Asked:
    """As typed."""

    host: str
    auth: str | None
    tls_cert: Path | None
    tls_key: Path | None
    behind_proxy: bool
    allowed_host: list[str] | None


def listening(asked: Asked) -> "tuple[Bind, Access]":
    """The bind and the access that were asked for; a refusal ends the command with 2."""
    from domain.refusals import Refused
    from ops.access.binding import bind_asked
    from ops.access.settings import read_access, read_auth

    try:
        auth = read_auth(asked.auth)
        hosts = asked.allowed_host or []
        bind = bind_asked(
            asked.host, auth, asked.tls_cert, asked.tls_key, behind_proxy=asked.behind_proxy, allowed_hosts=hosts
        )
        return bind, read_access(auth, secure_cookies=bind.is_secure)
    except Refused as refused:
        typer.echo(f"error: {harmless(refused.message)}", err=True)
        typer.echo(f"  fix: {harmless(refused.fix)}", err=True)
        raise SystemExit(WRONG_USAGE) from None
