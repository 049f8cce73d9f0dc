"""Models that embed, hear, judge and draw, over real sockets: what is sent, what is read, what it costs."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from autograph.blocks.models.catalogue import load
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk import (
    ApiKeySecret,
    Attachment,
    CostKind,
    CredentialRef,
    Drawing,
    ModelError,
    Segment,
    Speech,
)
from autograph.blocks.sdk.testing import FakeContext
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import Rules
from tests.modelservers import ModelServer

KEY = "sk-a-secret-key"
TALK = Attachment("talk", "audio/mpeg", b"ID3 sound")
PNG = b"\x89PNG\r\n\x1a\n a picture"
CAT = Attachment("cat.png", "image/png", PNG)
DOG = Attachment("dog.png", "image/png", PNG + b" of a dog")
PNG_64 = base64.b64encode(PNG).decode()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as made:
        yield made


@pytest.fixture
async def ctx(server: ModelServer) -> AsyncIterator[FakeContext]:
    http = LateClient(Rules(inside=(ip_network("127.0.0.0/8"),)))
    urls = dict.fromkeys(load().providers, server.url)
    yield FakeContext(
        shelf=ModelShelf(urls=urls, keys=dict.fromkeys(load().providers, "sk-ours")),
        secrets={"c": ApiKeySecret(KEY)},
        http=http,
    )
    await http.close()


def mine(provider: str) -> CredentialRef:
    return CredentialRef(id="c", provider=provider, type="api_key", title="My account")


def answers(server: ModelServer, body: Any) -> None:
    server.sends(json.dumps(body).encode(), kind="application/json")


def credits(ctx: FakeContext) -> float:
    return ctx.usage[CostKind.COST_USD] * 150


class TestHearing:
    WHISPER: dict[str, Any] = {  # noqa: RUF012 - read only
        "text": " Hello. Bye.",
        "language": "english",
        "duration": 90.0,
        "segments": [
            {"id": 0, "start": 0.0, "end": 1.5, "text": " Hello."},
            {"id": 1, "start": 1.5, "end": 90.0, "text": " Bye."},
        ],
        "usage": {"type": "duration", "seconds": 90},
    }

    @pytest.mark.parametrize(
        ("model", "price"), [("whisper-1", 1.35), ("whisper-large-v3-turbo", 0.15)]
    )
    async def test_whisper_tells_the_parts_apart(
        self, server: ModelServer, ctx: FakeContext, model: str, price: float
    ) -> None:
        answers(server, self.WHISPER)
        heard = await ctx.models.transcribe(Speech(model, TALK, "en", "Ann"), None)

        assert heard.text == "Hello. Bye."
        assert heard.segments == [Segment(0.0, 1.5, "Hello."), Segment(1.5, 90.0, "Bye.")]
        assert (heard.language, heard.seconds) == ("english", 90.0)
        path, headers, form = server.asked[0]
        assert path == "/v1/audio/transcriptions"
        assert headers["Authorization"] == "Bearer sk-ours"
        assert form == {
            "model": [model],
            "file": [("talk.mp3", "audio/mpeg", b"ID3 sound")],
            "language": ["en"],
            "prompt": ["Ann"],
            "response_format": ["verbose_json"],
            "timestamp_granularities[]": ["segment"],
        }
        assert credits(ctx) == pytest.approx(price)

    async def test_newer_ones_of_openai_are_not_asked_for_parts(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        used = {"type": "tokens", "input_tokens": 1000, "output_tokens": 200}
        answers(server, {"text": "Hello.", "usage": used})
        heard = await ctx.models.transcribe(Speech("gpt-4o-transcribe", TALK), None)

        assert (heard.text, list(heard.segments)) == ("Hello.", [])
        assert server.asked[0][2].keys() == {"model", "file"}
        assert credits(ctx) == pytest.approx(0.9 + 0.3)

    async def test_mistral(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(
            server,
            {
                "model": "voxtral-mini-latest",
                "text": "Hello.",
                "language": "en",
                "segments": [{"text": "Hello.", "start": 0, "end": 1.2}],
                "usage": {"prompt_audio_seconds": 60, "prompt_tokens": 9, "completion_tokens": 4},
            },
        )
        heard = await ctx.models.transcribe(Speech("voxtral-mini-latest", TALK), None)

        assert list(heard.segments) == [Segment(0.0, 1.2, "Hello.")]
        assert server.asked[0][2]["timestamp_granularities"] == ["segment"]
        assert credits(ctx) == pytest.approx(0.3)

    async def test_gemini_is_asked_about_the_recording(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        said = {
            "language": "en",
            "segments": [
                {"start": 0, "end": 2, "text": "Hello."},
                {"start": 2, "end": 3, "text": "Bye."},
            ],
        }
        part = {"content": {"parts": [{"text": json.dumps(said)}]}, "finishReason": "STOP"}
        answers(server, {"candidates": [part]})
        heard = await ctx.models.transcribe(Speech("gemini-2.5-flash", TALK), mine("gemini"))

        assert (heard.text, heard.seconds) == ("Hello. Bye.", 3.0)
        path, _, asked = server.asked[0]
        assert path == "/v1/models/gemini-2.5-flash:generateContent"
        sound = {"mimeType": "audio/mpeg", "data": base64.b64encode(b"ID3 sound").decode()}
        assert asked["contents"][0]["parts"][1] == {"inlineData": sound}
        assert CostKind.COST_USD not in ctx.usage

    async def test_a_server_of_ones_own(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, self.WHISPER)
        heard = await ctx.models.transcribe(Speech(f"tiny@{server.url}", TALK), None)

        assert len(heard.segments) == 2
        assert "Authorization" not in server.asked[0][1]

    @pytest.mark.parametrize(
        ("model", "said"),
        [
            ("gpt-4o", "a model for texts, not for transcripts. These are: whisper-1,"),
            ("claude-sonnet-4-5-20250929", "not for transcripts"),
            ("anthropic:any", "has no models for this"),
        ],
    )
    async def test_what_does_not_hear_is_not_asked(
        self, server: ModelServer, ctx: FakeContext, model: str, said: str
    ) -> None:
        with pytest.raises(ModelError, match=said):
            await ctx.models.transcribe(Speech(model, TALK), None)

        assert server.asked == []

    async def test_an_answer_that_is_none(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, {"error": None})
        with pytest.raises(ModelError, match="cannot be read: it has no text") as failed:
            await ctx.models.transcribe(Speech("whisper-1", TALK), mine("openai"))

        assert failed.value.code == "model.bad_answer"

    async def test_a_refusal_names_the_credential_and_not_the_key(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        server.fails(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
        with pytest.raises(ModelError) as failed:
            await ctx.models.transcribe(Speech("whisper-1", TALK), mine("openai"))

        assert "'My account'" in failed.value.message
        assert KEY not in failed.value.message

    async def test_what_passes_soon_is_tried_again(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        server.fails(429, {"error": {"message": "Slow down."}}, {"Retry-After": "0.01"})
        answers(server, self.WHISPER)
        heard = await ctx.models.transcribe(Speech("whisper-1", TALK), None)

        assert heard.text == "Hello. Bye."
        assert len(server.asked) == 2


class TestJudging:
    async def test_openai(self, server: ModelServer, ctx: FakeContext) -> None:
        result = {
            "flagged": True,
            "categories": {"hate": False, "violence": True},
            "category_scores": {"hate": 0.01, "violence": 0.9},
        }
        answers(server, {"id": "modr-1", "model": "omni", "results": [result]})
        (found,) = await ctx.models.moderate("omni-moderation-latest", ["Hit him."], None)

        assert found.is_flagged
        assert found.categories == {"hate": False, "violence": True}
        assert found.scores["violence"] == 0.9
        assert server.asked[0][0] == "/v1/moderations"
        assert server.asked[0][2] == {"model": "omni-moderation-latest", "input": ["Hit him."]}
        assert credits(ctx) == 0

    async def test_mistral_says_no_sum(self, server: ModelServer, ctx: FakeContext) -> None:
        results = [
            {"categories": {"sexual": False, "pii": False}, "category_scores": {"sexual": 0.1}},
            {"categories": {"sexual": False, "pii": True}, "category_scores": {"sexual": 0.1}},
        ]
        answers(server, {"results": results})
        found = await ctx.models.moderate("mistral-moderation-latest", ["a", "b"], None)

        assert [one.is_flagged for one in found] == [False, True]

    async def test_too_few_verdicts_are_no_answer(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        answers(server, {"results": []})
        with pytest.raises(ModelError, match="1 texts were sent and 0 came back"):
            await ctx.models.moderate("omni-moderation-latest", ["a"], None)

    async def test_gemini_does_not(self, ctx: FakeContext) -> None:
        with pytest.raises(ModelError, match="judges no texts"):
            await ctx.models.moderate("gemini:any", ["a"], None)


class TestDrawing:
    async def test_openai(self, server: ModelServer, ctx: FakeContext) -> None:
        used = {"input_tokens": 10, "output_tokens": 1000}
        answers(server, {"data": [{"b64_json": PNG_64}, {"b64_json": PNG_64}], "usage": used})
        found = await ctx.models.draw(Drawing("gpt-image-1", "A cat", 2, "1024x1024", "low"), None)

        assert [(one.content, one.media_type) for one in found] == [(PNG, "image/png")] * 2
        path, _, asked = server.asked[0]
        assert path == "/v1/images/generations"
        assert asked == {
            "model": "gpt-image-1",
            "prompt": "A cat",
            "n": 2,
            "size": "1024x1024",
            "quality": "low",
        }
        assert credits(ctx) == pytest.approx(0.015 + 6)

    async def test_openai_changes_pictures(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, {"data": [{"b64_json": PNG_64}]})
        drawing = Drawing("gpt-image-1", "Both", pictures=[CAT, DOG], mask=CAT)
        await ctx.models.draw(drawing, None)

        path, _, form = server.asked[0]
        assert path == "/v1/images/edits"
        assert form["image[]"] == [
            ("cat.png", "image/png", CAT.content),
            ("dog.png", "image/png", DOG.content),
        ]
        assert form["mask"] == [("cat.png", "image/png", CAT.content)]
        assert form["prompt"] == ["Both"]

    async def test_xai(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, {"data": [{"b64_json": PNG_64, "revised_prompt": "A big cat"}]})
        drawing = Drawing("grok-imagine-image", "A cat", size="1920x1080", pictures=[CAT])
        (found,) = await ctx.models.draw(drawing, None)

        assert found.prompt == "A big cat"
        path, _, asked = server.asked[0]
        assert path == "/v1/images/edits"
        assert asked["image"] == {"type": "image_url", "url": f"data:image/png;base64,{PNG_64}"}
        assert (asked["aspect_ratio"], asked["response_format"]) == ("16:9", "b64_json")
        assert credits(ctx) == pytest.approx(6), "one that was changed and one that was drawn"

    async def test_xai_takes_one(self, ctx: FakeContext) -> None:
        with pytest.raises(ModelError, match="xAI changes one picture at a time"):
            await ctx.models.draw(Drawing("grok-imagine-image", "Both", pictures=[CAT, DOG]), None)

    async def test_gemini_draws_one_at_a_time(self, server: ModelServer, ctx: FakeContext) -> None:
        parts = [
            {"text": "Here it is."},
            {"inlineData": {"mimeType": "image/png", "data": PNG_64}},
        ]
        used = {"promptTokenCount": 10, "candidatesTokenCount": 1290}
        answers(
            server,
            {
                "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}],
                "usageMetadata": used,
            },
        )
        drawing = Drawing("gemini-2.5-flash-image", "A cat", 2, "512x512", pictures=[DOG])
        found = await ctx.models.draw(drawing, None)

        assert [one.content for one in found] == [PNG, PNG]
        assert len(server.asked) == 2
        path, _, asked = server.asked[0]
        assert path == "/v1/models/gemini-2.5-flash-image:generateContent"
        assert asked["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1"}
        assert asked["contents"][0]["parts"][1]["inlineData"]["mimeType"] == "image/png"
        assert credits(ctx) == pytest.approx(2 * (10 * 45 + 1290 * 4500) / 1e6)

    async def test_words_instead_of_a_picture_are_said(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        part = {"content": {"parts": [{"text": "I draw no cats."}]}, "finishReason": "STOP"}
        answers(server, {"candidates": [part]})
        with pytest.raises(ModelError, match="I draw no cats"):
            await ctx.models.draw(Drawing("gemini-2.5-flash-image", "A cat"), None)

    async def test_open_router_draws_in_a_chat(self, server: ModelServer, ctx: FakeContext) -> None:
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_64}"}}
        answers(server, {"choices": [{"message": {"content": "", "images": [image]}}]})
        drawing = Drawing("open_router:google/gemini-2.5-flash-image", "A cat", pictures=[DOG])
        (found,) = await ctx.models.draw(drawing, None)

        assert found.content == PNG
        path, _, asked = server.asked[0]
        assert path == "/v1/chat/completions"
        assert asked["modalities"] == ["image", "text"]
        assert asked["messages"][0]["content"][1]["type"] == "image_url"

    async def test_a_picture_that_is_no_base64(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, {"data": [{"url": "https://pictures.example/1.png"}]})
        with pytest.raises(ModelError, match="no Base64"):
            await ctx.models.draw(Drawing("gpt-image-1", "A cat"), None)


class TestVectors:
    async def test_gemini_is_asked_in_parts(self, server: ModelServer, ctx: FakeContext) -> None:
        answers(server, {"embeddings": [{"values": [0.1, 0.2]}] * 100})
        answers(server, {"embeddings": [{"values": [0.3, 0.4]}]})
        found = await ctx.models.embed("gemini-embedding-001", ["a"] * 101, None)

        assert (len(found), found[100]) == (101, [0.3, 0.4])
        path, _, asked = server.asked[1]
        assert path == "/v1/models/gemini-embedding-001:batchEmbedContents"
        assert asked["requests"] == [
            {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "a"}]}}
        ]
        assert credits(ctx) > 0

    async def test_a_passing_failure_is_tried_again(
        self, server: ModelServer, ctx: FakeContext
    ) -> None:
        server.fails(503, {}, {"Retry-After": "0.01"})
        answers(server, {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"total_tokens": 3}})

        assert await ctx.models.embed("mistral-embed", ["a"], None) == [[1.0]]
        assert credits(ctx) == pytest.approx(45 / 1e6)


class TestOffline:
    async def test_the_scripted_one_answers_for_all(self, server: ModelServer) -> None:
        rules = [{"when": "talk", "reply": "Hello. Bye."}]
        ctx = FakeContext(shelf=ModelShelf(only_demo=True, script=rules))
        heard = await ctx.models.transcribe(Speech("whisper-1", TALK), None)
        drawn = await ctx.models.draw(Drawing("gpt-image-1", "A cat", 2, "40x30"), None)
        again = await ctx.models.draw(Drawing("gpt-image-1", "A cat", 2, "40x30"), None)
        other = await ctx.models.draw(Drawing("gpt-image-1", "A cat", pictures=[DOG]), None)
        verdicts = await ctx.models.moderate("omni-moderation-latest", ["I hate it", "tea"], None)

        assert [one.text for one in heard.segments] == ["Hello.", "Bye."]
        assert list(drawn) == list(again)
        assert drawn[0] != drawn[1]
        assert other[0].content != drawn[0].content
        assert [one.is_flagged for one in verdicts] == [True, False]
        assert server.asked == []
        assert CostKind.COST_USD not in ctx.usage
