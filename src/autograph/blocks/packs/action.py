"""An action as a block: made of its table when somebody needs it, and run like any other."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Final, cast
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from autograph.blocks.packs import pins
from autograph.blocks.packs.answer import Answer, BadAnswer
from autograph.blocks.packs.exchange import Exchange, Unsendable
from autograph.blocks.packs.filters import filters_of
from autograph.blocks.packs.format import Action, InputPin, OutputPin, Pack
from autograph.blocks.packs.pins import BadNotation
from autograph.blocks.packs.quirks import actions as quirk_actions
from autograph.blocks.packs.recordings import examples_of
from autograph.blocks.packs.selectors import FILE, MISSING, Answered, Filter, Selector, parse
from autograph.blocks.packs.templates import Scope, render
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Context,
    CredentialRef,
    Example,
    Format,
    InputError,
    Outputs,
)
from autograph.blocks.sdk.files import MAX_READ, read_stream
from autograph.graph.coerce import Coercer, CoercionError, compile_coercer, show
from autograph.graph.model import Json, is_list, is_object
from autograph.graph.spec import BlockKind, BlockSpec, JsonSchema

CREDENTIALS: Final = "credentials"
PICKED_WITH: Final = "_credentials_id"
"""Where a file that was picked names the credential it was picked with."""


class PackInput(BlockInput):
    """The values of an action's pins; what each may be is in the pack."""

    values: dict[str, Json]


class _Examples:
    """The recordings of an action, read when somebody asks for them."""

    def __get__(self, _instance: object, owner: type[ActionBlock]) -> Sequence[Example]:
        return examples_of(owner.pack, owner.action)


class ActionBlock(Block[PackInput]):
    """A block that is described, not programmed. `block_of` makes its subclasses.

    Attributes:
        pack: The file it is from.
        action: Its table there.
    """

    pack: ClassVar[Pack]
    action: ClassVar[Action]
    facts: ClassVar[BlockSpec]
    coercers: ClassVar[Mapping[str, Coercer]]
    Input = PackInput
    Output = BlockOutput

    async def run(self, input: PackInput, ctx: Context) -> Outputs:
        """Ask the provider and give out what the pack says of its answer.

        Raises:
            Unsendable: An input has no form in UTF-8.
        """
        values = dict(input.values)
        named = values.pop(CREDENTIALS, None)
        if named is None and self.action.picked is not None:
            named = self._brought(values.get(self.action.picked))
        reference = None if named is None else CredentialRef.model_validate(named)
        secret = None if reference is None else await ctx.credential(reference)
        for name, pin in self.action.input.items():
            if pin.file is not None and values.get(name):
                values[name] = await _file(values[name], pin.file, ctx)
        known = filters_of(self.pack.id)
        required = frozenset(name for name, one in self.action.input.items() if one.required)
        scope = Scope(values, required, {}, known)
        exchange = Exchange(self.pack, self.action, ctx, scope, secret, reference)
        if self.action.quirk is not None:
            try:
                async for output in quirk_actions(self.pack.id)[self.action.quirk](
                    values, exchange
                ):
                    yield output
            except UnicodeEncodeError:
                raise Unsendable from None
            return
        answer = await exchange.run()
        for kind, selector in self.action.used.items():
            units = parse(selector, known).find(answer)
            if isinstance(units, (int, float)):
                ctx.used(kind, float(units))
        async for output in self._outputs(answer, exchange.scope, ctx):
            yield output

    def _brought(self, file: Json) -> Json:
        """Return the credential that a picked file brings along.

        Raises:
            InputError: It brings none.
        """
        found = file.get(PICKED_WITH) if is_object(file) else None
        if not found:
            raise InputError(
                CREDENTIALS, f"choose one: {self.action.picked} does not say who picked it."
            )
        kind = kinds_of(self.pack, self.action)[0]
        return {"id": str(found), "provider": self.pack.id, "type": kind}

    async def _outputs(
        self, answer: Answered, scope: Scope, ctx: Context
    ) -> AsyncIterator[tuple[str, Json]]:
        for name, pin in self.action.output.items():
            selector = parse(pin.select or name, scope.filters)
            if pin.value is not None:
                found = render(pin.value, scope)
            elif pin.select == FILE:
                found = await _kept(answer, ctx)
            else:
                found = _found(pin, selector, answer, scope.filters)
            if found is MISSING or (found is None and selector.is_optional):
                if selector.is_optional or pin.value is not None:
                    continue
                raise BadAnswer(
                    self.pack.provider.name,
                    f"{name} was expected at {pin.select or name}",
                    answer.text,
                )
            schema = self.facts.output_pins[name]
            if not selector.each:
                yield name, _fitted(self.pack, name, schema, found)
                continue
            if not is_list(found):
                raise BadAnswer(
                    self.pack.provider.name,
                    f"{name}: a list was expected at {pin.select}",
                    show(found),
                )
            for one in found:
                yield name, _fitted(self.pack, name, schema, one)

    @classmethod
    def prepare(cls, values: Mapping[str, Json]) -> PackInput:
        """Make the input of a node run from its values: drop nulls, coerce, validate.

        Raises:
            InputError: A value does not fit its pin, or a required pin has none.
        """
        fitted: dict[str, Json] = {}
        renamed = {old: name for name, former in cls.action.former_pins.items() for old in former}
        for given, value in values.items():
            name = renamed.get(given, given)
            if value is None or name not in cls.facts.input_pins:
                continue
            coercer = cls.coercers.get(name)
            try:
                fitted[name] = value if coercer is None else coercer(value)
            except CoercionError as error:
                raise InputError(name, str(error)) from error
        return cls._checked(fitted)

    @classmethod
    def accept(cls, values: Mapping[str, Json]) -> PackInput:
        """Make the input of values that must fit as they are.

        Raises:
            InputError: A value does not fit its pin, or a required pin has none.
        """
        given = {
            name: value
            for name, value in values.items()
            if value is not None and name in cls.facts.input_pins
        }
        for name, value in given.items():
            coercer = cls.coercers.get(name)
            try:
                is_fitting = coercer is None or _is_same(coercer(value), value)
            except CoercionError as error:
                raise InputError(name, str(error)) from error
            if not is_fitting:
                raise InputError(name, f"{show(value)} is of another type.")
        return cls._checked(given)

    @classmethod
    def _checked(cls, values: dict[str, Json]) -> PackInput:
        for name in cls.facts.input_schema["required"]:
            if name not in values:
                raise InputError(name, "this input needs a value.")
        for name, value in values.items():
            _check_limits(name, cls.facts.input_pins[name], value)
        if CREDENTIALS in values:
            try:
                CredentialRef.model_validate(values[CREDENTIALS])
            except ValidationError as error:
                raise InputError(CREDENTIALS, "this is no credential: choose one.") from error
        defaults = {
            name: pin.default for name, pin in cls.action.input.items() if pin.default is not None
        }
        return PackInput.model_construct(values={**defaults, **values})

    @classmethod
    def spec(cls) -> BlockSpec:
        """Return the facts that graphs and the engine need."""
        return cls.facts


