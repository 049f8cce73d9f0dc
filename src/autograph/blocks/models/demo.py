"""A scripted local model: no network, no key, and the same answer to the same question, every time.

A script is a list of rules. The first that fits answers:

    [{"when": "capital of France", "reply": "Paris"},
     {"when": "weather", "turn": 0, "call": {"tool": "forecast", "arguments": {"city": "Oslo"}}},
     {"turn": 1, "reply": "It rains."}]

`when` is part of the last thing a person said (any case); `turn` is how often the model has spoken since
then; `reply` is a text, or a value where JSON is asked for; `call` is a tool to run, or a list of them. A script stands in
a fenced block named `demo` in any message, or in the file that the setting AUTOGRAPH_DEMO_SCRIPT names.

Where no rule fits it does something sensible: runs each tool that the person names, fills schemas with what it
finds in the prompt, and otherwise says back what it was asked. PURE.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from autograph.blocks.models.protocols.wire import entries, objects
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.models import (
    Message,
    ModelAnswer,
    ModelError,
    ModelRequest,
    Role,
    Tool,
    ToolCall,
    Usage,
    count_tokens,
)
from autograph.graph.model import is_list, is_object
from autograph.infra.errors import Invalid
from autograph.infra.json import decode, encode

_SCRIPT: Final = re.compile(r"```demo\s*\n(.*?)```", re.DOTALL)
_WORD: Final = re.compile(r"[^\W_]{4,}")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_ITEM: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.*\S)\s*$", re.MULTILINE)
_PIECE: Final = re.compile(r"\S+\s*|\s+")
_SHOWN: Final = 280
_SHOWN_RESULT: Final = 1_000
_DIMENSIONS: Final = 64
_MAX_ITEMS: Final = 50


def answer(request: ModelRequest, script: Sequence[Mapping[str, Json]] = ()) -> ModelAnswer:
    """Return what the scripted model says.

    Args:
        request: What it is asked; its messages may hold a script of their own, which comes first.
        script: Rules for whatever that one does not answer.

    Raises:
        ModelError: A script in a message is none.
    """
    own, messages = _without_script(request.messages)
    asked = next((one.text for one in reversed(messages) if one.role is Role.USER), "")
    since = _since(messages)
    turn = sum(1 for one in since if one.role is Role.ASSISTANT)
    rule = next((one for one in (*own, *script) if _fits(one, asked, turn, request)), None)
    text, calls = "", list[ToolCall]()
    if rule is not None and (wanted := rule.get("call")) is not None:
        calls = list(_scripted_calls(wanted, turn))
    elif rule is not None:
        reply = rule.get("reply", "")
        text = reply if isinstance(reply, str) else encode(reply).decode()
    elif request.may_call and (tool := _next_tool(request.tools, asked, since)) is not None:
        calls = [ToolCall(f"demo_{turn}", tool.name, entries(_filled(tool.parameters, asked)))]
    elif request.schema is not None:
        text = encode(_filled(request.schema, asked)).decode()
    else:
        text = _said_back(asked, since)
    if calls and not request.calls_several:
        calls = calls[:1]
    read = sum(count_tokens(one.text) for one in messages)
    return ModelAnswer(text, calls, Usage(read, count_tokens(text)), answer_id="demo")


def pieces(text: str) -> Iterator[str]:
    """Return a text as it would be streamed: word by word."""
    return iter(_PIECE.findall(text))


def embedding(text: str) -> list[float]:
    """Return a text's place in a small space in which texts that share words lie close together."""
    found = [0.0] * _DIMENSIONS
    for word in _WORD.findall(text.lower()) or [text]:
        digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
        found[digest[0] % _DIMENSIONS] += 1.0 if digest[1] % 2 else -1.0
    length = math.sqrt(sum(one * one for one in found)) or 1.0
    return [round(one / length, 6) for one in found]


def read_script(found: Json) -> list[Mapping[str, Json]]:
    """Return the rules of a script.

    Raises:
        ModelError: It is no list of rules.
    """
    if not is_list(found) or not all(
        is_object(one) and one.keys() & {"reply", "call"} for one in found
    ):
        raise ModelError("A demo script is a list of rules, each an object with a reply or a call.")
    return list(found)


