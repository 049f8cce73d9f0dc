"""One attempt of one node run: values → block → outputs, within limits.

What a block yields is made canonical here: plain, fresh JSON, exactly what a later reader of the journal
would see. Nothing a block raises passes this border; it becomes a `Failed` outcome.
"""

from __future__ import annotations

import asyncio
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, cast

import structlog

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    Block,
    BlockError,
    CostKind,
    Example,
    ModelAnswer,
    ModelRequest,
)
from autograph.blocks.tape.recorder import Recorder
from autograph.engine.context import NodeContext
from autograph.engine.events import Output
from autograph.engine.planner import ERROR_PIN, node_values
from autograph.engine.ports import BlockHost, RunRef
from autograph.engine.prices import credits_of
from autograph.engine.recording import RecordingHost, agent_of
from autograph.engine.state import NodeRun
from autograph.engine.waits import Suspended, Wait
from autograph.graph import pins
from autograph.graph.model import Json
from autograph.infra.errors import OperationalError, UserError
from autograph.infra.json import NotJson, canonical

_log = structlog.stdlib.get_logger(__name__)
_MAX_INTEGER: Final = 2**63
_MAX_MESSAGE: Final = 4_000

Stream = Callable[[list[Output]], None]
"""Takes outputs of a node run that goes on."""
Keep = Callable[[Sequence[Json]], None]
"""Takes exchanges, as `blocks.tape` has them."""


@dataclass(frozen=True, slots=True)
class Done:
    """The attempt ended well; `outputs` are those that were not streamed.

    Attributes:
        simulated: Where they are from, where the block did not run.
        is_pinned: They were pinned, and the block did not run.
    """

    outputs: Sequence[Output]
    duration_ms: float
    credits: int = 0
    simulated: str | None = None
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; `outputs` are those it yielded before and were not streamed."""

    outputs: list[Output]
    duration_ms: float
    code: str
    message: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """The attempt ended because its block waits; `outputs` are those it yielded before and were not streamed."""

    outputs: list[Output]
    wait: Wait


Outcome = Done | Failed | Waits


class Executor:
    """Runs attempts; shared by all runs of a process."""

    def __init__(self, catalog: Catalog, host: BlockHost, *, node_timeout: timedelta) -> None:
        """Run blocks of `catalog`.

        Args:
            catalog: The blocks.
            host: Their world.
            node_timeout: For nodes whose policy and graph say nothing.
        """
        self._catalog = catalog
        self._host = host
        self._node_timeout = node_timeout
        self._blocks: dict[str, Block[Any]] = {}
        self._threads = ThreadPoolExecutor(thread_name_prefix="block")

    def close(self) -> None:
        """Let go of the threads; a block that is stuck in one does not hold us up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def runs_inline(self, run: NodeRun) -> bool:
        """Tell whether a node run needs neither a commit before it nor a task, timer or thread of its own."""
        return run.node.is_simple and not self._block(run.node.spec.id).is_blocking

    def examples(self, block_id: str) -> Sequence[Example]:
        """Return the examples of a block."""
        return self._catalog.get(block_id).examples

    async def ask(
        self, ref: RunRef, run: NodeRun, request: ModelRequest
    ) -> tuple[ModelAnswer, Mapping[CostKind, float]]:
        """Ask a model in the name of a node run, on the installation's account; return what that took, too.

        Raises:
            ModelError: It does not answer as it should.
        """
        ctx = NodeContext(ref, run, self._host, asks_people=False)
        answer = await self._host.models(ref, run.node.id, ctx).ask(request, None)
        return answer, ctx.usage

    async def attempt(
        self,
        ref: RunRef,
        run: NodeRun,
        overrides: Mapping[str, Json],
        stream: Stream | None = None,
        *,
        asks_people: bool = False,
        keep: Keep | None = None,
    ) -> Outcome:
        """Run a block once.

        Args:
            ref: The run.
            run: The node run; outputs that its journal already has are not yielded again.
            overrides: Values laid over the node for this run.
            stream: Takes outputs while the block goes on; None collects them all.
            asks_people: Reviews wait for a person; otherwise they approve.
            keep: Takes what the attempt asked of the world, without secrets, once it is over; None: nothing is kept.
        """
        if keep is None:
            ctx = NodeContext(ref, run, self._host, asks_people=asks_people)
            return await self._outcome(run, overrides, stream, ctx)
        recorder = Recorder(agent_of(ref), run.node.id)
        host = RecordingHost(self._host, recorder)
        ctx = NodeContext(ref, run, host, asks_people=asks_people)
        outcome = await self._outcome(run, overrides, stream, ctx)
        if kept := recorder.taken(ctx.opened):
            keep(kept)
        return outcome

    async def _outcome(
        self, run: NodeRun, overrides: Mapping[str, Json], stream: Stream | None, ctx: NodeContext
    ) -> Outcome:
        begun = perf_counter()  # uvloop's own clock only moves between turns
        outputs = _Outputs(stream, ctx, skip=run.emitted - run.kept_emitted)
        code, message, retry_after, credits = "", "", None, 0
        try:
            credits = await self._drive(run, overrides, outputs, ctx)
        except Suspended as suspended:
            return Waits(outputs.take(), _redacted_wait(suspended.wait, ctx))
        except BlockError as error:
            code, message, retry_after = error.code, error.message, error.retry_after
        except TimeoutError:
            limit = run.node.timeout or self._node_timeout
            code = "node.timeout"
            message = (
                f"It took longer than its limit of {limit.total_seconds():g} s (policy: timeout)."
            )
        except UserError as error:
            code, message = error.code, error.message
        except OperationalError as error:
            code, message, retry_after = error.code, error.message, error.retry_after
        except Exception as error:  # noqa: BLE001 - a border: whatever a block raises is its failure, not ours
            code, message = "block.crashed", f"{type(error).__name__}: {error}"
            _log.warning("block crashed", block=run.node.spec.name, trace=_trace(error, ctx))
        finally:
            ctx.close()
        duration_ms = round((perf_counter() - begun) * 1e3, 3)
        rest = outputs.take()
        if not code:
            return Done(rest, duration_ms, credits)
        return Failed(rest, duration_ms, code, ctx.redacted(message)[:_MAX_MESSAGE], retry_after)

    async def _drive(
        self, run: NodeRun, overrides: Mapping[str, Json], outputs: _Outputs, ctx: NodeContext
    ) -> int:
        """Run the block to its end; return what it cost."""
        node = run.node
        block = self._block(node.spec.id)
        values = node_values(node, run.arrived, overrides)
        prepared = block.prepare(values)
        begun = perf_counter()
        if block.is_blocking:
            work = asyncio.get_running_loop().run_in_executor(
                self._threads, _drain, block, prepared, ctx
            )
            async with asyncio.timeout((node.timeout or self._node_timeout).total_seconds()):
                for pin, value in await work:
                    outputs.add(block, pin, value)
        elif node.is_simple:
            async for pin, value in block.run(prepared, ctx):
                outputs.add(block, pin, value)
        else:
            async with asyncio.timeout((node.timeout or self._node_timeout).total_seconds()):
                async for pin, value in block.run(prepared, ctx):
                    outputs.add(block, pin, value)
        if not block.costs:
            return 0
        return credits_of(block.costs, values, seconds=perf_counter() - begun, usage=ctx.usage)

    def _block(self, block_id: str) -> Block[Any]:
        block = self._blocks.get(block_id)
        if block is None:
            block = self._blocks[block_id] = self._catalog.get(block_id)()
        return block


