"""Credentials: what proves to another system who somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from autograph.blocks.sdk import (
    ApiKeySecret,
    HostScopedSecret,
    OAuth2Secret,
    Secret,
    UserPasswordSecret,
)
from autograph.infra.json import Json


class CredentialKind(StrEnum):
    """What a credential is made of. The words are those of AutoGPT's agent files."""

    API_KEY = "api_key"
    OAUTH2 = "oauth2"
    USER_PASSWORD = "user_password"
    HOST_SCOPED = "host_scoped"


KIND_OF: Final[Mapping[type[Secret], CredentialKind]] = {
    ApiKeySecret: CredentialKind.API_KEY,
    UserPasswordSecret: CredentialKind.USER_PASSWORD,
    HostScopedSecret: CredentialKind.HOST_SCOPED,
    OAuth2Secret: CredentialKind.OAUTH2,
}


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential without what is secret about it.

    Attributes:
        provider: Where it counts, such as `github`.
        account: Whose it is there, as far as one knows.
        scopes: What it lets one do there.
        expires_at: When it ends by itself.
        last_used_at: To the minute.
    """

    id: UUID
    provider: str
    kind: CredentialKind
    title: str
    scopes: tuple[str, ...]
    account: str | None
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None

    def as_reference(self) -> dict[str, Json]:
        """Return how a node of an agent names it."""
        return {
            "id": str(self.id),
            "provider": self.provider,
            "type": self.kind.value,
            "title": self.title,
        }


@dataclass(frozen=True, slots=True)
class Use:
    """A node that names a credential.

    Attributes:
        node: Its id in the active version of the graph.
    """

    graph_id: UUID
    graph_name: str
    node: str
