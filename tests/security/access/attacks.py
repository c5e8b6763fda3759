"""The table of attacks: what is tried, how, and with which status it is refused. docs/access.md lists the names."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.security.access.provider import Provider

OTHER_RUN = "00000000-0000-4000-8000-000000000000"
READ = "/api/v1/orchestrator/runs"
ADMIN_ONLY = "/api/v1/orchestrator/keys"


@dataclass(frozen=True)
class World:
    """What an attacker has: a provider whose tokens they see, keys of their own, and names of what is not theirs."""

    issuer: Provider
    viewer: str
    """a key that sees one desk"""
    analyst: str
    """another, of somebody who may bring positions below it"""
    expired: str
    revoked: str
    session: str
    """a cookie of the same viewer's"""
    run: str
    portfolio: str
    theirs: str
    """a position of another desk"""
    own: str
    other_node: str
    whole_cursor: str
    """of a page of somebody who sees everything"""


Headers = dict[str, str] | list[tuple[str, str]]
Make = Callable[[World], Headers]


@dataclass(frozen=True)
class Attack:
    name: str
    headers: Make
    statuses: tuple[int, ...] = (401,)
    method: str = "GET"
    path: str = READ
    body: bytes | None = None
    never: tuple[str, ...] = field(default=("HARBOUR",))
    """words that no answer may hold"""


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def token(**changed: Any) -> Make:
    return lambda world: bearer(world.issuer.token(**changed))


def key(world: World) -> dict[str, str]:
    return bearer(world.viewer)


def with_key(**more: str) -> Make:
    return lambda world: key(world) | {name.replace("_", "-"): value for name, value in more.items()}


def unsigned(world: World) -> Headers:
    return bearer(jwt.encode(world.issuer.claims(tenor_role="admin"), "", "none"))


def none_spelled(world: World) -> Headers:
    head, payload, _ = jwt.encode(world.issuer.claims(), "", "none").split(".")
    said = base64.urlsafe_b64encode(b'{"alg":"nOnE","kid":"rsa"}').decode().rstrip("=")
    assert head
    return bearer(f"{said}.{payload}.")


def confused(world: World) -> Headers:
    """Signed by HMAC with the public key as its secret, which the library itself would refuse to do."""
    return bearer(by_hmac(world, world.issuer.public_pem))


