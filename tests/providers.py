"""A provider of log-ins that speaks the real protocol over a real socket: OpenID Connect, and OAuth 2.0 beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

CLIENT_ID = "autograph-here"
CLIENT_SECRET = "a secret with : and % in it"


class LocalProvider:
    """Logs in whoever `person` is; what it says may be made wrong.

    Attributes:
        person: What it says of who is logged in there: claims of the id_token, and of the userinfo.
        claims: What its id_tokens say instead of the truth.
        alg: How it signs; `none` for not at all.
        asked: What it was asked, in this order.
        emails: What its list of addresses says, for OAuth 2.0.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.signing: ECKey | OctKey = self.key
        self.person: dict[str, Any] = {
            "sub": "ada-there",
            "email": "Ada@Example.com",
            "email_verified": True,
            "name": "Ada",
        }
        self.emails: list[dict[str, Any]] = []
        self.claims: dict[str, Any] = {}
        self.alg = "ES256"
        self.names_issuer = ""
        self.auth_methods = ["client_secret_basic"]
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()

    async def discovery(self, _: web.Request) -> web.Response:
        self.asked.append("discovery")
        return web.json_response(
            {
                "issuer": self.names_issuer or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint_auth_methods_supported": self.auth_methods,
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def jwks(self, _: web.Request) -> web.Response:
        self.asked.append("jwks")
        return web.Response(
            text=json.dumps(KeySet([self.key]).as_dict(private=False)),
            content_type="application/json",
        )

    async def authorize(self, request: web.Request) -> web.Response:
        """Log the person in at once and send them back."""
        asked = dict(request.query)
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url}
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(back)}")

    async def token(self, request: web.Request) -> web.Response:
        """Give tokens for a code: once, to who began, for the same address, with the verifier."""
        self.asked.append("token")
        form = dict(await request.post())
        asked = self._codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not self._is_client(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if (
            asked is None
            or form.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        access = secrets.token_urlsafe(8)
        self._tokens.add(access)
        answer = {"access_token": access, "token_type": "Bearer"}
        if "openid" in asked["scope"].split():
            answer["id_token"] = self.id_token(asked.get("nonce", ""))
        return web.json_response(answer)

    def _is_client(self, request: web.Request, form: dict[str, Any]) -> bool:
        if "client_secret_post" in self.auth_methods:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        _, _, pair = request.headers.get("Authorization", "").partition(" ")
        client_id, _, secret = base64.b64decode(pair).decode().partition(":")
        return (unquote(client_id), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)

    def id_token(self, nonce: str) -> str:
        now = int(datetime.now(UTC).timestamp())
        said = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person,
            **self.claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        if self.alg == "none":
            parts = (json.dumps(one).encode() for one in ({"alg": "none"}, said))
            return (
                ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."
            )
        header = {"alg": self.alg, "kid": "one"}
        return jwt.encode(header, said, self.signing, algorithms=[self.alg])

    async def userinfo(self, request: web.Request) -> web.Response:
        self.asked.append("userinfo")
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response(self.person)

    async def list_emails(self, request: web.Request) -> web.Response:
        self.asked.append("emails")
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response(self.emails)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return what an installation's settings say of it."""
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "issuer": self.url, **more}

    def settings_of_oauth(self, **more: Any) -> dict[str, Any]:
        """Return what the settings say of it as a provider that knows OAuth 2.0 alone."""
        return self.settings(
            authorize_url=f"{self.url}/authorize",
            token_url=f"{self.url}/token",
            userinfo_url=f"{self.url}/userinfo",
            **more,
        )


@asynccontextmanager
async def local_provider() -> AsyncIterator[LocalProvider]:
    """Start a provider on a free port of this machine; stop it in the end."""
    made = LocalProvider()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discovery)
    app.router.add_get("/jwks", made.jwks)
    app.router.add_get("/authorize", made.authorize)
    app.router.add_post("/token", made.token)
    app.router.add_get("/userinfo", made.userinfo)
    app.router.add_get("/emails", made.list_emails)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()
