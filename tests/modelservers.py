"""Servers that speak the wire protocols of model providers, over a real socket, as badly as asked.

    async with ModelServer() as server:
        server.says("Hello", "!")               # the next answer, as a stream of the protocol that is asked
        server.fails(429, {"error": {"message": "Slow down."}}, {"Retry-After": "0.01"})

Answers are given in order; the last one is given again. `server.asked` has every request that came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


class ModelServer:
    """OpenAI's chat completions and responses, and by `sends` what else it has; Anthropic's messages, Gemini's generateContent."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str], dict[str, Any]]] = []
        self.url = ""
        self._answers: list[Answer] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> ModelServer:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def says(self, *pieces: str, calls: list[tuple[str, str]] | None = None) -> None:
        """Answer with a text in pieces, and with calls of tools: `(name, arguments as JSON)`."""

        async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
            return await _streamed(request, _events(request, pieces, calls or []))

        self._answers.append(answer)

    def fails(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse."""

        async def answer(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
            text = body if isinstance(body, str) else json.dumps(body or {})
            return web.Response(status=status, text=text, headers=headers)

        self._answers.append(answer)

    def sends(self, *pieces: bytes, kind: str = "text/event-stream", pause: float = 0) -> None:
        """Send these bytes, whatever they mean, and end."""

        async def answer(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": kind})
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
                if pause:
                    await asyncio.sleep(pause)
            return response

        self._answers.append(answer)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await (_form(request) if "form-data" in request.content_type else request.json())
        self.asked.append((request.path_qs, dict(request.headers), body))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return await answer(request, body)


async def _form(request: web.Request) -> dict[str, Any]:
    """Return the fields of a form: a text, or the name, type and bytes of a file; all of one name in a list."""
    found: dict[str, list[Any]] = {}
    for name, one in (await request.post()).items():
        is_file = isinstance(one, web.FileField)
        said = (one.filename, one.content_type, one.file.read()) if is_file else one
        found.setdefault(name, []).append(said)
    return dict(found)


def _events(
    request: web.Request, pieces: tuple[str, ...], calls: list[tuple[str, str]]
) -> list[Any]:
    if request.path.endswith("/messages"):
        return _anthropic(pieces, calls)
    if "generateContent" in request.path.replace("streamG", "g"):
        return _gemini(pieces, calls)
    if request.path.endswith("/responses"):
        return _responses(pieces)
    return _openai(pieces, calls)


def _openai(pieces: tuple[str, ...], calls: list[tuple[str, str]]) -> list[Any]:
    def chunk(delta: Any, reason: str | None = None) -> Any:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}

    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": one}) for one in pieces]
    for index, (name, arguments) in enumerate(calls):
        function = {"name": name, "arguments": ""}
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        events.append(chunk({"tool_calls": [call]}))
        half = len(arguments) // 2
        for part in (arguments[:half], arguments[half:]):
            events.append(
                chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
            )
    events.append(chunk({}, "tool_calls" if calls else "stop"))
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 500,
        "prompt_tokens_details": {"cached_tokens": 200},
    }
    return [*events, {"id": "chatcmpl-1", "choices": [], "usage": usage}, "[DONE]"]


def _anthropic(pieces: tuple[str, ...], calls: list[tuple[str, str]]) -> list[Any]:
    usage = {"input_tokens": 800, "cache_read_input_tokens": 200, "output_tokens": 1}
    events: list[Any] = [
        {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
    ]
    for one in pieces:
        delta = {"type": "text_delta", "text": one}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    for index, (name, arguments) in enumerate(calls, 1):
        block = {"type": "tool_use", "id": f"call_{index - 1}", "name": name, "input": {}}
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        half = len(arguments) // 2
        for part in (arguments[:half], arguments[half:]):
            delta = {"type": "input_json_delta", "partial_json": part}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
    reason = "tool_use" if calls else "end_turn"
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": reason},
        "usage": {"output_tokens": 500},
    }
    return [*events, end, {"type": "message_stop"}]


def _gemini(pieces: tuple[str, ...], calls: list[tuple[str, str]]) -> list[Any]:
    parts: list[Any] = [{"text": one} for one in pieces]
    parts += [
        {"functionCall": {"id": f"call_{index}", "name": name, "args": json.loads(arguments)}}
        for index, (name, arguments) in enumerate(calls)
    ]
    events: list[Any] = [
        {"candidates": [{"content": {"role": "model", "parts": [one]}}]} for one in parts
    ]
    usage = {
        "promptTokenCount": 1000,
        "candidatesTokenCount": 500,
        "cachedContentTokenCount": 200,
    }
    return [*events, {"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage}]


def _responses(pieces: tuple[str, ...]) -> list[Any]:
    usage = {"input_tokens": 1000, "output_tokens": 500}
    events: list[Any] = [{"type": "response.created", "response": {"id": "resp_1"}}]
    events += [{"type": "response.output_text.delta", "delta": one} for one in pieces]
    return [*events, {"type": "response.completed", "response": {"id": "resp_1", "usage": usage}}]


async def _streamed(request: web.Request, events: list[Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for one in events:
        data = one if isinstance(one, str) else json.dumps(one)
        # Cut where it hurts: in the middle of a line.
        whole = f"data: {data}\r\n\r\n".encode()
        await response.write(whole[:7])
        await response.write(whole[7:])
    return response
