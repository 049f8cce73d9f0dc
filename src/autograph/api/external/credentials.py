"""`/external/v1/integrations`: what people use elsewhere. Secrets go in, and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.external.route import ExternalRoute
from autograph.api.gateway.routes import needs
from autograph.api.rest.credentials import (
    ApiKeyBody,
    CredentialAnswer,
    DeletedAnswer,
    HostScopedBody,
    UserPasswordBody,
    present,
    present_end,
)
from autograph.features.accounts.models import Permission
from autograph.features.integrations.errors import CredentialNotFound
from autograph.features.integrations.service.connections import Callback
from autograph.infra.json import encode

router = APIRouter(route_class=ExternalRoute, prefix="/integrations")
_MAX_METADATA: Final = 4_096


class _New(BaseModel):
    title: str = Field(max_length=200)
    expires_at: AwareDatetime | None = Field(default=None, description="Null for never.")


class NewApiKey(ApiKeyBody, _New):
    """A key."""


class NewUserPassword(UserPasswordBody, _New):
    """A name and a password."""


class NewHostScoped(HostScopedBody, _New):
    """Headers for one host."""


NewCredential = Annotated[
    NewApiKey | NewUserPassword | NewHostScoped, Field(discriminator="type"), Body()
]


class ConnectionRequest(BaseModel):
    """An account that a person is to connect by way of a program."""

    model_config = ConfigDict(extra="forbid")

    callback_url: str | None = Field(
        default=None,
        max_length=2_000,
        description="Where they come back to, at an origin that the installation allows; null for its own page.",
    )
    scopes: list[str] = Field(default_factory=list, max_length=100)
    credential_id: UUID | None = Field(
        default=None, description="The credential that is to get more scopes."
    )
    state_metadata: dict[str, JsonValue] = Field(
        default_factory=dict, description="Comes back at the end; at most 4 KiB."
    )

    @field_validator("state_metadata")
    @classmethod
    def _is_small(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """Refuse what is more than a note.

        Raises:
            ValueError: It is.
        """
        if len(encode(value)) > _MAX_METADATA:
            raise ValueError(f"It has more than {_MAX_METADATA} bytes.")
        return value


class BegunAnswer(BaseModel):
    """Where the person goes now."""

    login_url: str
    state_token: str = Field(description="Comes back with them; good once, for ten minutes.")
    expires_at: datetime


class ConnectionReturn(BaseModel):
    """What they came back with."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=4_000)
    state_token: str = Field(max_length=500)


class ConnectedAnswer(BaseModel):
    """An account that is connected."""

    credentials_id: UUID
    credential: CredentialAnswer
    missing_scopes: list[str] = Field(description="What was asked for, and not granted.")
    state_metadata: dict[str, JsonValue]


@router.post("/{provider}/oauth/initiate")
@needs(Permission.CREDENTIALS_WRITE)
async def begin_connection(
    provider: str, body: ConnectionRequest, services: ServicesDep, principal: PrincipalDep
) -> BegunAnswer:
    """Begin to connect an account: send the person to `login_url`."""
    callback = Callback(body.callback_url, body.state_metadata) if body.callback_url else None
    begun = await services.integrations.connections.begin(
        principal, provider, body.scopes, credential_id=body.credential_id, callback=callback
    )
    return BegunAnswer(login_url=begun.url, state_token=begun.state, expires_at=begun.expires_at)


@router.post("/{provider}/oauth/complete")
@needs(Permission.CREDENTIALS_WRITE)
async def finish_connection(
    provider: str,
    body: ConnectionReturn,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> ConnectedAnswer:
    """Take what they came back with; the credential is there with the answer.

    Raises:
        ProviderUnknown: There is no such provider.
    """
    services.integrations.providers.get(provider)
    done = await services.integrations.connections.finish(
        principal, body.state_token, visit, code=body.code
    )
    return ConnectedAnswer(
        credentials_id=done.credential.id,
        credential=present(done.credential),
        missing_scopes=list(done.missing_scopes),
        state_metadata=dict(done.metadata),
    )


@router.get("/credentials")
@needs(Permission.CREDENTIALS_READ)
async def list_credentials(
    services: ServicesDep, principal: PrincipalDep
) -> list[CredentialAnswer]:
    """List one's credentials, newest first."""
    found = await services.integrations.credentials.list_all(principal)
    return [present(one) for one in found]


@router.get("/{provider}/credentials")
@needs(Permission.CREDENTIALS_READ)
async def list_credentials_of(
    provider: str, services: ServicesDep, principal: PrincipalDep
) -> list[CredentialAnswer]:
    """List one's credentials for a provider, newest first."""
    found = await services.integrations.credentials.list_all(principal, provider=provider)
    return [present(one) for one in found]


@router.post("/{provider}/credentials", status_code=201)
@needs(Permission.CREDENTIALS_WRITE)
async def add_credential(
    provider: str,
    body: NewCredential,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> CredentialAnswer:
    """Keep a credential, encrypted."""
    made = await services.integrations.credentials.add(
        principal, provider, body.title, body.secret(), visit, expires_at=body.expires_at
    )
    return present(made)


@router.delete("/{provider}/credentials/{credential_id}")
@needs(Permission.CREDENTIALS_DELETE)
async def delete_credential(
    provider: str,
    credential_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
    *,
    force: Annotated[bool, Query()] = False,
) -> DeletedAnswer:
    """Delete a credential, and ask its provider to end its tokens. 409 with its uses when agents name it, unless `force`.

    Raises:
        CredentialNotFound: There is none of that provider.
    """
    credentials = services.integrations.credentials
    if (await credentials.get(principal, credential_id)).provider != provider:
        raise CredentialNotFound(f"There is no credential {credential_id} for {provider[:80]}.")
    return present_end(await credentials.delete(principal, credential_id, visit, force=force))
