"""Where a webhook may send: its host is resolved, and every address that comes back must be one of the open internet.

Whoever connects does so to an address that was checked here, never to the name: a name may mean another machine a
moment later.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from domain.refusals import Refused
from domain.webhooks.document import port_of

NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class AddressRefused(Refused):
    """The URL leads where messages must not go, or nowhere."""


def checked_addresses(url: str, allow_private: bool) -> list[str]:
    """All addresses of the URL's host, in the order that the system would try them."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"the host {host} has no address"
        raise AddressRefused("WEBHOOK_HOST_UNKNOWN", message, "check the name of the receiver") from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        refuse_private(host, ip_address(address), allow_private)
    return addresses


def refuse_private(host: str, address: Address, allow_private: bool) -> None:
    if not is_machine(address):
        raise AddressRefused(
            "WEBHOOK_ADDRESS_REFUSED", f"{host} is {address}, which is no machine", "name another host"
        )
    if not allow_private and not is_public(address):
        message = f"{host} is {address}, a private address"
        fix = "name a receiver on the open internet, or allow it with --allow-private"
        raise AddressRefused("WEBHOOK_ADDRESS_PRIVATE", message, fix)


def is_machine(address: Address) -> bool:
    within = embedded(address)
    return not (address.is_multicast or address.is_unspecified) and (within is None or is_machine(within))


def is_public(address: Address) -> bool:
    """An address that stands for another, as 6to4 and NAT64 do, is as public as that one."""
    within = embedded(address)
    return address.is_global and (within is None or is_public(within))


def embedded(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def check_address(url: str, allow_private: bool) -> None:
    checked_addresses(url, allow_private)
