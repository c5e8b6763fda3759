"""The page's way in: a key that is pasted, or the provider's own page, by authorization code with PKCE (RFC 7636)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from domain.access.asking import who_asks
from domain.access.principal import Principal
from domain.access.roles import operations_of
from ops.access.credentials import KEY_PREFIX, Credentials
from ops.access.guard import SIGN_IN, forbidden, unauthorized
from ops.access.sessions import COOKIE, LASTS
from ops.access.settings import Access, four_eyes
from ops.access.tokens import InvalidToken, NotEnough, Tokens, principal_of, read_document

PREFIX = "/auth"
FLOW_COOKIE = "tenor_sign_in"
FLOW_SECONDS = 600
NO_STORE = {"Cache-Control": "no-store"}

FORM = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tenor: sign in</title>
<h1>Sign in</h1><form method="post" action="/auth/sign-in"><label for="key">A key</label>
<input id="key" name="key" type="password" autocomplete="off" required><button>Sign in</button></form>
{provider}</html>"""
PROVIDER = '<p><a href="/auth/start">Sign in with your organisation</a></p>'
GO_ON = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tenor</title>
<meta http-equiv="refresh" content="0;url=/"><p><a href="/">Go on</a></p></html>"""
"""A page, not a redirect: a cookie that is SameSite=Strict does not go along with one that another site began."""


@dataclass(frozen=True)
class Flow:
    """What the browser brings back from the provider's page, beside the provider's own words."""

    state: str
    nonce: str
    verifier: str


def build_router(access: Access, credentials: Credentials | None) -> APIRouter:
    router = APIRouter(prefix=PREFIX, tags=["auth"])
    _add_me(router)
    _add_keys(router, access, credentials)
    tokens = credentials.tokens if credentials else None
    if credentials is not None and tokens is not None and tokens.settings.client_id:
        _add_start(router, access, tokens, tokens.settings.client_id)
        _add_callback(router, access, credentials, tokens, tokens.settings.client_id)
    return router


def _add_me(router: APIRouter) -> None:
    @router.get("/me", operation_id="auth_get_me")
    async def me() -> JSONResponse:
        """Who asks, in which role and scope, and which operations that allows."""
        return JSONResponse(me_document(who_asks()), headers=NO_STORE | {"Vary": "Authorization, Cookie"})


def me_document(principal: Principal) -> dict[str, object]:
    return {
        "actor": principal.actor,
        "role": principal.role.value,
        "nodes": principal.nodes_said,
        "may": operations_of(principal.role, is_whole=principal.is_whole),
        "auth": principal.auth,
        "four_eyes": four_eyes(),
    }


def _add_keys(router: APIRouter, access: Access, credentials: Credentials | None) -> None:
    has_provider = access.oidc is not None and access.oidc.client_id is not None

    @router.get("/sign-in", operation_id="auth_get_sign_in", include_in_schema=False)
    async def form() -> Response:
        if credentials is None:
            return RedirectResponse("/", 303, NO_STORE)
        return HTMLResponse(FORM.format(provider=PROVIDER if has_provider else ""), headers=NO_STORE)

    @router.get("/login", operation_id="auth_login", include_in_schema=False)
    async def login() -> Response:
        """The page's own address for it: to the provider where there is one."""
        return RedirectResponse(f"{PREFIX}/start" if has_provider else SIGN_IN, 303, NO_STORE)

    @router.post("/session", operation_id="auth_open_session", include_in_schema=False)
    @router.post("/sign-in", operation_id="auth_post_sign_in", include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        """A key from the form, or as JSON `{"key": …}`."""
        if credentials is None:
            return RedirectResponse("/", 303, NO_STORE)
        key, is_form = await _pasted(request)
        holder = await run_in_threadpool(credentials.presented, key) if key.startswith(KEY_PREFIX) else None
        if holder is None:
            return unauthorized()
        token = await run_in_threadpool(credentials.sessions.open, holder)
        answer = (
            RedirectResponse("/", 303, NO_STORE) if is_form else JSONResponse(me_document(holder), headers=NO_STORE)
        )
        return with_session(answer, token, access)

    @router.post("/sign-out", operation_id="auth_sign_out", include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        """The session is over, wherever its cookie is."""
        token = request.cookies.get(COOKIE)
        if credentials is not None and token:
            await run_in_threadpool(credentials.sessions.close, token)
        answer = Response(status_code=204, headers=NO_STORE)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=access.secure_cookies)
        return answer


def _add_start(router: APIRouter, access: Access, tokens: Tokens, client_id: str) -> None:
    @router.get("/start", operation_id="auth_start", include_in_schema=False)
    async def start(request: Request) -> Response:
        """To the provider's page."""
        flow = Flow(*(secrets.token_urlsafe(32) for _ in range(3)))
        description = await run_in_threadpool(tokens.provider.description)
        page = page_of(str(description["authorization_endpoint"]), client_id, callback_of(request, access), flow)
        answer = RedirectResponse(page, 303, NO_STORE)
        held = base64.urlsafe_b64encode(orjson.dumps(asdict(flow))).decode()
        answer.set_cookie(
            FLOW_COOKIE,
            held,
            max_age=FLOW_SECONDS,
            path=PREFIX,
            httponly=True,
            samesite="lax",
            secure=access.secure_cookies,
        )
        return answer


def _add_callback(router: APIRouter, access: Access, credentials: Credentials, tokens: Tokens, client_id: str) -> None:
    @router.get("/callback", operation_id="auth_callback", include_in_schema=False)
    async def callback(
        request: Request,
        code: str = "",
        state: str = "",
        error: str = "",
        _iss: Annotated[str, Query(alias="iss")] = "",
        _session: Annotated[str, Query(alias="session_state")] = "",
        _said: Annotated[str, Query(alias="error_description")] = "",
        _asked: Annotated[str, Query(alias="scope")] = "",
    ) -> Response:
        """From the provider's page, with a code that is worth a token once."""
        flow = flow_of(request.cookies.get(FLOW_COOKIE, ""))
        is_ours = flow is not None and secrets.compare_digest(flow.state.encode(), state.encode())
        if flow is None or not is_ours or not code or error:
            return unauthorized()
        try:
            redirect = callback_of(request, access)
            principal, until = await run_in_threadpool(exchanged, tokens, client_id, code, flow, redirect)
        except InvalidToken:
            return unauthorized()
        except NotEnough:
            return forbidden("the token says neither what you may do nor where", request.scope)
        token = await run_in_threadpool(credentials.sessions.open, principal, until)
        answer = HTMLResponse(GO_ON, headers=NO_STORE)
        answer.delete_cookie(FLOW_COOKIE, path=PREFIX, httponly=True, samesite="lax", secure=access.secure_cookies)
        return with_session(answer, token, access)


def page_of(address: str, client_id: str, callback: str, flow: Flow) -> str:
    """The provider's, with what it is asked."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": callback,
        "scope": "openid",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge_of(flow.verifier),
        "code_challenge_method": "S256",
    }
    return address + ("&" if urlsplit(address).query else "?") + urlencode(asked)


def exchanged(tokens: Tokens, client_id: str, code: str, flow: Flow, redirect: str) -> tuple[Principal, datetime]:
    """The identity token answers our nonce; the access token may say more, where it is for us."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "client_id": client_id,
        "code_verifier": flow.verifier,
    }
    secret = tokens.settings.client_secret
    form |= {"client_secret": secret} if secret else {}
    address = str(tokens.provider.description().get("token_endpoint", ""))
    answer = read_document(address, urlencode(form).encode())
    claims = tokens.claims(str(answer.get("id_token", "")), client_id)
    if claims.get("nonce") != flow.nonce:
        raise InvalidToken("another sign-in's")
    return principal_of(claims | _claims_of_access(tokens, answer, claims), tokens.settings), until_of(claims)


