"""`/external/v1/integrations`: what people use elsewhere. Secrets go in, and never come out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import AwareDatetime, BaseModel, Field

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

router = APIRouter(route_class=ExternalRoute, prefix="/integrations")


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
