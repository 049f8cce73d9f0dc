"""A cassette: a run that ended, as a regression test that needs nothing but itself. PURE.

    {"autograph_cassette": 1, "name": "Word report", "run": "<id>", "at": "2026-11-01T12:00:00+00:00",
     "inputs": {"text": "Agents are graphs"},
     "agent": {…},
     "exchanges": [{"kind": "http", "agent": "", "node": "n1", "request": "GET https://…", "response": {…}}],
     "answers": [{"agent": "", "node": "n2", "kind": "review", "answer": {"decision": "approve"}}],
     "status": "completed", "outputs": {"report": ["…"]}, "errors": []}

One written by hand needs `inputs` and `outputs`. With `script`, rules of the scripted model, that one answers what
models are asked beyond the exchanges; a mask (`•••`) in a text of its outputs stands for any text. Nothing in a
cassette is secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from autograph.blocks.sdk.exchanges import MASK
from autograph.blocks.tape.exchange import Exchange
from autograph.engine.ports import RunResult
from autograph.engine.state import RunStatus
from autograph.graph.model import Graph, Json, is_list, is_object
from autograph.graph.portable import read_agent, write_agent
from autograph.infra.errors import Invalid
from autograph.infra.json import canonical, decode, encode

VERSION: Final = 1
_NOBODY: Final = UUID(int=0)
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SHOWN: Final = 400


class NotACassette(Invalid):
    """A file is no cassette, or one of a newer kind; the message says what is wrong."""

    code: ClassVar[str] = "cassette.invalid"


@dataclass(frozen=True, slots=True)
class Cassette:
    """A run that ended.

    Attributes:
        run_id: The run; its random draws depend on it.
        at: When it began.
        inputs: The agent's inputs by name.
        overrides: What was laid over nodes for this run: `{node: {pin: value}}`.
        agent: What ran; None in one written by hand.
        exchanges: As `blocks.tape` has them.
        answers: What people and other systems answered: `{agent, node, kind, answer}`.
        children: Ids of the runs inside, by `<id of the parent run>:<number of its node run>`.
        script: Rules of the scripted model for what is not among the exchanges; None: nothing else answers.
        outputs: By name, every value in order.
        errors: Failures that nobody handled: `{node, code}`.
    """

    inputs: Mapping[str, Json]
    outputs: Mapping[str, Sequence[Json]]
    name: str = ""
    run_id: UUID = _NOBODY
    at: datetime = _EPOCH
    timezone: str = "UTC"
    overrides: Mapping[str, Mapping[str, Json]] = field(
        default_factory=dict[str, Mapping[str, Json]]
    )
    agent: Graph | None = None
    exchanges: Sequence[Exchange] = ()
    answers: Sequence[Mapping[str, Any]] = ()
    children: Mapping[str, str] = field(default_factory=dict[str, str])
    script: Sequence[Mapping[str, Json]] | None = None
    status: RunStatus = RunStatus.COMPLETED
    errors: Sequence[Mapping[str, Json]] = ()

    def as_json(self) -> dict[str, Json]:
        """Return it as a file has it; what is empty is left out."""
        written: dict[str, Json] = {
            "autograph_cassette": VERSION,
            "name": self.name,
            "run": str(self.run_id),
            "at": self.at.isoformat(),
            "timezone": self.timezone,
            "inputs": self.inputs,
            "overrides": self.overrides,
            "agent": None if self.agent is None else write_agent(self.agent),
            "exchanges": self.exchanges,
            "answers": self.answers,
            "children": self.children,
            "script": self.script,
            "status": self.status.value,
            "outputs": self.outputs,
            "errors": self.errors,
        }
        plain: dict[str, Json] = canonical(written)[1]
        kept = {"inputs", "outputs"}
        return {
            name: one for name, one in plain.items() if name in kept or one not in (None, [], {})
        }


def read_cassette(data: bytes) -> Cassette:
    """Return the cassette that a file holds.

    Raises:
        NotACassette: It holds none.
    """
    try:
        found = decode(data)
    except Invalid as error:
        raise NotACassette(f"This is no cassette: {error.message}") from error
    if not is_object(found) or "autograph_cassette" not in found:
        raise NotACassette(
            "This is no cassette: it has no `autograph_cassette`. Record one with `autograph runs record RUN`."
        )
    if found["autograph_cassette"] != VERSION:
        raise NotACassette(
            f"This cassette is of kind {found['autograph_cassette']!r}; this Autograph plays kind {VERSION}."
        )
    try:
        return _read(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotACassette(f"This cassette is broken: {type(error).__name__} {error}.") from error


def _read(found: Mapping[str, Any]) -> Cassette:
    agent = found.get("agent")
    exchanges = found.get("exchanges", [])
    if not all(is_object(one) and isinstance(one.get("kind"), str) for one in exchanges):
        raise ValueError("an exchange has no kind")
    outputs = found["outputs"]
    if not all(is_list(values) for values in outputs.values()):
        raise ValueError("an output is no list of values")
    return Cassette(
        inputs=dict(found["inputs"]),
        outputs=outputs,
        name=str(found.get("name", "")),
        run_id=UUID(found.get("run", str(_NOBODY))),
        at=datetime.fromisoformat(found["at"]) if "at" in found else _EPOCH,
        timezone=str(found.get("timezone", "UTC")),
        overrides=dict(found.get("overrides", {})),
        agent=None if agent is None else read_agent(encode(agent)),
        exchanges=exchanges,
        answers=found.get("answers", []),
        children=dict(found.get("children", {})),
        script=found.get("script"),
        status=RunStatus(found.get("status", "completed")),
        errors=found.get("errors", []),
    )


def unhandled(result: RunResult) -> list[dict[str, Json]]:
    """Return the failures that nobody handled, as cassettes have them."""
    return [
        {"node": one["node"], "code": one["code"]} for one in result.errors if not one["handled"]
    ]


def compare(expected: Cassette, result: RunResult) -> list[str]:
    """Return in sentences what came otherwise than it was recorded; a mask stands for any text."""
    found: list[str] = []
    if result.status is not expected.status:
        why = f": {result.error['message']}" if result.error else ""
        found.append(
            f"The run {result.status.value}{why} The recorded one {expected.status.value}."
        )
    for name in {**expected.outputs, **result.outputs}:
        recorded, now = expected.outputs.get(name), result.outputs.get(name)
        if recorded is None:
            found.append(f"Output {name!r} was not recorded, and is {_short(now)}.")
        elif now is None:
            found.append(f"Output {name!r} is missing; recorded {_short(recorded)}.")
        elif not is_mask_of(list(recorded), list(now)):
            found.append(f"Output {name!r}: recorded {_short(recorded)}, now {_short(now)}.")
    errors = unhandled(result)
    if result.status is expected.status and errors != list(expected.errors):
        found.append(f"Failures: recorded {_short(expected.errors)}, now {_short(errors)}.")
    return found


def is_mask_of(shown: Json, real: Json) -> bool:
    """Tell whether a value is another one with its secrets masked."""
    if isinstance(shown, str) and isinstance(real, str):
        if MASK not in shown:
            return shown == real
        pattern = ".*".join(map(re.escape, shown.split(MASK)))
        return re.fullmatch(pattern, real, re.DOTALL) is not None
    if is_list(shown) and is_list(real):
        return len(shown) == len(real) and all(map(is_mask_of, shown, real))
    if is_object(shown) and is_object(real):
        return shown.keys() == real.keys() and all(
            is_mask_of(one, real[name]) for name, one in shown.items()
        )
    return bool(shown == real)


def _short(value: Any) -> str:
    text = encode(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
