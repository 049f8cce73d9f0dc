"""What is new in feeds: RSS in all its versions, and Atom."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import importlib
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, Field

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Exchanged,
    HttpRequest,
    InputError,
    Json,
    Outputs,
    is_list,
    is_object,
    pin,
)

_MAX_FEED: Final = 4 * 1024 * 1024
_MAX_ENTRIES: Final = 2_000
_SOONEST: Final = 10
_LATEST: Final = 366 * 86_400
_LONGEST: Final = 100 * 366 * 24 * 60
_ENTITY: Final = re.compile(r"<!ENTITY", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class RSSEntry(BaseModel):
    """An entry of a feed."""

    title: str = Field(description="What it is called.")
    link: str = Field(description="Where it is.")
    description: str = Field(description="What it says, or says in short; HTML without scripts.")
    pub_date: str = Field(
        description="When it came out (ISO 8601, UTC); empty where it is not said."
    )
    author: str = Field(description="Who wrote it.")
    categories: list[str] = Field(description="What it is about.")


class ReadRSSFeedInput(BlockInput):
    """A feed."""

    rss_url: str = pin(description="Where the feed is.", placeholder="https://example.com/feed.xml")
    time_period: int = pin(
        1440, description="Minutes to look back: older entries are left out.", advanced=True
    )
    polling_rate: int = pin(description="Seconds between two looks.")
    run_continuously: bool = pin(
        default=True, description="Look again and again, until the run is stopped."
    )


class ReadRSSFeedOutput(BlockOutput):
    """What is new."""

    entry: RSSEntry = pin(description="Each new entry for itself.")
    entries: list[RSSEntry] = pin(description="All that one look found.")


_ENTRY: Final[dict[str, Json]] = {
    "title": "Green tea",
    "link": "https://example.com/2",
    "description": "It is <b>good</b>.",
    "pub_date": "2026-01-01T21:00:00+00:00",
    "author": "Ann",
    "categories": ["tea"],
}
_FEED: Final = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Tea</title>
<item><title>Green tea</title><link>https://example.com/2</link><author>Ann</author><category>tea</category>
<description>It is &lt;b&gt;good&lt;/b&gt;.&lt;script&gt;no&lt;/script&gt;</description>
<pubDate>Thu, 01 Jan 2026 22:00:00 +0100</pubDate></item>
<item><title>Old tea</title><link>https://example.com/1</link><pubDate>Mon, 01 Dec 2025 10:00:00 GMT</pubDate></item>
</channel></rss>"""


class ReadRSSFeed(Block[ReadRSSFeedInput]):
    """What is new in a feed."""

    id = "5ebe6768-8e5d-41e3-9134-1c7bd89a8d52"
    name = "ReadRSSFeed"
    description = (
        "Gives out the entries of an RSS or Atom feed that are new, once or as long as the run goes on. To look at "
        "one every morning, put the agent on a schedule instead."
    )
    categories = (Category.INPUT,)
    effect = Effect.READ
    Input = ReadRSSFeedInput
    Output = ReadRSSFeedOutput
    examples = (
        Example(
            {
                "rss_url": "https://example.com/feed.xml",
                "polling_rate": 300,
                "run_continuously": False,
            },
            [("entry", _ENTRY), ("entries", [_ENTRY])],
            exchanges=(Exchanged("GET", "https://example.com/feed.xml", response={"text": _FEED}),),
        ),
        Example(
            {
                "rss_url": "https://example.com/feed.xml",
                "polling_rate": 300,
                "run_continuously": False,
            },
            error="declares entities",
            title="A feed that would blow up",
            exchanges=(
                Exchanged(
                    "GET",
                    "https://example.com/feed.xml",
                    response={"text": '<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss>&a;</rss>'},
                ),
            ),
        ),
        Example({"rss_url": "https://example.com/", "polling_rate": 1}, error="polling_rate"),
    )

    async def run(self, input: ReadRSSFeedInput, ctx: Context) -> Outputs:
        """Yield what is new.

        Raises:
            BlockError: The feed cannot be had, or is none.
            InputError: It would be looked at too often.
        """
        if input.run_continuously and not _SOONEST <= input.polling_rate <= _LATEST:
            raise InputError(
                "polling_rate",
                f"expected {_SOONEST} to {_LATEST} seconds, got {input.polling_rate}",
            )
        since, seen = _kept(ctx.kept)
        if since is None:
            since = ctx.now() - timedelta(minutes=max(0, min(input.time_period, _LONGEST)))
        while True:
            found = [
                (key, entry)
                for key, at, entry in await _read(input.rss_url, ctx)
                if at is None or at > since
            ]
            new: list[Json] = [entry for key, entry in found if key not in seen]
            for entry in new:
                yield "entry", entry
            if new or not seen:
                yield "entries", new
            if not input.run_continuously:
                return
            seen = frozenset(key for key, _ in found)
            keep = {"since": since.isoformat(), "seen": sorted(seen)}
            await ctx.sleep(timedelta(seconds=input.polling_rate), keep=keep)


