"""Logging in and staying logged in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from autograph.features.accounts.errors import (
    LoginFailed,
    SessionNotFound,
    Suspended,
    TokenInvalid,
    TooManyTries,
    TotpRequired,
)
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.people import Account, AccountStatus, Principal
from autograph.features.accounts.models.sessions import (
    ACCESS_TIME,
    REFRESH_TIME,
    LoginMethod,
    Session,
    Tokens,
    Visit,
)
from autograph.features.accounts.repository.sessions import Stolen
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import Secret, hash_of, new_secret
from autograph.features.accounts.service.totp import step_of
from autograph.infra.ids import new_id

_TRIES: Final = 10
_TRIES_PER: Final = timedelta(minutes=15)
_FAILED: Final = "Address or password are not right."
_MAX_AGENT: Final = 300


class LoginService:
    """Opens, renews and ends sessions."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._people = parts.people
        self._sessions = parts.sessions
        self._hasher = parts.hasher
        self._signer = parts.signer
        self._ring = parts.ring
        self._audit = parts.audit
        self._tries = parts.tries
        self._clock = parts.clock

    async def log_in(self, email: str, password: str, visit: Visit, *, code: str = "") -> Tokens:
        """Open a session by password, and by a code where the account asks for one.

        Raises:
            LoginFailed: One of them is not right, or there is no such account.
            TotpRequired: The password is right and a code is missing.
            TooManyTries: There were too many tries for this address.
            Suspended: The password is right, the account suspended.
        """
        email = email.strip().lower()
        await self._count_try(email)
        found = await self._people.find_by_email(email)
        account, kept = found or (None, None)
        if not await self._hasher.matches(password, kept) or account is None or kept is None:
            raise await self._refused(account, email, visit, "password")
        if account.has_totp:
            if not code:
                raise TotpRequired("The account asks for a code from your authenticator app, too.")
            if not await self.is_code(account.id, code):
                raise await self._refused(account, email, visit, "code")
        if self._hasher.is_outdated(kept):
            await self._people.change(
                account.id, {"password_hash": await self._hasher.hash(password)}
            )
        return await self.open(account, LoginMethod.PASSWORD, visit)

    async def open(self, account: Account, method: LoginMethod, visit: Visit) -> Tokens:
        """Open a session for somebody who has proven who they are.

        Raises:
            Suspended: The account is.
        """
        if account.status is AccountStatus.SUSPENDED:
            await self._audit.note(
                account.id, visit, Deed("login.failed", outcome="refused: suspended")
            )
            raise Suspended(
                "This account is suspended. Ask whoever runs this installation.",
                reason=account.suspended_for,
            )
        now, refresh = self._clock.now(), new_secret()
        session = Session(
            id=new_id(),
            user_id=account.id,
            method=method,
            ip=visit.ip,
            agent=visit.agent[:_MAX_AGENT],
            created_at=now,
            last_seen_at=now,
            expires_at=now + REFRESH_TIME,
        )
        await self._sessions.add(session, refresh.hash)
        deed = Deed("login.done", f"session:{session.id}", after={"method": method.value})
        await self._audit.note(account.id, visit, deed)
        return self._tokens(session, refresh, account.email)

    async def refresh(self, token: str, visit: Visit) -> Tokens:
        """Return the next pair of tokens for a refresh token.

        Raises:
            TokenInvalid: It is none of ours, its session has ended, or it was used before: then its session
                ends, because one of the two who used it has stolen it.
            Suspended: The account is.
        """
        following = new_secret()
        found = await self._sessions.rotate(hash_of(token), following.hash, self._clock.now())
        if isinstance(found, Stolen):
            deed = Deed("session.stolen", f"session:{found.session_id}", outcome="refused")
            await self._audit.note(found.user_id, visit, deed)
            raise TokenInvalid("The session has ended. Log in again.")
        if found is None:
            raise TokenInvalid("The session has ended. Log in again.")
        account = await self._people.get(found.user_id)
        if account.status is AccountStatus.SUSPENDED:
            raise Suspended("This account is suspended. Ask whoever runs this installation.")
        return self._tokens(found, following, account.email)

    async def log_out(self, principal: Principal, visit: Visit) -> None:
        """End the session that the request came with."""
        if principal.proof_id is not None:
            await self.end_session(principal, principal.proof_id, visit)

    async def sessions(self, principal: Principal) -> Sequence[Session]:
        """Return a person's living sessions, last used first."""
        return await self._sessions.list_of(principal.user_id, self._clock.now())

    async def end_session(self, principal: Principal, session_id: UUID, visit: Visit) -> None:
        """End one session.

        Raises:
            SessionNotFound: There is none, or it is somebody else's.
        """
        now = self._clock.now()
        if not await self._sessions.revoke(principal.user_id, now, "logged out", only=session_id):
            raise SessionNotFound(f"There is no session {session_id}.")
        await self._audit.note(principal, visit, Deed("logout.done", f"session:{session_id}"))

    async def end_all(self, principal: Principal, visit: Visit, *, but_this: bool) -> int:
        """Sign out everywhere, or everywhere else; return how many sessions ended."""
        but = principal.proof_id if but_this else None
        ended = await self._sessions.revoke(
            principal.user_id, self._clock.now(), "signed out everywhere", but=but
        )
        deed = Deed("logout.everywhere", f"user:{principal.user_id}", after={"sessions": ended})
        await self._audit.note(principal, visit, deed)
        return ended

    async def forget_ended(self, after: timedelta) -> int:
        """Forget sessions so long after their end, but the last one of each person; return how many."""
        return await self._sessions.forget_ended(self._clock.now() - after)

    async def is_code(self, user_id: UUID, code: str) -> bool:
        """Tell whether a code from somebody's app is right, and was not used before."""
        kept = await self._people.totp(user_id)
        if kept is None:
            return False
        secret = self._ring.open(kept[0], belongs_to=f"totp:{user_id}")
        step = step_of(secret, code, self._clock.now())
        return step is not None and await self._people.spend_totp(user_id, step)

    async def _count_try(self, email: str) -> None:
        # The same for every address, whether there is an account or not.
        permit = await self._tries.take(
            f"login:{hash_of(email).hex()}", per=_TRIES_PER, limit=_TRIES, burst=_TRIES
        )
        if not permit.allowed:
            raise TooManyTries(
                "Too many tries for this address. Wait, or reset the password.",
                retry_after_seconds=permit.wait.total_seconds(),
            )

    async def _refused(
        self, account: Account | None, email: str, visit: Visit, why: str
    ) -> LoginFailed:
        target = f"user:{account.id}" if account else f"email:{hash_of(email).hex()[:16]}"
        deed = Deed("login.failed", target, after={"wrong": why}, outcome="refused")
        await self._audit.note(None, visit, deed)
        return LoginFailed(_FAILED)

    def _tokens(self, session: Session, refresh: Secret, email: str | None) -> Tokens:
        now = self._clock.now()
        until = now + ACCESS_TIME
        access = self._signer.sign(session.user_id, session.id, email=email, now=now, until=until)
        return Tokens(session.id, session.user_id, access, refresh.text, until)
