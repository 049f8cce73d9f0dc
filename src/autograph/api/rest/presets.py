"""`/api/v1/presets`: agents with what they are run with, and what starts them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, Services, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs
from autograph.api.rest import runs
from autograph.api.rest.webhooks import WebhookAnswer
from autograph.features.accounts.models import Permission, Principal
from autograph.features.library.models import Draft, Preset, TriggerSetup
from autograph.features.runs.models import Priority
from autograph.features.runs.service import Extras
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/presets", tags=["presets"])
_CLOSED = ConfigDict(extra="forbid")


class TriggerBody(BaseModel):
    """What starts the agent."""

    model_config = _CLOSED
    node: str | None = Field(
        default=None,
        max_length=200,
        description="Id of the trigger node; may be left out where the agent has one.",
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="Values of the trigger's pins: which repository, which events.",
    )
    sender: str | None = Field(
        default=None,
        max_length=64,
        description="Of a webhook that is set up by hand: whose signatures are proved, such as `slack`.",
    )
    signature: dict[str, Any] | None = Field(
        default=None,
        description="How the sender signs, where nothing else says so: `scheme`, `header`, `algorithm`, `prefix`, …",
    )
    secret: str | None = Field(
        default=None,
        max_length=1000,
        description="The sender's secret; ours where left out. Never shown again.",
    )

    def setup(self) -> TriggerSetup:
        """Return it as the library keeps it."""
        return TriggerSetup(self.config, self.sender, self.signature, self.node)


class NewPreset(BaseModel):
    """A preset that is wanted."""

    model_config = _CLOSED
    name: str = Field(max_length=200)
    description: str = Field(default="", max_length=5000)
    graph_id: UUID
    version: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="Which version; null for whichever is active."
    )
    inputs: dict[str, Any] = Field(default_factory=dict, description="The agent's inputs by name.")
    credentials: dict[str, UUID] = Field(
        default_factory=dict,
        description="By kind of access, as in the agent's `credentials_input_schema`.",
    )
    trigger: TriggerBody | None = Field(
        default=None, description="Null for one that is run by a word."
    )
    is_active: bool = Field(default=True, description="The trigger starts runs.")


class PresetChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = _CLOSED
    name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=5000)
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    inputs: dict[str, Any] | None = None
    credentials: dict[str, UUID] | None = None
    trigger: TriggerBody | None = None
    is_active: bool | None = None


class PresetExecution(BaseModel):
    """What a run has besides the preset's, or instead."""

    model_config = _CLOSED
    inputs: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, UUID] = Field(default_factory=dict)
    payload: dict[str, Any] | None = Field(
        default=None, description="What arrives at the trigger, to try the agent with."
    )
    priority: Priority = Priority.NORMAL
    attended: bool = True


class PresetAnswer(BaseModel):
    """A preset."""

    id: UUID
    name: str
    description: str
    graph_id: UUID
    version: int | None
    inputs: dict[str, Any]
    credentials: dict[str, UUID]
    trigger: dict[str, Any] | None
    is_active: bool
    webhook: WebhookAnswer | None = Field(description="Where its trigger listens.")
    created_at: datetime
    updated_at: datetime


class PresetPageAnswer(BaseModel):
    """A page of presets, newest first."""

    presets: list[PresetAnswer]
    next_before: UUID | None


@router.post("", status_code=201)
@needs(Permission.AGENTS_WRITE)
async def create_preset(
    body: NewPreset, services: ServicesDep, principal: PrincipalDep
) -> PresetAnswer:
    """Keep a preset. Where it has a trigger, its provider is asked to send; a refusal leaves nothing behind."""
    draft = Draft(
        name=body.name,
        graph_id=body.graph_id,
        description=body.description,
        version=body.version,
        inputs=body.inputs,
        credentials=body.credentials,
        trigger=body.trigger and body.trigger.setup(),
        secret=body.trigger and body.trigger.secret,
        is_active=body.is_active,
    )
    return await _answer(services, principal, await services.presets.create(principal, draft))


