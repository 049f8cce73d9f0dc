"""How a provider sends webhooks: the table `[webhooks]` of its file.

    [webhooks]
    delivery = "header.x-github-delivery"          # what every delivery is known by
    event = "{header.x-github-event}.{body.action}"

    [webhooks.signature]
    scheme = "hmac"
    header = "X-Hub-Signature-256"
    prefix = "sha256="

    [webhooks.ping]
    when = "header.x-github-event"
    is = "ping"

    [webhooks.register]
    path = "/repos/{resource}/hooks"
    body = { events = "{events}", config = { url = "{url}", secret = "{secret}" } }
    id = "id"

Templates name `url`, `secret`, `resource` and its parts by name, `events`, `hook` (the provider's id of the
webhook); `{events}` alone stays a list. What is found in a delivery is named by `header.<name>` and
`body.<name>.<name>`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, cast
from urllib.parse import quote

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from autograph.blocks.packs.provider import Provider, ProviderInvalid, Providers, ProviderUnknown
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import encode

_CLOSED: Final = ConfigDict(extra="forbid", populate_by_name=True)
_NAME: Final = re.compile(r"\{([a-zA-Z_][\w.-]*)\}")
_TEXT: Final = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Signature:
    """What proves that a delivery comes from the provider.

    Attributes:
        scheme: `hmac` over the body; `token`: the secret itself in a header; `none`: the address is the secret.
        header: Where it stands.
        algorithm: Of the HMAC.
        encoding: How it is written.
        prefix: What stands before it.
        signed: What is signed: `{body}` and, where there is one, `{timestamp}`.
        timestamp: The header that says when it was sent.
        pair: Where the header holds `name=value` pairs: that of the signature. Several of one name may stand there.
        timestamp_pair: And that of the moment.
        tolerance: Seconds that a delivery may be old, where it says when it was sent.
        secret: How the secret is written: as `text`, or `base64` of its bytes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    scheme: Literal["hmac", "token", "none"] = "none"
    header: str = ""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp: str = ""
    pair: str = ""
    timestamp_pair: str = ""
    tolerance: int = 300
    secret: Literal["text", "base64"] = "text"


