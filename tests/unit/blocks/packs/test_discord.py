"""Waiting for a message on Discord, over attempts that end and begin again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from autograph.blocks.catalog import load_catalog
from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, run_block

BLOCK: Final = load_catalog().get("ReadDiscordMessages")
HARMLESS: Final = BLOCK.examples[0]
API: Final = "https://discord.com/api/v10"


class Ended(Exception):
    """The attempt is over: what it waits for has not come."""


@dataclass
class Attempt(FakeContext):
    """An attempt as the engine makes it: waits that are over return at once, the next one ends it."""

    over: int = 0

    async def sleep(self, duration: timedelta, *, keep: Any = None) -> None:
        self.slept.append(duration)
        if len(self.slept) > self.over:
            self.moment += duration
            raise Ended


def snowflake(moment: datetime) -> str:
    return str(int((moment.timestamp() - 1420070400) * 1000) << 22)


def ask(path: str, answer: Any, **query: str) -> Exchanged:
    return Exchanged("GET", f"{API}{path}", query=[*query.items()], response={"response": answer})


def asked_for_news(last: str) -> list[Exchanged]:
    channel = {"id": "5", "type": 0, "name": "general", "last_message_id": last}
    return [
        ask("/users/@me/guilds", [{"id": "4", "name": "Guild"}]),
        ask("/guilds/4/channels", [channel]),
    ]


def message(number: str, text: str) -> dict[str, Any]:
    author = {"id": "8", "username": "nelly"}
    return {"id": number, "channel_id": "5", "content": text, "author": author}


async def attempt(ctx: Attempt, exchanges: Sequence[Exchanged]) -> dict[str, Any] | None:
    """Return what an attempt gave out, None where it ended waiting."""
    ctx.secrets = dict(HARMLESS.secrets)
    async with recorded(exchanges) as ctx.http:
        try:
            return dict(await run_block(BLOCK, HARMLESS.input, ctx))
        except Ended:
            return None


async def test_every_attempt_asks_once_and_no_message_is_lost_or_given_out_twice() -> None:
    first = Attempt()
    begun = snowflake(first.moment)
    me = ask("/users/@me", {"id": "99"})
    assert await attempt(first, [me, *asked_for_news(begun), *asked_for_news(begun)]) is None

    later = Attempt(store=first.store, moment=first.moment, over=1)
    assert await attempt(later, asked_for_news(begun)) is None
    assert later.slept == [timedelta(seconds=3), timedelta(seconds=3.3)]

    one, two = (snowflake(later.moment + timedelta(seconds=after)) for after in (1, 2))
    both = [message(two, "Second"), message(one, "First")]
    news = [
        *asked_for_news(two),
        ask("/channels/5/messages", both, after=begun, limit="100"),
    ]
    found = await attempt(Attempt(store=first.store, moment=later.moment, over=2), news)
    assert found is not None
    assert found["message_content"] == "First"

    again = await attempt(Attempt(store=first.store, moment=later.moment, over=2), news)
    assert again == found, "an attempt that is repeated gives out the same"

    rest = [
        me,
        *asked_for_news(two),
        ask("/channels/5/messages", both[:1], after=one, limit="100"),
    ]
    following = await attempt(Attempt(store=first.store, moment=later.moment, node_run=2), rest)
    assert following is not None
    assert following["message_content"] == "Second"


async def test_what_was_written_before_the_run_is_not_heard() -> None:
    before = Attempt()
    old = snowflake(before.moment - timedelta(hours=1))

    me = ask("/users/@me", {"id": "99"})
    heard = await attempt(before, [me, *asked_for_news(old), *asked_for_news(old)])

    assert heard is None
