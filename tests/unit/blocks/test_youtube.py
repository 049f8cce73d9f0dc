"""YouTube, as its own pages and players are answered: played by a server on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autograph.blocks.builtin.web import youtube
from autograph.blocks.builtin.web.youtube import TranscribeYoutubeVideo
from autograph.blocks.sdk import BlockError, Exchanged
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, run_block

VIDEO = "dQw4w9WgXcQ"
PAGE, PLAYER = TranscribeYoutubeVideo.examples[0].exchanges[:2]
CAPTIONS = TranscribeYoutubeVideo.examples[0].exchanges[2]
CONSENT = '<form action="https://consent.youtube.com/s"><input name="v" value="cb.2026"></form>'


@pytest.fixture
def ctx() -> FakeContext:
    return FakeContext()


async def ask(ctx: FakeContext, *exchanges: Exchanged, url: str = VIDEO) -> list[Any]:
    async with recorded(exchanges) as http:
        ctx.http = http
        return await run_block(TranscribeYoutubeVideo, {"youtube_url": url}, ctx)


def told(player: Any) -> Exchanged:
    return replace(PLAYER, response={"response": player})


def tracks(*listed: Any) -> Exchanged:
    found = {"playerCaptionsTracklistRenderer": {"captionTracks": list(listed)}}
    return told({"playabilityStatus": {"status": "OK"}, "captions": found})


@pytest.mark.parametrize(
    "url",
    [
        VIDEO,
        f" https://www.youtube.com/watch?v={VIDEO}&t=10s ",
        f"https://www.youtube.com/watch?list=PL1&v={VIDEO}",
        f"youtube.com/watch?v={VIDEO}",
        f"https://youtu.be/{VIDEO}",
        f"https://m.youtube.com/watch?v={VIDEO}",
        f"https://www.youtube.com/embed/{VIDEO}?rel=0",
        f"https://www.youtube.com/shorts/{VIDEO}",
        f"https://www.youtube.com/live/{VIDEO}",
    ],
)
def test_a_video_is_known_by_all_its_addresses(url: str) -> None:
    assert youtube._id_of(url) == VIDEO


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://youtube.com/",
        f"https://evil.example/watch?v={VIDEO}",
        f"https://youtube.com.evil.example/watch?v={VIDEO}",
        "https://youtu.be/short",
        f"https://youtu.be/{VIDEO}x",
        "http://[::1",
    ],
)
async def test_what_is_no_video_is_not_asked_for(ctx: FakeContext, url: str) -> None:
    with pytest.raises(BlockError, match="no video on YouTube"):
        await ask(ctx, url=url)


async def test_where_consent_is_asked_for_it_is_given(ctx: FakeContext) -> None:
    asked = replace(PAGE, response={"text": CONSENT})
    agreed = replace(PAGE, request_headers={"Cookie": "CONSENT=YES+cb.2026"})
    outputs = await ask(ctx, asked, agreed, PLAYER, CAPTIONS)
    assert outputs == [("video_id", VIDEO), ("transcript", "Don't stop\nnow")]


@pytest.mark.parametrize(
    ("languages", "chosen"),
    [
        ([("de", None), ("en", "asr")], "en"),
        ([("en", "asr"), ("de", None), ("en-GB", None)], "en-GB"),
        ([("fr", "asr"), ("de", None)], "de"),
        ([("fr", "asr")], "fr"),
    ],
)
async def test_english_comes_first_and_then_what_people_wrote(
    ctx: FakeContext, languages: list[tuple[str, str | None]], chosen: str
) -> None:
    listed = [youtube._track(one, **({"kind": kind} if kind else {})) for one, kind in languages]
    got = replace(CAPTIONS, query=(("v", VIDEO), ("lang", chosen)))
    assert (await ask(ctx, PAGE, tracks(*listed), got))[1][0] == "transcript"


@pytest.mark.parametrize(
    ("player", "message"),
    [
        (
            {
                "playabilityStatus": {
                    "status": "LOGIN_REQUIRED",
                    "reason": "Sign in to confirm you are not a bot",
                }
            },
            "Give the node a proxy",
        ),
        (
            {"playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": "Age-restricted"}},
            "Age-restricted",
        ),
        ({"playabilityStatus": {"status": "OK"}, "captions": {}}, "has no captions"),
        ([], "has no captions"),
    ],
)
async def test_why_there_is_nothing_is_said(ctx: FakeContext, player: Any, message: str) -> None:
    with pytest.raises(BlockError, match=message):
        await ask(ctx, PAGE, told(player))


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"text": '<div class="g-recaptcha">'}, "Give the node a proxy"),
        ({"text": "<html></html>"}, "no player"),
    ],
)
async def test_a_page_without_a_player_is_said(
    ctx: FakeContext, page: dict[str, str], message: str
) -> None:
    with pytest.raises(BlockError, match=message):
        await ask(ctx, replace(PAGE, response=page))


async def test_too_many_requests_may_be_tried_again(ctx: FakeContext) -> None:
    with pytest.raises(BlockError, match="proxy") as failed:
        await ask(ctx, replace(PAGE, status=429))
    assert failed.value.retry_after is not None


async def test_captions_are_fetched_from_youtube_alone(ctx: FakeContext) -> None:
    track = {"baseUrl": "https://evil.example/api/timedtext", "languageCode": "en"}
    with pytest.raises(BlockError, match="lie elsewhere"):
        await ask(ctx, PAGE, tracks(track))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its own pages alone"),
        ("<transcript>", "cannot be read"),
        ('<!DOCTYPE t [<!ENTITY a "b">]><transcript/>', "cannot be read"),
    ],
)
async def test_captions_that_cannot_be_read_are_said(
    ctx: FakeContext, text: str, message: str
) -> None:
    with pytest.raises(BlockError, match=message):
        await ask(ctx, PAGE, PLAYER, replace(CAPTIONS, response={"text": text}))