class _Outputs:
    """What a block yielded and nobody has been told yet.

    When the block goes on to wait for something, what it yielded is handed to the stream; when it ends
    first, it goes out with its end, in one event.
    """

    __slots__ = ("_ctx", "_held", "_skip", "_stream")

    def __init__(self, stream: Stream | None, ctx: NodeContext, *, skip: int) -> None:
        self._stream = stream
        self._ctx = ctx
        self._skip = skip
        self._held: list[Output] = []

    def add(self, block: Block[Any], pin: str, value: Json) -> None:
        if pin == ERROR_PIN:
            raise BlockError(value if isinstance(value, str) else str(value))
        if pin not in block.spec().output_pins and not _is_tool(block, pin):
            raise BlockError(
                f"The block yielded the output {pin!r}, which it does not declare.",
                code="block.bad_output",
            )
        if self._skip:
            self._skip -= 1
            return
        if not self._held and self._stream is not None:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._held.append((pin, self._ctx.without_secrets(_canonical(pin, value))))

    def take(self) -> list[Output]:
        held, self._held = self._held, []
        return held

    def _hand_over(self) -> None:
        if self._held and self._stream is not None:
            self._stream(self.take())


def _is_tool(block: Block[Any], pin: str) -> bool:
    return pins.TOOLS in block.spec().output_pins and pins.is_tool_pin(pin)


def _trace(error: Exception, ctx: NodeContext) -> str:
    """Return the traceback of a crash as the log may have it: messages in it can quote a secret."""
    return ctx.redacted("".join(traceback.format_exception(error)))


def _redacted_wait(wait: Wait, ctx: NodeContext) -> Wait:
    """Return a wait as people and the database may see it."""
    return replace(wait, title=ctx.redacted(wait.title), payload=ctx.without_secrets(wait.payload))


def _canonical(pin: str, value: Json) -> Json:
    """Return a value as a later reader of the journal would see it.

    Raises:
        BlockError: It has no JSON form.
    """
    if value is None or value is True or value is False:
        return value
    kind = cast("type[object]", type(value))
    if kind is float and math.isfinite(value):
        return value
    if kind is int and -_MAX_INTEGER <= value < _MAX_INTEGER:
        return value
    if kind is str and value.isascii():
        return value
    try:
        return canonical(value)[1]
    except NotJson as error:
        raise BlockError(f"{pin}: {error.message}", code="block.bad_output") from error


def _drain(block: Block[Any], prepared: Any, ctx: NodeContext) -> list[Output]:
    """Run a blocking block to its end in this thread; it may not await anything.

    Raises:
        BlockError: It failed, or it awaited.
    """
    outputs: list[Output] = []
    steps = block.run(prepared, ctx)
    while True:
        try:
            steps.__anext__().__await__().send(None)
        except StopAsyncIteration:
            return outputs
        except StopIteration as step:
            outputs.append(step.value)
            if step.value[0] == ERROR_PIN:
                return outputs
        else:
            raise BlockError("A blocking block may not await.", code="block.crashed")
