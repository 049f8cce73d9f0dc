"""`/api/v1/notifications`: one's inbox, and what one wants to hear of.

It has something of everything, so it takes what no key or app is given: the permission to change one's account.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.features.accounts.models import Permission
from autograph.features.notifications.models import Channel, Kind, Notification, Preferences

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/notifications", tags=["notifications"])


class NotificationAnswer(BaseModel):
    """Something one was told."""

    id: UUID
    kind: Kind
    title: str = Field(description="It in one English sentence.")
    subject: UUID = Field(description="What it is about: a run, a review, a webhook, a session.")
    times: int = Field(description="How often it happened while nobody read it.")
    body: dict[str, Any] = Field(
        description="`what` happened, as `run.failed` or `security.new_place`; the rest depends on that: "
        "`run_id`, `graph_id`, `agent`, `message`, `title`, `provider`, `ip`, `browser`."
    )
    began_at: datetime = Field(description="When it happened first.")
    at: datetime = Field(description="When it happened last.")
    read_at: datetime | None


class NotificationPageAnswer(BaseModel):
    """A page of one's inbox, newest first."""

    notifications: list[NotificationAnswer]
    unread: int = Field(description="How many are unread in all.")
    next_before: UUID | None


class Mark(BaseModel):
    """Whether something was read."""

    model_config = ConfigDict(extra="forbid")

    is_read: bool = True


class MarkAll(BaseModel):
    """What was read."""

    model_config = ConfigDict(extra="forbid")

    until: UUID | None = Field(
        default=None, description="The newest that was seen; what came after it stays unread."
    )


class Marked(BaseModel):
    """What became of it."""

    marked: int


class PreferencesAnswer(BaseModel):
    """What one wants to hear of, and by which way."""

    preferences: dict[Kind, dict[Channel, bool]]
    sends_mail: bool = Field(
        description="Mails are sent here (setting: AUTOGRAPH_SMTP_URL); without that, nothing is mailed."
    )


class PreferencesChange(BaseModel):
    """Switches to turn; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    preferences: dict[Kind, dict[Channel, bool]] = Field(
        examples=[{"run_completed": {"inbox": True}}]
    )


@router.get("")
@needs(Permission.ACCOUNT_WRITE)
async def list_notifications(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: UUID | None = None,
    status: Literal["all", "unread"] = "all",
) -> NotificationPageAnswer:
    """List what one was told, newest first; `status=unread` lists what one has not read."""
    page = await services.notifications.list_page(
        principal, limit=limit, before=before, unread_only=status == "unread"
    )
    return NotificationPageAnswer(
        notifications=[_present(one) for one in page.rows],
        unread=page.unread,
        next_before=page.next_before,
    )


@router.post("/read")
@needs(Permission.ACCOUNT_WRITE)
async def mark_all_read(body: MarkAll, services: ServicesDep, principal: PrincipalDep) -> Marked:
    """Count all as read, or those no newer than `until`."""
    return Marked(marked=await services.notifications.mark_all(principal, until=body.until))


@router.get("/preferences")
@needs(Permission.ACCOUNT_WRITE)
async def get_preferences(services: ServicesDep, principal: PrincipalDep) -> PreferencesAnswer:
    """Return what one wants to hear of, and by which way."""
    found = await services.notifications.preferences(principal)
    return _preferences(found, sends_mail=services.notifications.sends_mail)


@router.put("/preferences")
@needs(Permission.ACCOUNT_WRITE)
async def change_preferences(
    body: PreferencesChange, services: ServicesDep, principal: PrincipalDep
) -> PreferencesAnswer:
    """Change what one wants to hear of."""
    chosen = await services.notifications.choose(principal, body.preferences)
    return _preferences(chosen, sends_mail=services.notifications.sends_mail)


@router.patch("/{notification_id}", status_code=204)
@needs(Permission.ACCOUNT_WRITE)
async def mark(
    notification_id: UUID, body: Mark, services: ServicesDep, principal: PrincipalDep
) -> None:
    """Count a notification as read, or as unread."""
    await services.notifications.mark(principal, notification_id, is_read=body.is_read)


def _preferences(found: Preferences, *, sends_mail: bool) -> PreferencesAnswer:
    return PreferencesAnswer(preferences=found.all(), sends_mail=sends_mail)


def _present(one: Notification) -> NotificationAnswer:
    return NotificationAnswer(
        id=one.id,
        kind=one.kind,
        title=one.title,
        subject=one.subject,
        times=one.times,
        body=dict(one.body),
        began_at=one.began_at,
        at=one.at,
        read_at=one.read_at,
    )
