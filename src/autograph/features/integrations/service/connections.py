"""Use cases of connections: a person lets us act for them at a provider, and gets a credential."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from autograph.blocks.packs.provider import Provider
from autograph.blocks.sdk import OAuth2Secret
from autograph.features.accounts.models import Principal, Visit
from autograph.features.accounts.models.audit import Deed
from autograph.features.integrations.errors import (
    CallbackRefused,
    ConnectionRefused,
    ConnectionStateInvalid,
    CredentialInvalid,
    NoClient,
    OtherAccount,
    ProviderUnavailable,
)
from autograph.features.integrations.models import (
    Begun,
    Connected,
    ConnectionState,
    Credential,
    CredentialKind,
    OAuthClient,
    Tokens,
)
from autograph.features.integrations.service.oauth import (
    OAuthTalk,
    authorize_url,
    endpoint_of,
)
from autograph.features.integrations.service.parts import Parts, read_secret, written
from autograph.infra.ids import new_id
from autograph.infra.json import Json

STATE_TIME: Final = timedelta(minutes=10)
_MAX_SCOPES: Final = 100
_MAX_SAID: Final = 300


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a program takes a person back that it sent to a provider.

    Attributes:
        url: At an origin that the settings name; it is registered at the provider, too.
        metadata: What the program wants back at the end.
    """

    url: str
    metadata: Mapping[str, Json]


