"""`/api/v1/hooks`, where other systems send to; `/api/v1/webhooks` and `/api/v1/deliveries`: what became of it."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import ANY_MEDIA, GuardedRoute, RateClass, needs, public
from autograph.features.accounts.models import Permission
from autograph.features.integrations.models.webhooks import (
    Arrival,
    DeliveryRow,
    ShownWebhook,
    StartStatus,
    WebhookState,
)
from autograph.features.integrations.service.deliveries import brought_by

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["webhooks"])


class WebhookAnswer(BaseModel):
    """An address that another system sends to."""

    id: UUID
    provider: str
    kind: str
    resource: str
    events: list[str] = Field(description="What its triggers want in all; empty for everything.")
    credential_id: UUID | None
    is_automatic: bool = Field(description="The provider is asked to send, and to stop, by us.")
    url: str = Field(description="Where the provider sends to. Whoever knows it can send.")
    guide: str = Field(description="What to do where it is set up by hand.")
    triggers: list[UUID] = Field(description="The presets that listen.")
    state: WebhookState = Field(
        description="`active`: the provider says that it sends, or something good has come from it."
    )
    message: str | None = Field(description="Why not, in the provider's own words.")
    tries: int
    due_at: datetime | None = Field(description="When the provider is asked next.")
    registered_at: datetime | None
    checked_at: datetime | None = Field(description="When the provider last said that it has it.")
    last_ping_at: datetime | None
    last_delivery_at: datetime | None
    refused: int = Field(description="Requests that did not prove who sent them.")
    last_refused_at: datetime | None
    last_refused_for: str | None
    created_at: datetime

    @classmethod
    def of(cls, shown: ShownWebhook) -> WebhookAnswer:
        """Return a webhook as every door shows it."""
        webhook = shown.webhook
        return cls(
            id=webhook.id,
            provider=webhook.provider,
            kind=webhook.kind,
            resource=webhook.resource,
            events=list(webhook.events),
            credential_id=webhook.credential_id,
            is_automatic=webhook.is_automatic,
            url=shown.url,
            guide=shown.guide,
            triggers=[one.id for one in shown.triggers],
            created_at=webhook.created_at,
            **asdict(webhook.health),
        )


class SecretAnswer(BaseModel):
    """What signs deliveries."""

    secret: str


class StartAnswer(BaseModel):
    """What became of a delivery for one trigger."""

    preset_id: UUID
    status: StartStatus
    run_id: UUID | None
    message: str | None = Field(description="Why it was ignored, or failed, or is tried again.")
    due_at: datetime | None


class DeliveryAnswer(BaseModel):
    """Something that came."""

    id: UUID
    webhook_id: UUID
    known_by: str | None = Field(description="By what the provider knows it.")
    event: str
    media_type: str
    size: int
    replay_of: UUID | None
    received_at: datetime
    starts: list[StartAnswer]

    @classmethod
    def of(cls, row: DeliveryRow) -> DeliveryAnswer:
        """Return a delivery as every door shows it."""
        return cls.model_validate(_as_shown(row))


class WholeDeliveryAnswer(DeliveryAnswer):
    """Something that came, as it came."""

    headers: dict[str, str] = Field(description="Without what proves who somebody is.")
    body: str = Field(description="Base64.")
    payload: dict[str, Any] = Field(description="What runs are given.")


class DeliveryPageAnswer(BaseModel):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryAnswer]
    next_before: UUID | None


@router.post("/hooks/{provider}/{token}")
@public(
    "Other systems send here: whoever knows the address, and signs where that is asked for.",
    rate=RateClass.WEBHOOK,
    media_types=ANY_MEDIA,
)
async def take_delivery(
    provider: str, token: str, request: Request, services: ServicesDep
) -> Response:
    """Take what another system sends: 200 once it is durable, also when it had come before."""
    headers = {name.lower(): text for name, text in request.headers.items()}
    body = await request.body()
    arrival = Arrival(request.method, headers, body, headers.get("content-type", ""))
    taken = await services.integrations.deliveries.take(provider, token, arrival)
    if taken.echo is not None:
        return PlainTextResponse(taken.echo)
    if taken.delivery_id is None:
        return Response(status_code=200)
    answer = Response(status_code=200)
    answer.headers["X-Autograph-Delivery"] = str(taken.delivery_id)
    answer.headers["X-Autograph-Duplicate"] = "true" if taken.is_duplicate else "false"
    return answer


@router.get("/webhooks")
@needs(Permission.CREDENTIALS_READ)
async def list_webhooks(services: ServicesDep, principal: PrincipalDep) -> list[WebhookAnswer]:
    """List one's webhooks, newest first, and how they are."""
    found = await services.integrations.webhooks.list_all(principal)
    return [WebhookAnswer.of(one) for one in found]


