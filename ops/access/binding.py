"""Where a server listens. Beyond this machine it is refused without credentials, or without what hides them."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from domain.refusals import Refused
from ops.access.settings import Auth
from ops.http.server import Tls
from query_api.http.guards import host_name

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
IN_TESTS = "testserver"


class BindRefused(Refused):
    """The command line ends with 2: it was used wrongly."""


@dataclass(frozen=True)
class Bind:
    """`allowed_hosts` are names that a request may ask by; none: the bind's own."""

    host: str = LOOPBACK
    auth: Auth | None = None
    tls: Tls | None = None
    behind_proxy: bool = False
    allowed_hosts: tuple[str, ...] = ()

    @property
    def is_secure(self) -> bool:
        """As the browser sees it."""
        return self.tls is not None or self.behind_proxy

    def names(self) -> frozenset[str]:
        if self.allowed_hosts:
            return frozenset(host_name(name) for name in self.allowed_hosts)
        if is_loopback(self.host):
            return LOOPBACK_NAMES | {IN_TESTS}
        return LOOPBACK_NAMES | own_names(self.host)


def bind_asked(
    host: str,
    auth: Auth | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    *,
    behind_proxy: bool,
    allowed_hosts: Sequence[str],
) -> Bind:
    if (tls_cert is None) != (tls_key is None):
        raise BindRefused("TLS_INCOMPLETE", "a certificate needs its key", "give --tls-cert FILE and --tls-key FILE")
    tls = Tls(tls_cert, tls_key) if tls_cert and tls_key else None
    for file in (tls_cert, tls_key):
        if file is not None and not file.is_file():
            raise BindRefused("NO_SUCH_FILE", f"there is no file {file}", "name the certificate and the key, in PEM")
    if not is_loopback(host):
        refuse_open(host, auth, is_hidden=tls is not None or behind_proxy)
    return Bind(host, auth, tls, behind_proxy, tuple(allowed_hosts))


def refuse_open(host: str, auth: Auth | None, *, is_hidden: bool) -> None:
    if auth is None:
        message = f"{host} is reached from other machines, and whoever reached it would be admin"
        raise BindRefused("BIND_WITHOUT_AUTH", message, "add --auth keys (`tenor key create`) or --auth oidc")
    if not is_hidden:
        message = f"{host} is reached from other machines, and keys would travel in the clear"
        fix = "add --tls-cert FILE --tls-key FILE, or --behind-proxy where a proxy speaks TLS"
        raise BindRefused("BIND_WITHOUT_TLS", message, fix)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def own_names(host: str) -> frozenset[str]:
    """The address itself; of one that stands for all addresses, what this machine is called too."""
    names = {host.lower()}
    if host in ("0.0.0.0", "::"):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names)
