"""An agent that listens on Discord and answers: run by the engine, against a server that is Discord's API in small."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from autograph.blocks.catalog import Catalog
from autograph.blocks.packs.action import block_of
from autograph.blocks.packs.format import read
from autograph.blocks.packs.shelf import OWN
from autograph.blocks.sdk import ApiKeySecret
from autograph.bootstrap import Platform, Process, platform
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node
from tests.security.people import HERE

BOT = {"id": "99", "username": "bot", "bot": True}
NELLY = {"id": "8", "username": "nelly"}
EPOCH = 1420070400.0


@dataclass
class SmallDiscord:
    """One server with one channel, in which people and the bot write."""

    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    rounds: int = 0

    @property
    def answers(self) -> list[str]:
        """What the bot has written."""
        return [one["content"] for one in self.messages if one["author"] is BOT]

    def write(self, content: str, author: dict[str, Any]) -> dict[str, Any]:
        number = str((int((time.time() - EPOCH) * 1000) << 22) + len(self.messages))
        made = {"id": number, "channel_id": "5", "content": content, "author": author}
        self.messages.append(made)
        return made

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bot bot-s3cret":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        path = request.path.removeprefix("/api/v10")
        if path == "/users/@me":
            return web.json_response(BOT)
        if path == "/users/@me/guilds":
            return web.json_response([{"id": "4", "name": "Guild"}])
        last = self.messages[-1]["id"] if self.messages else None
        channel = {"id": "5", "type": 0, "name": "general", "last_message_id": last}
        if path == "/channels/5":
            return web.json_response(channel)
        if path == "/guilds/4/channels":
            self.rounds += 1
            return web.json_response([channel])
        if request.method == "POST":
            return web.json_response(self.write((await request.json())["content"], BOT))
        after = int(request.query["after"])
        return web.json_response([one for one in self.messages if int(one["id"]) > after][::-1])


@asynccontextmanager
async def served(discord: SmallDiscord) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", discord.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def discord_at(address: str, folder: Path, catalog: Catalog) -> Catalog:
    """The catalog, its Discord blocks asking a server of ours."""
    path = folder / "discord.toml"
    said = (OWN / "discord.toml").read_text("utf-8")
    path.write_text(said.replace('https://discord.com/api/v10"', f'{address}/api/v10"'), "utf-8")
    pack = read(path)
    ours = [block_of(pack, one) for one in pack.actions.values()]
    return Catalog([*(one for one in catalog if one.id not in pack.actions), *ours])


@asynccontextmanager
async def at_home(database_url: str, folder: Path, catalog: Catalog) -> AsyncIterator[Platform]:
    settings = Settings(database_url=database_url, data_dir=folder, egress_inside=("127.0.0.0/8",))
    async with platform(settings, process=Process.UP, load=lambda: catalog) as up:
        yield up


async def until(discord: SmallDiscord, *answers: str) -> None:
    async with asyncio.timeout(30):
        while discord.answers != [*answers]:
            await asyncio.sleep(0.05)


@pytest.mark.timeout(90)
async def test_every_message_is_answered_once_also_over_a_restart(
    database_url: str, tmp_path: Path, catalog: Catalog
) -> None:
    discord = SmallDiscord()
    discord.write("Before anybody listened", NELLY)
    async with served(discord) as address:
        blocks = discord_at(address, tmp_path, catalog)
        async with at_home(database_url, tmp_path, blocks) as up:
            credential = await up.integrations.credentials.add(
                up.owner, "discord", "Bot", ApiKeySecret("bot-s3cret"), HERE
            )
            bot = {
                "id": str(credential.id),
                "provider": "discord",
                "type": "api_key",
                "title": "Bot",
            }
            made = graph(
                [
                    node(blocks, "begin", "StoreValue", input=bot),
                    node(blocks, "again", "StoreValue", data=bot),
                    node(blocks, "listen", "ReadDiscordMessages"),
                    node(blocks, "say", "SendDiscordMessage", credentials=bot),
                ],
                "begin.output -> listen.credentials",
                "listen.message_content -> say.message_content",
                "listen.channel_id -> say.channel_name",
                "say.status -> again.input",
                "again.output -> listen.credentials",
            )
            saved = await up.agents.create(up.owner, write_agent(made))
            run_id = await up.runs.start(up.owner, saved.id, {})
            async with asyncio.timeout(10):
                while not discord.rounds:
                    await asyncio.sleep(0.02)
            discord.write("One", NELLY)
            discord.write("Two", NELLY)
            await until(discord, "One", "Two")

        discord.write("Three", NELLY)
        async with at_home(database_url, tmp_path, blocks) as up:
            await until(discord, "One", "Two", "Three")
            await up.runs.cancel(up.owner, run_id)
