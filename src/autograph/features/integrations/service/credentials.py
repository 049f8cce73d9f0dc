"""Use cases of credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from autograph.blocks.sdk import HostScopedSecret, Secret, UserPasswordSecret
from autograph.features.accounts.models import Principal, Visit
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.service import AuditService
from autograph.features.integrations.errors import (
    CredentialEnded,
    CredentialInUse,
    CredentialInvalid,
)
from autograph.features.integrations.models import (
    KIND_OF,
    Credential,
    CredentialKind,
    Use,
)
from autograph.features.integrations.ports import CredentialUses
from autograph.features.integrations.repository import CredentialRepository
from autograph.infra.clock import Clock
from autograph.infra.crypto import KeyRing
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode

_PROVIDER: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_HOST: Final = re.compile(r"(\*\.)?([a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}(:\d{1,5})?", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_MAX_TITLE: Final = 100
_MAX_SECRET: Final = 16_384
_USE_NOTED_EVERY: Final = timedelta(minutes=1)
_SECRETS: Final[Mapping[CredentialKind, type[Secret]]] = {kind: of for of, kind in KIND_OF.items()}


class CredentialService:
    """Keeps credentials, and opens them for those they belong to."""

    def __init__(
        self,
        credentials: CredentialRepository,
        uses: CredentialUses,
        ring: KeyRing,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        """Use all of them."""
        self._uses = uses
        self._credentials = credentials
        self._ring = ring
        self._audit = audit
        self._clock = clock

    async def add(
        self,
        principal: Principal,
        provider: str,
        title: str,
        secret: Secret,
        visit: Visit,
        *,
        expires_at: datetime | None = None,
    ) -> Credential:
        """Keep a credential.

        Raises:
            CredentialInvalid: This cannot be one; the message says which part.
        """
        title = " ".join(title.split())
        if not _PROVIDER.fullmatch(provider):
            raise CredentialInvalid(f"{provider[:80]!r} is no name of a provider.")
        if not title or len(title) > _MAX_TITLE:
            raise CredentialInvalid(f"A title has 1 to {_MAX_TITLE} characters.")
        _check(secret)
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise CredentialInvalid("The credential would have ended already.")
        credential = Credential(
            id=new_id(),
            provider=provider,
            kind=KIND_OF[type(secret)],
            title=title,
            scopes=(),
            account=secret.username if isinstance(secret, UserPasswordSecret) else None,
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
            last_used_at=None,
        )
        sealed = self._ring.seal(_written(secret), belongs_to=f"credential:{credential.id}")
        await self._credentials.add(principal, credential, sealed)
        await self._note(principal, visit, "credential.added", credential)
        return credential

    async def replace(
        self, principal: Principal, credential_id: UUID, secret: Secret, visit: Visit
    ) -> Credential:
        """Give a credential another secret of the same kind; agents that name it go on with it.

        Raises:
            CredentialNotFound: There is none.
            CredentialInvalid: It is of another kind, or cannot be one.
        """
        credential = await self._credentials.get(principal, credential_id)
        if KIND_OF[type(secret)] is not credential.kind:
            raise CredentialInvalid(
                f"{credential.title} is of the kind {credential.kind}; add another credential instead."
            )
        _check(secret)
        sealed = self._ring.seal(_written(secret), belongs_to=f"credential:{credential_id}")
        changed = await self._credentials.change(
            principal.user_id, credential_id, {"updated_at": self._clock.now()}, sealed
        )
        await self._note(principal, visit, "credential.replaced", changed)
        return changed

    async def list_all(
        self, principal: Principal, *, provider: str | None = None
    ) -> Sequence[Credential]:
        """Return a person's credentials, newest first, without what is secret."""
        return await self._credentials.list_all(principal, provider=provider)

    async def get(self, principal: Principal, credential_id: UUID) -> Credential:
        """Return a credential without what is secret.

        Raises:
            CredentialNotFound: There is none.
        """
        return await self._credentials.get(principal, credential_id)

    async def uses(self, principal: Principal, credential_id: UUID) -> Sequence[Use]:
        """Return which nodes of a person's agents name a credential.

        Raises:
            CredentialNotFound: There is none.
        """
        await self._credentials.get(principal, credential_id)
        return await self._uses.of(principal, credential_id)

    async def delete(
        self, principal: Principal, credential_id: UUID, visit: Visit, *, force: bool = False
    ) -> Sequence[Use]:
        """Delete a credential; return what that breaks.

        Raises:
            CredentialNotFound: There is none.
            CredentialInUse: Agents name it, and `force` is not set.
        """
        credential = await self._credentials.get(principal, credential_id)
        uses = await self._uses.of(principal, credential_id)
        if uses and not force:
            names = sorted({use.graph_name for use in uses})
            raise CredentialInUse(
                f"{credential.title} is used by {', '.join(names)}. They would fail without it; delete it all the "
                "same with force.",
                uses=[
                    {"graph_id": str(use.graph_id), "graph": use.graph_name, "node": use.node}
                    for use in uses
                ],
            )
        await self._credentials.delete(principal, credential_id)
        await self._note(principal, visit, "credential.deleted", credential)
        return uses

    async def open(self, user_id: UUID, credential_id: UUID) -> tuple[Credential, Secret]:
        """Return what is secret about a credential, for a run of the person it belongs to.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
            CredentialEnded: It has.
            KeyMissing: It was encrypted with a key that is not here.
        """
        credential, sealed = await self._credentials.sealed(user_id, credential_id)
        if credential.expires_at is not None and credential.expires_at <= self._clock.now():
            raise CredentialEnded(
                f"The credential {credential.title!r} has ended. Give it a new secret."
            )
        secret = _read(
            credential.kind, self._ring.open(sealed, belongs_to=f"credential:{credential_id}")
        )
        now, last = self._clock.now(), credential.last_used_at
        if last is None or now - last > _USE_NOTED_EVERY:
            await self._credentials.note_use(credential_id, now)
        return credential, secret

    async def _note(
        self, principal: Principal, visit: Visit, action: str, credential: Credential
    ) -> None:
        facts = {"provider": credential.provider, "kind": credential.kind.value}
        deed = Deed(action, f"credential:{credential.id}", after=facts)
        await self._audit.note(principal, visit, deed)


def _check(secret: Secret) -> None:
    """Make sure that something can be sent as it is.

    Raises:
        CredentialInvalid: It cannot; the message holds nothing of it.
    """
    if isinstance(secret, HostScopedSecret):
        if not _HOST.fullmatch(secret.host):
            raise CredentialInvalid("A host is a name such as example.com or *.example.com.")
        if not secret.values or not all(_HEADER.fullmatch(name) for name in secret.values):
            raise CredentialInvalid("There is no header, or one whose name cannot be sent.")
        parts = list(secret.values.values())
    else:
        parts = [value for value in asdict(secret).values() if isinstance(value, str)]
    if not parts or not all(parts):
        raise CredentialInvalid("What is secret about it is empty.")
    if sum(map(len, parts)) > _MAX_SECRET or any(one in part for part in parts for one in "\r\n\0"):
        raise CredentialInvalid(
            f"What is secret about it has line breaks, or more than {_MAX_SECRET} characters. Was it copied whole?"
        )


def _written(secret: Secret) -> bytes:
    return encode(asdict(secret))


def _read(kind: CredentialKind, text: bytes) -> Secret:
    values: dict[str, Any] = decode(text)
    if kind is CredentialKind.OAUTH2 and values["access_expires_at"] is not None:
        values["access_expires_at"] = datetime.fromisoformat(values["access_expires_at"])
    made: Secret = _SECRETS[kind](**values)
    return made
