"""Credentials: what proves to another system who somebody is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from autograph.graph.credentials import CredentialNeed
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
        version: Goes up with every new secret.
        ended_at: Since when no run can use it.
        ended_for: Why, in the provider's words.
        is_system: It is the installation's: everybody's runs may use it, and nobody sees or changes it.
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
    version: int = 1
    ended_at: datetime | None = None
    ended_for: str | None = None
    is_system: bool = False

    def as_reference(self) -> dict[str, Json]:
        """Return how a node of an agent names it; the journal tells by it whose costs a run makes."""
        reference: dict[str, Json] = {
            "id": str(self.id),
            "provider": self.provider,
            "type": self.kind.value,
            "title": self.title,
        }
        return {**reference, "is_system": True} if self.is_system else reference


@dataclass(frozen=True, slots=True)
class Use:
    """A node that names a credential.

    Attributes:
        node: Its id in the active version of the graph.
    """

    graph_id: UUID
    graph_name: str
    node: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """What deleting a credential came to.

    Attributes:
        uses: What that breaks.
        revoked: The provider was told that its tokens are to end, and agreed; None where there was nothing to tell.
        note: What the provider said, where it did not agree.
    """

    uses: Sequence[Use]
    revoked: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a provider says about a credential.

    Attributes:
        status: Of its answer; None where there was none.
        account: Whose the credential is there.
        message: The provider's own, or ours where it says nothing.
    """

    is_good: bool
    status: int | None
    account: str | None
    message: str


@dataclass(frozen=True, slots=True)
class NeedState:
    """An access that an agent's nodes need, and what of a person's serves.

    Attributes:
        matches: Credentials that fit, the best first; with `missing_scopes` by their id.
        unsatisfied: Nodes that would not start: `{node: {pin: why}}`.
    """

    need: CredentialNeed
    matches: Sequence[Credential]
    missing_scopes: Mapping[UUID, Sequence[str]]
    unsatisfied: Mapping[str, Mapping[str, str]]
