"""Sessions of the page: a cookie that is random throughout, known by its SHA-256 alone."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from domain.access.principal import Principal
from domain.access.roles import Role
from ops.access.keyring import Keyring
from ops.ports import Connect, Now

COOKIE = "tenor_session"
LASTS = timedelta(hours=12)

OPEN = """
INSERT INTO access_session (token_sha256, actor, role, nodes, auth, key_id, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
SELECT = """
SELECT actor, role, nodes, auth, key_id FROM access_session WHERE token_sha256 = %s AND expires_at > %s
"""
CLOSE = "DELETE FROM access_session WHERE token_sha256 = %s"
FORGET = "DELETE FROM access_session WHERE expires_at < %s"


class Sessions:
    def __init__(self, connect: Connect, keyring: Keyring, now: Now) -> None:
        self._connect, self._keyring, self._now = connect, keyring, now

    def open(self, principal: Principal, until: datetime | None = None) -> str:
        """The cookie. It ends with the token that it stands for, if that ends earlier."""
        token, now = secrets.token_urlsafe(32), self._now()
        nodes = None if principal.nodes is None else list(principal.nodes)
        ends = min(now + LASTS, until or now + LASTS)
        row = (hashed(token), principal.actor, principal.role, nodes, principal.auth, principal.key_id, ends)
        with self._connect() as connection, connection.transaction():
            connection.execute(FORGET, (now,))
            connection.execute(OPEN, row)
        return token

    def holder(self, token: str) -> Principal | None:
        """None too once the key that it was opened with is worth nothing."""
        with self._connect() as connection:
            row = connection.execute(SELECT, (hashed(token), self._now())).fetchone()
        if row is None:
            return None
        actor, role, nodes, auth, key_id = row
        if key_id is not None and not self._keyring.is_live(key_id):
            return None
        return Principal(actor, Role(role), None if nodes is None else tuple(nodes), auth, key_id)

    def close(self, token: str) -> None:
        with self._connect() as connection:
            connection.execute(CLOSE, (hashed(token),))


def hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
