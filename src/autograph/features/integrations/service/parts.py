"""What the use cases of integrations stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from autograph.blocks.packs.provider import Providers
from autograph.blocks.sdk import Secret
from autograph.features.accounts.service import AuditService
from autograph.features.integrations.errors import CredentialEnded
from autograph.features.integrations.models import (
    KIND_OF,
    Credential,
    CredentialKind,
    OAuthClient,
)
from autograph.features.integrations.ports import CredentialUses
from autograph.features.integrations.repository import (
    ConnectionRepository,
    CredentialRepository,
)
from autograph.features.integrations.service.system import SystemCredentials
from autograph.infra.clock import Clock
from autograph.infra.crypto import Keys
from autograph.infra.egress.ports import Http
from autograph.infra.json import decode, encode

_SECRETS: Final[Mapping[CredentialKind, type[Secret]]] = {kind: of for of, kind in KIND_OF.items()}


@dataclass(frozen=True, slots=True)
class Parts:
    """Handed whole to every use case.

    Attributes:
        http: The way out.
        clients: What the installation is registered as, by provider.
        system: What it lets everybody's runs use.
    """

    credentials: CredentialRepository
    connections: ConnectionRepository
    uses: CredentialUses
    ring: Keys
    audit: AuditService
    clock: Clock
    http: Http
    providers: Providers
    clients: Mapping[str, OAuthClient]
    system: SystemCredentials


def written(secret: Secret) -> bytes:
    """Return a secret as it is sealed."""
    return encode(asdict(secret))


def read_secret(kind: CredentialKind, text: bytes) -> Secret:
    """Return a secret that was written."""
    values: dict[str, Any] = decode(text)
    if kind is CredentialKind.OAUTH2 and values["access_expires_at"] is not None:
        values["access_expires_at"] = datetime.fromisoformat(values["access_expires_at"])
    made: Secret = _SECRETS[kind](**values)
    return made


def require_good(credential: Credential, now: datetime) -> None:
    """Make sure that a credential can be used.

    Raises:
        CredentialEnded: It has.
    """
    way_out = "Give it a new secret."
    if credential.kind is CredentialKind.OAUTH2:
        way_out = "Connect the account again."
    if credential.ended_at is not None:
        why = f" {credential.ended_for}" if credential.ended_for else ""
        raise CredentialEnded(f"The credential {credential.title!r} has ended.{why} {way_out}")
    if credential.expires_at is not None and credential.expires_at <= now:
        raise CredentialEnded(f"The credential {credential.title!r} has ended. {way_out}")
