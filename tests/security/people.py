"""People with accounts, on a platform in this process whose doors are asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.doors import serve
from autograph.features.accounts.models import Role, Scope
from autograph.features.accounts.models.sessions import Visit
from autograph.infra.settings import Settings

PASSWORD = "a long enough sentence"
OWNER = "owner@example.com"
HERE = Visit("127.0.0.1", "tests")


class Town:
    """A platform, and who lives there."""

    def __init__(self, made: Platform) -> None:
        self.platform = made
        self.app = serve(made)

    def client(
        self, token: str | None = None, *, ip: str = "203.0.113.7", **options: Any
    ) -> httpx2.AsyncClient:
        """Return a client of the API; `ip` is where it seems to come from."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app, client=(ip, 1234), raise_app_exceptions=False),
            base_url="http://autograph.test",
            headers={**headers, **options.pop("headers", {})},
            **options,
        )

    async def set_up(self) -> str:
        """Make the owner's account; return their token."""
        tokens = await self.platform.accounts.people.set_up(OWNER, PASSWORD, "Olga", HERE)
        return tokens.access

    async def key(self, token: str, *scopes: Scope) -> str:
        """Make a key of somebody's; it covers everything where no scope is named."""
        async with self.client(token) as http:
            answer = await http.post(
                "/api/v1/api-keys", json={"name": "k", "scopes": [*(scopes or Scope)]}
            )
        return str(answer.json()["key"])

    async def person(self, name: str, roles: Sequence[Role] = (Role.USER,)) -> str:
        """Make somebody's account, after the owner's; return their token."""
        accounts = self.platform.accounts
        if not await accounts.authentication.is_set_up():
            await self.set_up()
        email = f"{name.lower()}@example.com"
        await accounts.people.sign_up(email, PASSWORD, name, HERE)
        tokens = await accounts.login.log_in(email, PASSWORD, HERE)
        if tuple(roles) != (Role.USER,):
            await accounts.administration.set_roles(
                self.platform.owner, tokens.user_id, roles, HERE
            )
        return tokens.access


@asynccontextmanager
async def town(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Town]:
    """Put a platform together."""
    made = Settings(database_url=database_url, data_dir=folder, **settings)
    async with platform(made, process=Process.UP) as running:
        yield Town(running)
