"""Connections: a person lets us act for them at a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from autograph.blocks.sdk import OAuth2Secret
from autograph.features.integrations.models.credentials import Credential
from autograph.infra.json import Json


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What an installation is registered as at a provider."""

    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """A flow that began.

    Attributes:
        credential_id: The credential that is to get more scopes; None where whatever account comes is new.
        redirect_uri: Where the provider sends the person back to.
        metadata: What the program that began it wants back.
    """

    id: UUID
    provider: str
    scopes: Sequence[str]
    credential_id: UUID | None
    expires_at: datetime
    redirect_uri: str
    metadata: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Begun:
    """What a browser needs to go on.

    Attributes:
        url: Where the person is sent.
        state: Comes back with them.
        scopes: What is asked for: what was wanted, and what was granted before.
    """

    url: str
    state: str
    scopes: Sequence[str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint answers.

    Attributes:
        scopes: What was granted; None where it does not say.
    """

    secret: OAuth2Secret = field(repr=False)
    scopes: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Connected:
    """What a flow came to.

    Attributes:
        is_new: There was no credential for this account.
        missing_scopes: What was asked for, and not granted.
        metadata: What the program that began it wanted back.
    """

    credential: Credential
    is_new: bool
    missing_scopes: Sequence[str]
    metadata: Mapping[str, Json]
