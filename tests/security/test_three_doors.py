"""The corpus of attacks is refused at the two other doors as it is at REST's: the external API's, and the sockets'."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote

import pytest

from autograph.features.accounts.models import Scope
from tests.security.corpus import ATTACKS, Sent
from tests.security.people import HERE, OWNER, PASSWORD, Town
from tests.security.test_gateway import send

pytestmark = pytest.mark.timeout(120)
EXECUTE = "/external/v1/graphs/01900000-0000-7000-8000-0000000000ff/execute"


def _outside(attack: Sent) -> Sent:
    """An attack on REST, at the external API."""
    target = attack.target.replace("/api/v1/graphs", "/external/v1/graphs")
    if attack.method == "POST":
        target = EXECUTE
    return Sent(attack.method, target, attack.headers, attack.body)


async def _owner(made: Town) -> str:
    return (await made.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access


class Socket:
    """One that is opened as it is said: nobody tidies its address up on the way."""

    def __init__(self, made: Town, attack: Sent, frames: Sequence[str] = ()) -> None:
        path, _, query = attack.target.partition("?")
        headers = {
            "host": "autograph.test",
            **{name.lower(): value for name, value in attack.headers.items()},
        }
        self.scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), one.encode("latin-1")) for name, one in headers.items()],
            "client": ("203.0.113.7", 1234),
            "server": ("autograph.test", 80),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._app = made.app
        self._frames = list(frames)
        self._answered = asyncio.Event()
        self.said: list[MutableMapping[str, Any]] = []
        self._is_open = False

    async def run(self) -> None:
        async with asyncio.timeout(30):
            await self._app(self.scope, self._receive, self._send)

    async def _receive(self) -> MutableMapping[str, Any]:
        if not self._is_open:
            self._is_open = True
            return {"type": "websocket.connect"}
        if self._frames:
            return {"type": "websocket.receive", "text": self._frames.pop(0)}
        while not any(one.get("type") in {"error", "subscribed"} for one in self.texts()):
            self._answered.clear()
            await self._answered.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.said.append(message)
        self._answered.set()

    def kinds(self) -> list[str]:
        return [str(one["type"]).removeprefix("websocket.") for one in self.said]

    def texts(self) -> list[dict[str, Any]]:
        return [json.loads(one["text"]) for one in self.said if one.get("text")]


@pytest.mark.seed("D1-E08")
async def test_the_external_api_refuses_them(open_town: Town) -> None:
    key = await open_town.key(await _owner(open_town), *Scope)
    passed: list[tuple[Sent, int, Any]] = []
    for attack in map(_outside, ATTACKS):
        status, body = await send(open_town, key, attack)
        is_refused = status in {413, 415} or body.get("code") == "request.refused"
        if not is_refused:
            passed.append((attack, status, body))
    assert len(ATTACKS) >= 60
    assert passed == []


@pytest.mark.seed("D1-E08")
async def test_no_socket_is_opened_by_one(open_town: Town) -> None:
    token = await _owner(open_town)
    attacks = [
        Sent(
            target=one.target.replace("/api/v1/graphs?", "/ws?"),
            headers={"Authorization": f"Bearer {token}", **one.headers},
        )
        for one in ATTACKS
        if one.method == "GET" and not one.body
    ]
    attacks = [
        Sent(target="/ws" if one.target == "/api/v1/graphs" else one.target, headers=one.headers)
        for one in attacks
    ]
    at_the_door = [one for one in attacks if one.target.startswith("/ws")]
    assert len(at_the_door) >= 30
    for attack in attacks:
        opened = Socket(open_town, attack)
        await opened.run()
        assert "accept" not in opened.kinds(), attack
        if attack in at_the_door:
            assert opened.said[0]["status"] in {403, 413}, attack

    good = Socket(
        open_town,
        Sent(target="/ws", headers={"Authorization": f"Bearer {token}"}),
        [json.dumps({"type": "subscribe", "graph": "*"})],
    )
    await good.run()
    assert [one["type"] for one in good.texts()][:2] == ["hello", "subscribed"]


@pytest.mark.seed("D1-E08")
async def test_no_first_frame_of_one_gets_anywhere(open_town: Town) -> None:
    token = await _owner(open_town)
    texts = [one.target for one in ATTACKS] + [
        value for one in ATTACKS for value in one.headers.values()
    ]
    for text in texts:
        for frame in (
            text,
            json.dumps({"type": "auth", "token": text}),
            json.dumps({"type": text}),
        ):
            unknown = Socket(open_town, Sent(target="/ws"), [frame])
            await unknown.run()
            assert unknown.kinds() == ["accept", "close"], frame
            assert unknown.said[-1]["code"] == 4401
        for frame in (
            text,
            json.dumps({"type": text}),
            json.dumps({"type": "subscribe", "run": text}),
        ):
            known = Socket(
                open_town,
                Sent(target="/ws", headers={"Authorization": f"Bearer {token}"}),
                [frame],
            )
            await known.run()
            assert [one["type"] for one in known.texts()] == ["hello", "error"], frame
