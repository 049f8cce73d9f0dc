"""Tokens that are about to end are refreshed once, however many runs in however many processes ask.

Who finds that tokens end within a minute takes a lease in the credential's row and asks the provider; no lock
and no connection is held meanwhile. Everybody else looks at the row until its version has gone up. Who dies over
it leaves a lease that ends by itself. What was brought is written only where the version is still the same, so a
secret that somebody has replaced meanwhile is never overwritten by an older one.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from autograph.blocks.packs.provider import Provider
from autograph.blocks.sdk import OAuth2Secret
from autograph.features.integrations.errors import (
    ConnectionRefused,
    CredentialEnded,
    ProviderUnavailable,
)
from autograph.features.integrations.models import Credential, OAuthClient
from autograph.features.integrations.service.oauth import TIMEOUT, OAuthTalk
from autograph.features.integrations.service.parts import (
    Parts,
    read_secret,
    require_good,
    written,
)
from autograph.infra.cache.flight import Flight

SOON: Final = timedelta(seconds=60)
LEASE: Final = TIMEOUT + timedelta(seconds=10)
_PATIENCE: Final = 2 * LEASE + timedelta(seconds=5)
_LOOK_EVERY: Final = (0.05, 0.15)
_NOT_THE_TOKENS: Final = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "incorrect_client_credentials",
        "unsupported_grant_type",
        "temporarily_unavailable",
        "server_error",
        "slow_down",
    }
)
"""What a provider says when something else is wrong than the refresh token."""

_Opened = tuple[Credential, OAuth2Secret]


class Refresher:
    """Keeps tokens fresh."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._credentials = parts.credentials
        self._providers = parts.providers
        self._clients = parts.clients
        self._ring = parts.ring
        self._clock = parts.clock
        self._talk = OAuthTalk(parts.http, parts.clock)
        self._asking: Flight[_Opened] = Flight()

    async def fresh(self, user_id: UUID, credential: Credential, secret: OAuth2Secret) -> _Opened:
        """Return tokens that are good for a minute at least, as far as one knows.

        Raises:
            CredentialEnded: The provider gives no new ones, or cannot be asked for any.
            ProviderUnavailable: They have ended, and the provider does not answer.
        """
        if not _ends(secret, self._clock.now() + SOON):
            return credential, secret
        return await self._asking.join(
            str(credential.id), lambda _: self._refreshed(user_id, credential.id)
        )

    async def _refreshed(self, user_id: UUID, credential_id: UUID) -> _Opened:
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                return await self._until_fresh(user_id, credential_id)
        except TimeoutError:
            raise ProviderUnavailable(
                "New tokens are being asked for, and do not come. Try again.",
                retry_after=timedelta(seconds=5),
            ) from None

    async def _until_fresh(self, user_id: UUID, credential_id: UUID) -> _Opened:
        while True:
            credential, secret = await self._now(user_id, credential_id)
            if not _ends(secret, self._clock.now() + SOON):
                return credential, secret
            asked = self._asked(credential, secret)
            if asked is None:
                return await self._unrefreshed(credential, secret)
            if await self._credentials.claim_refresh(credential, LEASE):
                await self._ask(credential, secret, *asked)
                # New ones are there by now, or the old ones are good for some seconds more.
                return await self._now(user_id, credential_id)
            await asyncio.sleep(random.uniform(*_LOOK_EVERY))

    async def _now(self, user_id: UUID, credential_id: UUID) -> _Opened:
        """Return a connection as it is now.

        Raises:
            CredentialEnded: It has, or is of another kind by now.
        """
        credential, sealed = await self._credentials.sealed(user_id, credential_id)
        require_good(credential, self._clock.now())
        belongs_to = f"credential:{credential_id}"
        secret = read_secret(credential.kind, self._ring.open(sealed, belongs_to=belongs_to))
        if not isinstance(secret, OAuth2Secret):
            raise CredentialEnded(f"The credential {credential.title!r} is of another kind now.")
        return credential, secret

    def _asked(
        self, credential: Credential, secret: OAuth2Secret
    ) -> tuple[Provider, OAuthClient] | None:
        """Return whom to ask as whom; None where nobody can be."""
        provider = self._providers.find(credential.provider)
        client = self._clients.get(credential.provider)
        can_ask = secret.refresh_token is not None and provider and provider.auth.oauth2
        return (provider, client) if can_ask and provider and client else None

    async def _unrefreshed(self, credential: Credential, secret: OAuth2Secret) -> _Opened:
        now = self._clock.now()
        if not _ends(secret, now):
            return credential, secret
        if secret.refresh_token is not None:
            raise CredentialEnded(
                f"The tokens of {credential.title!r} have ended, and the installation is not registered at "
                f"{credential.provider} to ask for new ones (setting: AUTOGRAPH_OAUTH_CLIENTS)."
            )
        await self._end(credential, "Its tokens have ended, and it came without a refresh token.")
        raise CredentialEnded(
            f"The tokens of {credential.title!r} have ended. Connect the account again."
        )

    async def _ask(
        self,
        credential: Credential,
        secret: OAuth2Secret,
        provider: Provider,
        client: OAuthClient,
    ) -> None:
        """Ask for new tokens under the lease that was taken, and write down what comes of it.

        Raises:
            CredentialEnded: The provider gives none, for good.
            ProviderUnavailable: It gives none just now, and the old ones have ended.
        """
        try:
            tokens = await self._talk.refresh(provider, client, secret)
        except ConnectionRefused as refused:
            if refused.details.get("provider_code") in _NOT_THE_TOKENS:
                await self._credentials.settle_refresh(credential, {}, None)
                raise ProviderUnavailable(refused.message) from refused
            await self._end(credential, refused.message)
            raise CredentialEnded(
                f"The credential {credential.title!r} has ended. {refused.message} Connect the account again."
            ) from refused
        except ProviderUnavailable:
            await self._credentials.settle_refresh(credential, {}, None)
            if _ends(secret, self._clock.now()):
                raise
            return
        values: dict[str, Any] = {"updated_at": self._clock.now()}
        if tokens.scopes is not None:
            values["scopes"] = list(tokens.scopes)
        sealed = self._ring.seal(written(tokens.secret), belongs_to=f"credential:{credential.id}")
        await self._credentials.settle_refresh(credential, values, sealed)

    async def _end(self, credential: Credential, why: str) -> None:
        values = {"ended_at": self._clock.now(), "ended_for": why}
        await self._credentials.settle_refresh(credential, values, None)


def _ends(secret: OAuth2Secret, moment: datetime) -> bool:
    return secret.access_expires_at is not None and secret.access_expires_at <= moment
