"""`/api/v1/credentials`: what proves elsewhere who one is, and which of it an agent needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.blocks.sdk import ApiKeySecret, HostScopedSecret, Secret, UserPasswordSecret
from autograph.features.accounts.models import Permission
from autograph.features.integrations.models import (
    Credential,
    CredentialKind,
    Deleted,
    NeedState,
    Use,
)

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["credentials"])
_Text = Annotated[SecretStr, Field(max_length=20_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApiKeyBody(_Body):
    """A key."""

    type: Literal["api_key"]
    api_key: _Text

    def secret(self) -> Secret:
        """Return it as it is kept."""
        return ApiKeySecret(self.api_key.get_secret_value().strip())


class UserPasswordBody(_Body):
    """A name and a password."""

    type: Literal["user_password"]
    username: str = Field(max_length=500)
    password: _Text

    def secret(self) -> Secret:
        """Return it as it is kept."""
        return UserPasswordSecret(self.username, self.password.get_secret_value())


class HostScopedBody(_Body):
    """Headers for one host."""

    type: Literal["host_scoped"]
    host: str = Field(max_length=300, examples=["api.example.com", "*.example.com"])
    headers: dict[str, _Text] = Field(max_length=50)

    def secret(self) -> Secret:
        """Return it as it is kept."""
        values = {name: value.get_secret_value() for name, value in self.headers.items()}
        return HostScopedSecret(self.host, values)


_Secret = Annotated[ApiKeyBody | UserPasswordBody | HostScopedBody, Field(discriminator="type")]


class NewCredential(_Body):
    """A credential that is to be kept."""

    provider: str = Field(max_length=64, examples=["github"])
    title: str = Field(max_length=200)
    secret: _Secret
    expires_at: AwareDatetime | None = Field(default=None, description="Null for never.")


class Replacement(_Body):
    """Another secret of the same kind."""

    secret: _Secret


class Title(_Body):
    """What a credential is called."""

    title: str = Field(max_length=200)


class CredentialAnswer(BaseModel):
    """A credential, without anything that is secret about it."""

    id: UUID
    provider: str
    type: CredentialKind
    title: str
    account: str | None = Field(description="Whose it is there, as far as one knows.")
    scopes: list[str]
    is_system: bool = Field(description="The installation's: all may use it, nobody may see it.")
    expires_at: datetime | None
    ended_at: datetime | None = Field(description="Since when no run can use it.")
    ended_for: str | None = Field(description="Why, in the provider's words.")
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")


class UseItem(BaseModel):
    """A node that names a credential."""

    graph_id: UUID
    graph: str
    node: str


class DeletedAnswer(BaseModel):
    """What deleting a credential came to."""

    uses: list[UseItem] = Field(description="Nodes that will fail now.")
    revoked: bool | None = Field(
        description="The provider ended its tokens; null where there was nothing to end."
    )
    note: str | None = Field(description="What the provider said, where it did not.")


class VerdictAnswer(BaseModel):
    """What a provider says about a credential."""

    ok: bool
    status: int | None = Field(description="Of its answer.")
    account: str | None
    message: str


class NeedAnswer(BaseModel):
    """An access that an agent needs, and what of one's own serves."""

    name: str = Field(description="By which `credentials_inputs` names it.")
    providers: list[str]
    types: list[str]
    scopes: list[str]
    is_required: bool
    nodes: list[dict[str, str]] = Field(description="`{node, pin}` of all that need it.")
    matches: list[CredentialAnswer] = Field(description="The best first.")
    missing_scopes: dict[str, list[str]] = Field(description="By id of a match: what it lacks.")
    unsatisfied: dict[str, dict[str, str]] = Field(
        description="`{node: {pin: why}}` of those that would not start as they are."
    )


class NeedsAnswer(BaseModel):
    """What an agent needs to start."""

    graph_id: UUID
    version: int
    is_satisfied: bool
    needs: list[NeedAnswer]


@router.get("/credentials")
@needs(Permission.CREDENTIALS_READ)
async def list_credentials(
    services: ServicesDep,
    principal: PrincipalDep,
    provider: Annotated[str | None, Query(max_length=64)] = None,
    type: CredentialKind | None = None,
) -> list[CredentialAnswer]:
    """List one's credentials, newest first, then the installation's."""
    found = await services.integrations.credentials.list_all(
        principal, provider=provider, kind=type
    )
    return [present(one) for one in found]


