"""Use cases of webhooks: who listens to what, and whether that is so at the provider."""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets as random_secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from pydantic import TypeAdapter, ValidationError

from autograph.blocks.packs.webhooks import HookFiles, Hooks, Signature
from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import WebhookInvalid, WebhookRefused
from autograph.features.integrations.models.webhooks import (
    Health,
    Secrets,
    ShownWebhook,
    Webhook,
    WebhookState,
    Wish,
)
from autograph.features.integrations.repository import WebhookRepository
from autograph.features.integrations.service.registrar import Found, Registrar
from autograph.infra.clock import Clock
from autograph.infra.crypto import Keys, Sealed
from autograph.infra.errors import OperationalError, UserError
from autograph.infra.ids import new_id
from autograph.infra.json import decode, encode

_log = structlog.stdlib.get_logger(__name__)
_LEASE: Final = timedelta(seconds=60)
"""How long whoever asks a provider has for it."""
_AT_ONCE: Final = 10
_FIRST_RETRY: Final = timedelta(seconds=10)
_LAST_RETRY: Final = timedelta(hours=1)
_TRIES_TO_STOP: Final = 30
"""How often a provider is asked in vain to stop: more than a day."""
_PING_SECONDS: Final = 10.0
_LOOK_EVERY: Final = 0.1
_MAX_SECRET: Final = 1_000
_SIGNATURE: Final = TypeAdapter(Signature)


@dataclass(frozen=True, slots=True)
class Where:
    """How others reach this installation.

    Attributes:
        url: Its address.
        is_public: Others can reach it there.
        check_every: How often providers are asked whether they still send.
    """

    url: str
    is_public: bool
    check_every: timedelta = timedelta(hours=1)


