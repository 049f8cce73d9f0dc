"""What a request shows to prove who sends it: a bearer token, a key, or the cookie of a browser."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.types import Scope

from autograph.features.accounts.models.identities import CALLBACK_PATH, SIGN_IN_TIME
from autograph.features.accounts.models.sessions import Tokens, Visit

ACCESS_COOKIE: Final = "autograph_access"
REFRESH_COOKIE: Final = "autograph_refresh"
REFRESH_PATH: Final = "/api/v1/auth"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})
_LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows.

    Attributes:
        token: A token or key; empty where it shows none.
        is_cookie: A browser sent it by itself, whoever's page made it do so.
    """

    token: str = ""
    is_cookie: bool = False


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """Return a request's headers; of several with one name the last."""
    return dict(scope["headers"])


def shown_by(headers: Mapping[bytes, bytes]) -> Shown:
    """Return what a request shows: `Authorization: Bearer`, `X-API-Key`, or our cookie, in this order."""
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and token:
        return Shown(token.strip())
    key = headers.get(b"x-api-key")
    if key:
        return Shown(key.decode("latin-1").strip())
    return Shown(cookie(headers, ACCESS_COOKIE), is_cookie=True)


def cookie(headers: Mapping[bytes, bytes], name: str) -> str:
    """Return a cookie's value; empty where there is none."""
    text = headers.get(b"cookie", b"").decode("latin-1")
    if name not in text:
        return ""
    try:
        found = SimpleCookie(text).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def cookies_for(tokens: Tokens, *, is_secure: bool) -> Sequence[str]:
    """Return the `Set-Cookie` lines that log a browser in: no script reads them."""
    secure = "; Secure" if is_secure else ""
    return [
        f"{ACCESS_COOKIE}={tokens.access}; Path=/; HttpOnly; SameSite=Lax{secure}",
        f"{REFRESH_COOKIE}={tokens.refresh}; Path={REFRESH_PATH}; HttpOnly; SameSite=Strict; Max-Age=2592000{secure}",
    ]


def no_cookies() -> Sequence[str]:
    """Return the `Set-Cookie` lines that log a browser out."""
    return [
        f"{ACCESS_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        f"{REFRESH_COOKIE}=; Path={REFRESH_PATH}; HttpOnly; SameSite=Strict; Max-Age=0",
    ]


def cookie_of_sign_in(state: str) -> str:
    """Return the name of the cookie that binds a log-in at a provider to a browser: each tab has its own."""
    return f"autograph_sign_in_{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def cookie_for_sign_in(state: str, secret: str, *, is_secure: bool) -> str:
    """Return the `Set-Cookie` line of somebody who goes to a provider.

    `Lax`, because they come back from another site.
    """
    secure = "; Secure" if is_secure else ""
    seconds = int(SIGN_IN_TIME.total_seconds()) if secret else 0
    return (
        f"{cookie_of_sign_in(state)}={secret}; Path={CALLBACK_PATH}; HttpOnly; SameSite=Lax; "
        f"Max-Age={seconds}{secure}"
    )


def visit_of(scope: Scope) -> Visit:
    """Return where a request comes from."""
    agent = headers_of(scope).get(b"user-agent", b"").decode("latin-1")
    return Visit(ip_of(scope), agent, scope.get("state", {}).get("request_id", ""))


def ip_of(scope: Scope) -> str:
    """Return the address of the other end; of the one before a proxy, where the settings trust the proxy."""
    client = scope.get("client")
    return client[0] if client else ""


def is_at_this_machine(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request was made here and meant for here.

    The address alone would not do: a page from elsewhere can have a browser ask a name that leads to
    127.0.0.1 (DNS rebinding), and a proxy asks for others.
    """
    host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].lower()
    is_forwarded = b"x-forwarded-for" in headers or b"forwarded" in headers
    return ip_of(scope) in _LOOPBACK and host in _LOOPBACK_HOSTS and not is_forwarded


def is_foreign(headers: Mapping[bytes, bytes], allowed: frozenset[str]) -> bool:
    """Tell whether a page of another origin has made a browser send this; programs send no origin."""
    origin = headers.get(b"origin")
    if origin is None:
        return headers.get(b"sec-fetch-site") in {b"cross-site", b"same-site"}
    text = origin.decode("latin-1")
    return (
        text.split("://", 1)[-1] != headers.get(b"host", b"").decode("latin-1")
        and text not in allowed
    )
