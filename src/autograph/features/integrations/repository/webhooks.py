"""SQL of webhooks and of who listens to them. What is secret comes and goes encrypted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, delete, exists, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import WebhookNotFound
from autograph.features.integrations.models.webhooks import (
    Health,
    Trigger,
    Webhook,
    WebhookState,
    Wish,
    union,
)
from autograph.features.integrations.tables import webhook_triggers, webhooks
from autograph.infra.crypto import Sealed
from autograph.infra.database import Database
from autograph.infra.happenings import note

_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


class WebhookRepository:
    """Reads and writes webhooks."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def attach(
        self,
        fresh: Webhook,
        sealed: Sealed,
        token_hash: bytes,
        trigger_id: UUID,
        wish: Wish,
        lease: timedelta,
    ) -> Webhook:
        """Have somebody listen: to a webhook that there is for the same, or to a fresh one.

        Args:
            fresh: The webhook that is made where there is none.
            sealed: What is secret about it.
            token_hash: By which its address is found.
            trigger_id: Who listens; listens no more to what they listened to before.
            wish: To what.
            lease: How long nobody else asks the provider: the caller does.
        """
        async with self._database.begin() as connection:
            if wish.is_automatic:
                what = f"webhook:{fresh.user_id}:{wish.provider}:{wish.kind}:{wish.resource}:{wish.credential_id}"
                await connection.execute(_LOCK, {"what": what})
                found = await connection.execute(
                    select(webhooks.c.id).where(
                        webhooks.c.user_id == fresh.user_id,
                        webhooks.c.provider == wish.provider,
                        webhooks.c.kind == wish.kind,
                        webhooks.c.resource == wish.resource,
                        webhooks.c.credential_id == wish.credential_id,
                        webhooks.c.is_automatic,
                    )
                )
                webhook_id = found.scalar_one_or_none()
            else:
                webhook_id = None
            if webhook_id is None:
                webhook_id = fresh.id
                await connection.execute(
                    insert(webhooks).values(**_values(fresh, sealed, token_hash))
                )
            events = None if wish.events is None else list(wish.events)
            listens = upsert(webhook_triggers).values(
                id=trigger_id,
                webhook_id=webhook_id,
                user_id=fresh.user_id,
                events=events,
                is_active=wish.is_active,
            )
            await connection.execute(
                listens.on_conflict_do_update(
                    index_elements=["id"],
                    set_={"webhook_id": webhook_id, "events": events, "is_active": wish.is_active},
                )
            )
            return await _reconcile(connection, webhook_id, fresh.created_at + lease)

    async def change_trigger(
        self, user_id: UUID, trigger_id: UUID, *, is_active: bool, due_at: datetime
    ) -> Webhook | None:
        """Switch who listens on or off; None where nobody of that id does."""
        async with self._database.begin() as connection:
            webhook_id = await connection.scalar(
                update(webhook_triggers)
                .where(webhook_triggers.c.id == trigger_id, webhook_triggers.c.user_id == user_id)
                .values(is_active=is_active)
                .returning(webhook_triggers.c.webhook_id)
            )
            if webhook_id is None:
                return None
            return await _reconcile(connection, webhook_id, due_at)

    async def detach(self, user_id: UUID, trigger_id: UUID, *, due_at: datetime) -> Webhook | None:
        """Have somebody listen no more; None where that leaves nothing to be said to a provider."""
        async with self._database.begin() as connection:
            webhook_id = await connection.scalar(
                delete(webhook_triggers)
                .where(webhook_triggers.c.id == trigger_id, webhook_triggers.c.user_id == user_id)
                .returning(webhook_triggers.c.webhook_id)
            )
            if webhook_id is None:
                return None
            gone = await connection.execute(
                delete(webhooks)
                .where(webhooks.c.id == webhook_id, ~webhooks.c.is_automatic, ~_listened_to())
                .returning(webhooks.c.id)
            )
            if gone.first() is not None:
                return None
            return await _reconcile(connection, webhook_id, due_at)

    async def reconsider(self, webhook_id: UUID, due_at: datetime) -> None:
        """Say anew what a webhook should be, by who listens to it."""
        async with self._database.begin() as connection:
            await _reconcile(connection, webhook_id, due_at)

    async def drop_unheard(self, webhook_id: UUID) -> None:
        """Delete a hand-made webhook that nobody listens to."""
        async with self._database.begin() as connection:
            await connection.execute(
                delete(webhooks).where(
                    webhooks.c.id == webhook_id, ~webhooks.c.is_automatic, ~_listened_to()
                )
            )

    async def by_token(self, token_hash: bytes) -> tuple[Webhook, Sealed] | None:
        """Return the webhook whose address this is, and what is secret about it; None when there is none."""
        return await self._one(select(webhooks).where(webhooks.c.token_hash == token_hash))

    async def get(self, principal: Principal, webhook_id: UUID) -> tuple[Webhook, Sealed]:
        """Return a webhook, and what is secret about it.

        Raises:
            WebhookNotFound: There is none, or it is somebody else's.
        """
        found = await self._one(
            select(webhooks).where(
                webhooks.c.id == webhook_id, webhooks.c.user_id == principal.user_id
            )
        )
        if found is None:
            raise WebhookNotFound(f"There is no webhook {webhook_id}.")
        return found

    async def of_trigger(self, user_id: UUID, trigger_id: UUID) -> tuple[Webhook, Sealed] | None:
        """Return what somebody listens to; None when they do not."""
        return await self._one(
            select(webhooks)
            .join(webhook_triggers, webhook_triggers.c.webhook_id == webhooks.c.id)
            .where(webhook_triggers.c.id == trigger_id, webhooks.c.user_id == user_id)
        )

    async def list_all(self, principal: Principal) -> Sequence[tuple[Webhook, Sealed]]:
        """Return a person's webhooks, newest first."""
        query = (
            select(webhooks)
            .where(webhooks.c.user_id == principal.user_id)
            .order_by(webhooks.c.id.desc())
            .limit(1_000)
        )
        async with self._database.begin() as connection:
            return [(_webhook(row), _sealed(row)) for row in await connection.execute(query)]

    async def triggers(self, webhook_id: UUID) -> Sequence[Trigger]:
        """Return who listens to a webhook."""
        async with self._database.begin() as connection:
            return await _triggers(connection, webhook_id)

    async def due(
        self, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[tuple[Webhook, Sealed]]:
        """Return webhooks whose provider is to be asked something; nobody else is given them for a while."""
        some = (
            select(webhooks.c.id)
            .where(webhooks.c.due_at <= now)
            .order_by(webhooks.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(
                update(webhooks)
                .where(webhooks.c.id.in_(some.scalar_subquery()))
                .values(due_at=now + lease)
                .returning(webhooks)
            )
            return [(_webhook(row), _sealed(row)) for row in rows]

    async def settle(
        self, asked: Webhook, values: Mapping[str, Any], sealed: Sealed | None, now: datetime
    ) -> bool:
        """Note what came of asking a provider; False, and it is to be asked again, when the wish has changed."""
        fresh = {"key_id": sealed.key_id, "sealed": sealed.data} if sealed else {}
        is_same = (
            webhooks.c.events == list(asked.events),
            (webhooks.c.state == WebhookState.REMOVING)
            == literal(asked.health.state is WebhookState.REMOVING),
        )
        async with self._database.begin() as connection:
            noted = await connection.execute(
                update(webhooks)
                .where(webhooks.c.id == asked.id, *is_same)
                .values(**values, **fresh)
                .returning(webhooks.c.id)
            )
            if noted.first() is not None:
                is_failing = values.get("state") == WebhookState.FAILED.value
                if is_failing and asked.health.state is not WebhookState.FAILED:
                    told = {"provider": asked.provider, "message": values.get("message")}
                    await note(connection, "webhook.unhealthy", asked.user_id, asked.id, told)
                return True
            kept = {"hook_id": values["hook_id"]} if "hook_id" in values else {}
            await connection.execute(
                update(webhooks)
                .where(webhooks.c.id == asked.id)
                .values(due_at=now, **kept, **fresh)
            )
        return False

    async def finish_removal(self, webhook_id: UUID) -> None:
        """Forget a webhook that its provider has forgotten; one that is only switched off waits."""
        async with self._database.begin() as connection:
            is_removing = (
                webhooks.c.id == webhook_id,
                webhooks.c.state == WebhookState.REMOVING.value,
            )
            await connection.execute(delete(webhooks).where(*is_removing, ~_listened_to()))
            await connection.execute(
                update(webhooks)
                .where(*is_removing)
                .values(
                    state=WebhookState.WAITING.value,
                    hook_id=None,
                    message=None,
                    tries=0,
                    due_at=None,
                    registered_at=None,
                    checked_at=None,
                )
            )

    async def note_refusal(self, webhook_id: UUID, why: str, now: datetime) -> None:
        """Note that a request did not prove who sent it."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(webhooks)
                .where(webhooks.c.id == webhook_id)
                .values(refused=webhooks.c.refused + 1, last_refused_at=now, last_refused_for=why)
            )

    async def note_ping(self, webhook_id: UUID, now: datetime) -> None:
        """Note that the provider asked whether somebody is there, and proved that it is the provider."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(webhooks)
                .where(webhooks.c.id == webhook_id)
                .values(last_ping_at=now, state=_alive(), message=None)
            )

    async def using(self, principal: Principal, credential_id: UUID) -> Sequence[UUID]:
        """Return who listens by a credential."""
        query = (
            select(webhook_triggers.c.id)
            .join(webhooks, webhooks.c.id == webhook_triggers.c.webhook_id)
            .where(
                webhooks.c.credential_id == credential_id,
                webhooks.c.user_id == principal.user_id,
            )
        )
        async with self._database.begin() as connection:
            return list((await connection.scalars(query)).all())

    async def all_of(self, user_id: UUID) -> Sequence[tuple[Webhook, Sealed]]:
        """Return somebody's webhooks."""
        async with self._database.begin() as connection:
            rows = await connection.execute(select(webhooks).where(webhooks.c.user_id == user_id))
            return [(_webhook(row), _sealed(row)) for row in rows]

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's webhooks, and what came. Idempotent."""
        async with self._database.begin() as connection:
            await connection.execute(delete(webhooks).where(webhooks.c.user_id == user_id))

    async def _one(self, query: Select[Any]) -> tuple[Webhook, Sealed] | None:
        async with self._database.begin() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (_webhook(row), _sealed(row))


async def _reconcile(connection: AsyncConnection, webhook_id: UUID, due_at: datetime) -> Webhook:
    """Say what a webhook should be, by who listens to it; its provider is asked when it is due."""
    row = (
        await connection.execute(
            select(webhooks).where(webhooks.c.id == webhook_id).with_for_update()
        )
    ).one()
    webhook = _webhook(row)
    triggers = await _triggers(connection, webhook_id)
    events = union(triggers)
    values: dict[str, Any] = {"events": list(events)}
    state = webhook.health.state
    if webhook.is_automatic:
        if not any(one.is_active for one in triggers):
            is_known = webhook.hook_id is not None or state is WebhookState.PENDING
            if is_known or state is WebhookState.FAILED or not triggers:
                values |= {"state": WebhookState.REMOVING.value, "due_at": due_at, "tries": 0}
        elif state is not WebhookState.ACTIVE or events != webhook.events:
            values |= {"state": WebhookState.PENDING.value, "due_at": due_at, "tries": 0}
    changed = await connection.execute(
        update(webhooks).where(webhooks.c.id == webhook_id).values(**values).returning(webhooks)
    )
    return _webhook(changed.one())


async def _triggers(connection: AsyncConnection, webhook_id: UUID) -> Sequence[Trigger]:
    rows = await connection.execute(
        select(webhook_triggers)
        .where(webhook_triggers.c.webhook_id == webhook_id)
        .order_by(webhook_triggers.c.id)
    )
    return [
        Trigger(
            row.id, row.webhook_id, None if row.events is None else tuple(row.events), row.is_active
        )
        for row in rows
    ]


def _listened_to() -> Any:
    return exists().where(webhook_triggers.c.webhook_id == webhooks.c.id)


def _alive() -> Any:
    """Return the state of a webhook of which something good has come."""
    return func.coalesce(
        func.nullif(webhooks.c.state, WebhookState.WAITING.value), WebhookState.ACTIVE.value
    )


def _values(webhook: Webhook, sealed: Sealed, token_hash: bytes) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "user_id": webhook.user_id,
        "provider": webhook.provider,
        "kind": webhook.kind,
        "resource": webhook.resource,
        "events": list(webhook.events),
        "credential_id": webhook.credential_id,
        "is_automatic": webhook.is_automatic,
        "options": dict(webhook.options),
        "token_hash": token_hash,
        "key_id": sealed.key_id,
        "sealed": sealed.data,
        "state": webhook.health.state.value,
        "created_at": webhook.created_at,
    }


def _sealed(row: Row[Any]) -> Sealed:
    return Sealed(row.key_id, row.sealed)


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        user_id=row.user_id,
        provider=row.provider,
        kind=row.kind,
        resource=row.resource,
        events=tuple(row.events),
        credential_id=row.credential_id,
        is_automatic=row.is_automatic,
        options=row.options,
        hook_id=row.hook_id,
        health=Health(
            state=WebhookState(row.state),
            message=row.message,
            tries=row.tries,
            due_at=row.due_at,
            registered_at=row.registered_at,
            checked_at=row.checked_at,
            last_ping_at=row.last_ping_at,
            last_delivery_at=row.last_delivery_at,
            refused=row.refused,
            last_refused_at=row.last_refused_at,
            last_refused_for=row.last_refused_for,
        ),
        created_at=row.created_at,
    )