def by_hmac(world: World, secret: bytes, **head: str) -> str:
    import hmac

    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    said = f"{part({'alg': 'HS256', 'kid': 'rsa'} | head)}.{part(world.issuer.claims())}"
    seal = hmac.new(secret, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def swapped(world: World) -> Headers:
    head, _, seal = world.issuer.token().split(".")
    payload = jwt.encode(world.issuer.claims(tenor_role="admin"), "x" * 32, "HS256").split(".")[1]
    return bearer(f"{head}.{payload}.{seal}")


def cut(world: World) -> Headers:
    return bearer(world.issuer.token()[:-4])


def unsealed(world: World) -> Headers:
    return bearer(world.issuer.token().rpartition(".")[0] + ".")


def by_another(world: World) -> Headers:
    return bearer(world.issuer.token(world.issuer.other_key))


def points_elsewhere(name: str) -> Make:
    return lambda world: bearer(
        world.issuer.token(world.issuer.other_key, headers={name: "http://127.0.0.1:9/keys", "kid": "theirs"})
    )


def brings_its_key(world: World) -> Headers:
    mine = jwt.algorithms.RSAAlgorithm.to_jwk(world.issuer.other_key.public_key(), as_dict=True)
    return bearer(world.issuer.token(world.issuer.other_key, headers={"jwk": mine}))


def critical(world: World) -> Headers:
    return bearer(world.issuer.token(headers={"crit": ["exp"]}))


def on_the_wrong_curve(world: World) -> Headers:
    return bearer(world.issuer.token(world.issuer.ec_key, "ES256", {"kid": "rsa"}))


def changed_key(change: Callable[[str], str]) -> Make:
    return lambda world: bearer(change(world.viewer))


def hash_of_key(world: World) -> Headers:
    return bearer(hashlib.sha256(world.viewer.encode()).hexdigest())


def scoped(name: str, path: str, *statuses: int, **how: Any) -> Attack:
    return Attack(name, how.pop("headers", key), statuses or (404,), path=path, **how)


TOKENS = [
    Attack("unsigned token", unsigned),
    Attack("algorithm none in odd letters", none_spelled),
    Attack("HMAC with the public key as its secret", confused),
    Attack("HMAC with an empty secret", lambda world: bearer(by_hmac(world, b""))),
    Attack(
        "HMAC with the provider's symmetric key",
        lambda w: bearer(by_hmac(w, b"secret-secret-secret-secret", kid="shared")),
    ),
    Attack("expired token", token(exp=int(time.time()) - 3600)),
    Attack("token that is not yet valid", token(nbf=int(time.time()) + 3600)),
    Attack("token issued in the future", token(iat=int(time.time()) + 36_000)),
    Attack("token without an end", token(exp=None)),
    Attack("token with an end that is no number", token(exp="never")),
    Attack("token of another issuer", token(iss="https://login.example")),
    Attack("token of no issuer", token(iss=None)),
    Attack("token for another audience", token(aud="other")),
    Attack("token for no audience", token(aud=None)),
    Attack("our audience among others", token(aud=["other", "tenor"])),
    Attack("token of nobody", token(sub=None)),
    Attack("token of local", token(sub="local")),
    Attack("token of a name with a control character", token(sub="a\u0007b")),
    Attack("token of a name without end", token(sub="a" * 5_000)),
    Attack("signed by another key under our key's name", by_another),
    Attack("an unknown key's name", token(headers={"kid": "theirs"})),
    Attack("no key's name, of several keys", token(headers={"kid": None})),
    Attack("keys at an address of the token's own (jku)", points_elsewhere("jku")),
    Attack("a certificate at an address of the token's own (x5u)", points_elsewhere("x5u")),
    Attack("a token that brings its key (jwk)", brings_its_key),
    Attack("a critical extension", critical),
    Attack("another key's algorithm", on_the_wrong_curve),
    Attack("claims under another token's signature", swapped),
    Attack("a signature that was cut", cut),
    Attack("no signature", unsealed),
    Attack("a token of 100 kB", token(more="x" * 20_000)),
]
KEYS = [
    Attack("no credentials", lambda _: {}),
    Attack("an empty key", lambda _: {"Authorization": "Bearer "}),
    Attack("the scheme alone", lambda _: {"Authorization": "Bearer"}),
    Attack("a key of nobody", lambda _: bearer("tnr_000000000000_" + "A" * 43)),
    Attack("another secret under a known id", changed_key(lambda key: key[:17] + "A" * 43)),
    Attack("a known secret under another id", changed_key(lambda key: "tnr_ffffffffffff_" + key[17:])),
    Attack("a key without its last letter", changed_key(lambda key: key[:-1])),
    Attack("a key with a letter more", changed_key(lambda key: key + "A")),
    Attack("a key in capitals", changed_key(str.upper)),
    Attack("the stored hash in place of the key", hash_of_key),
    Attack("an expired key", lambda world: bearer(world.expired)),
    Attack("a revoked key", lambda world: bearer(world.revoked)),
    Attack("SQL in a key", lambda _: bearer("tnr_0' OR '1'='1_" + "A" * 43)),
    Attack(
        "a key as a password",
        lambda w: {"Authorization": "Basic " + base64.b64encode(f"x:{w.viewer}".encode()).decode()},
    ),
    Attack("a key in a cookie", lambda world: {"Cookie": f"tenor_session={world.viewer}"}),
    Attack("a key in a header of one's own", lambda world: {"X-Api-Key": world.viewer}),
    Attack("a key in the address", lambda _: {}, path=READ + "?access_token=tnr_000000000000_" + "A" * 43),
    Attack("two keys at once", lambda world: [("Authorization", f"Bearer {world.viewer}")] * 2),
    Attack(
        "a revoked key beside a session that counts",
        lambda w: bearer(w.revoked) | {"Cookie": f"tenor_session={w.session}"},
    ),
    Attack("a session of nobody", lambda _: {"Cookie": "tenor_session=" + "A" * 43}),
    Attack("a session's cookie as a key", lambda world: bearer(world.session)),
    Attack(
        "a name in a header that a proxy might set", lambda _: {"X-Forwarded-User": "admin", "Remote-User": "admin"}
    ),
    Attack("an actor without a key", lambda _: {"Tenor-Actor": "admin"}),
]
ROLES = [
    Attack("a viewer lists keys", key, (403,), path=ADMIN_ONLY),
    Attack("a viewer makes a key", key, (403,), "POST", ADMIN_ONLY, b'{"name": "x", "role": "admin"}'),
    Attack("a viewer reads the access log", key, (403,), path="/api/v1/orchestrator/access-log"),
    Attack("another method in a header", with_key(X_HTTP_Method_Override="POST"), (403,), path=ADMIN_ONLY),
    Attack("another actor in a header", with_key(Tenor_Actor="admin"), (403,), path=ADMIN_ONLY),
    Attack("dots in a path", key, (403, 404), path="/api/v1/results/../orchestrator/keys"),
    Attack("escaped dots in a path", key, (403, 404), path="/api/v1/results/%2e%2e/orchestrator/keys"),
    Attack("two strokes in a path", key, (403, 404), path="/api/v1/orchestrator//keys"),
    Attack("a stroke at the end", key, (403, 404, 307), path=ADMIN_ONLY + "/"),
    Attack("a semicolon in a path", key, (404,), path=ADMIN_ONLY + ";/runs"),
    Attack("capitals in a path", key, (404,), path="/api/v1/orchestrator/KEYS"),
    Attack("HEAD in place of GET", key, (403, 405), "HEAD", ADMIN_ONLY),
    Attack("a viewer submits a run", key, (403,), "POST", READ, b"{}"),
    Attack("a viewer publishes a run", key, (403,), "POST", READ + "/{run}/publish", b"{}"),
    Attack("a viewer loads a market", key, (403,), "POST", "/api/v1/marketdata/markets", b"{}"),
]
SCOPES = [
    scoped("a position of another desk", "/api/v1/results/runs/{run}/positions/{theirs}"),
    scoped("its schedule", "/api/v1/cashflow/runs/{run}/positions/{theirs}"),
    scoped("its capital explained", "/api/v1/regulatory/runs/{run}/explain/{theirs}"),
    scoped("its lineage", "/api/v1/audit/runs/{run}/lineage?position={theirs}&measure=PV"),
    scoped("positions at another node", "/api/v1/results/runs/{run}/positions?node={other_node}"),
    scoped("totals at another node", "/api/v1/results/runs/{run}/totals?by=currency&node={other_node}"),
    scoped("value at risk of another node", "/api/v1/risk/runs/{run}/var?node={other_node}", 404, 422),
    scoped("key rates of another node", "/api/v1/risk/runs/{run}/key-rates?by=node&key={other_node}"),
    scoped("a ladder of another node", "/api/v1/cashflow/runs/{run}/ladder?node={other_node}"),
    scoped("liquidity of another node", "/api/v1/cashflow/runs/{run}/liquidity/lcr?node={other_node}"),
    scoped("a backtest of another node", "/api/v1/risk/runs/{run}/backtest?node={other_node}", 404, 422),
    scoped("the whole run's total", "/api/v1/results/runs/{run}/totals?by=total"),
    scoped("totals of funds above", "/api/v1/results/runs/{run}/totals?by=fund&format=xlsx"),
    scoped(
        "nodes joined as the setting joins them", "/api/v1/results/runs/{run}/positions?node=X%1F{other_node}", 404, 422
    ),
    scoped("all nodes by a star", "/api/v1/results/runs/{run}/positions?node=*"),
    scoped("a filter by another book", "/api/v1/results/runs/{run}/positions?where=desk={other_node}", 200),
    scoped(
        "a filter that is always true",
        "/api/v1/results/runs/{run}/positions?where=pv<1 or pv>=1 or pv is empty",
        200,
        422,
    ),
    scoped("the beginning of another's id", "/api/v1/results/runs/{run}/positions?q={theirs}", 200),
    scoped("a page by another's cursor", "/api/v1/results/runs/{run}/positions?limit=1000&cursor={whole_cursor}", 200),
    scoped("a cursor before the beginning", "/api/v1/results/runs/{run}/positions?limit=5&cursor=Wy0xMDBd", 200),
    scoped("a cursor that is forged", "/api/v1/results/runs/{run}/positions?limit=5&cursor=bm9wZQ", 422),
    scoped("the run's events in the log", "/api/v1/audit/streams/{run}"),
    scoped("the portfolio's registration in the log", "/api/v1/audit/streams/{portfolio}"),
    scoped("the run's certificate", "/api/v1/audit/runs/{run}/certificate"),
    scoped("metrics of everybody", "/metrics"),
    Attack(
        "another desk moved below one's own",
        lambda world: bearer(world.analyst),
        (404,),
        "POST",
        "/api/v1/portfolio/hierarchies/small_fund/nodes/{other_node}/move",
        b'{"parent_id": "MERIDIAN-CREDIT"}',
    ),
    scoped("a run as it stood, by event", "/api/v1/orchestrator/runs/{run}/history?as_of_event=999999", 200),
]
SITES = [
    Attack("a rebound name", with_key(Host="evil.example"), (421,)),
    Attack("a name that begins as ours", with_key(Host="127.0.0.1.evil.example"), (421,)),
    Attack("a name before ours", with_key(Host="evil.example@127.0.0.1"), (421,)),
    Attack("another page posts", with_key(Origin="https://evil.example"), (403,), "POST", READ, b"{}"),
    Attack("a page of nowhere posts", with_key(Origin="null"), (403,), "POST", READ, b"{}"),
    Attack(
        "a page whose name begins as ours posts",
        with_key(Origin="http://testserver.evil.example"),
        (403,),
        "POST",
        READ,
        b"{}",
    ),
    Attack("a browser says cross-site", with_key(Sec_Fetch_Site="cross-site"), (403,), "POST", READ, b"{}"),
    Attack("another port of this machine posts", with_key(Sec_Fetch_Site="same-site"), (403,), "POST", READ, b"{}"),
    Attack(
        "another page signs somebody in",
        lambda _: {"Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"},
        (403,),
        "POST",
        "/auth/sign-in",
        b"key=x",
    ),
    Attack(
        "another page signs somebody out",
        lambda world: {"Sec-Fetch-Site": "cross-site", "Cookie": f"tenor_session={world.session}"},
        (403,),
        "POST",
        "/auth/sign-out",
    ),
    Attack("a form posts a command", with_key(Content_Type="text/plain"), (403, 415), "POST", READ, b"{}"),
]
ATTACKS = [*TOKENS, *KEYS, *ROLES, *SCOPES, *SITES]
