"""`Block`: the class every block derives from.

A block is stateless: one instance serves every node run of a process, at the same time. It must not
change the values it is given; other nodes may hold the same ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from autograph.blocks.sdk.context import Context
from autograph.blocks.sdk.cost import Cost
from autograph.blocks.sdk.errors import BlockError, InputError
from autograph.blocks.sdk.examples import Example
from autograph.blocks.sdk.fields import Category, Json, pin
from autograph.graph.coerce import Coercer, CoercionError, compile_coercer, show
from autograph.graph.model import is_list, is_object
from autograph.graph.spec import BlockKind, BlockSpec, Effect, TriggerSpec
from autograph.infra.json import encode

Outputs = AsyncIterator[tuple[str, Json]]
"""What `Block.run` yields: `(output pin, JSON value)`, any number of times, in order."""


class BlockInput(BaseModel):
    """Base of a block's `Input`. A pin an agent carries that the block no longer has is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class BlockOutputWithoutError(BaseModel):
    """Base of an `Output` that has no `error` pin: the agents' own inputs and outputs."""

    model_config = ConfigDict(extra="forbid")


class BlockOutput(BlockOutputWithoutError):
    """Base of a block's `Output`."""

    error: str = pin("", description="What went wrong, when the node run failed.", advanced=False)


In = TypeVar("In", bound=BlockInput, contravariant=True)