def block_of(pack: Pack, action: Action) -> type[ActionBlock]:
    """Return an action as a block's class.

    Raises:
        BadNotation: A type in it is none, or a pin that it names.
    """
    facts = _facts(pack, action)
    coercers = {
        name: coercer
        for name, schema in facts.input_pins.items()
        if (coercer := compile_coercer(schema)) is not None
    }
    said: dict[str, Any] = {
        "__doc__": action.description,
        "__module__": f"{__package__}.{pack.id}",
        "id": action.id,
        "name": action.name,
        "description": action.description,
        "categories": tuple(action.categories),
        "effect": action.effect,
        "costs": tuple(one.cost() for one in action.cost),
        "examples": _Examples(),
        "is_sensitive": action.is_sensitive,
        "aliases": tuple(action.aliases),
        "deprecated": action.deprecated,
        "pack": pack,
        "action": action,
        "facts": facts,
        "coercers": coercers,
    }
    return cast("type[ActionBlock]", type(action.name, (ActionBlock,), said))


def kinds_of(pack: Pack, action: Action) -> tuple[str, ...]:
    """Return what a credential for an action may be made of; none where it needs no credential."""
    said = action.auth if action.auth is not None else pack.shared.auth
    return pack.provider.auth.kinds if said is None else tuple(said)


def _facts(pack: Pack, action: Action) -> BlockSpec:
    kinds = kinds_of(pack, action)
    scopes = tuple(action.scopes if action.scopes is not None else pack.shared.scopes)
    inputs: dict[str, JsonSchema] = {}
    if kinds:
        may_be_brought = {} if action.picked is None else {"default": None}
        inputs[CREDENTIALS] = _credentials(pack, kinds, scopes) | may_be_brought
    inputs |= {name: input_schema(name, pin) for name, pin in action.input.items()}
    for name, former in action.former_pins.items():
        if name not in inputs:
            raise BadNotation(f"former_pins: there is no input pin {name}.")
        inputs[name] = {**inputs[name], "x-aliases": list(former)}
    needed = [CREDENTIALS] if kinds and action.picked is None else []
    needed += [name for name, pin in action.input.items() if pin.required]
    outputs = {name: _output_schema(name, pin) for name, pin in action.output.items()}
    return BlockSpec(
        id=action.id,
        name=action.name,
        kind=BlockKind.STANDARD,
        effect=action.effect,
        input_schema={
            "type": "object",
            "title": action.name,
            "properties": inputs,
            "required": needed,
        },
        output_schema={
            "type": "object",
            "title": action.name,
            "properties": {**outputs, **_error_pin()},
        },
        is_sensitive=action.is_sensitive,
        categories=tuple(action.categories),
        description=action.description,
        deprecated=action.deprecated,
        credential_fields={CREDENTIALS: inputs[CREDENTIALS]} if kinds else {},
    )