def _without_script(messages: Sequence[Message]) -> tuple[list[Mapping[str, Json]], list[Message]]:
    rules: list[Mapping[str, Json]] = []
    left: list[Message] = []
    for one in messages:
        for text in _SCRIPT.findall(one.text):
            try:
                rules += read_script(decode(text))
            except Invalid as error:
                raise ModelError(f"The demo script is no JSON: {error.message}") from error
        bare = _SCRIPT.sub("", one.text).strip()
        left.append(Message(one.role, bare, one.tool_calls, one.tool_call_id))
    return rules, left


def _since(messages: Sequence[Message]) -> Sequence[Message]:
    """Return what was said since a person last spoke."""
    last = max((place for place, one in enumerate(messages) if one.role is Role.USER), default=-1)
    return messages[last + 1 :]


def _fits(rule: Mapping[str, Json], asked: str, turn: int, request: ModelRequest) -> bool:
    if str(rule.get("when", "")).lower() not in asked.lower():
        return False
    if rule.get("turn", turn) != turn or rule.get("model", request.model) != request.model:
        return False
    return rule.get("call") is None or (request.may_call and bool(request.tools))


def _scripted_calls(wanted: Json, turn: int) -> Iterator[ToolCall]:
    for place, one in enumerate(objects(wanted if is_list(wanted) else [wanted])):
        name = str(one.get("tool", ""))
        yield ToolCall(f"demo_{turn}_{place}", name, entries(one.get("arguments")))


def _next_tool(tools: Sequence[Tool], asked: str, since: Sequence[Message]) -> Tool | None:
    """Return the tool to run next: each that the person names, once; the first where they name none."""
    called = [call.name for one in since for call in one.tool_calls]
    words = set(_WORD.findall(asked.lower()))
    named = [one for one in tools if set(_WORD.findall(one.name.lower().replace("_", " "))) & words]
    return next((one for one in named or tools[:1] if one.name not in called), None)


def _said_back(asked: str, since: Sequence[Message]) -> str:
    results = [one.text for one in since if one.role is Role.TOOL]
    if results:
        return f"Done: {_short(' | '.join(results), _SHOWN_RESULT)}"
    return f"Demo answer to: {_short(asked, _SHOWN)}" if asked else "Demo answer."


def _filled(schema: Mapping[str, Any], asked: str, name: str = "") -> Json:
    """Return a value of a schema, made of what the prompt has."""
    choices = schema.get("enum")
    if is_list(choices) and choices:
        return next((one for one in choices if str(one).lower() in asked.lower()), choices[0])
    variants = objects(schema.get("anyOf") or schema.get("oneOf"))
    if variants:
        return _filled(variants[0], asked, name)
    kind = schema.get("type")
    kind = kind[0] if is_list(kind) and kind else kind
    if kind == "object" or "properties" in schema:
        properties = entries(schema.get("properties"))
        return {key: _filled(entries(one), asked, key) for key, one in properties.items()}
    if kind == "array":
        items = entries(schema.get("items"))
        if "properties" in items or items.get("type") == "object":
            return [_filled(items, asked, name)]
        return [_filled(items, one, name) for one in _items(asked)[:_MAX_ITEMS]]
    if kind in {"integer", "number"}:
        number = _NUMBER.search(_named(name, asked) or asked)
        value = float(number[0]) if number else 1.0
        return int(value) if kind == "integer" or value == int(value) else value
    if kind == "boolean":
        return _agrees(asked)
    return _named(name, asked) or _short(asked, _SHOWN)


def _named(name: str, asked: str) -> str:
    """Return what follows `name:` in a line of the prompt."""
    words = re.escape(name).replace("_", "[ _]")
    found = re.search(rf"^\W*{words}\W*?:\s*(.+)$", asked, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found and name else ""


def _items(asked: str) -> list[str]:
    """Return what a prompt lists: its bullet points, or what stands between commas in its last paragraph."""
    if bullets := _ITEM.findall(asked):
        return [str(one) for one in bullets]
    last = asked.strip().rsplit("\n\n", 1)[-1].rsplit(":", 1)[-1]
    return [part for one in re.split(r"[,;\n]", last) if (part := one.strip(" .\"'`"))] or [asked]


def _agrees(asked: str) -> bool:
    """Return whether the last paragraph of a prompt shares a word with the one before it."""
    paragraphs = [set(_WORD.findall(one.lower())) for one in asked.strip().split("\n\n")]
    return len(paragraphs) < 2 or bool(paragraphs[-1] & paragraphs[-2])


def _short(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]}…"
