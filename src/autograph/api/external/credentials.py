"""`/external/v1/integrations`: what people use elsewhere. Secrets go in, and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.external.route import ExternalRoute
from autograph.api.gateway.routes import needs
from autograph.blocks.sdk import ApiKeySecret, HostScopedSecret, Secret, UserPasswordSecret
from autograph.features.accounts.models import Permission
from autograph.features.integrations.errors import CredentialNotFound
from autograph.features.integrations.models import Credential, CredentialKind

router = APIRouter(route_class=ExternalRoute, prefix="/integrations")


class _New(BaseModel):
    model_config = ConfigDict(extra="ignore")

    title: str = Field(max_length=200)
    expires_at: AwareDatetime | None = Field(default=None, description="Null for never.")


class NewApiKey(_New):
    """A key."""

    type: Literal["api_key"]
    api_key: SecretStr

    def secret(self) -> Secret:
        """Return what is secret about it."""
        return ApiKeySecret(self.api_key.get_secret_value())


class NewUserPassword(_New):
    """A name and a password."""

    type: Literal["user_password"]
    username: str = Field(max_length=1_024)
    password: SecretStr

    def secret(self) -> Secret:
        """Return what is secret about it."""
        return UserPasswordSecret(self.username, self.password.get_secret_value())


class NewHostScoped(_New):
    """Headers for one host."""

    type: Literal["host_scoped"]
    host: str = Field(max_length=300, examples=["api.example.com", "*.example.com"])
    headers: dict[str, SecretStr] = Field(max_length=50)

    def secret(self) -> Secret:
        """Return what is secret about it."""
        values = {name: value.get_secret_value() for name, value in self.headers.items()}
        return HostScopedSecret(self.host, values)


NewCredential = Annotated[
    NewApiKey | NewUserPassword | NewHostScoped, Field(discriminator="type"), Body()
]


class CredentialAnswer(BaseModel):
    """A credential, without what is secret about it."""

    id: UUID
    provider: str
    type: CredentialKind
    title: str
    scopes: list[str] = Field(description="What it lets one do there.")
    username: str | None = Field(description="Whose it is there, as far as one knows.")
    is_system: bool = Field(description="The installation's: all may use it, nobody may see it.")
    expires_at: datetime | None
    ended_at: datetime | None = Field(description="Since when no run can use it.")
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")


class CredentialDeleted(BaseModel):
    """What the end of a credential breaks."""

    deleted: bool = True
    uses: list[dict[str, Any]] = Field(description="Nodes of one's agents that name it.")
    revoked: bool | None = Field(
        description="The provider ended its tokens; null where there was nothing to end."
    )
    note: str | None = Field(description="What the provider said, where it did not.")


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
) -> CredentialDeleted:
    """Delete a credential, and ask its provider to end its tokens. 409 with its uses, unless `force`.

    Raises:
        CredentialNotFound: There is none of that provider.
    """
    credentials = services.integrations.credentials
    if (await credentials.get(principal, credential_id)).provider != provider:
        raise CredentialNotFound(f"There is no credential {credential_id} for {provider[:80]}.")
    done = await credentials.delete(principal, credential_id, visit, force=force)
    return CredentialDeleted(
        uses=[
            {"graph_id": str(one.graph_id), "graph": one.graph_name, "node": one.node}
            for one in done.uses
        ],
        revoked=done.revoked,
        note=done.note,
    )


def present(credential: Credential) -> CredentialAnswer:
    """Return a credential as every door shows it."""
    return CredentialAnswer(
        id=credential.id,
        provider=credential.provider,
        type=credential.kind,
        title=credential.title,
        scopes=list(credential.scopes),
        username=credential.account,
        is_system=credential.is_system,
        expires_at=credential.expires_at,
        ended_at=credential.ended_at,
        created_at=credential.created_at,
        last_used_at=credential.last_used_at,
    )