class WebhookService:
    """Sets webhooks up, looks after them, and takes them down."""

    def __init__(
        self,
        webhooks: WebhookRepository,
        registrar: Registrar,
        files: HookFiles,
        ring: Keys,
        clock: Clock,
        where: Where,
    ) -> None:
        """Use all of them."""
        self._webhooks = webhooks
        self._registrar = registrar
        self._files = files
        self._ring = ring
        self._clock = clock
        self._where = where

    async def attach(self, principal: Principal, trigger_id: UUID, wish: Wish) -> ShownWebhook:
        """Have somebody listen; where the provider can be asked to send, it is asked at once.

        A provider that refuses what is new leaves nothing behind. One that does not answer is asked again and
        again.

        Args:
            principal: Whose it is.
            trigger_id: Who listens: the id of a preset.
            wish: To what.

        Raises:
            WebhookInvalid: That cannot be listened to.
            WebhookRefused: The provider does not take it; the message has its own words.
            CredentialNotFound: There is no such credential.
        """
        secret = self._checked(wish)
        now = self._clock.now()
        token = random_secrets.token_urlsafe(32)
        state = WebhookState.PENDING if wish.is_automatic else WebhookState.WAITING
        fresh = Webhook(
            id=new_id(),
            user_id=principal.user_id,
            provider=wish.provider,
            kind=wish.kind,
            resource=wish.resource,
            events=(),
            credential_id=wish.credential_id,
            is_automatic=wish.is_automatic,
            options=wish.options,
            hook_id=None,
            health=Health(WebhookState.WAITING if not wish.is_active else state),
            created_at=now,
        )
        sealed = self._seal(fresh.id, Secrets(token, secret))
        before = await self._webhooks.of_trigger(principal.user_id, trigger_id)
        webhook = await self._webhooks.attach(
            fresh, sealed, hash_of(token), trigger_id, wish, _LEASE
        )
        if before is not None and before[0].id != webhook.id:
            await self._leave(before[0])
        if webhook.health.state is WebhookState.PENDING:
            await self._ask_first(principal, trigger_id, webhook)
        return await self.get(principal, webhook.id)

    async def _ask_first(self, principal: Principal, trigger_id: UUID, webhook: Webhook) -> None:
        webhook, sealed = await self._webhooks.get(principal, webhook.id)
        try:
            await self._reconcile(webhook, sealed, is_first=True)
        except UserError:
            left = await self._webhooks.detach(
                principal.user_id, trigger_id, due_at=self._clock.now()
            )
            if left is not None and left.hook_id is None:
                await self._webhooks.finish_removal(left.id)
            raise

    async def _leave(self, webhook: Webhook) -> None:
        """See to a webhook that somebody has just ceased to listen to."""
        if webhook.is_automatic:
            # Nobody of this id listens there: this says what it should be by those who are left.
            await self._webhooks.reconsider(webhook.id, self._clock.now())
        else:
            await self._webhooks.drop_unheard(webhook.id)

    async def switch(self, principal: Principal, trigger_id: UUID, *, is_active: bool) -> None:
        """Have somebody listen, or not, for the time being; the provider is asked at once.

        Raises:
            WebhookRefused: The provider does not take it.
        """
        due_at = self._clock.now() + _LEASE
        webhook = await self._webhooks.change_trigger(
            principal.user_id, trigger_id, is_active=is_active, due_at=due_at
        )
        await self._follow(principal, webhook)

    async def detach(self, principal: Principal, trigger_id: UUID) -> None:
        """Have somebody listen no more; with the last one goes the webhook, at the provider, too. Idempotent."""
        due_at = self._clock.now() + _LEASE
        webhook = await self._webhooks.detach(principal.user_id, trigger_id, due_at=due_at)
        await self._follow(principal, webhook)

    async def _follow(self, principal: Principal, webhook: Webhook | None) -> None:
        if webhook is None or webhook.health.state not in {
            WebhookState.PENDING,
            WebhookState.REMOVING,
        }:
            return
        webhook, sealed = await self._webhooks.get(principal, webhook.id)
        await self._reconcile(webhook, sealed)

    async def list_all(self, principal: Principal) -> Sequence[ShownWebhook]:
        """Return a person's webhooks, newest first."""
        found = await self._webhooks.list_all(principal)
        return [await self._shown(webhook, sealed) for webhook, sealed in found]

    async def get(self, principal: Principal, webhook_id: UUID) -> ShownWebhook:
        """Return a webhook.

        Raises:
            WebhookNotFound: There is none.
        """
        return await self._shown(*await self._webhooks.get(principal, webhook_id))

    async def of_trigger(self, principal: Principal, trigger_id: UUID) -> ShownWebhook | None:
        """Return what somebody listens to; None when they do not."""
        found = await self._webhooks.of_trigger(principal.user_id, trigger_id)
        return None if found is None else await self._shown(*found)

    async def secret(self, principal: Principal, webhook_id: UUID) -> str:
        """Return what signs a hand-made webhook's deliveries, to be put in at the provider.

        Raises:
            WebhookNotFound: There is none.
            WebhookInvalid: It was given to the provider by us, and is nobody's business.
        """
        webhook, sealed = await self._webhooks.get(principal, webhook_id)
        if webhook.is_automatic:
            raise WebhookInvalid("The provider was given the secret when it was asked to send.")
        return self._open(webhook.id, sealed).secret

    async def check(self, principal: Principal, webhook_id: UUID) -> ShownWebhook:
        """Ask a provider what it sends; where it can be asked for a ping, wait for that as well.

        Raises:
            WebhookNotFound: There is none.
        """
        webhook, sealed = await self._webhooks.get(principal, webhook_id)
        if webhook.is_automatic:
            await self._reconcile(webhook, sealed)
            webhook, sealed = await self._webhooks.get(principal, webhook_id)
            if webhook.health.state is WebhookState.ACTIVE:
                await self._ping(principal, webhook, sealed)
        return await self.get(principal, webhook_id)

    async def _ping(self, principal: Principal, webhook: Webhook, sealed: Sealed) -> None:
        secrets = self._open(webhook.id, sealed)
        before = webhook.health.last_ping_at
        try:
            if not await self._registrar.ping(webhook, secrets, self._url(webhook, secrets)):
                return
        except (WebhookRefused, OperationalError) as error:
            await self._note(webhook, {"message": error.message})
            return
        for _ in range(round(_PING_SECONDS / _LOOK_EVERY)):
            now, _ = await self._webhooks.get(principal, webhook.id)
            if now.health.last_ping_at != before:
                return
            await asyncio.sleep(_LOOK_EVERY)
        message = f"A ping was asked for, and has not come within {_PING_SECONDS:.0f} s. Can it reach {self._where.url}?"
        await self._note(webhook, {"state": WebhookState.FAILED.value, "message": message})

    async def using(self, principal: Principal, credential_id: UUID) -> Sequence[UUID]:
        """Return who listens by a credential."""
        return await self._webhooks.using(principal, credential_id)

    async def tend(self) -> int:
        """Ask the providers that are to be asked; return how many. Any number of processes may."""
        asked = 0
        while some := await self._webhooks.due(self._clock.now(), _LEASE, _AT_ONCE):
            await asyncio.gather(*(self._tend_one(webhook, sealed) for webhook, sealed in some))
            asked += len(some)
        return asked

    async def _tend_one(self, webhook: Webhook, sealed: Sealed) -> None:
        try:
            await self._reconcile(webhook, sealed)
        except Exception:  # noqa: BLE001 - a border: one webhook's fault must not keep the others waiting
            _log.exception("a webhook could not be looked after", webhook=str(webhook.id))

    async def farewell(self, user_id: UUID) -> None:
        """Ask all providers of somebody to stop, once, and forget the webhooks. Idempotent."""
        for webhook, sealed in await self._webhooks.all_of(user_id):
            if webhook.is_automatic:
                secrets = self._open(webhook.id, sealed)
                try:
                    await self._registrar.unregister(webhook, secrets, self._url(webhook, secrets))
                except (UserError, OperationalError) as error:
                    _log.warning("a provider goes on sending", error=error.message)
        await self._webhooks.erase(user_id)

    async def _reconcile(self, webhook: Webhook, sealed: Sealed, *, is_first: bool = False) -> None:
        """Make it so at the provider, and note what came of it.

        Raises:
            UserError: The provider refuses, or there is no credential, and `is_first`.
        """
        secrets = self._open(webhook.id, sealed)
        try:
            if webhook.health.state is WebhookState.REMOVING:
                await self._stop(webhook, secrets)
            else:
                await self._make_so(webhook, secrets)
        except UserError as error:
            if is_first:
                raise
            await self._fail(webhook, error.message)
        except OperationalError as error:
            await self._fail(webhook, error.message)

    async def _stop(self, webhook: Webhook, secrets: Secrets) -> None:
        if webhook.credential_id is not None:
            await self._registrar.unregister(webhook, secrets, self._url(webhook, secrets))
        await self._webhooks.finish_removal(webhook.id)

    async def _make_so(self, webhook: Webhook, secrets: Secrets) -> None:
        self._require_public(webhook)
        url, now = self._url(webhook, secrets), self._clock.now()
        hooks = self._files.get(webhook.provider)
        values: dict[str, Any] = {
            "state": WebhookState.ACTIVE.value,
            "message": None,
            "tries": 0,
            "checked_at": now,
            "due_at": self._next_check(now, hooks),
        }
        sealed = None
        found = Found(None)
        is_known = webhook.hook_id is not None and webhook.health.state is not WebhookState.PENDING
        if is_known:
            found = await self._registrar.probe(webhook, secrets, url)
            values |= {"message": found.trouble, "hook_id": found.hook_id}
            if found.hook_id is not None:
                await self._registrar.refresh(replace(webhook, hook_id=found.hook_id), secrets, url)
        if found.hook_id is None:
            asked = replace(webhook, hook_id=None) if is_known else webhook
            made = await self._registrar.register(asked, secrets, url)
            values |= {"hook_id": made.hook_id, "registered_at": now}
            if made.secret is not None:
                sealed = self._seal(webhook.id, replace(secrets, secret=made.secret))
        await self._note(webhook, values, sealed)

    def _next_check(self, now: datetime, hooks: Hooks) -> datetime:
        every = self._where.check_every
        if hooks.refresh_hours:
            every = min(every, timedelta(hours=hooks.refresh_hours))
        return now + every * random.uniform(0.8, 1.2)

    async def _fail(self, webhook: Webhook, message: str) -> None:
        now, tries = self._clock.now(), webhook.health.tries + 1
        is_removing = webhook.health.state is WebhookState.REMOVING
        if is_removing and tries > _TRIES_TO_STOP:
            _log.warning("a provider goes on sending", webhook=str(webhook.id), error=message)
            await self._webhooks.finish_removal(webhook.id)
            return
        wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(tries - 1, 20)) * random.uniform(0.8, 1.2)
        state = WebhookState.REMOVING if is_removing else WebhookState.FAILED
        await self._note(
            webhook,
            {"state": state.value, "message": message, "tries": tries, "due_at": now + wait},
        )

    async def _note(
        self, webhook: Webhook, values: Mapping[str, Any], sealed: Sealed | None = None
    ) -> None:
        await self._webhooks.settle(webhook, values, sealed, self._clock.now())

    async def _shown(self, webhook: Webhook, sealed: Sealed) -> ShownWebhook:
        secrets = self._open(webhook.id, sealed)
        guide = (
            "" if webhook.is_automatic else self._sender(webhook.provider, webhook.options).guide
        )
        return ShownWebhook(
            webhook,
            self._url(webhook, secrets),
            guide,
            await self._webhooks.triggers(webhook.id),
        )

    def _url(self, webhook: Webhook, secrets: Secrets) -> str:
        return f"{self._where.url.rstrip('/')}/api/v1/hooks/{webhook.provider}/{secrets.token}"

    def _require_public(self, webhook: Webhook) -> None:
        if not self._where.is_public:
            raise WebhookRefused(
                f"{webhook.provider} cannot reach {self._where.url}. Say where this installation is reached from "
                "outside (setting: AUTOGRAPH_PUBLIC_URL)."
            )

    def _checked(self, wish: Wish) -> str:
        """Return the secret of a webhook to be.

        Raises:
            WebhookInvalid: The wish cannot be.
        """
        if wish.events is not None and not wish.events:
            raise WebhookInvalid("No event is chosen: choose at least one.")
        secret = wish.secret or ""
        if len(secret) > _MAX_SECRET or any(not 0x20 <= ord(one) < 0x7F for one in secret):
            raise WebhookInvalid("A secret is text of at most 1,000 ASCII characters.")
        if set(wish.options) - {"sender", "signature"}:
            raise WebhookInvalid("The options of a webhook are `sender` and `signature`.")
        if "signature" in wish.options:
            try:
                signature = _SIGNATURE.validate_python(wish.options["signature"])
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise WebhookInvalid(f"signature.{where}: {first['msg']}.") from error
            if signature.scheme != "none" and not signature.header:
                raise WebhookInvalid("signature.header: which header holds the proof?")
        elif "sender" in wish.options:
            sender = str(wish.options["sender"])
            if self._files.get(sender).signature.scheme == "none":
                raise WebhookInvalid(
                    f"Nobody knows how {sender[:80]!r} signs. Say it yourself: `signature`."
                )
        return secret or random_secrets.token_hex(32)

    def _sender(self, provider: str, options: Mapping[str, Any]) -> Hooks:
        return sender_of(self._files, provider, options)

    def _seal(self, webhook_id: UUID, secrets: Secrets) -> Sealed:
        text = encode({"token": secrets.token, "secret": secrets.secret})
        return self._ring.seal(text, belongs_to=f"webhook:{webhook_id}")

    def _open(self, webhook_id: UUID, sealed: Sealed) -> Secrets:
        return open_secrets(self._ring, webhook_id, sealed)


def sender_of(files: HookFiles, provider: str, options: Mapping[str, Any]) -> Hooks:
    """Return how a webhook's deliveries are sent: as its provider does, or the one that it stands for."""
    return files.get(str(options.get("sender", provider)))


def open_secrets(ring: Keys, webhook_id: UUID, sealed: Sealed) -> Secrets:
    """Return what is secret about a webhook.

    Raises:
        KeyMissing: It was encrypted with a key that is not here.
    """
    return Secrets(**decode(ring.open(sealed, belongs_to=f"webhook:{webhook_id}")))


def hash_of(token: str) -> bytes:
    """Return by what an address is found: what is kept of its token tells nobody the token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
