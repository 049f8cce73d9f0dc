"""What is said in a video on YouTube.

YouTube gives captions to nobody but their owner by its documented API, so this is how its own players get them: the
page of a video has a key, the player's endpoint (`youtubei/v1/player`) names the captions, and each is a file of XML.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Cost,
    CredentialRef,
    Effect,
    Example,
    Exchanged,
    HttpRequest,
    HttpResponse,
    InputError,
    Json,
    Outputs,
    Proxy,
    UserPasswordSecret,
    credential_pin,
    is_list,
    is_object,
    pin,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SITE: Final = "https://www.youtube.com"
_HOSTS: Final = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "www.youtube-nocookie.com",
    }
)
_ID: Final = re.compile(r"[\w-]{11}", re.ASCII)
_KEY: Final = re.compile(r'"INNERTUBE_API_KEY":\s*"([\w-]{1,100})"', re.ASCII)
_CONSENT: Final = re.compile(r'name="v" value="([\w.+-]{1,100})"', re.ASCII)
_TAG: Final = re.compile(r"<[^>]*>")
_PLAYER: Final[dict[str, Json]] = {
    "client": {"clientName": "ANDROID", "clientVersion": "20.10.38", "hl": "en"}
}
"""A player whose captions can be fetched without a proof that a browser shows them."""
_MAX_PAGE: Final = 16 * 1024 * 1024
_BLOCKED: Final = (
    "YouTube asks whether a person is there: it does not answer this address. Give the node a proxy (credential for "
    "webshare_proxy), or try later."
)
_PROXY: Final = "http://p.webshare.io:80"


class TranscribeYoutubeVideoInput(BlockInput):
    """A video."""

    youtube_url: str = pin(
        description="The video's address.", placeholder="https://www.youtube.com/watch?v=…"
    )
    credentials: CredentialRef | None = credential_pin(
        "webshare_proxy",
        kinds=("user_password",),
        description="A proxy to ask by, where YouTube does not answer this machine.",
        optional=True,
    )


class TranscribeYoutubeVideoOutput(BlockOutput):
    """What is said."""

    video_id: str = pin(description="The video's id.")
    transcript: str = pin(description="What is said in it, line by line.")


def _example(player: Mapping[str, Json], *, by: Mapping[str, str] | None = None) -> list[Exchanged]:
    return [
        Exchanged(
            "GET",
            f"{_SITE}/watch",
            query=(("v", "dQw4w9WgXcQ"),),
            request_headers=by or {},
            response={"text": '<script>ytcfg.set({"INNERTUBE_API_KEY":"AIza-0_1"});</script>'},
        ),
        Exchanged(
            "POST",
            f"{_SITE}/youtubei/v1/player",
            query=(("key", "AIza-0_1"),),
            request_headers=by or {},
            body={"body": {"context": _PLAYER, "videoId": "dQw4w9WgXcQ"}},
            response={"response": player},
        ),
    ]


def _track(language: str, **more: Json) -> Json:
    url = f"{_SITE}/api/timedtext?v=dQw4w9WgXcQ&lang={language}&fmt=srv3"
    return {"baseUrl": url, "languageCode": language, **more}


_TRACKS: Final[dict[str, Json]] = {
    "playabilityStatus": {"status": "OK"},
    "captions": {
        "playerCaptionsTracklistRenderer": {
            "captionTracks": [_track("de"), _track("en", kind="asr"), _track("en")]
        }
    },
}
_CAPTIONS: Final = Exchanged(
    "GET",
    f"{_SITE}/api/timedtext",
    query=(("v", "dQw4w9WgXcQ"), ("lang", "en")),
    response={
        "text": '<?xml version="1.0" encoding="utf-8" ?><transcript><text start="0.5" dur="2">Don&amp;#39;t '
        'stop</text><text start="3" dur="2">&lt;i&gt;now&lt;/i&gt;</text></transcript>'
    },
)
_MINE: Final[dict[str, Json]] = {
    "id": "example",
    "provider": "webshare_proxy",
    "type": "user_password",
}


class TranscribeYoutubeVideo(Block[TranscribeYoutubeVideoInput]):
    """What is said in a video."""

    id = "f3a8f7e1-4b1d-4e5f-9f2a-7c3d5a2e6b4c"
    name = "TranscribeYoutubeVideo"
    description = (
        "Reads the captions of a video on YouTube: English ones where there are any, written by people where there "
        "are any."
    )
    categories = (Category.SOCIAL,)
    effect = Effect.READ
    costs = (Cost(1),)
    Input = TranscribeYoutubeVideoInput
    Output = TranscribeYoutubeVideoOutput
    examples = (
        Example(
            {"youtube_url": "https://youtu.be/dQw4w9WgXcQ?t=3"},
            [("video_id", "dQw4w9WgXcQ"), ("transcript", "Don't stop\nnow")],
            exchanges=(*_example(_TRACKS), _CAPTIONS),
        ),
        Example(
            {"youtube_url": "dQw4w9WgXcQ", "credentials": _MINE},
            [("video_id", "dQw4w9WgXcQ")],
            error="has no captions",
            title="By a proxy",
            exchanges=_example(
                {"playabilityStatus": {"status": "OK"}},
                by={
                    "X-Meant-By": _PROXY,
                    "Proxy-Authorization": "Basic bWUtcm90YXRlOmV4YW1wbGUtcGFzcw==",
                },
            ),
            secrets={"example": UserPasswordSecret("me", "example-pass")},
        ),
        Example(
            {"youtube_url": "dQw4w9WgXcQ"},
            [("video_id", "dQw4w9WgXcQ")],
            error="This video is private",
            exchanges=_example(
                {"playabilityStatus": {"status": "ERROR", "reason": "This video is private"}}
            ),
        ),
        Example({"youtube_url": "https://example.com/watch?v=1"}, error="is no video on YouTube"),
    )

    async def run(self, input: TranscribeYoutubeVideoInput, ctx: Context) -> Outputs:
        """Yield what is said.

        Raises:
            BlockError: There are no captions, or YouTube does not give them.
        """
        video = _id_of(input.youtube_url)
        ask = _Asking(ctx, await _proxy(input.credentials, ctx))
        yield "video_id", video
        player = await ask.player(video, await ask.key(video))
        yield "transcript", _lines(await ask.captions(_chosen(player, video)))


class _Asking:
    """Asks YouTube for the sake of one video."""

    def __init__(self, ctx: Context, proxy: Proxy | None) -> None:
        self._ctx = ctx
        self._proxy = proxy

    async def key(self, video: str) -> str:
        """Return the key that a video's page tells its player.

        Raises:
            BlockError: It tells none.
        """
        page = await self._get(f"{_SITE}/watch?v={video}")
        if 'action="https://consent.youtube.com/s"' in page and (agreed := _CONSENT.search(page)):
            page = await self._get(
                f"{_SITE}/watch?v={video}", {"Cookie": f"CONSENT=YES+{agreed[1]}"}
            )
        found = _KEY.search(page)
        if found is None:
            is_asked = 'class="g-recaptcha"' in page
            raise BlockError(_BLOCKED if is_asked else "YouTube's page of the video has no player.")
        return found[1]

    async def player(self, video: str, key: str) -> Json:
        """Return what the player is told of a video."""
        body = json.dumps({"context": _PLAYER, "videoId": video}).encode()
        url, headers = f"{_SITE}/youtubei/v1/player?key={key}", {"Content-Type": "application/json"}
        return (await self._send("POST", url, headers, body)).json()

    async def captions(self, url: str) -> Element:
        """Return a file of captions.

        Raises:
            BlockError: It is none.
        """
        from defusedxml import DefusedXmlException  # noqa: PLC0415 - not needed at start
        from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415

        text = await self._get(url)
        if not text.strip():
            raise BlockError("YouTube gives the captions to its own pages alone, for this video.")
        try:
            return fromstring(text, forbid_dtd=True)
        except (DefusedXmlException, ParseError, ValueError) as error:
            raise BlockError(f"YouTube's captions cannot be read: {error!s}.") from error

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> str:
        return (await self._send("GET", url, headers or {})).text

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> HttpResponse:
        request = HttpRequest(
            method,
            url,
            headers={"Accept-Language": "en-US", **headers},
            body=body,
            max_bytes=_MAX_PAGE,
            proxy=self._proxy,
        )
        answer = await self._ctx.http.send(request)
        if answer.status == 429:
            raise BlockError(_BLOCKED, code="provider.rate_limited", retry_after=timedelta(hours=1))
        if not answer.is_ok:
            raise BlockError(f"YouTube answered {answer.status}.", code="provider.rejected")
        return answer


async def _proxy(reference: CredentialRef | None, ctx: Context) -> Proxy | None:
    """Return Webshare's rotating proxy: every request comes from another address.

    Raises:
        BlockError: The credential is no name and password.
    """
    if reference is None:
        return None
    secret = await ctx.credential(reference)
    if not isinstance(secret, UserPasswordSecret):
        raise BlockError("The credential is no name and password.")
    return Proxy(_PROXY, f"{secret.username.removesuffix('-rotate')}-rotate", secret.password)


def _id_of(text: str) -> str:
    """Return the id of a video by its address, or by its id.

    Raises:
        InputError: It is neither.
    """
    text = text.strip()[:2_000]
    found = text if _ID.fullmatch(text) else ""
    with suppress(ValueError):  # of addresses that are none
        parts = urlsplit(text if "://" in text else f"https://{text}")
        steps = parts.path.strip("/").split("/")
        if parts.hostname == "youtu.be":
            found = steps[0]
        elif parts.hostname in _HOSTS:
            is_path = len(steps) > 1 and steps[0] in {"embed", "shorts", "live", "v"}
            found = steps[1] if is_path else parse_qs(parts.query).get("v", [""])[0]
    if not _ID.fullmatch(found):
        raise InputError("youtube_url", f"{text[:100]!r} is no video on YouTube.")
    return found


def _chosen(player: Json, video: str) -> str:
    """Return the address of the best captions: English before others, people's before a machine's.

    Raises:
        BlockError: There are none, or the video is not shown.
    """
    shown = _at(player, "playabilityStatus")
    if _at(shown, "status") not in {"OK", None}:
        reason = _at(shown, "reason")
        if _at(shown, "status") == "LOGIN_REQUIRED" and "bot" in str(reason):
            raise BlockError(_BLOCKED, code="provider.rate_limited")
        raise BlockError(f"YouTube does not show the video {video}: {str(reason)[:300]}.")
    tracks = _at(_at(_at(player, "captions"), "playerCaptionsTracklistRenderer"), "captionTracks")
    known = [one for one in (tracks if is_list(tracks) else ()) if _at(one, "baseUrl")]
    if not known:
        raise BlockError(f"The video {video} has no captions.")
    best = min(
        known,
        key=lambda one: (
            not str(_at(one, "languageCode")).startswith("en"),
            _at(one, "kind") == "asr",
        ),
    )
    parts = urlsplit(str(_at(best, "baseUrl")))
    if (parts.scheme, parts.hostname) != ("https", "www.youtube.com"):
        raise BlockError("YouTube's captions are said to lie elsewhere.")
    # Without a format it is the plainest one.
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "fmt"]
    return parts._replace(query=urlencode(query)).geturl()


def _at(value: Json, name: str) -> Json:
    return value.get(name) if is_object(value) else None


def _lines(captions: Element) -> str:
    texts = (html.unescape(one.text or "") for one in captions.iter("text"))
    return "\n".join(line for text in texts if (line := _TAG.sub("", text).strip()))
