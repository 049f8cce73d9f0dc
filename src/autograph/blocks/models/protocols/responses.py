"""OpenAI's responses, which its coding models speak (platform.openai.com/docs/api-reference/responses)."""

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
from autograph.blocks.sdk.models import ModelAnswer, ModelRequest, Role, Usage


class OpenAIResponses:
    """Implements `Wire`, for texts: no tools, no schema."""

    def call(self, request: ModelRequest, model: Model) -> Call:
        """Return how a request is written."""
        told = [one.text for one in request.messages if one.role is Role.SYSTEM]
        body: dict[str, Json] = {
            "model": model.id,
            "input": [
                {"role": one.role.value, "content": one.text}
                for one in request.messages
                if one.role in {Role.USER, Role.ASSISTANT}
            ],
            "stream": True,
        }
        if told:
            body["instructions"] = "\n\n".join(told)
        if request.max_tokens is not None:
            body["max_output_tokens"] = request.max_tokens
        if request.effort is not None:
            body["reasoning"] = {"effort": request.effort, "summary": "auto"}
        return Call("/responses", body, {})

    def proof(self, key: str) -> Mapping[str, str]:
        """Return the header that proves who asks."""
        return {"Authorization": f"Bearer {key}"}

    def reader(self) -> _Reader:
        """Return what reads the answer."""
        return _Reader()

    def whole(self, body: Mapping[str, Any]) -> ModelAnswer:
        """Read an answer that came in one piece.

        Raises:
            BrokenAnswer: It has no output.
        """
        if not objects(body.get("output")):
            raise BrokenAnswer("it has no output")
        reader = _Reader()
        reader.take({"type": "response.completed", "response": body})
        return reader.answer()


class _Reader:
    """Implements `Reader`."""

    def __init__(self) -> None:
        self.is_done = False
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._answer = ModelAnswer("")

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in the next event; return the text it adds.

        Raises:
            Refused: The provider gives up.
        """
        kind, response = texts(event.get("type")), entries(event.get("response"))
        if kind in {"error", "response.failed"}:
            said = entries(response.get("error")) or event
            raise Refused(texts(said.get("message")) or "It failed.", is_passing=True)
        if kind == "response.output_text.delta":
            self._text.append(texts(event.get("delta")))
            return self._text[-1]
        if kind == "response.reasoning_summary_text.delta":
            self._reasoning.append(texts(event.get("delta")))
        if kind in {"response.completed", "response.incomplete"}:
            self.is_done = True
            self._answer = self._ended(response, is_cut_off=kind == "response.incomplete")
        return ""

    def answer(self) -> ModelAnswer:
        """Return what has come."""
        return self._answer

    def _ended(self, response: Mapping[str, Any], *, is_cut_off: bool) -> ModelAnswer:
        usage = entries(response.get("usage"))
        details = entries(usage.get("input_tokens_details"))
        output = objects(response.get("output"))
        return ModelAnswer(
            text="".join(self._text) or _texts_of(output, "message", "content"),
            reasoning="".join(self._reasoning) or _texts_of(output, "reasoning", "summary"),
            usage=Usage(
                number(usage.get("input_tokens")),
                number(usage.get("output_tokens")),
                number(details.get("cached_tokens")),
            ),
            is_cut_off=is_cut_off,
            answer_id=texts(response.get("id")),
        )


def _texts_of(output: list[dict[str, Any]], kind: str, field: str) -> str:
    return "".join(
        texts(part.get("text"))
        for item in output
        if item.get("type") == kind
        for part in objects(item.get(field))
    )
