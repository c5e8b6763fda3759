"""How people are told apart, from the environment and the command line."""

import os
from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import Refused
from ops.secrets import keep_word


class Auth(StrEnum):
    """`oidc` takes keys as well as tokens."""

    KEYS = "keys"
    OIDC = "oidc"


@dataclass(frozen=True)
class Oidc:
    issuer: str
    audience: str
    client_id: str | None
    client_secret: str | None
    role_claim: str
    nodes_claim: str


@dataclass(frozen=True)
class Access:
    """`auth` None: whoever reaches the server is `local`. `secure_cookies` where the browser speaks TLS."""

    auth: Auth | None = None
    oidc: Oidc | None = None
    secure_cookies: bool = False
    requests_per_second: int = 100
    open_runs: int = 20


def read_access(auth: Auth | None, *, secure_cookies: bool = False) -> Access:
    oidc = _read_oidc() if auth is Auth.OIDC else None
    rate = whole_number("TENOR_RATE_LIMIT", Access.requests_per_second)
    return Access(auth, oidc, secure_cookies, rate, whole_number("TENOR_OPEN_RUNS", Access.open_runs))


def read_auth(text: str | None) -> Auth | None:
    if not text:
        return None
    try:
        return Auth(text)
    except ValueError:
        fix = "write keys or oidc"
        raise Refused("INVALID_SETTING", f"--auth or TENOR_AUTH is {text!r}", fix) from None


def four_eyes() -> bool:
    """TENOR_FOUR_EYES=1: who asked for a run does not approve it, who approved it does not publish it."""
    return os.environ.get("TENOR_FOUR_EYES", "").strip().lower() in ("1", "true", "yes", "on")


def whole_number(setting: str, default: int) -> int:
    text = os.environ.get(setting)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text)):
        raise Refused("INVALID_SETTING", f"{setting} is {text!r}", "write a whole number above nil, such as 100")
    return int(text)


def _read_oidc() -> Oidc:
    said = {name: os.environ.get(f"TENOR_OIDC_{name}") or None for name in ("ISSUER", "AUDIENCE")}
    missing = [f"TENOR_OIDC_{name}" for name, text in said.items() if text is None]
    if missing:
        raise Refused("OIDC_NOT_SET", f"--auth oidc needs {' and '.join(missing)}", "set what your provider says")
    secret = os.environ.get("TENOR_OIDC_CLIENT_SECRET") or None
    keep_word(secret)
    return Oidc(
        str(said["ISSUER"]),
        str(said["AUDIENCE"]),
        os.environ.get("TENOR_OIDC_CLIENT_ID") or None,
        secret,
        os.environ.get("TENOR_OIDC_ROLE_CLAIM") or "tenor_role",
        os.environ.get("TENOR_OIDC_NODES_CLAIM") or "tenor_nodes",
    )
