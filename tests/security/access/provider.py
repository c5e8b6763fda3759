"""A provider of identities on this machine: its description, its keys, its page and its tokens."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE, CLIENT = "tenor", "tenor-page"


@dataclass
class Provider:
    issuer: str = ""
    rsa_key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    ec_key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    other_key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """code -> what the token's form must bring, and the answer"""
    asked_for_keys: int = 0

    @property
    def public_pem(self) -> bytes:
        pem: bytes = self.rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Of a token that counts; None takes a claim away."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": AUDIENCE, "sub": "olga", "iat": now, "exp": now + 300}
        said |= {"tenor_role": "viewer", "tenor_nodes": "*"} | changed
        return {name: value for name, value in said.items() if value is not None}

    def token(self, key: Any = None, alg: str = "RS256", headers: dict[str, Any] | None = None, **changed: Any) -> str:
        head = {"kid": "rsa"} | (headers or {})
        return jwt.encode(self.claims(**changed), key or self.rsa_key, alg, {n: v for n, v in head.items() if v})

    def documents(self) -> dict[str, Any]:
        keys = [
            jwt.algorithms.RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True) | {"kid": "rsa", "use": "sig"},
            jwt.algorithms.ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True) | {"kid": "ec", "use": "sig"},
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
        ]
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/keys",
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
            },
            "/keys": {"keys": keys},
        }

    def exchange(self, form: dict[str, str]) -> dict[str, Any]:
        wanted = self.codes.pop(form.get("code", ""), None)
        if wanted is None or any(form.get(name) != value for name, value in wanted["form"].items()):
            return {"error": "invalid_grant"}
        answer: dict[str, Any] = wanted["answer"](form)
        return answer


@contextmanager
def provider() -> Iterator[Provider]:
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked_for_keys += self.path == "/keys"
            self._answer(made.documents().get(self.path))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(made.exchange({name: values[0] for name, values in parse_qs(raw).items()}))

        def _answer(self, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