def _kept(kept: Json) -> tuple[datetime | None, frozenset[str]]:
    """Return from when on entries count, and which of them were given out."""
    since, seen = (kept.get("since"), kept.get("seen")) if is_object(kept) else (None, None)
    known = frozenset(str(one) for one in seen) if is_list(seen) else frozenset[str]()
    return (datetime.fromisoformat(since) if isinstance(since, str) else None), known


async def _read(url: str, ctx: Context) -> Sequence[tuple[str, datetime | None, Json]]:
    """Return the entries of a feed, each with what tells it from others and when it came out.

    Raises:
        BlockError: It cannot be had, or is none.
    """
    accept = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"
    request = HttpRequest("GET", url, headers={"Accept": accept}, max_bytes=_MAX_FEED)
    answer = await ctx.http.send(request)
    if not answer.is_ok:
        raise BlockError(f"The feed's server answered {answer.status}.")
    text = _text(answer.body, answer.headers.get("content-type", ""))
    if _ENTITY.search(text):
        raise BlockError(
            "The feed declares entities, which can blow up to any size; it is refused."
        )
    # A thread: broken feeds are read by patience, at a megabyte in some seconds.
    return await asyncio.to_thread(_parsed, text, answer.url)


def _text(body: bytes, content_type: str) -> str:
    """Return a feed's text, by its mark, its header or its declaration (RFC 7303), else UTF-8."""
    named = content_type.partition("charset=")[2].split(";")[0].strip(" \"'")
    if not named:
        declared = _DECLARED.match(body.lstrip()[:300])
        named = declared[1].decode() if declared else ""
    name = next((one for mark, one in _MARKS if body.startswith(mark)), named or "utf-8")
    try:
        return body.decode(name, "replace")
    except (LookupError, ValueError):  # ValueError: a codec that makes no text
        return body.decode("utf-8", "replace")


def _parsed(text: str, url: str) -> Sequence[tuple[str, datetime | None, Json]]:
    feedparser: Any = importlib.import_module("feedparser")  # not at start; it has no types
    found = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),  # a text might be taken for an address
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
    )
    if not found.get("version") and not found.entries:
        raise BlockError("This is no feed: it is neither RSS nor Atom.")
    return [_entry(one) for one in found.entries[:_MAX_ENTRIES]]


def _entry(given: Mapping[str, Any]) -> tuple[str, datetime | None, Json]:
    at = given.get("published_parsed") or given.get("updated_parsed")
    when = None
    if at is not None:
        try:
            when = datetime(*at[:6], tzinfo=UTC)
        except (ValueError, OverflowError):
            when = None
    entry: dict[str, Json] = {
        name: str(given.get(name) or "") for name in ("title", "link", "description")
    }
    entry["pub_date"] = "" if when is None else when.isoformat()
    entry["author"] = str(given.get("author") or "")
    entry["categories"] = [str(one["term"]) for one in given.get("tags") or () if one.get("term")]
    known_by = f"{given.get('id') or ''}\n{entry['link']}\n{entry['title']}"
    return hashlib.sha256(known_by.encode("utf-8", "replace")).hexdigest()[:16], when, entry
