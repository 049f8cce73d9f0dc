"""Asks providers to send, to stop, and what they send: by the table `[webhooks]` of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from autograph.blocks.packs.auth import apply_auth
from autograph.blocks.packs.webhooks import Call, HookFiles, Hooks, filled, filled_path, find
from autograph.blocks.sdk.credentials import Secret, texts_of
from autograph.features.integrations.errors import WebhookRefused
from autograph.features.integrations.models.webhooks import Secrets, Webhook
from autograph.features.integrations.service.credentials import CredentialService
from autograph.graph.model import is_list
from autograph.infra.egress.ports import Http, HttpRequest, HttpResponse
from autograph.infra.errors import AutographError, OperationalError
from autograph.infra.json import Json, NotJson, encode

_TIMEOUT: Final = timedelta(seconds=15)
_MAX_ANSWER: Final = 1024 * 1024
_MAX_WORDS: Final = 500
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425, 429})
_NO_ID: Final = "-"
"""The id of a webhook whose provider gives it none: there is one for each credential."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a provider has.

    Attributes:
        hook_id: Its id of the webhook.
        secret: The one that it made; None where it took ours.
    """

    hook_id: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider says that it has.

    Attributes:
        hook_id: Its id of the webhook; None where it knows of none.
        trouble: What went wrong lately, in its own words.
    """

    hook_id: str | None
    trouble: str | None = None


