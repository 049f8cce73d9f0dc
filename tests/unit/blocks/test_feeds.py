"""Feeds as servers send them: by a server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from autograph.blocks.builtin.web.feeds import ReadRSSFeed
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.infra.errors import AutographError

RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>Tea</title>{items}</channel></rss>'
ITEM = (
    "<item><guid>{name}</guid><title>{name}</title><link>https://example.com/{name}</link>"
    "<pubDate>{date}</pubDate></item>"
)
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Tea</title><entry>
<id>1</id><title>Oolong</title><link href="/oolong"/><published>2026-01-02T03:00:00Z</published>
<author><name>Bo</name></author><category term="tea"/><category term="china"/><summary>Half way.</summary></entry></feed>"""


class Server:
    """Answers with what stands in `body`."""

    def __init__(self) -> None:
        self.body = b""
        self.kind = "application/xml"
        self.status = 200
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        headers = {"Content-Type": self.kind}
        return web.Response(body=self.body, status=self.status, headers=headers)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_get("/feed", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
    yield made
    await runner.cleanup()


@pytest.fixture
async def ctx() -> AsyncIterator[FakeContext]:
    made = FakeContext()
    yield made
    await made.http.close()  # type: ignore[attr-defined]


def item(name: str, date: str = "Fri, 02 Jan 2026 03:00:00 GMT") -> str:
    return ITEM.format(name=name, date=date)


async def look(server: Server, ctx: FakeContext, **more: Any) -> list[Any]:
    values = {"rss_url": server.url, "polling_rate": 60, "run_continuously": False, **more}
    return await run_block(ReadRSSFeed, values, ctx)


def titles(outputs: list[Any]) -> list[str]:
    return [value["title"] for name, value in outputs if name == "entry"]


class TestOneLook:
    async def test_an_atom_feed_is_read(self, server: Server, ctx: FakeContext) -> None:
        server.body = ATOM.encode()
        outputs = await look(server, ctx)
        assert outputs[0] == (
            "entry",
            {
                "title": "Oolong",
                "link": server.url.replace("/feed", "/oolong"),
                "description": "Half way.",
                "pub_date": "2026-01-02T03:00:00+00:00",
                "author": "Bo",
                "categories": ["tea", "china"],
            },
        )
        assert outputs[1] == ("entries", [outputs[0][1]])

    async def test_older_entries_than_asked_for_are_left_out(
        self, server: Server, ctx: FakeContext
    ) -> None:
        items = item("new") + item("old", "Thu, 01 Jan 2026 03:00:00 GMT")
        server.body = RSS.format(items=items).encode()
        assert titles(await look(server, ctx, time_period=60)) == ["new"]
        assert titles(await look(server, ctx, time_period=60 * 48)) == ["new", "old"]
        assert await look(server, ctx, time_period=0) == [("entries", [])]

    async def test_an_entry_without_a_date_is_new(self, server: Server, ctx: FakeContext) -> None:
        server.body = RSS.format(items="<item><title>one</title></item>").encode()
        assert titles(await look(server, ctx)) == ["one"]

    @pytest.mark.parametrize(
        ("encoding", "declared", "kind"),
        [
            ("iso-8859-1", 'encoding="iso-8859-1"', "application/xml"),
            ("iso-8859-1", "", "application/rss+xml; charset=iso-8859-1"),
            ("utf-16", "", "application/xml"),
            ("utf-8-sig", "", "application/xml"),
            ("utf-8", "", "text/xml; charset=no-such-thing"),
        ],
    )
    async def test_texts_are_read_as_they_are_encoded(
        self, server: Server, ctx: FakeContext, encoding: str, declared: str, kind: str
    ) -> None:
        text = RSS.format(items=item("Grün")).replace('"1.0"', f'"1.0" {declared}')
        server.body, server.kind = text.encode(encoding), kind
        assert titles(await look(server, ctx)) == ["Grün"]

    async def test_a_feed_that_breaks_off_gives_what_it_has(
        self, server: Server, ctx: FakeContext
    ) -> None:
        server.body = RSS.format(items=item("whole") + "<item><title>a & b").encode()[:-20]
        assert "whole" in titles(await look(server, ctx))


class TestRefusals:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-7"])
    async def test_entities_are_refused_however_they_are_written(
        self, server: Server, ctx: FakeContext, encoding: str
    ) -> None:
        bomb = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
        server.body = (bomb + RSS.format(items=item("&b;"))[21:]).encode(encoding)
        server.kind = "application/xml; charset=" + encoding
        with pytest.raises(BlockError, match="entities"):
            await look(server, ctx)

    @pytest.mark.parametrize(
        ("status", "body", "message"),
        [
            (404, b"", "answered 404"),
            (200, b"<html><body>Hello</body></html>", "no feed"),
            (200, b"", "no feed"),
            (200, b"\x00\x01\x02", "no feed"),
        ],
    )
    async def test_what_is_no_feed_is_said(
        self, server: Server, ctx: FakeContext, status: int, body: bytes, message: str
    ) -> None:
        server.status, server.body = status, body
        with pytest.raises(BlockError, match=message):
            await look(server, ctx)

    async def test_nothing_but_the_web_is_asked(self, server: Server, ctx: FakeContext) -> None:
        for url in ("file:///etc/passwd", "/etc/passwd", "ftp://127.0.0.1/feed"):
            with pytest.raises(AutographError, match="no http"):
                await look(server, ctx, rss_url=url)

    async def test_looking_too_often_is_refused(self, server: Server, ctx: FakeContext) -> None:
        with pytest.raises(BlockError, match="10 to"):
            await look(server, ctx, polling_rate=0, run_continuously=True)


async def test_each_look_gives_out_what_is_new_and_where_it_is_is_kept(
    server: Server, ctx: FakeContext
) -> None:
    server.body = RSS.format(items=item("one")).encode()
    outputs: list[Any] = []
    values = {"rss_url": server.url, "polling_rate": 60}
    async for output in ReadRSSFeed().run(ReadRSSFeed.accept(values), ctx):
        outputs.append(output)
        if len(outputs) == 2:
            server.body = RSS.format(items=item("two") + item("one")).encode()
        if len(outputs) == 4:
            break
    assert titles(outputs) == ["one", "two"]
    assert [value for name, value in outputs if name == "entries"][1] == [outputs[2][1]]
    assert ctx.slept == [timedelta(seconds=60)]

    # Another attempt, much later: it knows from when on entries count, and which it gave out.
    after = FakeContext(kept=ctx.kept, moment=ctx.moment + timedelta(days=9), http=ctx.http)
    server.body = RSS.format(items=item("three") + item("two") + item("one")).encode()
    assert titles(await look(server, after)) == ["two", "three"][::-1]
