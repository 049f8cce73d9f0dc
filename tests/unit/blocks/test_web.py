"""Blocks that ask the web, against a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from autograph.blocks.builtin.web.request import SendAuthenticatedWebRequest, SendWebRequest
from autograph.blocks.sdk import BlockError, HostScopedSecret
from autograph.blocks.sdk.testing import FakeContext, run_block

Heard = list[tuple[str, dict[str, str], bytes]]
MINE = {"id": "mine", "provider": "http", "type": "host_scoped"}


@pytest.fixture
async def server() -> AsyncIterator[tuple[int, Heard]]:
    heard: Heard = []

    async def any_path(request: web.Request) -> web.StreamResponse:
        heard.append((request.path, dict(request.headers), await request.read()))
        if request.path == "/away":
            return web.Response(status=302, headers={"Location": request.query["to"]})
        if request.path == "/broken":
            return web.Response(status=503, text="later")
        return web.json_response({"path": request.path})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", any_path)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1], heard
    await runner.cleanup()


@pytest.fixture
async def ctx() -> AsyncIterator[FakeContext]:
    made = FakeContext(secrets={"mine": HostScopedSecret("127.0.0.1", {"X-Key": "secret-1"})})
    yield made
    await made.http.close()  # type: ignore[attr-defined]


class TestRequest:
    @pytest.mark.parametrize(
        ("more", "kind", "body"),
        [
            ({"body": {"a": 1}}, "application/json", b'{"a": 1}'),
            (
                {"body": {"a": "x y"}, "json_format": False},
                "application/x-www-form-urlencoded",
                b"a=x+y",
            ),
        ],
    )
    async def test_a_body_is_sent_as_asked(
        self,
        server: tuple[int, Heard],
        ctx: FakeContext,
        more: dict[str, Any],
        kind: str,
        body: bytes,
    ) -> None:
        port, heard = server
        outputs = await run_block(
            SendWebRequest, {"url": f"http://127.0.0.1:{port}/a", **more}, ctx
        )

        assert outputs == [("response", {"path": "/a"})]
        assert (heard[0][1]["Content-Type"], heard[0][2]) == (kind, body)

    async def test_files_go_along(self, server: tuple[int, Heard], ctx: FakeContext) -> None:
        port, heard = server
        file = await ctx.files.write("a.txt", b"hello")
        given = {"url": f"http://127.0.0.1:{port}/a", "files": [file], "body": {"b": "c"}}
        await run_block(SendWebRequest, given, ctx)

        assert heard[0][1]["Content-Type"].startswith("multipart/form-data; boundary=")
        assert b'name="file"; filename="a.txt"' in heard[0][2]
        assert b"\r\n\r\nhello\r\n" in heard[0][2]
        assert b'name="b"\r\n\r\nc\r\n' in heard[0][2]

    async def test_a_failure_of_the_server_has_its_own_pin(
        self, server: tuple[int, Heard], ctx: FakeContext
    ) -> None:
        given = {"url": f"http://127.0.0.1:{server[0]}/broken", "method": "GET"}

        assert await run_block(SendWebRequest, given, ctx) == [("server_error", "later")]


class TestAuthenticated:
    async def test_the_headers_go_to_their_host(
        self, server: tuple[int, Heard], ctx: FakeContext
    ) -> None:
        port, heard = server
        given = {
            "url": f"http://127.0.0.1:{port}/a",
            "headers": {"x-key": "mine"},
            "credentials": MINE,
        }
        await run_block(SendAuthenticatedWebRequest, given, ctx)

        assert heard[0][1]["X-Key"] == "secret-1"

    async def test_another_host_is_refused_before_anything_is_sent(
        self, server: tuple[int, Heard], ctx: FakeContext
    ) -> None:
        port, heard = server
        given = {"url": f"http://127.0.0.2:{port}/a", "credentials": MINE}
        with pytest.raises(BlockError, match=r"is for 127\.0\.0\.1") as failed:
            await run_block(SendAuthenticatedWebRequest, given, ctx)

        assert heard == []
        assert "secret-1" not in failed.value.message

    async def test_a_redirect_elsewhere_does_not_take_them_along(
        self, server: tuple[int, Heard], ctx: FakeContext
    ) -> None:
        port, heard = server
        away = f"http://127.0.0.1:{port}/away?to=http://localhost:{port}/there"
        given = {"url": away, "method": "GET", "credentials": MINE}
        await run_block(SendAuthenticatedWebRequest, given, ctx)

        assert [one[0] for one in heard] == ["/away", "/there"]
        assert heard[0][1]["X-Key"] == "secret-1"
        assert "X-Key" not in heard[1][1]
