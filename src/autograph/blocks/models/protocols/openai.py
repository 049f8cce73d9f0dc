"""OpenAI's chat completions, which most other servers speak, too (platform.openai.com/docs/api-reference/chat)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from autograph.blocks.sdk.models import ModelAnswer, ModelRequest, ToolCall, Usage


class OpenAI:
    """Implements `Wire`."""

    def call(self, request: ModelRequest, model: Model) -> Call:
        """Return how a request is written."""
        body: dict[str, Json] = {
            "model": model.id,
            "messages": [one.as_json() for one in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": one.name,
                        "description": one.description,
                        "parameters": one.parameters,
                    },
                }
                for one in request.tools
            ]
            if not request.may_call:
                body["tool_choice"] = "none"
            elif not request.calls_several:
                body["parallel_tool_calls"] = False
        if request.schema is not None and model.provider.json == "schema":
            schema = {"name": "answer", "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif request.schema is not None and model.provider.json == "object":
            body["response_format"] = {"type": "json_object"}
        if request.max_tokens is not None:
            # OpenAI's newer models take the one name only, everybody else's servers the other one.
            is_own = model.provider.id == "openai"
            body["max_completion_tokens" if is_own else "max_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.effort is not None:
            body["reasoning_effort"] = request.effort
        return Call("/chat/completions", body, {})

    def proof(self, key: str) -> Mapping[str, str]:
        """Return the header that proves who asks."""
        return {"Authorization": f"Bearer {key}"}

    def reader(self) -> OpenAIReader:
        """Return what reads the answer."""
        return OpenAIReader()

    def whole(self, body: Mapping[str, Any]) -> ModelAnswer:
        """Read an answer that came in one piece.

        Raises:
            BrokenAnswer: It has no choice.
        """
        choices = objects(body.get("choices"))
        if not choices:
            raise BrokenAnswer("it has no choices")
        reader = OpenAIReader()
        whole = {**choices[0], "delta": entries(choices[0].get("message"))}
        whole.setdefault("finish_reason", "stop")
        reader.take({**body, "choices": [whole]})
        return reader.answer()


class OpenAIReader:
    """Implements `Reader`."""

    def __init__(self) -> None:
        self.is_done = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._usage = Usage()
        self._is_cut_off = False
        self._id = ""
        self._sources: list[Mapping[str, Json]] = []

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in the next event; return the text it adds.

        Raises:
            Refused: The provider gives up.
        """
        if error := event.get("error"):
            said = entries(error)
            raise Refused(texts(said.get("message")) or str(error), is_passing=True)
        self._id = self._id or texts(event.get("id"))
        if usage := entries(event.get("usage")):
            self._usage = _usage(usage)
        added = ""
        for choice in objects(event.get("choices"))[:1]:
            delta = entries(choice.get("delta"))
            added = texts(delta.get("content"))
            if added:
                self._text.append(added)
            reasoning = texts(delta.get("reasoning_content")) or texts(delta.get("reasoning"))
            if reasoning:
                self._reasoning.append(reasoning)
            self._take_calls(delta.get("tool_calls"))
            for one in objects(delta.get("annotations")):
                if cited := entries(one.get("url_citation")):
                    self._sources.append(
                        {name: texts(cited.get(name)) for name in ("url", "title", "content")}
                    )
            if reason := choice.get("finish_reason"):
                self.is_done = True
                self._is_cut_off = reason == "length"
        return added

    def answer(self) -> ModelAnswer:
        """Return what has come."""
        calls: list[ToolCall] = [
            parsed_call(call_id or f"call_{index}", name, arguments)
            for index, (call_id, name, arguments) in sorted(self._calls.items())
        ]
        return ModelAnswer(
            text="".join(self._text),
            tool_calls=calls,
            usage=self._usage,
            reasoning="".join(self._reasoning),
            is_cut_off=self._is_cut_off,
            answer_id=self._id,
            sources=self._sources,
        )

    def _take_calls(self, found: Any) -> None:
        for place, one in enumerate(objects(found)):
            index = one.get("index")
            call = self._calls.setdefault(index if isinstance(index, int) else place, ["", "", ""])
            function = entries(one.get("function"))
            call[0] = call[0] or texts(one.get("id"))
            call[1] = call[1] or texts(function.get("name"))
            call[2] += texts(function.get("arguments"))


def _usage(found: Mapping[str, Any]) -> Usage:
    details = entries(found.get("prompt_tokens_details"))
    return Usage(
        input_tokens=number(found.get("prompt_tokens")),
        output_tokens=number(found.get("completion_tokens")),
        cached_tokens=number(details.get("cached_tokens")),
    )
