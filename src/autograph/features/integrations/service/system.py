"""Credentials of the installation: everybody's runs may use them, and nobody sees them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final, NoReturn
from uuid import UUID, uuid5

from autograph.blocks.sdk import ApiKeySecret, HostScopedSecret, Secret, UserPasswordSecret
from autograph.features.integrations.models import (
    KIND_OF,
    Credential,
    CredentialKind,
    OAuthClient,
)
from autograph.graph.model import is_object
from autograph.infra.errors import OperationalError
from autograph.infra.json import Json, NotJson, decode

_NAMESPACE: Final = UUID("6c9a2a0e-3f0c-5d38-9d0a-5f1f3a7c2b61")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class SettingBroken(OperationalError):
    """A setting is not understood; nothing of it is in the message."""

    code: ClassVar[str] = "settings.broken"


class SystemCredentials:
    """The credentials of the installation, by provider and by id."""

    def __init__(self, found: Sequence[tuple[Credential, Secret]] = ()) -> None:
        """Have these."""
        self._found = {str(credential.id): (credential, secret) for credential, secret in found}

    def all(self) -> Sequence[Credential]:
        """Return them without what is secret."""
        return [credential for credential, _ in self._found.values()]

    def find(self, credential_id: str) -> tuple[Credential, Secret] | None:
        """Return one by its id."""
        return self._found.get(credential_id.lower())

    def of(
        self, providers: Collection[str], kinds: Collection[str]
    ) -> tuple[Credential, Secret] | None:
        """Return one of a provider and a kind among these."""
        for credential, secret in self._found.values():
            if credential.provider in providers and credential.kind.value in kinds:
                return credential, secret
        return None


def read_system(text: str | None) -> SystemCredentials:
    """Return what the setting AUTOGRAPH_SYSTEM_CREDENTIALS says.

    `{"openai": "sk-…", "dataforseo": {"username": "…", "password": "…"}}`; an object may have a `title`, and the
    `id` by which agents from elsewhere name it.

    Raises:
        SettingBroken: It is not understood; the message names the provider.
    """
    made: list[tuple[Credential, Secret]] = []
    for provider, value in _object(text, "AUTOGRAPH_SYSTEM_CREDENTIALS").items():
        said: Mapping[str, Json] = value if is_object(value) else {"api_key": value}
        secret = _secret(provider, said)
        credential_id = said.get("id")
        try:
            found = UUID(credential_id) if credential_id else uuid5(_NAMESPACE, provider)
        except (ValueError, AttributeError, TypeError):
            _broken("AUTOGRAPH_SYSTEM_CREDENTIALS", f"{provider}: id is none")
        title = said.get("title") or f"{provider} of this installation"
        made.append((_credential(found, provider, KIND_OF[type(secret)], str(title)), secret))
    return SystemCredentials(made)


def read_clients(text: str | None) -> Mapping[str, OAuthClient]:
    """Return what the setting AUTOGRAPH_OAUTH_CLIENTS says: `{"github": {"id": "…", "secret": "…"}}`.

    Raises:
        SettingBroken: It is not understood; the message names the provider.
    """
    name = "AUTOGRAPH_OAUTH_CLIENTS"
    made: dict[str, OAuthClient] = {}
    for provider, value in _object(text, name).items():
        client = value if is_object(value) else {}
        client_id = client.get("id", client.get("client_id"))
        secret = client.get("secret", client.get("client_secret"))
        if not isinstance(client_id, str) or not isinstance(secret, (str, type(None))):
            _broken(name, f"{provider} has an id, and a secret where the provider gave one")
        made[provider] = OAuthClient(client_id, secret or None)
    return made


def _object(text: str | None, name: str) -> Mapping[str, Json]:
    if text is None or not text.strip():
        return {}
    try:
        found = decode(text)
    except NotJson:
        # Without what it is from: that has the secrets.
        found = None
    if not is_object(found):
        _broken(name, "it is no JSON object of providers")
    return found


def _secret(provider: str, said: Mapping[str, Json]) -> Secret:
    key, username, password = (said.get(one) for one in ("api_key", "username", "password"))
    host, headers = said.get("host"), said.get("headers")
    if isinstance(key, str) and key:
        return ApiKeySecret(key)
    if isinstance(username, str) and isinstance(password, str) and password:
        return UserPasswordSecret(username, password)
    if isinstance(host, str) and is_object(headers) and headers:
        return HostScopedSecret(host, {name: str(value) for name, value in headers.items()})
    return _broken(
        "AUTOGRAPH_SYSTEM_CREDENTIALS",
        f"{provider} has a key, a username and a password, or a host and headers",
    )


def _broken(name: str, what: str) -> NoReturn:
    raise SettingBroken(f"{name} is not understood: {what}.") from None


def _credential(found: UUID, provider: str, kind: CredentialKind, title: str) -> Credential:
    return Credential(
        id=found,
        provider=provider,
        kind=kind,
        title=title,
        scopes=(),
        account=None,
        expires_at=None,
        created_at=_EPOCH,
        updated_at=_EPOCH,
        last_used_at=None,
        is_system=True,
    )
