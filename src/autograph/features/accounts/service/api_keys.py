"""Keys by which programs act for a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.features.accounts.errors import TooManyKeys
from autograph.features.accounts.models.api_keys import PREFIX, ApiKey
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.people import Principal
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import new_secret
from autograph.infra.errors import Invalid
from autograph.infra.ids import new_id

MAX_KEYS: Final = 100
_HEAD: Final = 12
_MAX_NAME: Final = 100


class ApiKeyService:
    """Makes and ends keys."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._keys = parts.keys
        self._audit = parts.audit
        self._clock = parts.clock

    async def create(
        self,
        principal: Principal,
        name: str,
        scopes: Collection[Scope],
        visit: Visit,
        *,
        expires_at: datetime | None = None,
        rate: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; return it and, this once, its text.

        Raises:
            TooManyKeys: There are too many that were not revoked.
            Invalid: No name, no scope, or an end that is past.
        """
        now, name = self._clock.now(), " ".join(name.split())
        if not name or len(name) > _MAX_NAME or not scopes:
            raise Invalid(
                f"A key has a name of 1 to {_MAX_NAME} characters and at least one scope."
            )
        if expires_at is not None and expires_at <= now:
            raise Invalid("The key would have ended already.", errors={"expires_at": "past"})
        if await self._keys.count(principal) >= MAX_KEYS:
            raise TooManyKeys(f"You have {MAX_KEYS} keys. Revoke one first.")
        secret = new_secret(PREFIX)
        key = ApiKey(
            id=new_id(),
            name=name,
            head=secret.text[:_HEAD],
            scopes=frozenset(scopes),
            rate=rate,
            created_at=now,
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        await self._keys.add(principal, key, secret.hash)
        deed = Deed("api_key.created", f"api_key:{key.id}", after={"scopes": sorted(key.scopes)})
        await self._audit.note(principal, visit, deed)
        return key, secret.text

    async def list_all(self, principal: Principal) -> Sequence[ApiKey]:
        """Return a person's keys, newest first."""
        return await self._keys.list_of(principal)

    async def get(self, principal: Principal, key_id: UUID) -> ApiKey:
        """Return a key.

        Raises:
            ApiKeyNotFound: There is none, or it is somebody else's.
        """
        return await self._keys.get(principal, key_id)

    async def revoke(self, principal: Principal, key_id: UUID, visit: Visit) -> ApiKey:
        """End a key. Idempotent.

        Raises:
            ApiKeyNotFound: There is none, or it is somebody else's.
        """
        key = await self._keys.revoke(principal, key_id, self._clock.now())
        await self._audit.note(principal, visit, Deed("api_key.revoked", f"api_key:{key_id}"))
        return key
