"""Use cases of credentials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from autograph.blocks.sdk import (
    CredentialRef,
    HostScopedSecret,
    OAuth2Secret,
    Secret,
    UserPasswordSecret,
)
from autograph.features.accounts.models import Principal, Visit
from autograph.features.accounts.models.audit import Deed
from autograph.features.integrations.errors import (
    CredentialEnded,
    CredentialInUse,
    CredentialInvalid,
    CredentialIsSystem,
    CredentialNotFound,
)
from autograph.features.integrations.models import (
    KIND_OF,
    Credential,
    CredentialKind,
    Deleted,
    Use,
    Verdict,
)
from autograph.features.integrations.service.answers import judge
from autograph.features.integrations.service.oauth import probe_request
from autograph.features.integrations.service.parts import (
    Parts,
    read_secret,
    require_good,
    written,
)
from autograph.features.integrations.service.refresh import Refresher
from autograph.features.integrations.service.revoke import Revoker
from autograph.infra.egress.ports import EgressRefused, ResponseTooLarge, Unreachable
from autograph.infra.ids import new_id

_PROVIDER: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_HOST: Final = re.compile(r"(\*\.)?([a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}(:\d{1,5})?", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_MAX_TITLE: Final = 100
_MAX_SECRET: Final = 16_384
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class CredentialService:
    """Keeps credentials, and opens them for those they belong to."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._credentials = parts.credentials
        self._uses = parts.uses
        self._ring = parts.ring
        self._audit = parts.audit
        self._clock = parts.clock
        self._providers = parts.providers
        self._system = parts.system
        self._refresher = Refresher(parts)
        self._revoker = Revoker(parts)
        self._http = parts.http

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
        title = _title(title)
        if not _PROVIDER.fullmatch(provider):
            raise CredentialInvalid(f"{provider[:80]!r} is no name of a provider.")
        check(secret)
        self._fits(provider, KIND_OF[type(secret)])
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
        sealed = self._ring.seal(written(secret), belongs_to=f"credential:{credential.id}")
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
        credential = await self.get(principal, credential_id)
        self._require_own(credential)
        if KIND_OF[type(secret)] is not credential.kind:
            raise CredentialInvalid(
                f"{credential.title} is of the kind {credential.kind}; add another credential instead."
            )
        check(secret)
        sealed = self._ring.seal(written(secret), belongs_to=f"credential:{credential_id}")
        changed = await self._credentials.change(
            principal.user_id, credential_id, {"updated_at": self._clock.now()}, sealed
        )
        await self._note(principal, visit, "credential.replaced", changed)
        return changed

    async def rename(
        self, principal: Principal, credential_id: UUID, title: str, visit: Visit
    ) -> Credential:
        """Call a credential something else; agents that name it go on with it.

        Raises:
            CredentialNotFound: There is none.
            CredentialIsSystem: It is the installation's.
            CredentialInvalid: This is no title.
        """
        self._require_own(await self.get(principal, credential_id))
        values = {"title": _title(title), "updated_at": self._clock.now()}
        changed = await self._credentials.change(principal.user_id, credential_id, values, None)
        await self._note(principal, visit, "credential.renamed", changed)
        return changed

    async def list_all(
        self,
        principal: Principal,
        *,
        provider: str | None = None,
        kind: CredentialKind | None = None,
    ) -> Sequence[Credential]:
        """Return a person's credentials, newest first, then the installation's; nothing secret is in them."""
        own = await self._credentials.list_all(
            principal, provider=provider, kind=kind and kind.value
        )
        system = [
            one
            for one in self._system.all()
            if provider in {None, one.provider} and kind in {None, one.kind}
        ]
        return [*own, *system]

    def has_system(self, provider: str) -> bool:
        """Tell whether the installation lets everybody's runs use a credential of its own there."""
        return any(one.provider == provider for one in self._system.all())

    async def get(self, principal: Principal, credential_id: UUID) -> Credential:
        """Return a credential without what is secret.

        Raises:
            CredentialNotFound: There is none.
        """
        system = self._system.find(str(credential_id))
        return system[0] if system else await self._credentials.get(principal, credential_id)

    async def uses(self, principal: Principal, credential_id: UUID) -> Sequence[Use]:
        """Return which nodes of a person's agents name a credential.

        Raises:
            CredentialNotFound: There is none.
        """
        await self.get(principal, credential_id)
        return await self._uses.of(principal, credential_id)

    async def delete(
        self, principal: Principal, credential_id: UUID, visit: Visit, *, force: bool = False
    ) -> Deleted:
        """Delete a credential, and ask its provider to end its tokens; return what that breaks.

        Raises:
            CredentialNotFound: There is none.
            CredentialIsSystem: It is the installation's.
            CredentialInUse: Agents name it, and `force` is not set.
        """
        credential = await self.get(principal, credential_id)
        self._require_own(credential)
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
        _, sealed = await self._credentials.sealed(principal.user_id, credential_id)
        # First here, so that no run uses what is about to end; then there.
        await self._credentials.delete(principal, credential_id)
        await self._note(principal, visit, "credential.deleted", credential)
        revoked, note = await self._revoker.revoke(credential, sealed)
        return Deleted(uses, revoked, note)

    async def test(self, principal: Principal, credential_id: UUID) -> Verdict:
        """Ask a credential's provider whether it is good. Writes: whose it is, where that was not known.

        Raises:
            CredentialNotFound: There is none.
            CredentialIsSystem: It is the installation's.
            NoTest: The provider cannot be asked for nothing.
            ProviderUnknown: There is no file for the provider.
        """
        self._require_own(await self.get(principal, credential_id))
        try:
            credential, secret = await self.open(principal.user_id, credential_id)
        except CredentialEnded as error:
            return Verdict(is_good=False, status=None, account=None, message=error.message)
        provider = self._providers.get(credential.provider)
        request = probe_request(provider, secret)
        try:
            answer = await self._http.send(request)
        except (Unreachable, EgressRefused, ResponseTooLarge) as error:
            return Verdict(is_good=False, status=None, account=None, message=error.message)
        verdict = judge(provider, secret, answer)
        is_new = credential.account is None and credential.kind is not CredentialKind.OAUTH2
        if verdict.account is not None and is_new:
            values = {"account": verdict.account}
            await self._credentials.change(principal.user_id, credential_id, values, None)
        return verdict

    async def open(self, user_id: UUID, credential_id: UUID) -> tuple[Credential, Secret]:
        """Return what is secret about a credential, for a run of the person it belongs to.

        Tokens that end within a minute are refreshed first: once, however many runs ask.

        Raises:
            CredentialNotFound: There is none, or it is somebody else's.
            CredentialEnded: It has.
            KeyMissing: It was encrypted with a key that is not here.
            ProviderUnavailable: Its tokens have ended, and the provider gives no new ones just now.
        """
        credential, sealed = await self._credentials.sealed(user_id, credential_id)
        require_good(credential, self._clock.now())
        secret = read_secret(
            credential.kind, self._ring.open(sealed, belongs_to=f"credential:{credential_id}")
        )
        if isinstance(secret, OAuth2Secret):
            credential, secret = await self._refresher.fresh(user_id, credential, secret)
        now, last = self._clock.now(), credential.last_used_at
        if last is None or now - last > _USE_NOTED_EVERY:
            await self._credentials.note_use(credential_id, now)
        return credential, secret

    async def open_named(
        self, user_id: UUID, reference: CredentialRef
    ) -> tuple[Credential, Secret]:
        """Return what is secret about the credential that a node names, for a run of a person.

        A reference that means nothing here, as in an agent of somebody else, leads to the installation's
        credential of that provider and kind, where it has one.

        Raises:
            CredentialNotFound: There is none.
            CredentialEnded: It has.
            KeyMissing: It was encrypted with a key that is not here.
            ProviderUnavailable: Its tokens have ended, and the provider gives no new ones just now.
        """
        system = self._system.find(reference.id)
        if system is None:
            try:
                return await self.open(user_id, UUID(reference.id))
            except (CredentialNotFound, ValueError):
                system = self._system.of([reference.provider], [reference.type])
        if system is None:
            raise CredentialNotFound(f"There is no credential {reference.id[:80]!r}.")
        await self._credentials.note_system_use(user_id, system[0].provider, self._clock.now())
        return system

    def _fits(self, provider_id: str, kind: CredentialKind) -> None:
        """Make sure that a provider we know takes credentials of a kind.

        Raises:
            CredentialInvalid: It does not.
        """
        provider = self._providers.find(provider_id)
        if provider is not None and kind.value not in provider.auth.kinds:
            takes = ", ".join(provider.auth.kinds)
            raise CredentialInvalid(f"{provider.name} takes no {kind}; it takes: {takes}.")

    def _require_own(self, credential: Credential) -> None:
        """Make sure that a credential may be changed.

        Raises:
            CredentialIsSystem: It is the installation's.
        """
        if credential.is_system:
            raise CredentialIsSystem(
                f"{credential.title} is the installation's. Whoever runs it changes it by its settings."
            )

    async def _note(
        self, principal: Principal, visit: Visit, action: str, credential: Credential
    ) -> None:
        facts = {"provider": credential.provider, "kind": credential.kind.value}
        deed = Deed(action, f"credential:{credential.id}", after=facts)
        await self._audit.note(principal, visit, deed)


def check(secret: Secret) -> None:
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


def _title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > _MAX_TITLE:
        raise CredentialInvalid(f"A title has 1 to {_MAX_TITLE} characters.")
    return title
