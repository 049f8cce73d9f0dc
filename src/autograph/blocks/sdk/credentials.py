"""Credentials, as blocks name and get them.

    class Input(BlockInput):
        credentials: CredentialRef = credential_pin("github", kinds=["api_key"], description="Whose issues.")

    async def run(self, input, ctx):
        key = await ctx.credential(input.credentials)          # an ApiKeySecret
        await ctx.http.send(HttpRequest("GET", url, headers=key.headers()))

What a node holds is a reference; what is secret is opened for the attempt that asks, and is in no journal.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from autograph.blocks.sdk.fields import pin


@dataclass(frozen=True, slots=True, repr=False)
class ApiKeySecret:
    """A key."""

    api_key: str

    def headers(self) -> dict[str, str]:
        """Return the header of RFC 6750, which most providers take."""
        return {"Authorization": f"Bearer {self.api_key}"}


@dataclass(frozen=True, slots=True, repr=False)
class UserPasswordSecret:
    """A name and a password."""

    username: str
    password: str

    def headers(self) -> dict[str, str]:
        """Return the header of RFC 7617 (Basic)."""
        both = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {both}"}


@dataclass(frozen=True, slots=True, repr=False)
class HostScopedSecret:
    """Headers for one host.

    Attributes:
        host: `example.com`, or `*.example.com` for all below.
        values: Headers by name; they are sent nowhere else.
    """

    host: str
    values: Mapping[str, str]

    def headers(self, host: str) -> dict[str, str]:
        """Return what is sent to a host: nothing where it is another one."""
        given, own = host.lower(), self.host.lower()
        is_below = own.startswith("*.") and given.endswith(own[1:])
        return dict(self.values) if given == own or is_below else {}


@dataclass(frozen=True, slots=True, repr=False)
class OAuth2Secret:
    """Tokens (RFC 6749).

    Attributes:
        access_expires_at: When the access token ends; None where nobody has said.
    """

    access_token: str
    refresh_token: str | None = None
    access_expires_at: datetime | None = None

    def headers(self) -> dict[str, str]:
        """Return the header of RFC 6750."""
        return {"Authorization": f"Bearer {self.access_token}"}


Secret: TypeAlias = ApiKeySecret | UserPasswordSecret | HostScopedSecret | OAuth2Secret


class CredentialRef(BaseModel):
    """How a node names a credential: without anything that is secret about it."""

    model_config = ConfigDict(extra="ignore")
    id: str = Field(description="Which one.")
    provider: str = Field(description="Where it counts.")
    type: str = Field(description="What it is made of.")
    title: str | None = Field(default=None, description="What its owner calls it.")


def credential_pin(
    *providers: str,
    kinds: Sequence[str],
    description: str,
    scopes: Sequence[str] = (),
    optional: bool = False,
) -> Any:
    """Declare the input pin that names a credential. It is called `credentials`, or ends in `_credentials`.

    Args:
        providers: Where the credential may count.
        kinds: What it may be made of: `api_key`, `oauth2`, `user_password`, `host_scoped`.
        description: Our own words, one sentence.
        scopes: What it must let one do there.
        optional: It works without one, too; the pin's type is `CredentialRef | None` then.
    """
    extra: dict[str, Any] = {
        "credentials_provider": list(providers),
        "credentials_types": list(kinds),
    }
    if scopes:
        extra["credentials_scopes"] = list(scopes)
    if optional:
        return pin(None, description=description, advanced=False, extra=extra)
    return pin(description=description, extra=extra)


def texts_of(secret: Secret) -> list[str]:
    """Return what must be shown to nobody."""
    if isinstance(secret, ApiKeySecret):
        return [secret.api_key]
    if isinstance(secret, UserPasswordSecret):
        return [secret.password, secret.headers()["Authorization"].split()[1]]
    if isinstance(secret, HostScopedSecret):
        return list(secret.values.values())
    return [one for one in (secret.access_token, secret.refresh_token) if one]
