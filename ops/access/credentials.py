"""Who a request comes from, by what it carries: a key, a token, or the page's cookie."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from domain.access.principal import Principal
from ops.access.keyring import Keyring
from ops.access.sessions import COOKIE, Sessions
from ops.access.tokens import InvalidToken, Tokens

KEY_PREFIX = "tnr_"
SCHEME = "bearer"


class Credentials:
    """One header decides: whoever sends a key that counts no more is not helped by a cookie that does."""

    def __init__(self, keyring: Keyring, sessions: Sessions, tokens: Tokens | None) -> None:
        self.keyring, self.sessions, self.tokens = keyring, sessions, tokens

    def holder(self, headers: Headers) -> Principal | None:
        """None for no, unknown, expired and revoked ones; NotEnough for a token without role or nodes."""
        said = headers.getlist("authorization")
        if said:
            return self.bearer(said[0]) if len(said) == 1 else None
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE)
        return self.sessions.holder(token) if token else None

    def bearer(self, header: str) -> Principal | None:
        scheme, _, presented = header.partition(" ")
        return self.presented(presented.strip()) if scheme.lower() == SCHEME else None

    def presented(self, text: str) -> Principal | None:
        if text.startswith(KEY_PREFIX):
            return self.keyring.holder(text)
        if self.tokens is None or not text:
            return None
        try:
            return self.tokens.holder(text)
        except InvalidToken:
            return None
