"""Webhooks: addresses that other systems send to, who listens to them, and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from autograph.infra.json import Json


class WebhookState(StrEnum):
    """Where a webhook is.

    WAITING: set up by hand, and nothing good has come yet.
    PENDING: the provider is to be asked to send.
    ACTIVE: the provider says that it sends, or something good has come.
    FAILED: the provider refused, or knows nothing of it any more; `message` has its words.
    REMOVING: the provider is to be asked to stop.
    """

    WAITING = "waiting"
    PENDING = "pending"
    ACTIVE = "active"
    FAILED = "failed"
    REMOVING = "removing"


class StartStatus(StrEnum):
    """What becomes of a delivery for one trigger."""

    STORED = "stored"
    STARTED = "started"
    IGNORED = "ignored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to listen to.

    Attributes:
        provider: Who sends.
        kind: The kind of webhook there.
        resource: What is listened to there; empty where there is one thing per credential.
        events: Full names of events; None for all.
        credential_id: By which the provider is asked to send; None where a person sets it up.
        options: How a hand-made webhook proves who sends: `{"sender": "slack"}`, or `{"signature": {…}}`.
        secret: The sender's, where it makes one; None for one of ours.
        is_active: Deliveries start runs.
    """

    provider: str
    kind: str
    resource: str = ""
    events: tuple[str, ...] | None = None
    credential_id: UUID | None = None
    options: Mapping[str, Json] = field(default_factory=dict[str, Json])
    secret: str | None = None
    is_active: bool = True

    @property
    def is_automatic(self) -> bool:
        """Whether the provider is asked by us."""
        return self.credential_id is not None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Somebody who listens to a webhook.

    Attributes:
        id: Of the preset that is run.
        events: Full names; None for all.
    """

    id: UUID
    webhook_id: UUID
    events: tuple[str, ...] | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a webhook, and since when.

    Attributes:
        message: Why it failed, in the provider's own words; what it tells of trouble, where it is active.
        tries: How often the provider was asked in vain since it last did what it was asked.
        due_at: When it is asked next.
        checked_at: When the provider last said that it has it.
        last_ping_at: When it last asked whether somebody is there.
        refused: Deliveries that did not prove who sent them.
    """

    state: WebhookState
    message: str | None = None
    tries: int = 0
    due_at: datetime | None = None
    registered_at: datetime | None = None
    checked_at: datetime | None = None
    last_ping_at: datetime | None = None
    last_delivery_at: datetime | None = None
    refused: int = 0
    last_refused_at: datetime | None = None
    last_refused_for: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that another system sends to, without what is secret about it.

    Attributes:
        events: What its triggers want in all; empty for everything.
        is_automatic: We ask the provider to send, and to stop.
        hook_id: The provider's id of it; None while it is not registered.
    """

    id: UUID
    user_id: UUID
    provider: str
    kind: str
    resource: str
    events: tuple[str, ...]
    credential_id: UUID | None
    is_automatic: bool
    options: Mapping[str, Json]
    hook_id: str | None
    health: Health
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is secret about a webhook.

    Attributes:
        token: The end of its address.
        secret: What signs its deliveries.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownWebhook:
    """A webhook as its owner sees it.

    Attributes:
        url: Where the provider sends to.
        guide: What a person does who sets it up by hand.
    """

    webhook: Webhook
    url: str
    guide: str
    triggers: Sequence[Trigger]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request to a webhook's address, as it came."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request.

    Attributes:
        delivery_id: The delivery it was stored as; None for a ping or a question.
        is_duplicate: It had come before.
        echo: What the provider wants to hear.
    """

    delivery_id: UUID | None = None
    is_duplicate: bool = False
    echo: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came, as it came.

    Attributes:
        known_by: By what the provider knows it.
        replay_of: The delivery that it says again.
    """

    id: UUID
    webhook_id: UUID
    known_by: str | None
    event: str
    media_type: str
    headers: Mapping[str, str]
    body: bytes
    replay_of: UUID | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Start:
    """What becomes of a delivery for one trigger.

    Attributes:
        message: Why it was ignored, or failed, or is tried again.
    """

    id: UUID
    trigger_id: UUID
    status: StartStatus
    run_id: UUID | None
    message: str | None
    tries: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery in a list: without its body."""

    id: UUID
    webhook_id: UUID
    known_by: str | None
    event: str
    media_type: str
    size: int
    replay_of: UUID | None
    received_at: datetime
    starts: Sequence[Start]


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries, newest first."""

    rows: Sequence[DeliveryRow]
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class DueStart:
    """A run that is to be started.

    Attributes:
        user_id: Whose.
        preset_id: What is run.
    """

    id: UUID
    user_id: UUID
    preset_id: UUID
    tries: int
    delivery: Delivery


def union(triggers: Sequence[Trigger]) -> tuple[str, ...]:
    """Return what triggers want in all; empty for everything."""
    listening = [one for one in triggers if one.is_active]
    if any(one.events is None for one in listening):
        return ()
    return tuple(sorted({event for one in listening for event in one.events or ()}))