def input_schema(name: str, pin: InputPin) -> dict[str, Any]:
    """Return the JSON Schema of an input pin.

    Raises:
        BadNotation: Its type is none.
    """
    parts = {
        key: input_schema(key, one) | ({"required": True} if one.required else {})
        for key, one in pin.fields.items()
    }
    schema = pins.schema_of(pin.type, pin.enum, parts)
    schema |= {
        "title": pin.title or _words(name),
        "description": pin.description,
        "secret": pin.secret,
        "advanced": pin.advanced if pin.advanced is not None else not pin.required,
        **pin.schema,
    }
    if pin.file is not None and schema.get("type") == "string":
        schema["format"] = Format.FILE.value
    return schema | ({} if pin.default is None else {"default": pin.default})


async def _file(value: Json, how: str, ctx: Context) -> Json:
    """Return what a pin of files is to templates; addresses that others can reach are left as they are.

    Raises:
        BlockError: There is no such file, or it is too large.
    """
    if is_list(value):
        return [await _file(one, how, ctx) for one in value]
    reference = str(value)
    if how == "uri" and reference[:8].lower().startswith(("http://", "https://", "data:")):
        return reference
    async with ctx.files.open(reference) as stream:
        content = base64.b64encode(await read_stream(stream, MAX_READ)).decode()
        return content if how == "base64" else f"data:{stream.info.media_type};base64,{content}"


def _output_schema(name: str, pin: OutputPin) -> dict[str, Any]:
    return pins.schema_of(pin.type, pin.enum) | {
        "title": _words(name),
        "description": pin.description,
        "secret": False,
        "advanced": False,
    }


@cache
def _error_pin() -> Mapping[str, JsonSchema]:
    return BlockOutput.model_json_schema(mode="serialization")["properties"]


def _credentials(pack: Pack, kinds: Sequence[str], scopes: Sequence[str]) -> dict[str, Any]:
    parts = CredentialRef.model_json_schema()
    schema: dict[str, Any] = {
        "type": "object",
        "title": "Credentials",
        "description": f"Who asks {pack.provider.name}.",
        "properties": parts["properties"],
        "required": parts["required"],
        "secret": False,
        "advanced": False,
        "credentials_provider": [pack.id],
        "credentials_types": list(kinds),
    }
    return schema | ({"credentials_scopes": list(scopes)} if scopes else {})


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _found(
    pin: OutputPin, selector: Selector, answer: Answered, filters: Mapping[str, Filter]
) -> Json:
    """Return what an output pin is given: found, sorted out, and cut down to the parts that are kept."""
    found = selector.find(answer)
    if is_list(found):
        found = [one for one in found if _is_wanted(pin, one)]
    if not pin.pick or found is MISSING or found is None:
        return found
    picks = {name: parse(one, filters) for name, one in pin.pick.items()}
    return [_picked(picks, one) for one in found] if is_list(found) else _picked(picks, found)


async def _kept(answer: Answered, ctx: Context) -> Json:
    """Keep an answer's body as a file, named as its address is."""
    if not isinstance(answer, Answer):
        return MISSING
    name = unquote(urlsplit(answer.response.url).path).rsplit("/", 1)[-1] or "file"
    kind = answer.headers.get("content-type", "")
    return await ctx.files.write(name, answer.response.body, kind)


def _is_wanted(pin: OutputPin, item: Json) -> bool:
    fields: Mapping[str, Json] = item if is_object(item) else {}
    has_values = all(fields.get(name) == value for name, value in pin.where.items())
    return has_values and not any(fields.get(name) is not None for name in pin.without)


def _picked(picks: Mapping[str, Selector], item: Json) -> dict[str, Json]:
    part = _Part(item)
    found = {name: selector.find(part) for name, selector in picks.items()}
    return {name: one for name, one in found.items() if one is not MISSING}


class _Part:
    """A part of an answer, as selectors see it."""

    def __init__(self, value: Json) -> None:
        self.json = value
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.text = self.data_uri = ""


def _fitted(pack: Pack, name: str, schema: JsonSchema, value: Json) -> Json:
    coercer = compile_coercer(schema)
    if coercer is None:
        return value
    try:
        return coercer(value)
    except CoercionError as error:
        raise BadAnswer(
            pack.provider.name, f"{name}: {error.expected} was expected", show(value)
        ) from error


def _is_same(fitted: Json, value: Json) -> bool:
    return (
        fitted == value
        and isinstance(fitted, bool) == isinstance(value, bool)
        and (not isinstance(value, str) or isinstance(fitted, str))
    )


def _check_limits(name: str, schema: JsonSchema, value: Json) -> None:
    """Check what a pin's schema says of sizes.

    Raises:
        InputError: The value is too small or too large.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            raise InputError(name, f"it is at least {schema['minimum']}, got {show(value)}")
        if "maximum" in schema and value > schema["maximum"]:
            raise InputError(name, f"it is at most {schema['maximum']}, got {show(value)}")
    if isinstance(value, (str, list)):
        size = len(cast("str | list[Json]", value))
        if size > schema.get("maxLength", schema.get("maxItems", size)):
            raise InputError(
                name,
                f"it has at most {schema.get('maxLength', schema.get('maxItems'))} parts, got {size}",
            )
