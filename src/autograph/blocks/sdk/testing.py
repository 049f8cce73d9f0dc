"""The kit that proves a block: run it, run its examples, check what it declares.

from autograph.blocks.sdk.testing import check_block, run_block

outputs = await run_block(Shout, {"text": "hi"})     # [("text", "HI")]
await check_block(Shout)                             # raises AssertionError with what is wrong
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, NoReturn
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from autograph.blocks.models.client import ModelClient
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk.block import Block, BlockInput, EngineBlock
from autograph.blocks.sdk.context import Decision
from autograph.blocks.sdk.cost import CostKind
from autograph.blocks.sdk.credentials import CredentialRef, Secret
from autograph.blocks.sdk.errors import BlockError
from autograph.blocks.sdk.examples import Example
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.files import (
    MAX_READ,
    FileStream,
    HeldFile,
    OpenedFiles,
    held,
    open_elsewhere,
    shortened,
)
from autograph.blocks.sdk.library import AgentList, OwnAgent
from autograph.blocks.sdk.memory import (
    Collection,
    Memo,
    Question,
    Recalled,
    Scope,
    checked,
    memory_id,
    unit,
)
from autograph.blocks.sdk.models import Models
from autograph.blocks.sdk.tools import OfferedTool, ToolRound, ToolUse
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import Dialer, Http, Rules
from autograph.infra.errors import AutographError
from autograph.infra.json import decode, encode
from autograph.infra.mail.ports import Post
from autograph.infra.mail.post import SmtpPost
from autograph.infra.rates.ports import Rate
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import SandboxLimits
from autograph.infra.sql.client import SqlClient
from autograph.infra.sql.ports import Sql

_LOOPBACK = (ip_network("127.0.0.0/8"),)
EPOCH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The moment at which a `FakeContext`'s clock stands, until it is slept forward."""


class MemoryStore:
    """A `KeyValueStore` in dictionaries, which keeps values as JSON text, as the real one does."""

    def __init__(self) -> None:
        self.values: dict[tuple[Scope, str], bytes] = {}
        self.memories: dict[Collection, dict[str, Memo]] = {}

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        """Return the value kept under `key`, None when there is none."""
        text = self.values.get((scope, key))
        return None if text is None else decode(text)

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        """Keep `value` under `key`."""
        self.values[scope, key] = encode(value)

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        """Keep texts by their meaning."""
        kept = self.memories.setdefault(checked(collection), {})
        ids = [memory_id(collection, one) for one in memos]
        kept.update(
            (known, replace(one, vector=unit(one.vector)))
            for known, one in zip(ids, memos, strict=True)
        )
        return ids

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        """Return the texts that are nearest to a place."""
        wanted = unit(question.vector)
        found = [
            Recalled(known, one.text, one.metadata, score, EPOCH)
            for known, one in self.memories.get(checked(collection), {}).items()
            if question.where.items() <= one.metadata.items()
            and (score := round(sum(a * b for a, b in zip(one.vector, wanted, strict=True)), 6))
            >= question.least
        ]
        return sorted(found, key=lambda one: (-one.score, one.id))[: question.limit]

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        """Delete texts."""
        gone = 0
        for shelf, kept in self.memories.items():
            if (shelf.name, shelf.scope) == (collection.name, collection.scope):
                for known in [one for one in kept if ids is None or one in ids]:
                    del kept[known]
                    gone += 1
        return gone


class MemoryFiles(OpenedFiles):
    """The SDK's `Files` in a dictionary."""

    def __init__(self, http: Http) -> None:
        """Fetch what lies elsewhere by `http`."""
        self.kept: dict[str, HeldFile] = {}
        self._http = http

    @asynccontextmanager
    async def open(self, reference: str) -> AsyncGenerator[FileStream]:
        """Lend a file, to be read piece by piece.

        Raises:
            BlockError: `file.not_found`, for a reference that names none.
        """
        if reference.startswith("file:"):
            if reference not in self.kept:
                raise BlockError(f"There is no file {shortened(reference)}.", code="file.not_found")
            yield self.kept[reference]
            return
        async with open_elsewhere(reference, self._http, max_bytes=MAX_READ) as stream:
            yield stream

    async def write(
        self, name: str, content: bytes | AsyncIterable[bytes], media_type: str = ""
    ) -> str:
        """Keep a file; the first is `file://` and an id of zeros and a one."""
        written = await held(content)
        reference = f"file://{UUID(int=len(self.kept) + 1)}"
        self.kept[reference] = HeldFile(name, written, media_type)
        return reference


