"""What a request to a webhook's address says: pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from pydantic import TypeAdapter

from autograph.blocks.packs.webhooks import Hooks, Match, Signature, find
from autograph.features.integrations.models.webhooks import Arrival, Webhook
from autograph.graph.model import is_object
from autograph.infra.errors import Invalid
from autograph.infra.json import Json, decode

_PLACE: Final = re.compile(r"\{((?:header|body)\.[\w.-]+)\}")
_KEPT_BACK: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "x-autograph-secret"}
)
_SIGNATURE: Final = TypeAdapter(Signature)
_MAX_EVENT: Final = 200
_MAX_KNOWN: Final = 200


class Said:
    """A request, as the provider's file speaks of it."""

    def __init__(self, arrival: Arrival, hooks: Hooks) -> None:
        """Read `arrival`."""
        self._arrival = arrival
        self._hooks = hooks
        self.payload: Json = payload_of(arrival.media_type, arrival.body)

    def at(self, place: str) -> str:
        """Return what stands at `header.<name>` or `body.<name>`; empty where nothing does."""
        root, _, path = place.partition(".")
        value = (
            self._arrival.headers.get(path.lower())
            if root == "header"
            else find(self.payload, path)
        )
        if value is None or value is False:
            return ""
        return value if isinstance(value, str) else str(value)

    @property
    def event(self) -> str:
        """What happened, as triggers call it; empty where it does not say."""
        hooks = self._hooks
        if hooks.events:
            return next((one.name for one in hooks.events if self._fits(one)), "")
        said = _PLACE.sub(lambda one: self.at(one[1]), hooks.event).strip(".")
        ours = {theirs: own for own, theirs in hooks.names.items()}
        return ours.get(said, said)[:_MAX_EVENT]

    @property
    def known_by(self) -> str | None:
        """By what the provider knows this delivery; None where it has nothing of the kind."""
        known = self.at(self._hooks.delivery) if self._hooks.delivery else ""
        return known[:_MAX_KNOWN] or None

    @property
    def is_ping(self) -> bool:
        """Whether it only asks if somebody is there."""
        return any(self._fits(one) for one in self._hooks.ping)

    @property
    def question(self) -> str | None:
        """What the provider wants to hear again; None where it asks nothing."""
        handshake = self._hooks.handshake
        if handshake is None or not self._fits(Match(handshake.when, handshake.value)):
            return None
        return self.at(handshake.echo)

    def _fits(self, match: Match) -> bool:
        found = self.at(match.when)
        return bool(found) and match.value in {"", found}


def payload_of(media_type: str, body: bytes) -> dict[str, Json]:
    """Return what a body brings, as an object.

    JSON objects are what they are, and so are forms (a form whose only field is `payload` is the JSON in it);
    other JSON stands under `body`, text under `text`, anything else as base64 under `base64`.
    """
    kind = media_type.split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        fields: dict[str, Json] = dict(
            parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        )
        if list(fields) == ["payload"]:
            return payload_of("application/json", str(fields["payload"]).encode())
        return fields
    if not body:
        return {}
    try:
        found = decode(body)
        return dict(found) if is_object(found) else {"body": found}
    except Invalid:
        pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode(), "media_type": kind}
    return {"text": text} if "\0" not in text else {"base64": base64.b64encode(body).decode()}


def kept_headers(headers: Mapping[str, str], signature: Signature) -> dict[str, str]:
    """Return the headers that are kept: without what proves who somebody is."""
    hidden = _KEPT_BACK | (
        {signature.header.lower()} if signature.scheme == "token" else set[str]()
    )
    return {name: ("…" if name in hidden else text) for name, text in headers.items()}


def fingerprint(arrival: Arrival) -> bytes:
    """Return what two requests with the same body and type share."""
    return hashlib.sha256(arrival.media_type.encode() + b"\0" + arrival.body).digest()


def wants(events: Sequence[str] | None, event: str, hooks: Hooks) -> bool:
    """Tell whether a trigger wants what happened; a provider that does not say what happened was told before."""
    says = bool(hooks.event or hooks.events)
    return events is None or not says or event in events


def signature_of(webhook: Webhook, hooks: Hooks) -> Signature:
    """Return how a webhook's deliveries prove who sent them."""
    own = webhook.options.get("signature")
    return hooks.signature if own is None else _SIGNATURE.validate_python(own)
