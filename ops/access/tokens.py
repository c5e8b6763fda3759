"""Bearer tokens of an OpenID Connect provider: signed by one of its keys, for us, by it, and not too late.

The provider's addresses are those of its own description; nothing that a token says is ever asked for. Its keys are
kept, and read anew when a token names another one, seldom: whoever sends odd names makes us ask nobody.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urlsplit

import jwt

from domain.access.principal import EVERYTHING, Principal, scope_of
from domain.access.roles import Role
from domain.refusals import Unavailable
from domain.texts import is_clean
from ops.access.settings import Oidc

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
REQUIRED = ("exp", "iss", "aud", "sub")
LEEWAY_SECONDS = 30
KEYS_LAST_SECONDS = 300.0
SELDOM_SECONDS = 10.0
PATIENCE_SECONDS = 5.0
MAX_ACTOR, MAX_TOKEN, MAX_DOCUMENT = 200, 16 * 1024, 1024 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DESCRIPTION = "/.well-known/openid-configuration"


class InvalidToken(Exception):
    """Not one that counts here; why is nobody's business."""


class NotEnough(Exception):
    """A token that counts, and says neither role nor nodes."""


@dataclass(frozen=True)
class Held:
    keys: dict[str | None, jwt.PyJWK]
    read_at: float


class Provider:
    """What the issuer says of itself, and its keys."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer, self._clock, self._lock = issuer, clock, Lock()
        self._description: dict[str, object] | None = None
        self._held: Held | None = None

    def description(self) -> dict[str, object]:
        if self._description is None:
            said = read_document(self._issuer.rstrip("/") + DESCRIPTION)
            if said.get("issuer") != self._issuer:
                raise provider_away("it calls itself another issuer")
            self._description = said
        return self._description

    def key(self, key_id: str | None) -> jwt.PyJWK:
        held = self._keys(key_id)
        if key_id is None and len(held.keys) == 1:
            return next(iter(held.keys.values()))
        if key_id not in held.keys:
            raise InvalidToken("no key of that name")
        return held.keys[key_id]

    def _keys(self, key_id: str | None) -> Held:
        with self._lock:
            held, now = self._held, self._clock()
            lasts = SELDOM_SECONDS if held and key_id not in held.keys and key_id else KEYS_LAST_SECONDS
            if held is None or now - held.read_at >= lasts:
                found = read_document(str(self.description().get("jwks_uri", "")))
                held = self._held = Held(usable_keys(found), now)
            return held


class Tokens:
    def __init__(self, settings: Oidc, provider: Provider | None = None) -> None:
        self.settings = settings
        self.provider = provider or Provider(settings.issuer)

    def holder(self, token: str) -> Principal:
        return principal_of(self.claims(token, self.settings.audience), self.settings)

    def claims(self, token: str, audience: str) -> dict[str, object]:
        """Of a token that counts; InvalidToken for every other."""
        if len(token) > MAX_TOKEN:
            raise InvalidToken("too long")
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS or "crit" in head:
                raise InvalidToken("an algorithm, or an extension, that is none of ours")
            key = self.provider.key(head.get("kid"))
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=audience,
                issuer=self.settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(REQUIRED), "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise InvalidToken(type(error).__name__) from None
        return claims


def principal_of(claims: dict[str, object], settings: Oidc) -> Principal:
    actor = claims["sub"]
    if not isinstance(actor, str) or not 0 < len(actor) <= MAX_ACTOR or not is_clean(actor) or actor == "local":
        raise InvalidToken("no actor")
    role, nodes = claims.get(settings.role_claim), names_of(claims.get(settings.nodes_claim))
    if not isinstance(role, str) or role not in set(Role) or nodes is None:
        raise NotEnough
    return Principal(actor, Role(role), scope_of(Role(role), nodes), "oidc")


def names_of(said: object) -> list[str] | None:
    """A list of node ids, or `*` alone; None for whatever else a claim says."""
    if said == EVERYTHING:
        return [EVERYTHING]
    if not isinstance(said, list):
        return None
    names = [each for each in said if isinstance(each, str) and is_clean(each)]
    return names if len(names) == len(said) else None


def usable_keys(document: dict[str, object]) -> dict[str | None, jwt.PyJWK]:
    """Public keys that sign; a symmetric one is nobody's public key."""
    found: dict[str | None, jwt.PyJWK] = {}
    listed = document.get("keys")
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP") or one.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(one)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if key.algorithm_name in ALGORITHMS:
            found[one.get("kid")] = key
    return found


def read_document(url: str, form: bytes | None = None) -> dict[str, object]:
    """JSON from an address of the provider's: over TLS, or from this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise provider_away("its addresses are not https")
    request = urllib.request.Request(url, form, {"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            document = json.loads(answer.read(MAX_DOCUMENT))
    except (OSError, ValueError):
        raise provider_away("it does not answer, or not in JSON") from None
    if not isinstance(document, dict):
        raise provider_away("its answer is no document")
    return document


def provider_away(why: str) -> Unavailable:
    fix = "look at TENOR_OIDC_ISSUER and at the provider; keys work meanwhile"
    return Unavailable("PROVIDER_AWAY", f"the provider of identities cannot be asked: {why}", fix)