class ConnectionService:
    """Begins flows, and ends them."""

    def __init__(
        self, parts: Parts, *, redirect_uri: str, origins: Collection[str] = frozenset()
    ) -> None:
        """Stand on `parts`.

        Args:
            parts: What it stands on.
            redirect_uri: Where providers send people back to.
            origins: Where programs of others may have them sent instead.
        """
        self._credentials = parts.credentials
        self._connections = parts.connections
        self._providers = parts.providers
        self._clients = parts.clients
        self._ring = parts.ring
        self._audit = parts.audit
        self._clock = parts.clock
        self._talk = OAuthTalk(parts.http, parts.clock)
        self._redirect_uri = redirect_uri
        self._origins = origins

    @property
    def redirect_uri(self) -> str:
        """What is registered at providers as the address that people come back to."""
        return self._redirect_uri

    def is_offered(self, provider_id: str) -> bool:
        """Tell whether accounts at a provider can be connected here."""
        provider = self._providers.find(provider_id)
        return bool(provider and provider.auth.oauth2) and provider_id in self._clients

    async def begin(
        self,
        principal: Principal,
        provider_id: str,
        scopes: Sequence[str],
        *,
        credential_id: UUID | None = None,
        callback: Callback | None = None,
    ) -> Begun:
        """Return where to send a person, and what comes back with them. Good once, for ten minutes, for them.

        Args:
            principal: Who lets us act for them.
            provider_id: Where.
            scopes: What is wanted.
            credential_id: The credential that is to get more scopes; what it has is asked for again.
            callback: Where a program of others takes the person back; None for our own page.

        Raises:
            CallbackRefused: The installation does not let people be sent there.
            ProviderUnknown: There is no such provider.
            NotConnectable: It knows no OAuth.
            NoClient: The installation is not registered there.
            CredentialNotFound: There is no such credential.
            CredentialInvalid: It is none of this provider's connections, or these are no scopes.
        """
        provider = self._providers.get(provider_id)
        endpoint = endpoint_of(provider)
        client = self._client(provider)
        redirect_uri, metadata = self._redirect_uri, dict[str, Json]()
        if callback is not None:
            redirect_uri, metadata = self._checked(callback.url), dict(callback.metadata)
        if len(scopes) > _MAX_SCOPES or not all(_is_scope(one) for one in scopes):
            raise CredentialInvalid("Scopes are words without spaces, a hundred at most.")
        before: Sequence[str] = ()
        if credential_id is not None:
            credential = await self._credentials.get(principal, credential_id)
            _require_connection(credential, provider)
            before = credential.scopes
        wanted = tuple(dict.fromkeys([*endpoint.default_scopes, *before, *scopes]))
        now = self._clock.now()
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        begun = ConnectionState(
            new_id(), provider_id, wanted, credential_id, now + STATE_TIME, redirect_uri, metadata
        )
        sealed = self._ring.seal(verifier.encode(), belongs_to=f"connection:{begun.id}")
        await self._connections.drop_expired(now)
        await self._connections.add(principal.user_id, begun, _hash(state), sealed)
        url = authorize_url(
            endpoint,
            client,
            redirect_uri=redirect_uri,
            scopes=wanted,
            state=state,
            verifier=verifier,
        )
        return Begun(url, state, wanted, begun.expires_at)

    async def finish(
        self,
        principal: Principal,
        state: str,
        visit: Visit,
        *,
        code: str | None = None,
        error: str | None = None,
        description: str | None = None,
    ) -> Connected:
        """Take what a person came back with; their credential is there when this returns.

        An account that is connected already goes on with the credential it has.

        Raises:
            ConnectionStateInvalid: The flow never began, was somebody else's, has ended, or took too long.
            ConnectionRefused: The person or the provider said no.
            OtherAccount: The credential that was to get more scopes is another account's.
            CredentialNotFound: It was deleted meanwhile.
            ProviderUnavailable: The provider does not answer.
        """
        taken = await self._connections.take(principal.user_id, _hash(state), self._clock.now())
        if taken is None:
            raise ConnectionStateInvalid(
                "This connection was not begun here by you, was finished before, or took longer than ten minutes. "
                "Begin it again."
            )
        begun, sealed = taken
        provider = self._providers.get(begun.provider)
        if error is not None or not code:
            raise ConnectionRefused(
                _refusal(provider.name, error, description),
                provider=provider.name,
                provider_code=(error or "")[:100],
            )
        tokens = await self._talk.exchange(
            provider,
            self._client(provider),
            code=code,
            redirect_uri=begun.redirect_uri,
            verifier=self._ring.open(sealed, belongs_to=f"connection:{begun.id}").decode(),
        )
        account = await self._account(provider, tokens.secret)
        granted = begun.scopes if tokens.scopes is None else tokens.scopes
        missing = [scope for scope in begun.scopes if scope not in granted]
        credential, is_new = await self._keep(principal, begun, provider, account, tokens, granted)
        action = "connection.made" if is_new else "connection.renewed"
        facts = {"provider": provider.id, "scopes": list(granted)}
        await self._audit.note(
            principal, visit, Deed(action, f"credential:{credential.id}", after=facts)
        )
        return Connected(credential, is_new, missing, begun.metadata)

    def _checked(self, url: str) -> str:
        """Return a program's own address that people come back to.

        Raises:
            CallbackRefused: It is not at an origin that the settings name.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        # Of one's own machine any port is the same program's (RFC 8252 §7.3).
        here = parts.hostname in {"localhost", "127.0.0.1"} and f"http://{parts.hostname}"
        if parts.fragment or not {origin, here} & set(self._origins):
            raise CallbackRefused(
                f"People may not be sent back to {url[:200]}. Whoever runs this installation allows its origin "
                "(setting: AUTOGRAPH_CONNECT_ORIGINS).",
                errors={"callback_url": "not allowed"},
            )
        return url

    async def _account(self, provider: Provider, secret: OAuth2Secret) -> str | None:
        try:
            return await self._talk.account(provider, secret)
        except ProviderUnavailable:
            # The tokens are good; whose they are is said by the test button later.
            return None

    async def _keep(
        self,
        principal: Principal,
        begun: ConnectionState,
        provider: Provider,
        account: str | None,
        tokens: Tokens,
        granted: Sequence[str],
    ) -> tuple[Credential, bool]:
        found = await self._existing(principal, begun, account)
        if found is None:
            made = self._new(provider, account, granted)
            if await self._credentials.connect(principal, made, self._seal(made.id, tokens.secret)):
                return made, True
            # The same account was connected in another window at the same moment.
            found = await self._existing(principal, begun, account)
        if found is None:
            raise OtherAccount("The credential has just been deleted. Connect the account again.")
        kept = await self._merged(principal, found, tokens.secret)
        values: dict[str, Any] = {
            "scopes": list(granted),
            "account": account or found.account,
            "updated_at": self._clock.now(),
            "expires_at": None,
        }
        changed = await self._credentials.change(
            principal.user_id, found.id, values, self._seal(found.id, kept)
        )
        return changed, False

    async def _existing(
        self, principal: Principal, begun: ConnectionState, account: str | None
    ) -> Credential | None:
        """Return the credential that the flow is for.

        Raises:
            OtherAccount: It is another account's.
        """
        if begun.credential_id is None:
            return (
                account
                and await self._credentials.connected(principal.user_id, begun.provider, account)
            ) or None
        found = await self._credentials.get(principal, begun.credential_id)
        if account is not None and found.account not in {None, account}:
            raise OtherAccount(
                f"{found.title} is for {found.account}, and you have just connected {account}. Log in there as "
                f"{found.account}, or connect {account} as a credential of its own."
            )
        return found

    async def _merged(
        self, principal: Principal, credential: Credential, secret: OAuth2Secret
    ) -> OAuth2Secret:
        """Return new tokens, with the old refresh token where a provider sends it the first time only."""
        if secret.refresh_token is not None or credential.ended_at is not None:
            return secret
        _, sealed = await self._credentials.sealed(principal.user_id, credential.id)
        text = self._ring.open(sealed, belongs_to=f"credential:{credential.id}")
        old = read_secret(credential.kind, text)
        kept = old.refresh_token if isinstance(old, OAuth2Secret) else None
        return replace(secret, refresh_token=kept)

    def _new(self, provider: Provider, account: str | None, granted: Sequence[str]) -> Credential:
        now = self._clock.now()
        return Credential(
            id=new_id(),
            provider=provider.id,
            kind=CredentialKind.OAUTH2,
            title=f"{provider.name}: {account}"[:100] if account else provider.name,
            scopes=tuple(granted),
            account=account,
            expires_at=None,
            created_at=now,
            updated_at=now,
            last_used_at=None,
        )

    def _seal(self, credential_id: UUID, secret: OAuth2Secret) -> Any:
        return self._ring.seal(written(secret), belongs_to=f"credential:{credential_id}")

    def _client(self, provider: Provider) -> OAuthClient:
        """Return what the installation is at a provider.

        Raises:
            NoClient: Nothing.
        """
        client = self._clients.get(provider.id)
        if client is None:
            endpoint = endpoint_of(provider)
            where = f" at {endpoint.register_at}" if endpoint.register_at else ""
            raise NoClient(
                f"This installation is not registered at {provider.name} yet. Whoever runs it registers it{where} "
                f"with the redirect address {self._redirect_uri}, and puts the id and secret into "
                "AUTOGRAPH_OAUTH_CLIENTS.",
                redirect_uri=self._redirect_uri,
            )
        return client


def _require_connection(credential: Credential, provider: Provider) -> None:
    if credential.kind is not CredentialKind.OAUTH2 or credential.provider != provider.id:
        raise CredentialInvalid(f"{credential.title} is no connection to {provider.name}.")


def _refusal(provider: str, error: str | None, description: str | None) -> str:
    """Return what somebody is told who comes back with nothing: the provider's words, where it has any."""
    if error == "access_denied" and not description:
        return f"You did not allow it at {provider}, so nothing is connected."
    words = " ".join((description or error or "it sent no code").split())[:_MAX_SAID]
    return f"{provider} was not connected: {words.rstrip('.')}."


def _is_scope(text: str) -> bool:
    # RFC 6749 section 3.3
    return 0 < len(text) <= 200 and all("!" <= one <= "~" and one not in '"\\' for one in text)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "replace")).digest()
