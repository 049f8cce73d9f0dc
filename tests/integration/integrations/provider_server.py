"""A provider of others: OAuth as RFC 6749, 7636 and 7009 have it, over a real socket, and an API behind it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

CLIENT = {"id": "the-client", "secret": "canary-client-s3cret"}
KEY = "canary-api-k3y"


class FakeProvider:
    """What it has given out, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.account = "ada"
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.access_tokens: dict[str, str] = {}
        self.expires_in = 3600
        self.narrowed: list[str] | None = None
        self.asked: list[str] = []
        self.refreshes = 0
        self.is_down = False
        self.revoked: list[str] = []

    def agree(self, url: str) -> str:
        """Do what a person's browser does who agrees; return the code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT["id"]
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code

    async def authorize(self, request: web.Request) -> web.Response:
        """Ask the person in front of the browser."""
        asked = escape(request.query["scope"])
        return web.Response(
            text=f"""<!doctype html><html lang="en"><title>Acme</title><h1>Autograph wants: {asked}</h1>
            <form method="post" action="/answer?{escape(request.query_string)}">
            <button name="answer" value="yes">Allow</button>
            <button name="answer" value="no">Do not allow</button></form></html>""",
            content_type="text/html",
        )

    async def answer(self, request: web.Request) -> web.Response:
        """Send the person back with what they answered."""
        said = (await request.post())["answer"]
        back = {"error": "access_denied"}
        if said == "yes":
            back = {"code": self.agree(str(request.url))}
        back["state"] = request.query["state"]
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(back)}")

    def _give(self, scope: str, *, account: str) -> web.Response:
        access, refresh = f"canary-at-{secrets.token_hex(8)}", f"canary-rt-{secrets.token_hex(8)}"
        self.access_tokens[access] = account
        self.refresh_tokens[refresh] = scope
        granted = scope if self.narrowed is None else " ".join(self.narrowed)
        return web.json_response(
            {
                "access_token": access,
                "refresh_token": refresh,
                "token_type": "bearer",
                "expires_in": self.expires_in,
                "scope": granted,
            }
        )

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append(str(form.get("grant_type")))
        if self.is_down:
            return web.Response(status=503)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT["id"], CLIENT["secret"]):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            scope = self.refresh_tokens.pop(str(form["refresh_token"]), None)
            if scope is None:
                return web.json_response(
                    {
                        "error": "invalid_grant",
                        "error_description": f"{form['refresh_token']} was used before",
                    },
                    status=400,
                )
            return self._give(scope, account=self.account)
        begun = self.codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            begun is None
            or begun["code_challenge"] != challenge
            or begun["redirect_uri"] != form["redirect_uri"]
        ):
            return web.json_response(
                {"error": "invalid_grant", "error_description": "That code is no good"}, status=400
            )
        return self._give(begun["scope"], account=self.account)

    async def revoke(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.revoked.append(str(form["token"]))
        return web.Response(status=503 if self.is_down else 200)

    async def me(self, request: web.Request) -> web.Response:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        account = "robot" if shown == KEY else self.access_tokens.get(shown)
        if account is None:
            return web.json_response({"message": f"Bad credentials: {shown}"}, status=401)
        return web.json_response({"login": account})

    def write_file(self, folder: Path) -> None:
        """Describe it, as an installation describes a provider of its own."""
        folder.mkdir(exist_ok=True)
        (folder / "acme.toml").write_text(
            f"""
            id = "acme"
            name = "Acme"
            base_url = "{self.url}"
            [auth.api_key]
            [auth.user_password]
            [auth.oauth2]
            authorize = "{self.url}/authorize"
            token = "{self.url}/token"
            revoke = "{self.url}/revoke"
            userinfo = "{self.url}/me"
            account = "login"
            pkce = true
            default_scopes = ["read"]
            [test]
            path = "/me"
            account = "login"
            [[actions]]
            id = "0b2f6c51-5a1e-4b0e-9a56-3c1c9c0d7e11"
            name = "AcmeWhoAmI"
            description = "Tells whose account it is."
            documentation = "https://acme.example/docs"
            effect = "read"
            request = "GET /me"
            [actions.output]
            name = "string <- login: The account's name."
            """
        )


@asynccontextmanager
async def fake_provider(folder: Path) -> AsyncIterator[FakeProvider]:
    """Serve a provider on loopback."""
    made = FakeProvider()
    app = web.Application()
    app.add_routes(
        [
            web.get("/authorize", made.authorize),
            web.post("/answer", made.answer),
            web.post("/token", made.token),
            web.post("/revoke", made.revoke),
            web.get("/me", made.me),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address: Any = runner.addresses[0]
    made.url = f"http://127.0.0.1:{address[1]}"
    made.write_file(folder)
    try:
        yield made
    finally:
        await runner.cleanup()


async def _serve(folder: Path) -> None:
    async with fake_provider(folder) as made:
        sys.stdout.write(f"is up: {made.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    # Flows in a browser have it as a process: `python -m …provider_server FOLDER`.
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(sys.argv[1])))
