"""Who asks: from a token or a key to a principal, without a query while it is remembered.

What is remembered is never older than five seconds, and forgotten at once, in every process, when it
changes: the change says so in its commit.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from autograph.features.accounts.errors import Suspended, TokenInvalid
from autograph.features.accounts.models.api_keys import PREFIX
from autograph.features.accounts.models.people import AccountStatus, Door, Principal
from autograph.features.accounts.models.roles import Role, Scope
from autograph.features.accounts.ports import Claims
from autograph.features.accounts.service.parts import Parts
from autograph.infra.cache.layered import LayeredCache
from autograph.infra.ids import new_id
from autograph.infra.json import Json

T = TypeVar("T")

REMEMBERED: Final = timedelta(seconds=5)
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Authentication:
    """Knows people by what they show."""

    def __init__(self, parts: Parts, cache: LayeredCache) -> None:
        """Read from the repositories what is not in `cache`."""
        self._people = parts.people
        self._sessions = parts.sessions
        self._keys = parts.keys
        self._signer = parts.signer
        self._clock = parts.clock
        self._cache = cache
        self._is_set_up = False
        self._forgetting: set[asyncio.Task[None]] = set()

    async def by_token(self, token: str) -> Principal:
        """Return who an access token or key stands for.

        Raises:
            TokenInvalid: It is none of ours, has ended, or was revoked.
            Suspended: The account is.
            OperationalError: Nobody can tell just now.
        """
        if token.startswith(PREFIX):
            return await self._by_key(token)
        claims = await self._signer.read(token, self._clock.now())
        if claims.issuer != self._signer.issuer:
            user_id = await self._known_elsewhere(claims)
            return await self._principal(user_id, Door.SESSION, None, None)
        session_id = _as_id(claims.session_id)
        session = await self._remembered(f"session:{session_id}", self._session, session_id)
        if session is None or session["user_id"] != claims.subject:
            raise TokenInvalid("The session has ended. Log in again.")
        return await self._principal(UUID(claims.subject), Door.SESSION, session_id, None)

    async def by_id(self, user_id: UUID) -> Principal:
        """Return a person in whose name something goes on while they are away.

        Raises:
            TokenInvalid: The account is no more.
            Suspended: It is.
        """
        return await self._principal(user_id, Door.LOCAL, None, None)

    async def is_set_up(self) -> bool:
        """Tell whether the installation has an owner who logs in; once it has, it has for ever."""
        if not self._is_set_up:

            async def ask() -> Json:
                return await self._people.is_set_up()

            self._is_set_up = bool(await self._cache.remember("set_up", REMEMBERED, ask))
        return self._is_set_up

    def hear(self, key: str | None) -> None:
        """Forget what has changed; everything, where news may be missing."""
        if key is None:
            self._cache.forget_near()
            return
        task = asyncio.get_running_loop().create_task(self._cache.delete(key))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _by_key(self, key: str) -> Principal:
        digest = hashlib.sha256(key.encode()).digest()
        found = await self._remembered(f"key:{digest.hex()}", self._key, digest)
        now = self._clock.now()
        if found is None or (found["expires_at"] and found["expires_at"] <= now.timestamp()):
            raise TokenInvalid("The key is unknown, has ended, or was revoked.")
        scopes = frozenset(Scope(scope) for scope in found["scopes"])
        principal = await self._principal(
            UUID(found["user_id"]), Door.API_KEY, UUID(found["id"]), scopes, found["rate"]
        )
        await self._note_use(found["id"], now)
        return principal

    async def _note_use(self, key_id: str, now: datetime) -> None:
        async def write() -> Json:
            await self._keys.note_use(UUID(key_id), now)
            return True

        await self._cache.remember(f"used:{key_id}", _USE_NOTED_EVERY, write)

    async def _principal(
        self,
        user_id: UUID,
        door: Door,
        proof_id: UUID | None,
        scopes: frozenset[Scope] | None,
        rate: int | None = None,
    ) -> Principal:
        found = await self._remembered(f"account:{user_id}", self._account, user_id)
        if found is None:
            raise TokenInvalid("The account is no more.")
        if found["status"] == AccountStatus.SUSPENDED:
            raise Suspended(
                "This account is suspended. Ask whoever runs this installation.",
                reason=found["suspended_for"],
            )
        return Principal(
            user_id=user_id,
            name=found["name"],
            timezone=found["timezone"],
            max_runs=found["max_runs"],
            email=found["email"],
            roles=frozenset(Role(role) for role in found["roles"]),
            scopes=scopes,
            door=door,
            proof_id=proof_id,
            rate=rate,
        )

    async def _known_elsewhere(self, claims: Claims) -> UUID:
        """Return whose identity at another issuer this is; their account is made by their first request."""

        async def ask() -> Json:
            found = await self._people.find_identity(claims.issuer, claims.subject)
            if found is None:
                values = {"name": claims.name or "Newcomer", "roles": [Role.USER.value]}
                found = await self._people.ensure_identity(
                    claims.issuer, claims.subject, new_id(), claims.email, values
                )
            return str(found)

        key = f"identity:{claims.issuer}:{claims.subject}"
        return UUID(await self._cache.remember(key, REMEMBERED, ask))

    async def _session(self, session_id: UUID) -> Json:
        found = await self._sessions.find(session_id)
        if found is None or found.expires_at <= self._clock.now():
            return None
        return {"user_id": str(found.user_id)}

    async def _account(self, user_id: UUID) -> Json:
        found = await self._people.find(user_id)
        if found is None:
            return None
        return {
            "name": found.name,
            "timezone": found.timezone,
            "max_runs": found.max_runs,
            "email": found.email,
            "roles": sorted(found.roles),
            "status": found.status.value,
            "suspended_for": found.suspended_for,
        }

    async def _key(self, digest: bytes) -> Json:
        found = await self._keys.find(digest)
        if found is None:
            return None
        key, user_id = found
        return {
            "id": str(key.id),
            "user_id": str(user_id),
            "scopes": sorted(key.scopes),
            "rate": key.rate,
            "expires_at": key.expires_at.timestamp() if key.expires_at else None,
        }

    async def _remembered(self, key: str, read: Callable[[T], Awaitable[Json]], of: T) -> Json:
        return await self._cache.remember(key, REMEMBERED, lambda: read(of))


def _as_id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise TokenInvalid("The token names no session.") from None