def _claims_of_access(tokens: Tokens, answer: Mapping[str, object], claims: Mapping[str, object]) -> dict[str, object]:
    try:
        said = tokens.claims(str(answer.get("access_token", "")), tokens.settings.audience)
    except InvalidToken:
        return {}
    wanted = (tokens.settings.role_claim, tokens.settings.nodes_claim)
    return {name: said[name] for name in wanted if name in said and said["sub"] == claims["sub"]}


def until_of(claims: Mapping[str, object]) -> datetime:
    """Providers' identity tokens last minutes; whoever has signed in stays for a day's work."""
    return datetime.fromtimestamp(float(str(claims.get("iat") or claims["exp"])), UTC) + LASTS


def flow_of(held: str) -> Flow | None:
    try:
        said = orjson.loads(base64.urlsafe_b64decode(held.encode()))
        return Flow(str(said["state"]), str(said["nonce"]), str(said["verifier"]))
    except (ValueError, KeyError, TypeError):
        return None


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def callback_of(request: Request, access: Access) -> str:
    """The name that we were asked by, which is one of ours."""
    scheme = "https" if access.secure_cookies else "http"
    return f"{scheme}://{escape(request.headers.get('host', ''))}{PREFIX}/callback"


def with_session(answer: Response, token: str, access: Access) -> Response:
    lasts = int(LASTS.total_seconds())
    answer.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="strict", secure=access.secure_cookies)
    return answer


async def _pasted(request: Request) -> tuple[str, bool]:
    """The key, and whether a form brought it."""
    raw = await request.body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        try:
            said = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return "", False
        key = said.get("key") if isinstance(said, dict) else None
        return (key if isinstance(key, str) else ""), False
    fields = parse_qs(raw.decode("utf-8", "replace"))
    return fields.get("key", [""])[0].strip(), True