class MemoryLibrary:
    """The SDK's `Library` as a list."""

    def __init__(self) -> None:
        self.kept: list[OwnAgent] = []

    async def agents(self, search: str, *, limit: int, page: int) -> AgentList:
        """Return a page of agents."""
        found = sorted(
            (
                one
                for one in self.kept
                if search.lower() in f"{one.name}\n{one.description}".lower()
            ),
            key=lambda one: (one.name.lower(), one.id),
        )
        return AgentList(found[(page - 1) * limit : page * limit], len(found))


@dataclass(frozen=True)
class FakeCall:
    """A `Call` that was made already."""

    url: str
    brought: Json

    async def body(self) -> Json:
        """Return what it brought."""
        return self.brought


class ToolsWanted(Exception):
    """A block ended its attempt to have tools run."""

    def __init__(self, uses: Sequence[ToolUse], keep: Json) -> None:
        super().__init__([one.node for one in uses])
        self.uses = uses
        self.keep = keep


@dataclass
class FakeTools:
    """`Tools` that are made up: `run` raises `ToolsWanted`."""

    offered: Sequence[OfferedTool] = ()
    rounds: Sequence[ToolRound] = ()

    def run(self, uses: Sequence[ToolUse], *, keep: Json) -> NoReturn:
        """Say what would be run.

        Raises:
            ToolsWanted: Always.
        """
        raise ToolsWanted(uses, keep)


@dataclass
class FakeContext:
    """A `Context` without a run: a clock that stands still, waits that take no time, a log one can read.

    Attributes:
        decisions: What people decide, in order; when they are used up, everything is approved as it is.
        brought: What every call from outside brings.
        secrets: What is secret about credentials, by their ids.
        http: The way out: to this machine, and nowhere else.
        dialer: The same for protocols that are not HTTP.
        shelf: Where models are asked.
        tools: What can be run as a tool, and what came of it.
        shown: What was streamed.
    """

    run_id: UUID = field(default_factory=lambda: UUID(int=7))
    owner_id: UUID = field(default_factory=lambda: UUID(int=1))
    graph_id: str = "00000000-0000-4000-8000-000000000000"
    node_id: str = "node"
    node_run: int = 1
    attempt: int = 1
    idempotency_key: str = "test"
    timezone: str = "UTC"
    moment: datetime = EPOCH
    random: random.Random = field(default_factory=lambda: random.Random(7))
    store: MemoryStore = field(default_factory=MemoryStore)
    library: MemoryLibrary = field(default_factory=MemoryLibrary)
    kept: Json = None
    slept: list[timedelta] = field(default_factory=list[timedelta])
    lines: list[tuple[str, dict[str, Json]]] = field(
        default_factory=list[tuple[str, dict[str, Json]]]
    )
    decisions: list[Decision] = field(default_factory=list[Decision])
    asked: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    brought: Json = None
    throttled: list[tuple[str, Rate]] = field(default_factory=list[tuple[str, Rate]])
    usage: dict[CostKind, float] = field(default_factory=dict[CostKind, float])
    secrets: dict[str, Secret] = field(default_factory=dict[str, Secret])
    http: Http = field(default_factory=lambda: LateClient(Rules(inside=_LOOPBACK)))
    dialer: Dialer = field(default_factory=lambda: CheckedDialer(Rules(inside=_LOOPBACK)))
    shelf: ModelShelf = field(default_factory=ModelShelf)
    tools: FakeTools = field(default_factory=FakeTools)
    shown: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def models(self) -> Models:
        """Language models, as `shelf` has them."""
        return ModelClient(self, self.shelf)

    @property
    def sql(self) -> Sql:
        """Databases on this machine."""
        return SqlClient(self.dialer)

    @property
    def post(self) -> Post:
        """Mail servers on this machine."""
        return SmtpPost(self.dialer)

    def stream(self, pin: str, text: str) -> None:
        """Keep it in `shown`."""
        self.shown.append((pin, text))

    def __post_init__(self) -> None:
        self.files = MemoryFiles(self.http)
        self.sandbox = LateSandbox(SandboxLimits(cpu_seconds=5), warm=0)

    async def credential(self, reference: CredentialRef) -> Secret:
        """Return what `secrets` has under the reference's id.

        Raises:
            BlockError: It has nothing.
        """
        if reference.id not in self.secrets:
            raise BlockError(
                f"There is no credential {reference.id!r}.", code="credential.not_found"
            )
        return self.secrets[reference.id]

    def now(self) -> datetime:
        """Return the moment of the standing clock."""
        return self.moment

    async def sleep(self, duration: timedelta, *, keep: Json = None) -> None:
        """Move the clock forward at once."""
        self.slept.append(duration)
        self.moment += duration
        self.kept = keep

    async def review(self, data: Json, *, title: str, is_editable: bool = True) -> Decision:
        """Decide as `decisions` says."""
        self.asked.append((title, data))
        return self.decisions.pop(0) if self.decisions else Decision(True, data)

    def call(self, *, title: str) -> FakeCall:
        """Return a call that was made already."""
        self.asked.append((title, None))
        return FakeCall("https://example.invalid/call", self.brought)

    async def throttle(self, key: str, rate: Rate) -> None:
        """Keep it in `throttled`."""
        self.throttled.append((key, rate))

    def used(self, kind: CostKind, units: float) -> None:
        """Add it up in `usage`."""
        self.usage[kind] = self.usage.get(kind, 0) + units

    def log(self, message: str, **facts: Json) -> None:
        """Keep the line in `lines`."""
        self.lines.append((message, facts))


