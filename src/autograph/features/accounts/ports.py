"""What accounts need from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from autograph.features.accounts.models.identities import Attempt, Provider, Returned, Said
from autograph.infra.json import Json


class PasswordHasher(Protocol):
    """Makes passwords into what may be kept."""

    async def hash(self, password: str) -> str:
        """Return what to keep of a password."""
        ...

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether this is the password; takes as long where nothing is kept."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Tell whether a hash was made with weaker settings than today's."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, once its signature, audience, issuer and end were checked.

    Attributes:
        issuer: Who says it; ours, or that of another identity provider.
        subject: Whom it is about; with us a user's id.
        session_id: With us, the session's id.
        expires_at: Seconds since 1970.
        email: Lower case.
        is_verified: The issuer has seen that the address is theirs.
    """

    issuer: str
    subject: str
    session_id: str | None
    expires_at: float
    email: str | None = None
    name: str | None = None
    is_verified: bool = False


class TokenSigner(Protocol):
    """Makes and reads access tokens (JWT, RFC 7519)."""

    @property
    def issuer(self) -> str:
        """Who signs ours."""
        ...

    def sign(
        self, user_id: UUID, session_id: UUID, *, email: str | None, now: datetime, until: datetime
    ) -> str:
        """Return a token."""
        ...

    async def read(self, token: str, now: datetime) -> Claims:
        """Return what a token says.

        Raises:
            TokenInvalid: It is none of ours or of a trusted issuer, was tampered with, or has ended.
        """
        ...


class IdentityProvider(Protocol):
    """Somebody else by whom people prove who they are."""

    @property
    def provider(self) -> Provider:
        """What is known about it."""
        ...

    async def address(self, attempt: Attempt) -> str:
        """Return where somebody is sent to.

        Raises:
            OperationalError: It cannot be asked where that is.
        """
        ...

    async def who(self, returned: Returned, attempt: Attempt) -> Said:
        """Return what the provider says of somebody who has come back.

        Raises:
            SignInFailed: They have brought nothing that proves anything.
            OperationalError: It cannot be asked.
        """
        ...


class PersonalData(Protocol):
    """What another feature keeps of people, for their export and their deletion."""

    @property
    def name(self) -> str:
        """What it is called in an export."""
        ...

    async def export(self, user_id: UUID) -> Json:
        """Return all it keeps of somebody, without secrets."""
        ...

    async def erase(self, user_id: UUID) -> None:
        """Delete all it keeps of somebody. Idempotent."""
        ...
