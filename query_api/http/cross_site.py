"""Nobody else's page may change anything here: browsers say where a request comes from, and we believe them.

A program that is no browser sends neither header and passes; what it may do is a matter of its credentials.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from query_api.http.problems import problem

READS = frozenset({"GET", "HEAD", "OPTIONS"})
OUR_SITES = frozenset({"same-origin", "none"})
"""`none`: typed or opened by the user. Another port of this machine is `same-site`, and not ours."""

DEFAULT_PORTS = {"http": 80, "https": 443}
FIX = "send it from Tenor's own page, or from a program that sends neither Origin nor Sec-Fetch-Site"


class RefuseCrossSite:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READS and is_cross_site(Headers(scope=scope)):
            detail = "this request comes from another site, and would change something"
            refusal = problem(None, 403, "CROSS_SITE", detail, FIX, instance=scope["path"])
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def is_cross_site(headers: Headers) -> bool:
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    ours = host_and_port(headers.get("host", ""))
    return any(site.strip().lower() not in OUR_SITES for site in sites) or any(
        ours is None or origin_of(origin) != ours for origin in origins
    )


def origin_of(origin: str) -> tuple[str, int | None] | None:
    """Host and port; None for `null` and whatever is no origin of a page. The scheme may be a proxy's."""
    scheme, separator, rest = origin.strip().partition("://")
    if not separator or scheme.lower() not in DEFAULT_PORTS or any(mark in rest for mark in "/?#@"):
        return None
    return host_and_port(rest)


def host_and_port(netloc: str) -> tuple[str, int | None] | None:
    """A default port, written or not, is None."""
    try:
        parts = urlsplit(f"//{netloc.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host.lower(), None if port in DEFAULT_PORTS.values() else port) if host else None