@router.get("/webhooks/{webhook_id}")
@needs(Permission.CREDENTIALS_READ)
async def get_webhook(
    webhook_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> WebhookAnswer:
    """Return a webhook, and how it is."""
    return WebhookAnswer.of(await services.integrations.webhooks.get(principal, webhook_id))


@router.post("/webhooks/{webhook_id}/check")
@needs(Permission.CREDENTIALS_WRITE)
async def check_webhook(
    webhook_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> WebhookAnswer:
    """Ask the provider whether it sends, and for a ping where it can; what is not so is made so."""
    return WebhookAnswer.of(await services.integrations.webhooks.check(principal, webhook_id))


@router.post("/webhooks/{webhook_id}/secret")
@needs(Permission.CREDENTIALS_WRITE)
async def show_secret(
    webhook_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> SecretAnswer:
    """Show what signs the deliveries of a webhook that is set up by hand."""
    return SecretAnswer(secret=await services.integrations.webhooks.secret(principal, webhook_id))


@router.get("/deliveries")
@needs(Permission.RUNS_READ)
async def list_deliveries(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: UUID | None = None,
    webhook_id: UUID | None = None,
    preset_id: UUID | None = None,
    status: StartStatus | None = None,
) -> DeliveryPageAnswer:
    """List what came to one's webhooks, newest first, and what became of it."""
    page = await services.integrations.deliveries.list_page(
        principal,
        limit=limit,
        before=before,
        webhook_id=webhook_id,
        trigger_id=preset_id,
        status=status,
    )
    return DeliveryPageAnswer(
        deliveries=[DeliveryAnswer.of(one) for one in page.rows], next_before=page.next_before
    )


@router.get("/deliveries/{delivery_id}")
@needs(Permission.RUNS_READ)
async def get_delivery(
    delivery_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> WholeDeliveryAnswer:
    """Return what came, as it came."""
    row, whole = await services.integrations.deliveries.get(principal, delivery_id)
    return WholeDeliveryAnswer.model_validate(
        {
            **_as_shown(row),
            "headers": whole.headers,
            "body": base64.b64encode(whole.body).decode(),
            "payload": brought_by(whole),
        }
    )


@router.post("/deliveries/{delivery_id}/replay", status_code=202)
@needs(Permission.RUNS_START, rate=RateClass.EXECUTE)
async def replay_delivery(
    delivery_id: UUID, services: ServicesDep, principal: PrincipalDep
) -> DeliveryAnswer:
    """Take a delivery once more: its runs are started anew."""
    return DeliveryAnswer.of(await services.integrations.deliveries.replay(principal, delivery_id))


def _as_shown(row: DeliveryRow) -> dict[str, Any]:
    starts = [
        {
            "preset_id": one.trigger_id,
            "status": one.status,
            "run_id": one.run_id,
            "message": one.message,
            "due_at": one.due_at,
        }
        for one in row.starts
    ]
    return {**{name: getattr(row, name) for name in _SHOWN}, "starts": starts}


_SHOWN = ("id", "webhook_id", "known_by", "event", "media_type", "size", "replay_of", "received_at")
