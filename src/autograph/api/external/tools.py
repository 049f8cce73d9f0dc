"""A person's agents as tools of the Model Context Protocol: their names, what they take, what came of a call. PURE."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from autograph.engine.state import RunStatus
from autograph.features.runs.models import Run, RunRow
from autograph.graph.model import Json, is_list, is_object

_SLUG: Final = 24
_ID: Final = 22
"""Characters of an id's 16 bytes in base64."""
_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_KEPT: Final = frozenset(
    {
        *("type", "enum", "const", "default", "title", "description", "minimum", "maximum"),
        *("minLength", "maxLength", "minItems", "maxItems", "pattern"),
    }
)
_ASKED: Final = frozenset({"review", "action", "outcome"})

RESULT: Final = "autograph_run_result"
RUNS: Final = "autograph_list_runs"

RESULT_TOOL: Final[Mapping[str, Json]] = {
    "name": RESULT,
    "description": "Returns what a run of an agent came to, or has come to so far. Waits for its end where asked to.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "run_id": {"type": "string", "description": "The run."},
            "wait_seconds": {"type": "number", "minimum": 0, "maximum": 300, "default": 0},
        },
        "required": ["run_id"],
        "additionalProperties": False,
    },
    "annotations": {"readOnlyHint": True},
}
RUNS_TOOL: Final[Mapping[str, Json]] = {
    "name": RUNS,
    "description": "Lists runs of agents, newest first.",
    "inputSchema": {
        "type": "object",
        "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
        "additionalProperties": False,
    },
    "annotations": {"readOnlyHint": True},
}


def name_of(graph_id: UUID, name: str) -> str:
    """Return the name of an agent's tool: its own in plain letters, and its id, so that no two are the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = _UNFIT.sub("_", plain).strip("_")[:_SLUG].strip("_") or "agent"
    return f"{slug}-{base64.urlsafe_b64encode(graph_id.bytes).decode().rstrip('=')}"


def graph_of(tool: str) -> UUID | None:
    """Return whose tool a name is: the id decides, so that a name outlives the agent's being renamed."""
    if len(tool) <= _ID or tool[-_ID - 1] != "-":
        return None
    try:
        return UUID(bytes=base64.b64decode(f"{tool[-_ID:]}==", altchars=b"-_", validate=True))
    except ValueError:
        return None


def agent_tool(graph_id: UUID, name: str, description: str, schema: Mapping[str, Json]) -> Json:
    """Return how a tool that runs an agent is offered."""
    properties = schema.get("properties")
    return {
        "name": name_of(graph_id, name),
        "title": name,
        "description": description or f"Runs the agent {name!r}.",
        "inputSchema": {
            "type": "object",
            "properties": {
                pin: _plain(one)
                for pin, one in (properties if is_object(properties) else {}).items()
            },
            "required": schema.get("required", []),
            "additionalProperties": False,
        },
    }


def called(run: Run) -> Json:
    """Return what came of a run, as a tool's result."""
    status = run.row.status
    failed = status in {RunStatus.FAILED, RunStatus.CANCELLED}
    return {
        "content": [{"type": "text", "text": _told(run)}],
        "structuredContent": {
            "run_id": str(run.row.id),
            "status": status.value,
            "outputs": dict(run.result.outputs),
        },
        "isError": failed,
        "_meta": {"run_id": str(run.row.id)},
    }


def failed(message: str) -> Json:
    """Return a tool's result that is a failure, for a model to read and do better."""
    return {"content": [{"type": "text", "text": message}], "isError": True}


def listed(rows: Sequence[RunRow]) -> Json:
    """Return a list of runs as a tool's result."""
    runs = [
        {
            "run_id": str(one.id),
            "graph_id": str(one.graph_id),
            "status": one.status.value,
            "queued_at": one.queued_at.isoformat(),
        }
        for one in rows
    ]
    return {
        "content": [{"type": "text", "text": json.dumps(runs)}],
        "structuredContent": {"runs": runs},
        "isError": False,
    }


def is_asking(run: Run) -> bool:
    """Tell whether a run waits for a person, which no waiting of a program shortens."""
    return run.row.status is RunStatus.WAITING and any(one.kind in _ASKED for one in run.waits_for)


def _told(run: Run) -> str:
    status = run.row.status
    if not status.is_terminal:
        why = "waits for a person's answer" if is_asking(run) else "goes on"
        return f"Run {run.row.id} {why}. Ask {RESULT} what came of it."
    lines = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, values in run.result.outputs.items()
        for value in values
    ]
    told = lines[0][1] if len(lines) == 1 else "\n".join(f"{name}: {text}" for name, text in lines)
    if status is RunStatus.COMPLETED:
        return told or "It ended without outputs."
    error = run.result.error
    message = error.get("message") if is_object(error) else None
    reasons = [str(message)] if message else []
    reasons += [str(one["message"]) for one in run.result.errors if "message" in one]
    return "\n".join([f"The run {status.value}.", *dict.fromkeys(reasons)])


def _plain(found: Json) -> Json:
    """Return what is JSON Schema of a pin's schema, without what is for the builder alone."""
    if not is_object(found):
        return {}
    kept: dict[str, Any] = {name: value for name, value in found.items() if name in _KEPT}
    for name in ("anyOf", "oneOf"):
        if is_list(members := found.get(name)):
            kept[name] = [_plain(one) for one in members]
    for name in ("items", "additionalProperties"):
        if is_object(inner := found.get(name)):
            kept[name] = _plain(inner)
    if is_object(inner := found.get("properties")):
        kept["properties"] = {name: _plain(one) for name, one in inner.items()}
    return kept
