"""What Discord's blocks need and its pack cannot say: channels by their names, and waiting for a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Looking, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, Outputs, Scope
from autograph.graph.model import Json, is_list, is_object

_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""Ids count milliseconds from here on."""
_LONGEST: Final = 2000
"""Letters in a message."""
_TYPES: Final[Mapping[int, str]] = {
    0: "text",
    1: "private",
    2: "voice",
    3: "group",
    4: "category",
    5: "news",
    10: "news_thread",
    11: "public_thread",
    12: "private_thread",
    13: "stage_voice",
    14: "directory",
    15: "forum",
    16: "media",
}
_WRITTEN_IN: Final = frozenset({0, 2, 5, 13})
_FIRST_WAIT: Final = timedelta(seconds=3)
_LONGEST_WAIT: Final = timedelta(seconds=30)
_PASSING: Final = frozenset({"provider.rate_limited", "provider.unavailable"})


def moment(value: Json) -> Json:
    """Return when something was made, from its id."""
    return (_EPOCH + timedelta(milliseconds=int(str(value)) >> 22)).isoformat()


def avatar(value: Json) -> Json:
    """Return the address of a person's picture: their own, or the one that they are given."""
    user: Mapping[str, Any] = value if is_object(value) else {}
    return _picture("avatars", user["id"], user.get("avatar")) or (
        f"https://cdn.discordapp.com/embed/avatars/{_usual_avatar(user)}.png"
    )


def banner(value: Json) -> Json:
    """Return the address of a person's banner; empty where there is none."""
    user: Mapping[str, Any] = value if is_object(value) else {}
    return _picture("banners", user["id"], user.get("banner"))


def _picture(kind: str, whose: str, name: str | None) -> str:
    if not name:
        return ""
    ending = "gif" if name.startswith("a_") else "png"
    return f"https://cdn.discordapp.com/{kind}/{whose}/{name}.{ending}"


def _usual_avatar(user: Mapping[str, Any]) -> int:
    number = str(user.get("discriminator") or "0")
    return int(number) % 5 if number != "0" else (int(user["id"]) >> 22) % 6


def embed_fields(value: Json) -> Json:
    """Return an embed's fields with what the API knows of them.

    Raises:
        BlockError: One has no name or no value.
    """
    found: list[Json] = []
    for one in value if is_list(value) else []:
        if not is_object(one) or not one.get("name") or not one.get("value"):
            raise BlockError("fields: each has a name and a value.", code="block.bad_input")
        is_inline = bool(one.get("inline", True))
        found.append({"name": str(one["name"]), "value": str(one["value"]), "inline": is_inline})
    return found


async def channel(pins: Mapping[str, Json], api: Api) -> Json:
    """Return the channel that is meant, by its id or by its name, its server's name with it as `server_name`.

    Raises:
        BlockError: The bot sees no such channel, or several.
    """
    wanted = str(pins.get("channel_identifier") or pins.get("channel_name") or "").strip()
    server = str(pins.get("server_name") or "").strip()
    if wanted.isascii() and wanted.isdigit():
        return (await api.send(f"GET /channels/{wanted}")).json
    name = wanted.removeprefix("#").lower()
    servers = [
        one
        for one in (await api.send("GET /users/@me/guilds")).json
        if not server or server.lower() == str(one["name"]).lower() or server == one["id"]
    ]
    found: list[dict[str, Any]] = []
    for one in servers:
        for held in (await api.send(f"GET /guilds/{one['id']}/channels")).json:
            if str(held.get("name", "")).lower() == name:
                found.append({**held, "guild_id": one["id"], "server_name": one["name"]})
    found = [one for one in found if one["type"] in _WRITTEN_IN] or found
    if not found:
        where = f" of {server}" if server else " that the bot is in"
        raise BlockError(
            f"No server{where} has a channel {wanted!r} that the bot sees.",
            code="provider.not_found",
        )
    if len(found) > 1:
        where = ", ".join(f"{one['server_name']} ({one['id']})" for one in found)
        raise BlockError(
            f"{wanted!r} is the name of several channels: {where}. Give server_name, or the channel's id.",
            code="block.bad_input",
        )
    return found[0]


