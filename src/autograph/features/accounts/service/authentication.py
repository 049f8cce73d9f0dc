"""Who asks: from a token or a key to a principal, without a query while it is remembered.

What is remembered is never older than five seconds, and forgotten at once, in every process, when it
changes: the change says so in its commit.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from autograph.features.accounts.errors import Suspended, TokenInvalid
from autograph.features.accounts.models.api_keys import PREFIX
from autograph.features.accounts.models.apps import ACCESS_PREFIX, AppStatus, TokenKind
from autograph.features.accounts.models.people import AccountStatus, Door, Principal
from autograph.features.accounts.models.roles import Role, Scope
from autograph.features.accounts.ports import Claims
from autograph.features.accounts.service.parts import Parts
from autograph.infra.cache.layered import LayeredCache
from autograph.infra.ids import new_id
from autograph.infra.json import Json

T = TypeVar("T")

REMEMBERED: Final = timedelta(seconds=4)
KEPT: Final = timedelta(seconds=1)
"""How long what a session's token stands for is kept ready; with `REMEMBERED` no more than five seconds."""
_MOST_KEPT: Final = 10_000
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Authentication:
    """Knows people by what they show."""

    def __init__(self, parts: Parts, cache: LayeredCache) -> None:
        """Read from the repositories what is not in `cache`."""
        self._people = parts.people
        self._identities = parts.identities
        self._sessions = parts.sessions
        self._keys = parts.keys
        self._apps = parts.apps
        self._grants = parts.grants
        self._signer = parts.signer
        self._clock = parts.clock
        self._cache = cache
        self._is_set_up = False
        self._kept: dict[str, tuple[Principal, datetime]] = {}
        self._forgetting: set[asyncio.Task[None]] = set()
        self._listening: dict[asyncio.Event, Principal] = {}

    async def by_token(self, token: str) -> Principal:
        """Return who an access token or key stands for.

        Raises:
            TokenInvalid: It is none of ours, has ended, or was revoked.
            Suspended: The account is.
            OperationalError: Nobody can tell just now.
        """
        if token.startswith(PREFIX):
            return await self._by_key(token)
        if token.startswith(ACCESS_PREFIX):
            return await self._by_app(token)
        now = self._clock.now()
        kept = self._kept.get(token)
        if kept is not None and now < kept[1]:
            return kept[0]
        generation = self._kept
        claims = await self._signer.read(token, now)
        if claims.issuer != self._signer.issuer:
            user_id = await self._known_elsewhere(claims)
            return await self._principal(user_id, Door.SESSION, None, None)
        session_id = _as_id(claims.session_id)
        session = await self._remembered(f"session:{session_id}", self._session, session_id)
        if session is None or session["user_id"] != claims.subject:
            raise TokenInvalid("The session has ended. Log in again.")
        principal = await self._principal(UUID(claims.subject), Door.SESSION, session_id, None)
        # Kept only where nothing was heard meanwhile: `hear` begins anew, and this would be old news.
        if len(generation) >= _MOST_KEPT:
            generation.clear()
        ends = datetime.fromtimestamp(claims.expires_at, UTC)
        generation[token] = (principal, min(now + KEPT, ends))
        return principal

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
        self._kept = {}
        if key is None:
            self._cache.forget_near()
            self._tell(None)
            return
        task = asyncio.get_running_loop().create_task(self._forget(key))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _forget(self, key: str) -> None:
        await self._cache.delete(key)
        # Somebody may have come in by what was there until now.
        self._kept = {}
        self._tell(key)

    @contextmanager
    def listen(self, principal: Principal) -> Generator[asyncio.Event]:
        """Lend what is set whenever what somebody came in by, or their account, may have changed."""
        changed = asyncio.Event()
        self._listening[changed] = principal
        try:
            yield changed
        finally:
            del self._listening[changed]

    def _tell(self, key: str | None) -> None:
        for changed, principal in self._listening.items():
            if key is None or concerns(key, principal):
                changed.set()

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
        await self._note_use(self._keys.note_use, UUID(found["id"]), now)
        return principal

    async def _by_app(self, token: str) -> Principal:
        """Return who an app acts for.

        Raises:
            TokenInvalid: Its token, the grant behind it or the app itself is not good any more.
        """
        digest = hashlib.sha256(token.encode()).digest()
        found = await self._remembered(f"token:{digest.hex()}", self._app_token, digest)
        now = self._clock.now()
        if found is None or found["expires_at"] <= now.timestamp():
            raise TokenInvalid("The token is unknown or has ended. Ask for the next one.")
        grant_id, app_id = UUID(found["grant_id"]), UUID(found["app_id"])
        is_live = await self._remembered(f"grant:{grant_id}", self._grants.is_live, grant_id)
        app = await self._remembered(f"app:{app_id}", self._app, app_id)
        if not is_live or app is None or app["status"] != AppStatus.ACTIVE:
            raise TokenInvalid("The app may not act for this person any more.")
        scopes = frozenset(Scope(scope) for scope in found["scopes"] if scope in app["scopes"])
        user_id = UUID(found["user_id"])
        principal = await self._principal(user_id, Door.APP, grant_id, scopes)
        await self._note_use(self._grants.note_use, grant_id, now)
        return principal

    async def _note_use(
        self, note: Callable[[UUID, datetime], Awaitable[None]], proof_id: UUID, now: datetime
    ) -> None:
        async def write() -> Json:
            await note(proof_id, now)
            return True

        await self._cache.remember(f"used:{proof_id}", _USE_NOTED_EVERY, write)

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
            found = await self._identities.find(claims.issuer, claims.subject)
            if found is None:
                values = {
                    "name": claims.name or "Newcomer",
                    "roles": [Role.USER.value],
                    "verified_at": self._clock.now() if claims.is_verified else None,
                }
                found = await self._identities.ensure(
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

    async def _app_token(self, digest: bytes) -> Json:
        found = await self._grants.find_token(digest)
        if found is None or found.kind is not TokenKind.ACCESS:
            return None
        return {
            "grant_id": str(found.grant_id),
            "app_id": str(found.app_id),
            "user_id": str(found.user_id),
            "scopes": sorted(found.scopes),
            "expires_at": found.expires_at.timestamp(),
        }

    async def _app(self, app_id: UUID) -> Json:
        found = await self._apps.find(app_id)
        if found is None:
            return None
        return {"status": found[0].status.value, "scopes": sorted(found[0].scopes)}

    async def _remembered(self, key: str, read: Callable[[T], Awaitable[Json]], of: T) -> Json:
        return await self._cache.remember(key, REMEMBERED, lambda: read(of))


def _as_id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise TokenInvalid("The token names no session.") from None


def concerns(key: str, principal: Principal) -> bool:
    """Tell whether a change may mean somebody. What is kept by a secret, such as `key:<hash>`, may mean anybody."""
    kind, _, which = key.partition(":")
    if kind == "account":
        return which == str(principal.user_id)
    if kind in {"session", "grant"}:
        return which == str(principal.proof_id)
    return True