@router.get("")
@needs(Permission.AGENTS_READ)
async def list_presets(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: UUID | None = None,
    graph_id: UUID | None = None,
) -> PresetPageAnswer:
    """List one's presets, newest first."""
    page = await services.presets.list_page(
        principal, limit=limit, before=before, graph_id=graph_id
    )
    shown = [await _answer(services, principal, one) for one in page.rows]
    return PresetPageAnswer(presets=shown, next_before=page.next_before)


@router.get("/{preset_id}")
@needs(Permission.AGENTS_READ)
async def get_preset(
    preset_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> PresetAnswer:
    """Return a preset, with what its trigger listens to."""
    return await _answer(services, principal, await services.presets.get(principal, preset_id))


@router.patch("/{preset_id}")
@needs(Permission.AGENTS_WRITE)
async def change_preset(
    preset_id: UUID, body: PresetChange, services: ServicesDep, principal: PrincipalDep
) -> PresetAnswer:
    """Change a preset. `version` and `trigger` may be set to null: the active version, no trigger."""
    now = await services.presets.get(principal, preset_id)
    said = body.model_fields_set
    draft = Draft(
        name=now.name if body.name is None else body.name,
        graph_id=now.graph_id,
        description=now.description if body.description is None else body.description,
        version=body.version if "version" in said else now.version,
        inputs=now.inputs if body.inputs is None else body.inputs,
        credentials=now.credentials if body.credentials is None else body.credentials,
        trigger=(body.trigger and body.trigger.setup()) if "trigger" in said else now.trigger,
        secret=body.trigger and body.trigger.secret,
        is_active=now.is_active if body.is_active is None else body.is_active,
    )
    changed = await services.presets.change(principal, preset_id, draft)
    return await _answer(services, principal, changed)


@router.delete("/{preset_id}", status_code=204)
@needs(Permission.AGENTS_WRITE)
async def delete_preset(
    preset_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Delete a preset; its webhook is taken down, at the provider, too."""
    await services.presets.delete(principal, preset_id)
    return Response(status_code=204)


@router.post(
    "/{preset_id}/execute",
    status_code=202,
    response_model=runs.RunAnswer,
    responses={200: {"model": runs.RunAnswer, "description": "The run is over (`wait`)."}},
)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def execute_preset(
    preset_id: UUID,
    body: PresetExecution,
    services: ServicesDep,
    principal: PrincipalDep,
    wait: Annotated[float, Query(ge=0, le=runs.MAX_WAIT)] = 0,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Run an agent as a preset says: 202 as soon as it is durable."""
    extras = Extras(
        inputs=body.inputs,
        credentials=body.credentials,
        payload=body.payload,
        idempotency_key=idempotency_key,
        priority=body.priority,
        is_attended=body.attended,
    )
    run_id = await services.preset_runs.execute(principal, preset_id, extras)
    is_over = wait > 0 and await services.runs.wait(
        principal, run_id, at_most=timedelta(seconds=wait)
    )
    run = await services.runs.get(principal, run_id)
    shown = encode(runs.present(run))
    return Response(shown, 200 if is_over else 202, media_type="application/json")


async def _answer(services: Services, principal: Principal, preset: Preset) -> PresetAnswer:
    webhook = await services.presets.webhook(principal, preset)
    return PresetAnswer(
        id=preset.id,
        name=preset.name,
        description=preset.description,
        graph_id=preset.graph_id,
        version=preset.version,
        inputs=dict(preset.inputs),
        credentials=dict(preset.credentials),
        trigger=None if preset.trigger is None else asdict(preset.trigger),
        is_active=preset.is_active,
        webhook=None if webhook is None else WebhookAnswer.of(webhook),
        created_at=preset.created_at,
        updated_at=preset.updated_at,
    )
