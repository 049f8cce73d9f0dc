"""What Reddit's blocks need and its pack cannot say: the full names of things, and lists with an end of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_SHORT: Final = re.compile(r"[0-9a-z]{1,13}")
_POST: Final = re.compile(
    r"(?:https?://)?(?:\w+\.)?reddit\.com/(?:r/\w+/)?comments/([0-9a-z]+)(?:/.*)?"
)
_COMMENT: Final = re.compile(
    r"(?:https?://)?(?:\w+\.)?reddit\.com/r/\w+/comments/[0-9a-z]+/[^/]*/([0-9a-z]+)/?(?:\?.*)?"
)
_NAME: Final = re.compile(r"[\w-]{1,50}", re.ASCII)
_PART: Final = 100
"""Items that Reddit gives at once."""
_BOXES: Final[Mapping[str, str]] = {
    "all": "inbox",
    "unread": "unread",
    "messages": "messages",
    "mentions": "mentions",
    "comment_replies": "comments",
}


def post(value: Json) -> Json:
    """Return a post's id, of its full name or its address too."""
    return _id(value, "t3_", _POST, "post")


def comment(value: Json) -> Json:
    """Return a comment's id, of its full name or its address too."""
    return _id(value, "t1_", _COMMENT, "comment")


def _id(value: Json, prefix: str, address: re.Pattern[str], what: str) -> str:
    text = str(value).strip()
    if found := address.fullmatch(text):
        return found[1]
    found = _SHORT.fullmatch(text.removeprefix(prefix))
    if found is None:
        raise BlockError(
            f"{text[:100]!r} names no {what}: give its id, such as {prefix}1abc2d, or its address.",
            code="block.bad_input",
        )
    return found[0]


def subreddit(value: Json) -> Json:
    """Return a community's name without what people write before it."""
    return _name(str(value).strip().removeprefix("/").removeprefix("r/"), "subreddit")


def username(value: Json) -> Json:
    """Return a person's name without what people write before it."""
    return _name(str(value).strip().removeprefix("/").removeprefix("u/"), "person")


def _name(text: str, what: str) -> str:
    name = text.removesuffix("/")
    if not _NAME.fullmatch(name):
        raise BlockError(f"{text[:100]!r} is the name of no {what}.", code="block.bad_input")
    return name


def kind(value: Json) -> Json:
    """Return what a new post is: a link where it has an address, else a text."""
    return "link" if is_object(value) and value.get("url") else "self"


def searched(value: Json) -> Json:
    """Return where is searched: in one community, or everywhere."""
    where = value.get("subreddit") if is_object(value) else None
    return PathText(f"r/{subreddit(where)}/search") if where else "search"


def order(value: Json) -> Json:
    """Return how comments are sorted, in Reddit's words."""
    return "confidence" if value == "best" else value


def page(value: Json) -> Json:
    """Return the whole address of a page."""
    return f"https://www.reddit.com{value}"


def found(value: Json) -> Json:
    """Return the first thing of a list.

    Raises:
        BlockError: Nothing is in it.
    """
    items: list[Any] = value if is_list(value) else []
    if not items:
        raise BlockError("Reddit has no such thing.", code="provider.not_found")
    return items[0]["data"]


async def recent_posts(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Give out the newest posts of a community, back to a moment or to a post that is known already."""
    most = int(str(pins.get("post_limit") or 10))
    since = None
    if pins.get("last_minutes"):
        since = (api.ctx.now() - timedelta(minutes=int(str(pins["last_minutes"])))).timestamp()
    last = post(pins["last_post"]) if pins.get("last_post") else None
    posts: list[Json] = []
    after: str | None = ""
    while after is not None and len(posts) < most:
        query: dict[str, Json] = {"limit": min(most - len(posts), _PART), "raw_json": 1}
        query |= {"after": after} if after else {}
        name = subreddit(pins["subreddit"])
        data = (await api.send(f"GET /r/{name}/new", query=query)).json["data"]
        after = data.get("after")
        for one in data["children"]:
            if one["data"]["id"] == last or (since and one["data"]["created_utc"] < since):
                after = None
                break
            posts.append(_shown(one["data"]))
    for one in posts:
        yield "post", one
    yield "posts", posts


def _shown(item: Mapping[str, Any]) -> dict[str, Json]:
    kept = ("id", "subreddit", "title", "author", "url", "score", "num_comments", "created_utc")
    shown: dict[str, Json] = {name: item.get(name) for name in kept}
    return shown | {"body": item.get("selftext", ""), "permalink": page(item["permalink"])}


def shown(value: Json) -> Json:
    """Return posts with what one wants to know of them."""
    items: list[Any] = value if is_list(value) else []
    return [_shown(one["data"]) for one in items if one.get("kind") == "t3"]


async def inbox(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Give out what came, and mark it as read where that is wanted."""
    box = _BOXES[str(pins.get("inbox_type", "unread"))]
    query = {"limit": pins.get("limit", 25), "raw_json": 1}
    things = (await api.send(f"GET /message/{box}", query=query)).json["data"]["children"]
    items: list[Json] = [_message(one) for one in things]
    if pins.get("mark_read") and things:
        names = ",".join(one["data"]["name"] for one in things)
        form = ("application/x-www-form-urlencoded", urlencode({"id": names}).encode())
        await api.send("POST /api/read_message", content=form)
    for one in items:
        yield "item", one
    yield "items", items


def _message(thing: Mapping[str, Any]) -> dict[str, Json]:
    data: Mapping[str, Any] = thing["data"]
    kept = ("id", "author", "subject", "body", "subreddit", "context", "created_utc")
    item: dict[str, Json] = {name: data.get(name) for name in kept}
    what = "message" if thing["kind"] == "t4" else "comment"
    return item | {"fullname": data["name"], "kind": what, "is_unread": bool(data.get("new"))}


FILTERS: Final[Mapping[str, Filter]] = {
    "post": post,
    "comment": comment,
    "subreddit": subreddit,
    "username": username,
    "kind": kind,
    "searched": searched,
    "order": order,
    "page": page,
    "found": found,
    "shown": shown,
}
ACTIONS: Final[Mapping[str, Whole]] = {"recent_posts": recent_posts, "inbox": inbox}