class Registrar:
    """Speaks with providers in the name of those whose credentials they are."""

    def __init__(self, files: HookFiles, credentials: CredentialService, http: Http) -> None:
        """Ask through `http`."""
        self._files = files
        self._credentials = credentials
        self._http = http

    async def register(self, webhook: Webhook, secrets: Secrets, url: str) -> Registered:
        """Have a provider send; what it already sends there is taken over. Idempotent.

        Raises:
            WebhookRefused: It does not; the message has its own words.
            OperationalError: It does not answer, or not now.
        """
        hooks = self._files.get(webhook.provider)
        if hooks.register is None:
            raise WebhookRefused(
                f"{webhook.provider} cannot be asked to send; set it up there by hand."
            )
        values = self._values(webhook, hooks, secrets, url)
        known = webhook.hook_id
        if known is None and hooks.list is not None:
            # A process may have died after the provider said yes, and before that was noted.
            known = (await self.probe(webhook, secrets, url)).hook_id
        if known is not None and hooks.update is not None:
            answer = await self._ask(webhook, hooks.update, {**values, "hook": known})
            if answer is not None:
                return Registered(known)
        elif known is not None:
            await self._stop(webhook, hooks, {**values, "hook": known})
        answer = await self._ask(webhook, hooks.register, values)
        if answer is None:
            raise WebhookRefused(f"{webhook.provider} knows nothing of {webhook.resource or 'it'}.")
        found = find(answer, hooks.register.id) if hooks.register.id else _NO_ID
        made = find(answer, hooks.register.secret) if hooks.register.secret else None
        return Registered(str(found or _NO_ID), str(made) if made else None)

    async def unregister(self, webhook: Webhook, secrets: Secrets, url: str) -> None:
        """Have a provider stop; that it knows nothing of it is as good. Idempotent.

        Raises:
            WebhookRefused: It goes on; the message has its own words.
            OperationalError: It does not answer, or not now.
        """
        hooks = self._files.get(webhook.provider)
        known = webhook.hook_id
        if known is None and hooks.list is not None:
            known = (await self.probe(webhook, secrets, url)).hook_id
        if known is not None:
            values = self._values(webhook, hooks, secrets, url)
            await self._stop(webhook, hooks, {**values, "hook": known})

    async def probe(self, webhook: Webhook, secrets: Secrets, url: str) -> Found:
        """Return what a provider says that it has.

        Raises:
            WebhookRefused: It does not say.
            OperationalError: It does not answer, or not now.
        """
        hooks = self._files.get(webhook.provider)
        if hooks.list is None:
            return Found(webhook.hook_id)
        values = self._values(webhook, hooks, secrets, url)
        answer = await self._ask(webhook, hooks.list, values)
        listed = find(answer, hooks.list.items)
        for one in listed if is_list(listed) else [listed]:
            if find(one, hooks.list.url) == url:
                hook_id = find(one, hooks.list.id) if hooks.list.id else _NO_ID
                trouble = find(one, hooks.list.trouble) if hooks.list.trouble else None
                words = trouble[:_MAX_WORDS] if isinstance(trouble, str) else ""
                return Found(str(hook_id), words if words not in {"", "OK"} else None)
        return Found(None)

    async def refresh(self, webhook: Webhook, secrets: Secrets, url: str) -> None:
        """Have a provider go on that would stop by itself.

        Raises:
            WebhookRefused: It does not.
            OperationalError: It does not answer, or not now.
        """
        hooks = self._files.get(webhook.provider)
        if hooks.refresh is not None:
            values = self._values(webhook, hooks, secrets, url)
            await self._ask(webhook, hooks.refresh, {**values, "hook": webhook.hook_id})

    async def ping(self, webhook: Webhook, secrets: Secrets, url: str) -> bool:
        """Ask a provider for a ping; False where it cannot be asked for one.

        Raises:
            WebhookRefused: It does not send one.
            OperationalError: It does not answer, or not now.
        """
        hooks = self._files.get(webhook.provider)
        if hooks.test is None or webhook.hook_id is None:
            return False
        values = self._values(webhook, hooks, secrets, url)
        await self._ask(webhook, hooks.test, {**values, "hook": webhook.hook_id})
        return True

    async def _stop(self, webhook: Webhook, hooks: Hooks, values: Mapping[str, Json]) -> None:
        if hooks.unregister is not None:
            await self._ask(webhook, hooks.unregister, values)

    def _values(
        self, webhook: Webhook, hooks: Hooks, secrets: Secrets, url: str
    ) -> dict[str, Json]:
        return {
            "url": url,
            "secret": secrets.secret,
            "events": hooks.asked_for(webhook.events),
            **hooks.parts(webhook.resource),
        }

    async def _ask(self, webhook: Webhook, call: Call, values: Mapping[str, Json]) -> Json:
        """Return a provider's answer; None when it knows nothing of what it was asked about.

        Raises:
            WebhookRefused: It refuses.
            OperationalError: It does not answer, or not now.
        """
        provider = self._files.provider(webhook.provider)
        secret = await self._open(webhook.user_id, webhook.credential_id)
        body = None if call.body is None else encode(filled(dict(call.body), values))
        headers = {**call.headers, **({} if body is None else {"Content-Type": "application/json"})}
        request = HttpRequest(
            call.method,
            provider.url(filled_path(call.path, values)),
            headers,
            body=body,
            timeout=_TIMEOUT,
            max_bytes=_MAX_ANSWER,
        )
        hidden = [*texts_of(secret), str(values["secret"])]
        try:
            answer = await self._http.send(apply_auth(provider, secret, request))
        except OperationalError as error:
            raise OperationalError(_without(hidden, f"{provider.name}: {error.message}")) from None
        except AutographError as error:
            raise WebhookRefused(_without(hidden, f"{provider.name}: {error.message}")) from None
        said = _json(answer)
        is_ok = answer.is_ok and (not call.ok or bool(find(said, call.ok)))
        if is_ok:
            return said if said is not None else {}
        if answer.status in _GONE and call.method != "POST":
            return None
        why = find(said, call.error) or answer.text[:_MAX_WORDS].strip() or "no reason given"
        words = why if isinstance(why, str) else encode(why).decode()
        message = _without(hidden, f"{provider.name} says ({answer.status}): {words[:_MAX_WORDS]}")
        if answer.status >= 500 or answer.status in _LATER:
            raise OperationalError(message)
        raise WebhookRefused(message, status=answer.status)

    async def _open(self, user_id: UUID, credential_id: UUID | None) -> Secret:
        if credential_id is None:
            raise WebhookRefused("The credential by which the provider was asked is gone.")
        _, secret = await self._credentials.open(user_id, credential_id)
        return secret


def _json(answer: HttpResponse) -> Json:
    try:
        return answer.json() if answer.body else None
    except NotJson:
        return None


def _without(hidden: list[str], text: str) -> str:
    for one in sorted(hidden, key=len, reverse=True):
        text = text.replace(one, "…") if len(one) > 3 else text
    return text
