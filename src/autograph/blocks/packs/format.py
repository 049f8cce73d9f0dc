"""What a pack file says of its actions, checked; `docs/guides/write-a-pack.md` tells authors the same.

The header of the file, and how one proves there who one is, are `provider`'s; the tables read here are
`[shared]`, which holds for all actions, and `[[actions]]`. What is not known is an error that names it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from autograph.blocks.packs import pins
from autograph.blocks.packs.provider import Provider
from autograph.blocks.packs.provider import read as read_provider
from autograph.blocks.sdk import Category, Cost, CostKind, Effect, Rate
from autograph.graph.model import Json, is_object
from autograph.infra.errors import AutographError, Invalid

_CLOSED: Final = ConfigDict(extra="forbid")
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class PackInvalid(Invalid):
    """A pack's file is wrong; the message names the file, the action and the key."""

    code: ClassVar[str] = "packs.invalid"


def _is_request(value: str) -> str:
    method, _, path = value.partition(" ")
    if method not in _METHODS or not path.startswith(("/", "https://", "http://", "{")):
        raise ValueError('a request is a method and a path: "GET /things/{thing}"')
    return value


def _is_url(value: str) -> str:
    if not value.startswith("https://"):
        raise ValueError("the provider's page this was written from: https://…")
    return value