@dataclass(frozen=True, slots=True)
class Match:
    """Something that deliveries of one kind hold.

    Attributes:
        when: Where: `header.x-github-event`.
        value: What stands there; empty for anything.
        name: What a delivery that holds it is called.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    when: str
    value: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A question by which a provider makes sure that somebody is there.

    Attributes:
        when: Where such a question is told by, and what stands there.
        value: What stands there; empty for anything.
        echo: What it wants to hear again.
        signed: It is signed as every delivery is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    when: str
    echo: str
    value: str = ""
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the provider.

    Attributes:
        path: Below the provider's `base_url`, or a whole address.
        body: JSON; texts in it are templates.
        id: Where its answer has the webhook's id.
        secret: Where its answer has the secret, when the provider makes it.
        ok: A field of the answer that is true when it worked, where the status does not say.
        error: Where its answer says why not.
        items: Where its answer has the list of webhooks; empty for the answer itself.
        url: Where a webhook in that list has its address.
        trouble: Where a webhook in that list says what went wrong lately.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    id: str = ""
    secret: str = ""
    ok: str = ""
    error: str = "message"
    items: str = ""
    url: str = ""
    trouble: str = ""


def _as_list(value: Any) -> Any:
    return value if is_list(value) else [value]


@dataclass(frozen=True, slots=True)
class Hooks:
    """How a provider sends webhooks.

    Attributes:
        delivery: What every delivery is known by; empty where it has nothing of the kind.
        event: Template of what happened; empty where it does not say.
        events: Where what happened shows in what a delivery holds: the first that fits names it.
        names: What the provider calls events, by the names that triggers have for them.
        sent: Events are registered `whole`, or by what stands before their first dot (`head`).
        resource: Template by which the parts of a resource are named: `{base}/{table}`.
        register_with: Asks the provider to send.
        update: Asks it to send something else; without it, it is asked to stop and to begin again.
        unregister: Asks it to stop.
        list_all: Asks what it sends.
        refresh: Asks it to go on.
        refresh_hours: How often that is necessary; 0 for never.
        test: Asks it for a ping.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    delivery: str = ""
    event: str = ""
    events: tuple[Match, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    sent: Literal["whole", "head"] = "whole"
    resource: str = "{resource}"
    guide: str = ""
    signature: Signature = field(default_factory=Signature)
    ping: Annotated[tuple[Match, ...], BeforeValidator(_as_list)] = ()
    handshake: Handshake | None = None
    register: Call | None = None
    update: Call | None = None
    unregister: Call | None = None
    list: Call | None = None
    refresh: Call | None = None
    refresh_hours: int = 0
    test: Call | None = None

    def asked_for(self, events: Sequence[str]) -> list[str]:
        """Return what the provider calls events."""
        found = [
            self.names.get(one, one.partition(".")[0] if self.sent == "head" else one)
            for one in events
        ]
        return sorted(set(found))

    def parts(self, resource: str) -> dict[str, str]:
        """Return a resource and its parts by name."""
        names = _NAME.findall(self.resource)
        values = resource.split("/", len(names) - 1) if len(names) > 1 else [resource]
        return {"resource": resource, **dict(zip(names, values, strict=False))}


_ADAPTER: Final = TypeAdapter(Hooks)
NO_HOOKS: Final = Hooks()
"""Of a provider whose file says nothing of webhooks: a person sets them up, and the address is the secret."""


class HookFiles:
    """The webhooks of all providers; a file is read when somebody asks for it."""

    def __init__(self, providers: Providers) -> None:
        """Read the files of `providers`."""
        self._providers = providers
        self._read: dict[str, Hooks] = {}

    def get(self, provider_id: str) -> Hooks:
        """Return how a provider sends webhooks.

        Raises:
            ProviderInvalid: Its file is wrong.
        """
        known = self._read.get(provider_id)
        if known is None:
            try:
                known = read_hooks(self._providers.path(provider_id))
            except ProviderUnknown:
                known = NO_HOOKS
            self._read[provider_id] = known
        return known

    def provider(self, provider_id: str) -> Provider:
        """Return a provider.

        Raises:
            ProviderUnknown: There is no file for it.
            ProviderInvalid: The file is wrong.
        """
        return self._providers.get(provider_id)


def read_hooks(path: Path) -> Hooks:
    """Return what a file says of webhooks.

    Raises:
        ProviderInvalid: It is wrong; the message names the file and the key.
    """
    said: Json = tomllib.loads(path.read_text("utf-8")).get("webhooks", {})
    try:
        return _ADAPTER.validate_python(said)
    except ValidationError as error:
        wrong = "; ".join(
            f"webhooks.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise ProviderInvalid(f"{path.name}: {wrong}.") from error


def filled(template: Json, values: Mapping[str, Json]) -> Json:
    """Return what a template makes: a name alone stays what it is, in a text it becomes text."""
    if isinstance(template, str):
        alone = _NAME.fullmatch(template)
        if alone is not None and alone[1] in values:
            return values[alone[1]]
        return _NAME.sub(lambda one: _text(values.get(one[1], one[0])), template)
    if is_object(template):
        return {name: filled(one, values) for name, one in template.items()}
    if is_list(template):
        return [filled(one, values) for one in template]
    return template


def filled_path(template: str, values: Mapping[str, Json]) -> str:
    """Return a path; what is put into it stays within its place, but for the slashes of a resource."""
    return _NAME.sub(
        lambda one: quote(_text(values.get(one[1], "")), safe="/" if one[1] == "resource" else ""),
        template,
    )


def find(value: Json, path: str) -> Json:
    """Return the part of a value that a path with dots leads to; None where it leads nowhere."""
    for step in filter(None, path.split(".")):
        if is_object(value):
            value = value.get(step)
        elif is_list(value) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _text(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, _TEXT):
        return encode(value).decode()
    return str(cast("str | int | float", value))