async def channel_info(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what a channel is, and which server it belongs to."""
    found = await channel(pins, api)
    server, name = found.get("guild_id"), found.get("server_name")
    if server and not name:
        name = (await api.send(f"GET /guilds/{server}")).json["name"]
    yield "channel_id", found["id"]
    yield "channel_name", found.get("name") or ""
    yield "server_id", server or ""
    yield "server_name", name or ""
    yield "channel_type", _TYPES.get(found["type"], str(found["type"]))


async def send_message(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write into a channel; a text that is too long for one message becomes several.

    Raises:
        BlockError: There is nothing to send.
    """
    texts = list(_messages(str(pins["message_content"])))
    if not texts:
        raise BlockError("message_content: there is nothing to send.", code="block.bad_input")
    where = (await channel(pins, api))["id"]
    sent: Json = None
    for text in texts:
        sent = (await api.send(f"POST /channels/{where}/messages", body={"content": text})).json
    yield "status", "Message sent"
    yield "message_id", sent["id"]
    yield "channel_id", sent["channel_id"]


def _messages(text: str) -> Iterator[str]:
    """Cut a text where a line or a word ends."""
    while len(text) > _LONGEST:
        end = max(text.rfind("\n", 1, _LONGEST + 1), 0) or max(text.rfind(" ", 1, _LONGEST + 1), 0)
        piece, text = text[: end or _LONGEST], text[end or _LONGEST :].lstrip()
        if piece.strip():
            yield piece
    if text.strip():
        yield text


async def create_thread(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Begin a thread in a channel, with a first message where one is given."""
    where = (await channel(pins, api))["id"]
    body = {
        "name": pins["thread_name"],
        "auto_archive_duration": int(str(pins["auto_archive_duration"])),
        "type": 12 if pins.get("is_private") else 11,
    }
    thread = (await api.send(f"POST /channels/{where}/threads", body=body)).json
    for text in _messages(str(pins.get("message_content") or "")):
        await api.send(f"POST /channels/{thread['id']}/messages", body={"content": text})
    yield "status", "Thread created"
    yield "thread_id", thread["id"]
    yield "thread_name", thread["name"]


async def read_messages(_pins: Mapping[str, Json], api: Api) -> Outputs:
    """Wait for the next message of somebody else in any channel that the bot sees.

    A run hears what is written after its first such wait began: one message for each time the node runs, in
    the order they were written, and none twice.
    """
    place = f"discord.read.{api.ctx.node_id}"
    state = await _state(place, api)
    waited = 0
    while True:
        found = await _next_message(state, api)
        if found is not None:
            break
        # Waits that are over return at once: what is asked again is asked once for each attempt.
        started = api.ctx.now()
        while api.ctx.now() - started < timedelta(seconds=1):
            await api.ctx.sleep(min(_FIRST_WAIT * 1.1 ** min(waited, 30), _LONGEST_WAIT))
            waited += 1
    message, where = found
    await api.ctx.store.set(place, {**state, "next": message["id"]}, scope=Scope.AGENT)
    yield "message_content", message["content"]
    yield "message_id", message["id"]
    yield "channel_id", message["channel_id"]
    yield "channel_name", where["name"]
    yield "user_id", message["author"]["id"]
    yield "username", message["author"]["username"]


async def _state(place: str, api: Api) -> dict[str, Json]:
    """Return from which message on this node run listens; the same for each of its attempts."""
    ctx, kept = api.ctx, await api.ctx.store.get(place, scope=Scope.AGENT)
    known: dict[str, Json] = dict(kept) if is_object(kept) else {}
    run, number = str(ctx.run_id), ctx.node_run
    if known.get("run") == run and known.get("node_run") == number:
        return known
    bot = (await api.send("GET /users/@me")).json["id"]
    if known.get("run") == run:
        after = known.get("next") or known["after"]
    else:  # by Discord's own count, so that no clock has to be right
        after = str(
            max([int(one.get("last_message_id") or 0) for one in await _channels(api)] or [0])
        )
    state: dict[str, Json] = {"run": run, "node_run": number, "bot": bot, "after": after}
    await ctx.store.set(place, state, scope=Scope.AGENT)
    return state


async def _next_message(
    state: Mapping[str, Json], api: Api
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the first message after the one that was last, with its channel; None where there is none.

    Raises:
        BlockError: Discord refuses for longer than a moment.
    """
    after = int(state["after"])
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    try:
        for where in await _channels(api):
            if int(where.get("last_message_id") or 0) > after:
                found += [(one, where) for one in await _messages_of(where["id"], after, api)]
    except BlockError as error:
        if error.code not in _PASSING:
            raise
        return None
    others = [one for one in found if one[0]["author"]["id"] != state["bot"]]
    return min(others, key=lambda one: int(one[0]["id"]), default=None)


async def _channels(api: Api) -> list[dict[str, Any]]:
    """Return the channels that the bot sees, in all its servers."""
    return [
        where
        for server in (await api.send("GET /users/@me/guilds")).json
        for where in (await api.send(f"GET /guilds/{server['id']}/channels")).json
        if where["type"] in _WRITTEN_IN
    ]


async def _messages_of(channel_id: str, after: int, api: Api) -> list[dict[str, Any]]:
    query = {"after": str(after), "limit": 100}
    answer = await api.send(f"GET /channels/{channel_id}/messages", query=query, accepts=(403,))
    return answer.json if answer.status < 400 else []


FILTERS: Final[Mapping[str, Filter]] = {
    "moment": moment,
    "avatar": avatar,
    "banner": banner,
    "embed_fields": embed_fields,
}
LOOKUPS: Final[Mapping[str, Looking]] = {"channel": channel}
ACTIONS: Final[Mapping[str, Whole]] = {
    "channel_info": channel_info,
    "send_message": send_message,
    "create_thread": create_thread,
    "read_messages": read_messages,
}
