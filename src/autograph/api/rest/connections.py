"""`/api/v1/connections`: accounts that people let us act for. `/api/v1/providers`: where."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.api.rest.credentials import CredentialAnswer, present
from autograph.blocks.packs.provider import Provider
from autograph.features.accounts.models import Permission
from autograph.features.integrations.service import Integrations

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["connections"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConnectionRequest(_Body):
    """An account that is to be connected."""

    provider: str = Field(max_length=64, examples=["github"])
    scopes: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="What is wanted beyond the provider's own.",
    )
    credential_id: UUID | None = Field(
        default=None, description="The credential that is to get more scopes."
    )


class BegunAnswer(BaseModel):
    """Where the person goes now."""

    url: str
    state: str = Field(description="Comes back with them; good once, for ten minutes, for them.")
    scopes: list[str] = Field(description="What is asked for.")
    expires_at: datetime


class ConnectionReturn(_Body):
    """What a person came back with: the query of the address they were sent to."""

    state: str = Field(max_length=500)
    code: str | None = Field(default=None, max_length=4_000)
    error: str | None = Field(default=None, max_length=500)
    error_description: str | None = Field(default=None, max_length=2_000)


class ConnectedAnswer(BaseModel):
    """An account that is connected."""

    credential: CredentialAnswer
    is_new: bool = Field(description="There was no credential for this account.")
    missing_scopes: list[str] = Field(description="What was asked for, and not granted.")


class KindAnswer(BaseModel):
    """A kind of credential that a provider takes."""

    type: str
    title: str
    get_it_at: str | None = Field(description="The page where one makes it.")


class ProviderAnswer(BaseModel):
    """A system of others."""

    id: str
    name: str
    site: str | None
    documentation: str | None
    kinds: list[KindAnswer]
    scopes: dict[str, str] = Field(description="What each lets one do.")
    default_scopes: list[str]
    can_connect: bool = Field(description="The installation is registered there.")
    can_test: bool
    has_system_credential: bool = Field(description="Runs may use the installation's own.")


@router.post("/connections", status_code=201)
@needs(Permission.CREDENTIALS_WRITE)
async def begin_connection(
    body: ConnectionRequest, services: ServicesDep, principal: PrincipalDep
) -> BegunAnswer:
    """Begin to connect an account: open `url` in a browser. The provider sends it back to `/connect`."""
    begun = await services.integrations.connections.begin(
        principal, body.provider, body.scopes, credential_id=body.credential_id
    )
    return BegunAnswer(
        url=begun.url, state=begun.state, scopes=list(begun.scopes), expires_at=begun.expires_at
    )


@router.post("/connections/finish")
@needs(Permission.CREDENTIALS_WRITE)
async def finish_connection(
    body: ConnectionReturn, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> ConnectedAnswer:
    """Take what came back; the credential is there with the answer."""
    done = await services.integrations.connections.finish(
        principal,
        body.state,
        visit,
        code=body.code,
        error=body.error,
        description=body.error_description,
    )
    return ConnectedAnswer(
        credential=present(done.credential),
        is_new=done.is_new,
        missing_scopes=list(done.missing_scopes),
    )


@router.get("/providers")
@needs(Permission.BLOCKS_READ)
async def list_providers(services: ServicesDep) -> list[ProviderAnswer]:
    """List the providers that this installation knows, and what proves there who one is."""
    found = services.integrations
    return [_present(found.providers.get(one), found) for one in found.providers.ids()]


@router.get("/providers/{provider_id}")
@needs(Permission.BLOCKS_READ)
async def get_provider(provider_id: str, services: ServicesDep) -> ProviderAnswer:
    """Return a provider."""
    found = services.integrations
    return _present(found.providers.get(provider_id), found)


def _present(provider: Provider, integrations: Integrations) -> ProviderAnswer:
    auth, oauth = provider.auth, provider.auth.oauth2
    ways = {
        "api_key": (auth.api_key.title, auth.api_key.get_it_at) if auth.api_key else None,
        "oauth2": (oauth.title, None) if oauth else None,
        "user_password": (auth.user_password.title, auth.user_password.get_it_at)
        if auth.user_password
        else None,
        "host_scoped": (auth.host_scoped.title, None) if auth.host_scoped else None,
    }
    return ProviderAnswer(
        id=provider.id,
        name=provider.name,
        site=provider.site,
        documentation=provider.documentation,
        kinds=[
            KindAnswer(type=kind, title=way[0], get_it_at=way[1])
            for kind, way in ways.items()
            if way is not None
        ],
        scopes=dict(oauth.scopes) if oauth else {},
        default_scopes=list(oauth.default_scopes) if oauth else [],
        can_connect=integrations.connections.is_offered(provider.id),
        can_test=provider.test is not None,
        has_system_credential=integrations.credentials.has_system(provider.id),
    )
