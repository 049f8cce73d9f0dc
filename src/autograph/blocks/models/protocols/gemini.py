"""Google's generateContent (ai.google.dev/api/generate-content)."""

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
    texts,
)
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.models import Message, ModelAnswer, ModelRequest, Role, ToolCall, Usage


class Gemini:
    """Implements `Wire`."""

    def call(self, request: ModelRequest, model: Model) -> Call:
        """Return how a request is written."""
        told = [{"text": one.text} for one in request.messages if one.role is Role.SYSTEM]
        shape: dict[str, Json] = {}
        if request.max_tokens is not None:
            shape["maxOutputTokens"] = request.max_tokens
        if request.temperature is not None:
            shape["temperature"] = request.temperature
        if request.schema is not None:
            shape["responseMimeType"] = "application/json"
            shape["responseJsonSchema"] = request.schema
        body: dict[str, Json] = {"contents": _turns(request), "generationConfig": shape}
        if told:
            body["systemInstruction"] = {"parts": told}
        if request.tools:
            declared = [
                {
                    "name": one.name,
                    "description": one.description,
                    "parametersJsonSchema": one.parameters,
                }
                for one in request.tools
            ]
            body["tools"] = [{"functionDeclarations": declared}]
            if not request.may_call:
                body["toolConfig"] = {"functionCallingConfig": {"mode": "NONE"}}
        return Call(f"/models/{model.id}:streamGenerateContent?alt=sse", body, {})

    def proof(self, key: str) -> Mapping[str, str]:
        """Return the header that proves who asks."""
        return {"x-goog-api-key": key}

    def reader(self) -> _Reader:
        """Return what reads the answer."""
        return _Reader()

    def whole(self, body: Mapping[str, Any]) -> ModelAnswer:
        """Read an answer that came in one piece.

        Raises:
            BrokenAnswer: It has no candidates.
        """
        if not objects(body.get("candidates")):
            raise BrokenAnswer("it has no candidates")
        reader = _Reader()
        reader.take(body)
        return reader.answer()


class _Reader:
    """Implements `Reader`."""

    def __init__(self) -> None:
        self.is_done = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCall] = []
        self._usage = Usage()
        self._stop = ""
        self._id = ""

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in the next event; return the text it adds.

        Raises:
            Refused: The provider gives up.
        """
        if error := entries(event.get("error")):
            passing = error.get("code") in {429, 500, 503}
            raise Refused(texts(error.get("message")) or "It failed.", is_passing=passing)
        if blocked := texts(entries(event.get("promptFeedback")).get("blockReason")):
            raise Refused(f"It does not answer this prompt: {blocked}.", is_passing=False)
        self._id = self._id or texts(event.get("responseId"))
        if usage := entries(event.get("usageMetadata")):
            said = number(usage.get("candidatesTokenCount")) + number(
                usage.get("thoughtsTokenCount")
            )
            cached = number(usage.get("cachedContentTokenCount"))
            self._usage = Usage(number(usage.get("promptTokenCount")), said, cached)
        added = ""
        for candidate in objects(event.get("candidates"))[:1]:
            for part in objects(entries(candidate.get("content")).get("parts")):
                added += self._take_part(part)
            if reason := texts(candidate.get("finishReason")):
                self._stop, self.is_done = reason, True
        return added

    def _take_part(self, part: Mapping[str, Any]) -> str:
        if wanted := entries(part.get("functionCall")):
            call_id = texts(wanted.get("id")) or f"call_{len(self._calls)}"
            arguments = entries(wanted.get("args"))
            self._calls.append(ToolCall(call_id, texts(wanted.get("name")), arguments))
        text = texts(part.get("text"))
        if part.get("thought") is True:
            self._reasoning.append(text)
            return ""
        if text:
            self._text.append(text)
        return text

    def answer(self) -> ModelAnswer:
        """Return what has come."""
        return ModelAnswer(
            text="".join(self._text),
            tool_calls=self._calls,
            usage=self._usage,
            reasoning="".join(self._reasoning),
            is_cut_off=self._stop == "MAX_TOKENS",
            answer_id=self._id,
        )


def _turns(request: ModelRequest) -> list[dict[str, Json]]:
    names = {call.id: call.name for one in request.messages for call in one.tool_calls}
    turns: list[dict[str, Json]] = []
    for message in request.messages:
        if message.role is Role.SYSTEM:
            continue
        role = "model" if message.role is Role.ASSISTANT else "user"
        parts = _parts(message, names)
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"].extend(parts)
        elif parts:
            turns.append({"role": role, "parts": parts})
    return turns


def _parts(message: Message, names: Mapping[str, str]) -> list[dict[str, Json]]:
    if message.role is Role.TOOL:
        name = names.get(message.tool_call_id or "", "")
        return [{"functionResponse": {"name": name, "response": {"result": message.text}}}]
    parts: list[dict[str, Json]] = [{"text": message.text}] if message.text else []
    parts += [
        {"functionCall": {"name": one.name, "args": dict(one.arguments)}}
        for one in message.tool_calls
    ]
    return parts
