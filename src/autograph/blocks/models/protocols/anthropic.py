"""Anthropic's messages (docs.anthropic.com/en/api/messages-streaming)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.models.catalogue import Model
from autograph.blocks.models.protocols.wire import (
    BrokenAnswer,
    Call,
    Refused,
    entries,
    number,
    objects,
    parsed_call,
    texts,
)
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.models import Message, ModelAnswer, ModelRequest, Role, Usage
from autograph.infra.json import encode

_VERSION: Final = "2023-06-01"
_DEFAULT_MAX: Final = 8_192
_ANSWER: Final = "answer"
"""The tool that a model is made to call where its answer has a schema: its arguments are the answer."""
_PASSING: Final = frozenset({"overloaded_error", "api_error", "rate_limit_error"})


class Anthropic:
    """Implements `Wire`."""

    def call(self, request: ModelRequest, model: Model) -> Call:
        """Return how a request is written."""
        told = "\n\n".join(one.text for one in request.messages if one.role is Role.SYSTEM)
        limit = request.max_tokens or _DEFAULT_MAX
        body: dict[str, Json] = {
            "model": model.id,
            "max_tokens": min(limit, model.max_output) if model.max_output else limit,
            "messages": _turns(request),
            "stream": True,
        }
        if told:
            body["system"] = told
        if request.temperature is not None:
            body["temperature"] = request.temperature
        tools = [
            {"name": one.name, "description": one.description, "input_schema": one.parameters}
            for one in request.tools
        ]
        if request.schema is not None and not tools:
            say = {
                "name": _ANSWER,
                "description": "Gives the answer.",
                "input_schema": request.schema,
            }
            body["tools"], body["tool_choice"] = [say], {"type": "tool", "name": _ANSWER}
        elif tools:
            body["tools"] = tools
            choice: dict[str, Json] = {
                "type": "auto",
                "disable_parallel_tool_use": not request.calls_several,
            }
            body["tool_choice"] = choice if request.may_call else {"type": "none"}
        return Call("/messages", body, {"anthropic-version": _VERSION})

    def proof(self, key: str) -> Mapping[str, str]:
        """Return the header that proves who asks."""
        return {"x-api-key": key}

    def reader(self) -> _Reader:
        """Return what reads the answer."""
        return _Reader()

    def whole(self, body: Mapping[str, Any]) -> ModelAnswer:
        """Read an answer that came in one piece.

        Raises:
            BrokenAnswer: It has no content.
        """
        if not isinstance(body.get("content"), list):
            raise BrokenAnswer("it has no content")
        reader = _Reader()
        reader.take({"type": "message_start", "message": body})
        for index, block in enumerate(objects(body.get("content"))):
            reader.take({"type": "content_block_start", "index": index, "content_block": block})
            if block.get("type") == "tool_use":
                said = encode(block.get("input") or {}).decode()
                delta = {"type": "input_json_delta", "partial_json": said}
                reader.take({"type": "content_block_delta", "index": index, "delta": delta})
        stop = {"stop_reason": body.get("stop_reason")}
        reader.take({"type": "message_delta", "delta": stop, "usage": body.get("usage")})
        return reader.answer()


class _Reader:
    """Implements `Reader`."""

    def __init__(self) -> None:
        self.is_done = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._id = ""
        self._stop = ""
        self._read: Mapping[str, Any] = {}
        self._said = 0

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in the next event; return the text it adds.

        Raises:
            Refused: The provider gives up.
        """
        kind = event.get("type")
        if kind == "error":
            error = entries(event.get("error"))
            message = texts(error.get("message")) or "It failed."
            raise Refused(message, is_passing=error.get("type") in _PASSING)
        if kind == "message_start":
            message = entries(event.get("message"))
            self._id, self._read = texts(message.get("id")), entries(message.get("usage"))
        elif kind == "content_block_start":
            return self._open(event.get("index"), entries(event.get("content_block")))
        elif kind == "content_block_delta":
            return self._add(event.get("index"), entries(event.get("delta")))
        elif kind == "message_delta":
            self._stop = texts(entries(event.get("delta")).get("stop_reason"))
            self._said = number(entries(event.get("usage")).get("output_tokens"))
            self.is_done = True
        return ""

    def _open(self, index: Any, block: Mapping[str, Any]) -> str:
        if block.get("type") == "tool_use" and isinstance(index, int):
            self._calls[index] = [texts(block.get("id")), texts(block.get("name")), ""]
        text = texts(block.get("text"))
        if text:
            self._text.append(text)
        return text

    def _add(self, index: Any, delta: Mapping[str, Any]) -> str:
        text = texts(delta.get("text"))
        if text:
            self._text.append(text)
            return text
        self._reasoning.append(texts(delta.get("thinking")))
        said = texts(delta.get("partial_json"))
        if said and index in self._calls:
            self._calls[index][2] += said
            return said if self._calls[index][1] == _ANSWER else ""
        return ""

    def answer(self) -> ModelAnswer:
        """Return what has come."""
        calls = [call for _, call in sorted(self._calls.items())]
        cached = number(self._read.get("cache_read_input_tokens"))
        kept = number(self._read.get("cache_creation_input_tokens"))
        return ModelAnswer(
            text="".join(self._text) + "".join(said for _, name, said in calls if name == _ANSWER),
            tool_calls=[parsed_call(*call) for call in calls if call[1] != _ANSWER],
            usage=Usage(
                number(self._read.get("input_tokens")) + cached + kept, self._said, cached, kept
            ),
            reasoning="".join(self._reasoning),
            is_cut_off=self._stop == "max_tokens",
            answer_id=self._id,
        )


def _turns(request: ModelRequest) -> list[dict[str, Json]]:
    """Return the messages as turns that alternate: what tools said is the user's, all of one round together."""
    turns: list[dict[str, Json]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        parts = _parts(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(parts)
        elif parts:
            turns.append({"role": role, "content": parts})
    return turns


def _parts(message: Message) -> list[dict[str, Json]]:
    if message.role is Role.TOOL:
        answered = {"type": "tool_result", "tool_use_id": message.tool_call_id}
        return [{**answered, "content": message.text}]
    parts: list[dict[str, Json]] = [{"type": "text", "text": message.text}] if message.text else []
    parts += [
        {"type": "tool_use", "id": one.id, "name": one.name, "input": dict(one.arguments)}
        for one in message.tool_calls
    ]
    return parts