def _rate(value: Any) -> Any:
    found = (
        re.fullmatch(r"(\d+)/(second|minute|hour|day)", value) if isinstance(value, str) else None
    )
    if found is None:
        raise ValueError('a rate is so many in so long: "30/minute"')
    return Rate(
        int(found[1]), timedelta(seconds=_UNITS[found[2]]), burst=max(int(found[1]) // 10, 1)
    )


def _costs(value: Any) -> Any:
    return [{"amount": value}] if isinstance(value, int) else value


def _inputs(value: Any) -> Any:
    if not is_object(value):
        return value
    return {name: _short(one, pins.read_input) for name, one in value.items()}


def _outputs(value: Any) -> Any:
    if not is_object(value):
        return value
    return {name: _short(one, pins.read_output) for name, one in value.items()}


def _short(value: Any, read: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return read(value)
    except pins.BadNotation as error:
        raise ValueError(error.message) from error


Request = Annotated[str, AfterValidator(_is_request)]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPin:
    """An input pin.

    Attributes:
        type: In the catalogue's notation.
        fields: Pins of the `object` in its type.
        advanced: Folded away; None for: when it needs no value.
        file: The value names a file: templates are given it as an address or `data:` URI, or as Base64.
        signal: It says when to begin; nothing is made of its value.
        schema: Further JSON Schema keys: `minimum`, `maxLength`, `placeholder`, `format` …
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    type: str
    description: str
    required: bool = False
    default: Json = None
    enum: list[Json] | None = None
    title: str | None = None
    advanced: bool | None = None
    signal: bool = False
    secret: bool = False
    file: Literal["uri", "base64"] | None = None
    fields: Annotated[Mapping[str, InputPin], BeforeValidator(_inputs)] = field(
        default_factory=dict[str, "InputPin"]
    )
    schema: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPin:
    """An output pin, and what it is given.

    Attributes:
        select: Where the answer has it; None for: under the pin's own name.
        value: A template to give instead: a constant, or what came in.
        pick: Parts that are kept of what is found, or of each of its items: name → selector.
        where: Of a list, only items whose fields have these values.
        without: Of a list, only items that have none of these fields.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    type: str
    description: str
    enum: list[Json] | None = None
    select: str | None = None
    value: Json = None
    pick: Mapping[str, str] = field(default_factory=dict[str, str])
    where: Mapping[str, Json] = field(default_factory=dict[str, Json])
    without: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request: what it is made of. All values are templates.

    Attributes:
        request: `POST /things/{thing}`; the address may be whole.
        body: JSON.
        form: `application/x-www-form-urlencoded`.
        multipart: `multipart/form-data`; a part is a template, or `{content, filename, type}`, with `file`,
            a reference to one, or `json`, of which JSON text is made, instead of `content`.
        raw: A body as it is: `{content, type}`.
        graphql: A GraphQL document; its `variables` are a template.
        accepts: Statuses that are no failure although they are 400 or above.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    request: Request
    query: Mapping[str, Json] = field(default_factory=dict[str, Json])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Json = None
    form: Mapping[str, Json] | None = None
    multipart: Mapping[str, Json] | None = None
    raw: Mapping[str, str] | None = None
    graphql: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict[str, Json])
    accepts: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Call):
    """A request before the action's own; templates then know its answer under its name.

    Attributes:
        name: What templates call it.
        when: A template; the step is left out, and its answer nothing, where this is left out or false.
    """

    name: str
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a function finds out before the action's own request; templates know it under its name.

    Attributes:
        name: What templates call it.
        quirk: A function of `LOOKUPS` among its quirks.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    name: str
    quirk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """How a list goes on.

    Attributes:
        by: `link` follows the header of RFC 8288, `page` counts, `offset` counts items, `cursor` hands back a mark.
        items: Where an answer has its part of the list.
        param: The parameter that says which part.
        next: Where an answer has the mark of the next part.
        more: Where an answer says whether there is more; None for: when there is a mark.
        place: Where `param` is put: in the query, or in the body, with dots.
        limit: The most items in all; a template.
        max: The most parts that are asked for.
        size: Items in a full part, for `page`: a part with fewer is the last.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    by: Literal["link", "page", "offset", "cursor"]
    items: str
    param: str = "page"
    next: str | None = None
    more: str | None = None
    place: Literal["query", "body"] = "query"
    first: int = 1
    limit: Json = None
    max: int = 20
    size: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How to wait for work that goes on over there.

    `start` is what the first request brought; afterwards `poll` is how the waiting went: `seconds`, `is_done`,
    and `answer`, the last one.

    Attributes:
        request: Asks how it goes.
        when: A template; nothing is waited for where this is left out or false.
        until: Selector → values that mean it is done, or a template of them.
        failed: Selector → values that mean it failed.
        message: Where the answer then says why.
        every: Seconds between two questions, half a second at least; a template.
        timeout: Seconds until the node fails; a template.
        gives_up: After that time the last answer counts, and the node does not fail.
        result: Fetches what came of it, when the last answer does not have it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    request: Request
    until: Mapping[str, Sequence[Json] | str]
    when: str | None = None
    failed: Mapping[str, Sequence[Json]] = field(default_factory=dict[str, Sequence[Json]])
    message: str | None = None
    every: Json = 2
    timeout: Json = 600
    gives_up: bool = False
    result: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How the provider says that something went wrong.

    Attributes:
        message: Where the answer says what.
        when: Selector → values that mean failure although the status does not.
        codes: Status → what the failure is called, instead of the usual.
        limited: Selector → values that mean too many requests, whatever the status.
        exhausted: Header → value that means the same.
        reset: A header with the moment, in seconds since 1970, from which on one may ask again.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    message: str | None = None
    when: Mapping[str, Sequence[Json]] = field(default_factory=dict[str, Sequence[Json]])
    codes: Mapping[str, str] = field(default_factory=dict[str, str])
    limited: Mapping[str, Sequence[Json]] = field(default_factory=dict[str, Sequence[Json]])
    exhausted: Mapping[str, str] = field(default_factory=dict[str, str])
    reset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A rule of what it costs."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    amount: int
    kind: CostKind = CostKind.RUN
    divisor: int = 1
    when: Mapping[str, Json] = field(default_factory=dict[str, Json])

    def cost(self) -> Cost:
        """Return it as blocks declare it."""
        return Cost(self.amount, self.kind, self.divisor, self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What holds for all actions of a pack, where they do not say otherwise."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    errors: Errors = field(default_factory=Errors)
    rate: Annotated[Rate | None, BeforeValidator(_rate)] = None
    idempotency: str | None = None
    scopes: Sequence[str] = ()
    auth: Sequence[str] | None = None
    categories: Sequence[Category] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Call):
    """One block.

    Attributes:
        id: The block's id, for ever.
        name: The block's name.
        documentation: The provider's page that it was written from.
        auth: Kinds of credentials it takes; None for all of the provider's, empty for none.
        scopes: What the credential must let one do.
        picked: The input pin of a file that was picked over there; it may bring its credential along.
        before: Requests before its own.
        idempotency: The header that takes the idempotency key.
        rate: How often it may be asked with one credential.
        timeout: Seconds a request may take.
        used: What an answer says was used: `cost_usd`, `tokens` → selector; prices may build on it.
        quirk: A function of its quirks that does it all.
        former_pins: Input pin → names that it had; values and links that name them go there.
    """

    id: str
    name: str
    description: str
    documentation: Annotated[str, AfterValidator(_is_url)]
    categories: Sequence[Category] = ()
    effect: Effect
    input: Annotated[Mapping[str, InputPin], BeforeValidator(_inputs)] = field(
        default_factory=dict[str, InputPin]
    )
    output: Annotated[Mapping[str, OutputPin], BeforeValidator(_outputs)] = field(
        default_factory=dict[str, OutputPin]
    )
    auth: Sequence[str] | None = None
    scopes: Sequence[str] | None = None
    picked: str | None = None
    before: Sequence[Step | Lookup] = ()
    pages: Pages | None = None
    poll: Poll | None = None
    errors: Errors | None = None
    idempotency: str | None = None
    rate: Annotated[Rate | None, BeforeValidator(_rate)] = None
    cost: Annotated[Sequence[Price], BeforeValidator(_costs)] = ()
    timeout: float = 60
    used: Mapping[CostKind, str] = field(default_factory=dict[CostKind, str])
    quirk: str | None = None
    is_sensitive: bool = False
    aliases: Sequence[str] = ()
    former_pins: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A provider with its actions."""

    path: Path
    provider: Provider
    shared: Shared
    actions: Mapping[str, Action]
    """By their block's id."""

    @property
    def id(self) -> str:
        """The provider's id."""
        return self.provider.id


_SHARED: Final = TypeAdapter(Shared)
_ACTION: Final = TypeAdapter(Action)


def read(path: Path) -> Pack:
    """Return what a pack's file says.

    Raises:
        PackInvalid: It is wrong; the message names the file, the action and the key.
        ProviderInvalid: Its header is.
    """
    provider = read_provider(path)
    said = tomllib.loads(path.read_text("utf-8"))
    shared = _checked(path, "shared", _SHARED, said.get("shared", {}))
    actions: dict[str, Action] = {}
    for number, table in enumerate(said.get("actions", ()), 1):
        name = table.get("name", number) if is_object(table) else number
        action = _checked(
            path, f"actions, {name}", _ACTION, {"categories": shared.categories, **table}
        )
        if actions.setdefault(action.id, action) is not action:
            raise PackInvalid(
                f"{path.name}: actions, {name}: id: {action.id} is {actions[action.id].name}'s."
            )
    return Pack(path, provider, shared, actions)


def _checked(path: Path, where: str, adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise PackInvalid(f"{path.name}: {where}: {wrong}.") from error
    except AutographError as error:
        raise PackInvalid(f"{path.name}: {where}: {error.message}") from error