class Block(Generic[In]):
    """A typed unit of work.

    A subclass declares the class attributes, its `Input` and `Output`, and `run`:

        class Shout(Block["Shout.Input"]):
            id = "…"
            …
            async def run(self, input: Input, ctx: Context) -> Outputs:
                yield "text", input.text.upper()

    Attributes:
        id: Opaque, at most 36 characters, fixed for ever.
        name: Unique catalogue name in CamelCase: `AddToList`.
        description: One or two sentences of our own: what it does, when one wants it.
        effect: What running it does to the world; see `Effect`.
        static_output: Every link from it is static.
        is_sensitive: A person may be asked before it runs.
        is_blocking: `run` holds the CPU or calls blocking code; it gets a thread of its own.
        aliases: Older names people may search for.
        deprecated: What to use instead, when it is kept for old agents only.
        trigger: What it listens to, for a block that starts runs.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    categories: ClassVar[Sequence[Category]] = ()
    kind: ClassVar[BlockKind] = BlockKind.STANDARD
    effect: ClassVar[Effect]
    costs: ClassVar[Sequence[Cost]] = ()
    examples: ClassVar[Sequence[Example]] = ()
    static_output: ClassVar[bool] = False
    is_sensitive: ClassVar[bool] = False
    is_blocking: ClassVar[bool] = False
    aliases: ClassVar[Sequence[str]] = ()
    deprecated: ClassVar[str | None] = None
    trigger: ClassVar[TriggerSpec | None] = None

    Input: ClassVar[type[BlockInput]]
    Output: ClassVar[type[BlockOutputWithoutError]]

    def run(self, input: In, ctx: Context) -> Outputs:
        """Do the work of one node run.

        Yields:
            `(output pin, JSON value)`. Yielding the pin `error` fails the node run.

        Raises:
            BlockError: The node run failed; the message is for its user.
            NotImplementedError: The class forgot to define it.
        """
        raise NotImplementedError(f"{type(self).__name__} has no run()")

    @classmethod
    def prepare(cls, values: Mapping[str, Json]) -> BlockInput:
        """Make the `Input` of a node run from its values: drop nulls, coerce, validate.

        Args:
            values: By declared input pin, dynamic pins already put together.

        Raises:
            InputError: A value does not fit its pin, or a required pin has none.
        """
        coercers = _coercers(cls)
        fitted: dict[str, Json] = {}
        for name, value in values.items():
            if value is None:
                continue
            name = coercers.renamed.get(name, name)  # noqa: PLW2901 - an older name of the same pin
            coercer = coercers.by_pin.get(name)
            try:
                fitted[name] = value if coercer is None else coercer(value)
            except CoercionError as error:
                raise InputError(name, str(error)) from error
        try:
            return coercers.validate(fitted)
        except ValidationError as error:
            pin_name, message = _first_problem(error)
            raise InputError(pin_name, message) from error

    @classmethod
    def accept(cls, values: Mapping[str, Json]) -> BlockInput:
        """Make the `Input` of values that must fit as they are: nulls are dropped, nothing is coerced.

        This is how a block is called by hand; what arrives over links is coerced by `prepare`.

        Raises:
            InputError: A value does not fit its pin, or a required pin has none.
        """
        renamed = _coercers(cls).renamed
        given = {
            renamed.get(name, name): value for name, value in values.items() if value is not None
        }
        try:
            return cls.Input.model_validate_json(encode(given), strict=True)
        except ValidationError as error:
            pin_name, message = _first_problem(error)
            raise InputError(pin_name, message) from error

    @classmethod
    def spec(cls) -> BlockSpec:
        """Return the facts that graphs and the engine need; made once."""
        return _spec(cls)


class EngineBlock(Block[Any]):
    """A block whose work the engine does itself, such as running another agent."""

    async def run(self, input: BlockInput, ctx: Context) -> Outputs:
        """Refuse: there is no run around it.

        Raises:
            BlockError: Always.
        """
        raise BlockError(f"{self.name} only works inside a run.", code="block.needs_run")
        yield  # pragma: no cover - makes this an async generator


class _Coercers:
    """What `prepare` needs of one block class, compiled once."""

    def __init__(self, block: type[Block[Any]]) -> None:
        pins = cast("Mapping[str, Mapping[str, Any]]", _spec(block).input_schema["properties"])
        self.by_pin: dict[str, Coercer] = {
            name: coercer
            for name, schema in pins.items()
            if (coercer := compile_coercer(schema)) is not None
        }
        self.renamed: dict[str, str] = {
            old: name for name, schema in pins.items() for old in schema.get("x-aliases", ())
        }
        self.validate: Callable[[dict[str, Json]], BlockInput] = (
            block.Input.__pydantic_validator__.validate_python
        )


@cache
def _coercers(block: type[Block[Any]]) -> _Coercers:
    return _Coercers(block)


@cache
def _spec(block: type[Block[Any]]) -> BlockSpec:
    inputs = _pins(block.Input.model_json_schema())
    return BlockSpec(
        id=block.id,
        name=block.name,
        kind=block.kind,
        effect=block.effect,
        input_schema=inputs,
        output_schema=_pins(block.Output.model_json_schema(mode="serialization")),
        static_output=block.static_output,
        is_sensitive=block.is_sensitive,
        categories=tuple(block.categories),
        description=block.description,
        deprecated=block.deprecated,
        credential_fields={
            name: schema
            for name, schema in inputs.get("properties", {}).items()
            if "credentials_provider" in schema
        },
        trigger=block.trigger,
    )


def _pins(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema without references; a pin is titled by its name, not by its class."""
    pins: dict[str, dict[str, Any]] = schema.get("properties", {})
    titled = {
        name: {"title": name.replace("_", " ").title(), **pin} if "$ref" in pin else pin
        for name, pin in pins.items()
    }
    return inline_refs({**schema, "properties": titled})


def inline_refs(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema with every `$ref` replaced by what it points to; a recursive one by `{}`."""
    definitions = cast("dict[str, Any]", schema.pop("$defs", {}))

    def resolve(node: Any, seen: tuple[str, ...]) -> Any:
        if is_list(node):
            return [resolve(one, seen) for one in node]
        if not is_object(node):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: resolve(one, seen) for key, one in node.items()}
        name = reference.rsplit("/", 1)[-1]
        target: Any = {} if name in seen else resolve(definitions.get(name, {}), (*seen, name))
        return {
            **cast("dict[str, Any]", target),
            **{key: resolve(one, seen) for key, one in node.items() if key != "$ref"},
        }

    return cast("dict[str, Any]", resolve(schema, ()))


def _first_problem(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "input"
    if first["type"] == "missing":
        return where, "this input needs a value."
    return where, f"{first['msg']}, got {show(first['input'])}"