@router.post("/credentials", status_code=201)
@needs(Permission.CREDENTIALS_WRITE)
async def add_credential(
    body: NewCredential, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> CredentialAnswer:
    """Keep a key, a name and password, or headers. Accounts are connected instead: `/api/v1/connections`."""
    made = await services.integrations.credentials.add(
        principal,
        body.provider,
        body.title,
        body.secret.secret(),
        visit,
        expires_at=body.expires_at,
    )
    return present(made)


@router.get("/credentials/{credential_id}")
@needs(Permission.CREDENTIALS_READ)
async def get_credential(
    credential_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> CredentialAnswer:
    """Return a credential."""
    return present(await services.integrations.credentials.get(principal, credential_id))


@router.patch("/credentials/{credential_id}")
@needs(Permission.CREDENTIALS_WRITE)
async def rename_credential(
    credential_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
    body: Title,
) -> CredentialAnswer:
    """Call a credential something else."""
    changed = await services.integrations.credentials.rename(
        principal, credential_id, body.title, visit
    )
    return present(changed)


@router.put("/credentials/{credential_id}/secret")
@needs(Permission.CREDENTIALS_WRITE)
async def replace_secret(
    credential_id: UUID,
    body: Replacement,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
) -> CredentialAnswer:
    """Give a credential another secret; agents that name it go on with it."""
    changed = await services.integrations.credentials.replace(
        principal, credential_id, body.secret.secret(), visit
    )
    return present(changed)


@router.get("/credentials/{credential_id}/uses")
@needs(Permission.CREDENTIALS_READ)
async def list_uses(
    credential_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> list[UseItem]:
    """List the nodes of one's agents that name a credential."""
    found = await services.integrations.credentials.uses(principal, credential_id)
    return [_use(one) for one in found]


@router.post("/credentials/{credential_id}/test")
@needs(Permission.CREDENTIALS_WRITE)
async def test_credential(
    credential_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> VerdictAnswer:
    """Ask the provider whether a credential is good; the answer has its own words."""
    found = await services.integrations.credentials.test(principal, credential_id)
    return VerdictAnswer(
        ok=found.is_good, status=found.status, account=found.account, message=found.message
    )


@router.delete("/credentials/{credential_id}")
@needs(Permission.CREDENTIALS_DELETE)
async def delete_credential(
    credential_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
    force: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> DeletedAnswer:
    """Delete a credential, and ask its provider to end its tokens. 409 with what would break, unless `force`."""
    found = await services.integrations.credentials.delete(
        principal, credential_id, visit, force=force
    )
    return present_end(found)


@router.get("/graphs/{graph_id}/credentials")
@needs(Permission.CREDENTIALS_READ)
async def list_needs(
    graph_id: UUID,
    services: ServicesDep,
    principal: PrincipalDep,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> NeedsAnswer:
    """Tell which credentials an agent needs, which of one's own serve, and which nodes would not start."""
    found, wanted = await services.runs.needs(principal, graph_id, version=version)
    states = await services.integrations.needs.states(principal, wanted)
    return NeedsAnswer(
        graph_id=graph_id,
        version=found,
        is_satisfied=not any(state.unsatisfied for state in states),
        needs=[_need(state) for state in states],
    )


def present(credential: Credential) -> CredentialAnswer:
    """Return a credential as every door shows it."""
    return CredentialAnswer(
        id=credential.id,
        provider=credential.provider,
        type=credential.kind,
        title=credential.title,
        account=credential.account,
        scopes=list(credential.scopes),
        is_system=credential.is_system,
        expires_at=credential.expires_at,
        ended_at=credential.ended_at,
        ended_for=credential.ended_for,
        created_at=credential.created_at,
        updated_at=credential.updated_at,
        last_used_at=credential.last_used_at,
    )


def present_end(deletion: Deleted) -> DeletedAnswer:
    """Return what deleting a credential came to, as every door shows it."""
    return DeletedAnswer(
        uses=[_use(one) for one in deletion.uses], revoked=deletion.revoked, note=deletion.note
    )


def _use(use: Use) -> UseItem:
    return UseItem(graph_id=use.graph_id, graph=use.graph_name, node=use.node)


def _need(state: NeedState) -> NeedAnswer:
    need = state.need
    unsatisfied: Mapping[str, Mapping[str, Any]] = state.unsatisfied
    return NeedAnswer(
        name=need.name,
        providers=list(need.providers),
        types=list(need.kinds),
        scopes=list(need.scopes),
        is_required=need.is_required,
        nodes=[{"node": pin.node_id, "pin": pin.pin} for pin in need.pins],
        matches=[present(one) for one in state.matches],
        missing_scopes={str(one): list(lacks) for one, lacks in state.missing_scopes.items()},
        unsatisfied={node: dict(pins) for node, pins in unsatisfied.items()},
    )
