"""Record journals of this release, for every later release to fold.

    python scripts/record_journals.py

Runs a number of small agents on a scratch database and writes what their journals hold to
`tests/journals/format-<FORMAT>/`. A format that was released is never recorded again: its files stay as they
are, so this refuses to overwrite any.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from autograph.bootstrap import Platform, Process, platform
from autograph.engine.events import FORMAT
from autograph.engine.journal.payloads import unpack
from autograph.engine.waits import Answer, Choice
from autograph.features.runs.models import Debug, DryRun, Order, Run
from autograph.infra.settings import Settings

HERE = Path(__file__).resolve().parents[1] / "tests" / "journals" / f"format-{FORMAT}"

EXAMPLES = HERE.parents[2] / "examples" / "agents"

Meanwhile = Callable[[Platform, UUID], Awaitable[UUID | None]]
"""What happens to a run that goes on; may return another run, which is the one to record."""


@dataclass(frozen=True)
class Recording:
    """An agent to run, and what happens meanwhile."""

    name: str
    nodes: Mapping[str, tuple[str, Mapping[str, Any]]]
    links: Sequence[str] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    meanwhile: Meanwhile | None = None
    wanted: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """An agent of `examples/agents` to run."""

    name: str
    inputs: Mapping[str, Any]
    meanwhile: Meanwhile | None = None
    wanted: Mapping[str, Any] = field(default_factory=dict)


def document(made: Platform, recording: Recording | Example) -> dict[str, Any]:
    """The agent, in our own shape."""
    if isinstance(recording, Example):
        agent: dict[str, Any] = json.loads((EXAMPLES / f"{recording.name}.json").read_text())
        return agent
    links = []
    for text in recording.links:
        arrow = "=>" if "=>" in text else "->"
        source, sink = (end.strip().split(".", 1) for end in text.split(arrow))
        links.append(
            {
                "from": source[0],
                "output": source[1],
                "to": sink[0],
                "input": sink[1],
                "static": arrow == "=>",
            }
        )
    return {
        "autograph": 1,
        "id": "graph",
        "version": 1,
        "name": recording.name,
        "nodes": [
            {
                "id": node_id,
                "block_id": made.catalog.get(block).id,
                "constants": dict(constants),
                **(
                    {"policy": recording.policies[node_id]} if node_id in recording.policies else {}
                ),
            }
            for node_id, (block, constants) in recording.nodes.items()
        ],
        "links": links,
    }


def deciding(choice: Choice, data: Any = None) -> Meanwhile:
    """Answer the review that the run waits on."""

    async def decide(made: Platform, run_id: UUID) -> None:
        while not (found := await made.reviews.list_page(made.owner, run_id=run_id)).rows:
            await asyncio.sleep(0.02)
        answer = Answer(choice, data, "A word.")
        await made.reviews.decide(made.owner, found.rows[0].id, answer)

    return decide


async def cancelling(made: Platform, run_id: UUID) -> None:
    """Cancel the run."""
    await made.runs.cancel(made.owner, run_id)


async def forking(made: Platform, run_id: UUID) -> UUID:
    """Fork the run from its second node run, once it is over."""
    await ended(made, run_id)
    return await made.forks.fork(made.owner, run_id, 2)


async def letting_go(made: Platform, run_id: UUID) -> None:
    """Let the run go on from each of its breakpoints, with a changed value at the first."""
    inputs: dict[str, Any] = {"b": 10}
    while not (run := await made.runs.get(made.owner, run_id)).row.status.is_terminal:
        if run.breaks:
            await made.breaks.let_go(
                made.owner, run_id, break_id=run.breaks[0].id, inputs=inputs, step=bool(inputs)
            )
            inputs = {}
        await asyncio.sleep(0.02)


ADD = ("Calculator", {"operation": "Add", "a": 0, "b": 1})
OUT = ("AgentOutput", {"name": "o"})
ASK = ("HumanInTheLoop", {"data": {"post": "Hi"}, "name": "Post"})
ASKED = {"ask": ASK, "yes": OUT, "no": ("AgentOutput", {"name": "no"})}
ASKED_LINKS = ("ask.approved_data -> yes.value", "ask.rejected_data -> no.value")

RECORDINGS = (
    Recording(
        "chain", {"a": ADD, "b": ADD, "out": OUT}, ("a.result -> b.a", "b.result -> out.value")
    ),
    Recording(
        "fan-out",
        {"in": ("AgentNumberInput", {"name": "x"}), **dict.fromkeys("abc", ADD), "out": OUT},
        (*(f"in.result -> {n}.a" for n in "abc"), *(f"{n}.result -> out.value" for n in "abc")),
        {"x": 40},
    ),
    Recording(
        "static-and-dictionary",
        {
            "who": ("AgentShortTextInput", {"name": "who"}),
            "fill": ("FillTextTemplate", {"format": "Hello, {{ who }}!", "values": {}}),
            "out": OUT,
        },
        ("who.result => fill.values_#_who", "fill.output -> out.value"),
        {"who": "Ada"},
    ),
    Recording(
        "failure-routed",
        {"bad": ("Calculator", {"operation": "Divide", "a": 1, "b": 0}), "out": OUT},
        ("bad.error -> out.value",),
    ),
    Recording(
        "failure", {"bad": ("Calculator", {"operation": "Divide", "a": 1, "b": 0}), "a": ADD}
    ),
    Recording("starved", {"a": ADD, "b": ADD}, ("a.error -> b.a",)),
    Recording(
        "large-value",
        {
            "fill": ("FillTextTemplate", {"format": "{{ 'x' * 70000 }}", "values": {}}),
            "out": OUT,
        },
        ("fill.output -> out.value",),
    ),
    Recording(
        "timer",
        {"wait": ("CountdownTimer", {"seconds": 2, "input_message": "done"}), "out": OUT},
        ("wait.output_message -> out.value",),
    ),
    Recording("review-approved", ASKED, ASKED_LINKS, meanwhile=deciding(Choice.APPROVE)),
    Recording(
        "review-edited", ASKED, ASKED_LINKS, meanwhile=deciding(Choice.APPROVE, {"post": "Hello"})
    ),
    Recording("review-rejected", ASKED, ASKED_LINKS, meanwhile=deciding(Choice.REJECT)),
    Recording(
        "cancelled",
        {"wait": ("CountdownTimer", {"hours": 1}), "a": ADD},
        meanwhile=cancelling,
    ),
    Recording(
        "retried",
        {"bad": ("Calculator", {"operation": "Divide", "a": 1, "b": 0}), "a": ADD},
        policies={"bad": {"retry": {"max": 1, "backoff": 0.1}, "on_error": "ignore"}},
    ),
    Recording(
        "timer-that-gives-out-between",
        {"wait": ("CountdownTimer", {"seconds": 2, "repeat": 2, "input_message": "x"}), "out": OUT},
        ("wait.output_message -> out.value",),
    ),
    Recording(
        "tools",
        {
            "think": (
                "Orchestrator",
                {
                    "prompt": "Reckon, please.",
                    "model": "demo",
                    "agent_mode_max_iterations": -1,
                },
            ),
            "reckon": ("Calculator", {"operation": "Add", "a": 1, "b": 2}),
            "out": OUT,
            "sum": ("AgentOutput", {"name": "sum"}),
        },
        (
            "think.tools -> reckon.a",
            "think.tools -> reckon.b",
            "think.finished -> out.value",
            "reckon.result -> sum.value",
        ),
    ),
    Recording(
        "recorded",
        {"say": ("AITextGenerator", {"prompt": "Say hi.", "model": "demo"}), "out": OUT},
        ("say.response -> out.value",),
        wanted={"is_recorded": True},
    ),
    Recording(
        "dry-run",
        {"say": ("AITextGenerator", {"prompt": "Say hi.", "model": "demo"}), "out": OUT},
        ("say.response -> out.value",),
        wanted={"dry_run": DryRun()},
    ),
    Recording(
        "until",
        {"a": ADD, "b": ADD, "out": OUT},
        ("a.result -> b.a", "b.result -> out.value"),
        wanted={"debug": Debug(until=["b"])},
    ),
    Recording(
        "pinned",
        {"a": ADD, "b": ADD, "out": OUT},
        ("a.result -> b.a", "b.result -> out.value"),
        wanted={"debug": Debug(pinned={"b": {"result": [7, 8]}})},
    ),
    Recording(
        "breakpoint",
        {"a": ADD, "b": ADD, "out": OUT},
        ("a.result -> b.a", "b.result -> out.value"),
        meanwhile=letting_go,
        wanted={"debug": Debug(breakpoints=["b"])},
    ),
    Example("countdown", {"from": 3}),
    Example("welcome-party", {"guests": "Ada,Grace"}),
    Recording(
        "fork",
        {"a": ADD, "b": ADD, "out": OUT},
        ("a.result -> b.a", "b.result -> out.value"),
        meanwhile=forking,
    ),
)


async def ended(made: Platform, run_id: UUID) -> Run:
    """Return the run, once it is over.

    Raises:
        TimeoutError: It does not end.
    """
    if not await made.runs.wait(made.owner, run_id, at_most=timedelta(seconds=30)):
        raise TimeoutError(f"run {run_id} does not end")
    return await made.runs.get(made.owner, run_id)


async def record(made: Platform, recording: Recording | Example) -> dict[str, Any]:
    """Run an agent and return its journal, and what it came to."""
    agent = document(made, recording)
    saved = await made.agents.create(made.owner, agent)
    order = Order(saved.id, recording.inputs, **recording.wanted)
    run_id = await made.runs.start_order(made.owner, order)
    if recording.meanwhile is not None:
        run_id = await recording.meanwhile(made, run_id) or run_id
    run = await ended(made, run_id)
    async with made.database.acquire() as connection:
        payloads = await connection.fetch("SELECT digest, encoding, value FROM payloads")
    rows = await made.runs.events(made.owner, run_id)
    text = json.dumps([row.body for row in rows])
    return {
        "agent": agent,
        "events": [{"kind": row.kind, "body": row.body} for row in rows],
        "payloads": {
            row["digest"]: unpack(row["encoding"], row["value"]).decode()
            for row in payloads
            if row["digest"] in text
        },
        "status": run.row.status.value,
        "outputs": run.result.outputs,
        "errors": run.result.errors,
        "starved": run.result.starved,
        "node_runs": run.result.stats["node_runs"],
    }


async def main() -> int:
    """Record what is not there yet."""
    HERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with platform(Settings(data_dir=Path(folder)), process=Process.UP) as made:
            for recording in RECORDINGS:
                path = HERE / f"{recording.name}.json"
                if path.exists():
                    print(f"{path.name} stays as it is", file=sys.stderr)
                    continue
                found = await record(made, recording)
                path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
                print(f"{path.name}: {len(found['events'])} events, {found['status']}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
