"""By what a run is followed: the id of the request that it is from, and spans, where traces are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from autograph.blocks.catalog import Catalog
from autograph.engine.events import RunStarted
from autograph.engine.executor import Done, Executor, Failed, Keep, Outcome, Stream
from autograph.engine.ports import BlockHost, RunRef, RunResult
from autograph.engine.runner import Runner
from autograph.engine.state import NodeRun
from autograph.graph.model import Json
from autograph.infra.telemetry.ports import Span, Tracer


class TracedExecutor(Executor):
    """Runs attempts, and notes a span of each: what ran and how it ended, never with what."""

    def __init__(
        self, catalog: Catalog, host: BlockHost, *, node_timeout: timedelta, tracer: Tracer
    ) -> None:
        """Run blocks as `Executor` does, and tell `tracer`."""
        super().__init__(catalog, host, node_timeout=node_timeout)
        self._tracer = tracer

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
        """Run a block once."""
        with self._tracer.span(
            "node",
            run_id=str(ref.id),
            block=run.node.spec.name,
            node=run.node.id,
            node_run=run.number,
            attempt=run.attempt,
        ) as span:
            outcome = await super().attempt(
                ref, run, overrides, stream, asks_people=asks_people, keep=keep
            )
            _note(outcome, span)
        return outcome


def _note(outcome: Outcome, span: Span) -> None:
    if isinstance(outcome, Failed):
        span.set_attribute("outcome", "failed")
        span.set_attribute("error.type", outcome.code)
    else:
        span.set_attribute("outcome", "completed" if isinstance(outcome, Done) else "waiting")


def from_here(started: RunStarted, tracer: Tracer | None) -> RunStarted:
    """Return a run's first event with the request in which it is accepted, and the span that goes on."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    trace = None if tracer is None else tracer.here()
    if request_id is None and trace is None:
        return started
    return replace(started, request_id=request_id, trace=trace)


def follow(runner: Runner) -> None:
    """Have each line that this task logs from here on say which run it is about, and from which request that is."""
    structlog.contextvars.bind_contextvars(run_id=str(runner.run_id))
    if runner.state.request_id is not None:
        structlog.contextvars.bind_contextvars(request_id=runner.state.request_id)


async def traced(
    tracer: Tracer, runner: Runner, carrying: Awaitable[RunResult | None]
) -> RunResult | None:
    """Carry a run, and note a span of it: it belongs to the request, or to the run, that it is from.

    A run that waits is held again later, perhaps elsewhere: each time is a span of its own in the same trace.
    """
    run = runner.claim.run
    with tracer.span(
        "run",
        parent=runner.state.trace,
        run_id=str(run.id),
        graph_id=run.graph.sub_graph_id or str(run.graph.graph_id),
        graph_version=run.graph.version,
    ) as span:
        result = await carrying
        span.set_attribute("outcome", "let go" if result is None else result.status.value)
    return result
