"""Tokens that nobody needs any more end at their provider, too, as well as that can be had."""

from __future__ import annotations

from autograph.blocks.sdk import OAuth2Secret
from autograph.features.integrations.errors import NotConnectable, ProviderUnavailable
from autograph.features.integrations.models import Credential, CredentialKind
from autograph.features.integrations.service.oauth import OAuthTalk
from autograph.features.integrations.service.parts import Parts, read_secret
from autograph.infra.crypto import DoesNotOpen, KeyMissing, Sealed


class Revoker:
    """Tells providers that tokens are to end."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._providers = parts.providers
        self._clients = parts.clients
        self._ring = parts.ring
        self._talk = OAuthTalk(parts.http, parts.clock)

    async def revoke(
        self, credential: Credential, sealed: Sealed
    ) -> tuple[bool | None, str | None]:
        """Return whether the provider ended the tokens, and what it said where it did not."""
        if credential.kind is not CredentialKind.OAUTH2 or credential.ended_at is not None:
            return None, None
        provider = self._providers.find(credential.provider)
        if provider is None:
            return False, f"There is no provider {credential.provider} any more."
        try:
            text = self._ring.open(sealed, belongs_to=f"credential:{credential.id}")
        except (KeyMissing, DoesNotOpen):
            return False, "The tokens do not open, so they could not be shown."
        secret = read_secret(credential.kind, text)
        if not isinstance(secret, OAuth2Secret):
            return None, None
        try:
            said = await self._talk.revoke(provider, self._clients.get(credential.provider), secret)
        except (ProviderUnavailable, NotConnectable) as error:
            said = error.message
        return said is None, said