async def run_block(
    block: type[Block[Any]], values: Mapping[str, Json], ctx: FakeContext | None = None
) -> list[tuple[str, Json]]:
    """Run a block once by hand: nulls dropped, values taken as they are, `error` raised.

    Raises:
        BlockError: The node run failed.
    """
    outputs: list[tuple[str, Json]] = []
    async for name, value in block().run(block.accept(values), ctx or FakeContext()):
        if name == "error":
            raise BlockError(str(value))
        outputs.append((name, value))
    return outputs


async def check_block(block: type[Block[Any]]) -> None:
    """Assert that a block is what it says: ids, words, schemas, and every example.

    Raises:
        AssertionError: Names the block and what is wrong.
    """
    spec = block.spec()
    assert 0 < len(block.id) <= 36, f"{block.__name__}: id {block.id!r}"
    assert block.description.strip(), f"{block.name}: no description"
    for schema in (spec.input_schema, spec.output_schema):
        json.dumps(schema)
        for name, one in schema.get("properties", {}).items():
            assert one.get("description"), f"{block.name}.{name}: no description"
    if issubclass(block, EngineBlock):
        return
    assert block.examples, f"{block.name}: no example"
    for number, example in enumerate(block.examples, 1):
        await _check_example(block, number)
        for name, value in example.outputs:
            _check_output(block, name, value)


async def _check_example(block: type[Block[Any]], number: int) -> None:
    example = block.examples[number - 1]
    given: BlockInput | None = None
    before: BlockInput | None = None
    outputs: list[tuple[str, Json]] = []
    failure: str | None = None
    where = f"{block.name}, example {number}"
    try:
        given = block.accept(example.input)
        before = copy.deepcopy(given)
        async with _world(example, where) as ctx:
            async for name, value in block().run(given, ctx):
                if name == "error":
                    raise BlockError(str(value))
                json.dumps(value, allow_nan=False)
                outputs.append((name, value))
    except (BlockError, AutographError) as error:  # as the engine takes them
        failure = error.message
    assert [*example.outputs] == outputs, (
        f"{where}: expected {[*example.outputs]}, got {outputs} (failure: {failure})"
    )
    assert (failure is None) == (example.error is None), (
        f"{where}: failure {failure!r}, expected {example.error!r}"
    )
    assert failure is None or (example.error or "") in failure, f"{where}: failure {failure!r}"
    assert given == before, f"{where}: the block changed its input, which other nodes may hold"


@asynccontextmanager
async def _world(example: Example, where: str) -> AsyncGenerator[FakeContext]:
    """Lend the context that an example runs in, with a server that answers what it has recorded.

    Raises:
        AssertionError: Something else was sent than was recorded.
    """
    ctx = FakeContext(secrets=dict(example.secrets))
    if not example.exchanges:
        yield ctx
        return
    from autograph.blocks.sdk.recorded import recorded  # noqa: PLC0415 - aiohttp takes a fifth of a second

    try:
        async with recorded(example.exchanges) as http:
            ctx.http = http
            ctx.files = MemoryFiles(http)
            yield ctx
    except AssertionError as error:
        raise AssertionError(f"{where}: {error}") from error


def _check_output(block: type[Block[Any]], name: str, value: Json) -> None:
    schema = block.spec().output_pins.get(name)
    assert schema is not None, f"{block.name}: output pin {name!r} is not declared"
    field_info = block.Output.model_fields.get(name)
    if field_info is None or not isinstance(value, (str, int, float, list, dict, bool, type(None))):
        return
    try:
        TypeAdapter[Any](field_info.rebuild_annotation()).validate_python(value)
    except ValidationError as error:
        raise AssertionError(f"{block.name}.{name}: {value!r} is not of its type") from error
