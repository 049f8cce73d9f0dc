"""Use cases of deliveries: what comes to a webhook is proved, stored, and only then said to be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from autograph.blocks.packs.webhooks import HookFiles
from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import TooManyDeliveries, Unproved, WebhookNotFound
from autograph.features.integrations.models.arrivals import (
    Said,
    fingerprint,
    kept_headers,
    payload_of,
    signature_of,
)
from autograph.features.integrations.models.signatures import why_unproved
from autograph.features.integrations.models.webhooks import (
    Arrival,
    Delivery,
    DeliveryPage,
    DeliveryRow,
    StartStatus,
    Taken,
)
from autograph.features.integrations.repository import DeliveryRepository, WebhookRepository
from autograph.features.integrations.repository.deliveries import Batch
from autograph.features.integrations.service.webhooks import hash_of, open_secrets, sender_of
from autograph.infra.clock import Clock
from autograph.infra.crypto import Keys
from autograph.infra.ids import new_id
from autograph.infra.json import Json
from autograph.infra.rates.ports import RateLimiter

_MINUTE: Final = timedelta(minutes=1)
_SAME_BODY: Final = timedelta(minutes=5)
"""How long the same body counts as the same delivery, where a provider gives deliveries no id."""
_MAX_PAGE: Final = 200


class DeliveryService:
    """Takes what comes, and tells what became of it."""

    def __init__(
        self,
        webhooks: WebhookRepository,
        deliveries: DeliveryRepository,
        files: HookFiles,
        ring: Keys,
        rates: RateLimiter,
        clock: Clock,
        *,
        per_minute: int,
    ) -> None:
        """Use all of them; take `per_minute` for one webhook, 0 for any number."""
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._files = files
        self._ring = ring
        self._rates = rates
        self._clock = clock
        self._per_minute = per_minute

    async def take(self, provider: str, token: str, arrival: Arrival) -> Taken:
        """Take what came to an address; it is durable when this returns.

        Raises:
            WebhookNotFound: Nobody listens at this address.
            TooManyDeliveries: More came to it than is taken.
            Unproved: It does not prove who sent it; that is noted, and starts nothing.
        """
        found = await self._webhooks.by_token(hash_of(token))
        if found is None or found[0].provider != provider:
            raise WebhookNotFound("Nobody listens at this address.")
        webhook, sealed = found
        await self._count(webhook.id)
        hooks = sender_of(self._files, webhook.provider, webhook.options)
        signature = signature_of(webhook, hooks)
        said, now = Said(arrival, hooks), self._clock.now()
        question = said.question
        if question is None or (hooks.handshake is not None and hooks.handshake.signed):
            secret = open_secrets(self._ring, webhook.id, sealed).secret
            why = why_unproved(signature, secret, arrival, now)
            if why is not None:
                await self._webhooks.note_refusal(webhook.id, why, now)
                raise Unproved(why)
        if question is not None or said.is_ping:
            await self._webhooks.note_ping(webhook.id, now)
            return Taken(echo=question)
        delivery = Delivery(
            id=new_id(),
            webhook_id=webhook.id,
            known_by=said.known_by,
            event=said.event,
            media_type=arrival.media_type,
            headers=kept_headers(arrival.headers, signature),
            body=arrival.body,
            replay_of=None,
            received_at=now,
        )
        kept, is_duplicate = await self._deliveries.store(
            webhook.user_id, delivery, fingerprint(arrival), hooks, _SAME_BODY
        )
        return Taken(kept, is_duplicate)

    async def _count(self, webhook_id: UUID) -> None:
        limit = self._per_minute
        if not limit:
            return
        permit = await self._rates.take(
            f"webhook:{webhook_id}", per=_MINUTE, limit=limit, burst=max(1, limit // 4)
        )
        if not permit.allowed:
            raise TooManyDeliveries(
                f"More than {limit} deliveries a minute (setting: AUTOGRAPH_RATE_WEBHOOK).",
                retry_after_seconds=permit.wait.total_seconds(),
            )

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        webhook_id: UUID | None = None,
        trigger_id: UUID | None = None,
        status: StartStatus | None = None,
    ) -> DeliveryPage:
        """Return a page of a person's deliveries, newest first."""
        limit = min(limit, _MAX_PAGE)
        rows = await self._deliveries.list_page(
            principal,
            limit=limit,
            before=before,
            webhook_id=webhook_id,
            trigger_id=trigger_id,
            status=status,
        )
        return DeliveryPage(rows, rows[-1].id if len(rows) == limit else None)

    async def get(self, principal: Principal, delivery_id: UUID) -> tuple[DeliveryRow, Delivery]:
        """Return a delivery: what became of it, and what came.

        Raises:
            WebhookNotFound: There is none.
        """
        return (
            await self._deliveries.row(principal, delivery_id),
            await self._deliveries.get(principal, delivery_id),
        )

    async def replay(self, principal: Principal, delivery_id: UUID) -> DeliveryRow:
        """Take a delivery once more: runs are started anew. Who ignored it ignores it again.

        Raises:
            WebhookNotFound: There is none.
        """
        again = await self._deliveries.replay(principal, delivery_id, self._clock.now())
        return await self._deliveries.row(principal, again)

    def due(self, limit: int) -> AbstractAsyncContextManager[Batch]:
        """Lend runs that are to be started."""
        return self._deliveries.due(self._clock.now(), limit)

    async def delete_before(self, age: timedelta) -> int:
        """Delete what came longer ago than `age`, and waits for nothing; return how much."""
        return await self._deliveries.delete_before(self._clock.now() - age)

    async def export(self, user_id: UUID) -> Sequence[Mapping[str, Any]]:
        """Return what came to somebody's webhooks lately."""
        principal = Principal(user_id, "")
        rows = await self._deliveries.list_page(
            principal, limit=10_000, before=None, webhook_id=None, trigger_id=None, status=None
        )
        return [
            {
                "id": str(one.id),
                "webhook_id": str(one.webhook_id),
                "event": one.event,
                "received_at": one.received_at.isoformat(),
                "runs": [str(start.run_id) for start in one.starts if start.run_id],
            }
            for one in rows
        ]


def brought_by(delivery: Delivery) -> dict[str, Json]:
    """Return what a delivery brings to a run."""
    return payload_of(delivery.media_type, delivery.body)
