"""A voice over a video: speech by ElevenLabs, laid over it by ffmpeg."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from autograph.blocks.builtin.media.cutting import Media, encoding, source, table
from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Effect,
    Example,
    Format,
    HttpRequest,
    HttpResponse,
    InputError,
    Json,
    Outputs,
    credential_pin,
    is_list,
    is_object,
    pin,
)

_SPEAK: Final = "https://api.elevenlabs.io/v1/text-to-speech"
_SHAPE: Final = "mp3_44100_128"
_MAX_SPEECH: Final = 64 * 1024 * 1024
_LONGEST_SCRIPT: Final = 40_000
_SHOWN: Final = 300
_BACK: Final = 0.5
"""How long the video's own sound takes to come back after the voice, in seconds."""
_NO_VIDEO: Final = "data:video/mp4;base64,AAAA"
_KEY: Final = {"id": "example", "provider": "elevenlabs", "type": "api_key"}


class NarrationModel(StrEnum):
    """Which of ElevenLabs's models speaks."""

    MULTILINGUAL_V2 = "eleven_multilingual_v2"
    FLASH_V2_5 = "eleven_flash_v2_5"
    TURBO_V2_5 = "eleven_turbo_v2_5"
    TURBO_V2 = "eleven_turbo_v2"


class MixMode(StrEnum):
    """What becomes of the sound that the video has."""

    REPLACE = "replace"
    MIX = "mix"
    DUCKING = "ducking"


def _usd(model: NarrationModel, characters: int) -> float:
    """Return ElevenLabs's list price in dollars: no answer says what it cost."""
    return characters * (0.0001 if model is NarrationModel.MULTILINGUAL_V2 else 0.00005)


class VideoNarrationInput(BlockInput):
    """A video, and what is said over it."""

    credentials: CredentialRef = credential_pin(
        "elevenlabs", kinds=("api_key",), description="Whose account at ElevenLabs pays."
    )
    video_in: str = pin(description="The video.", format=Format.FILE)
    script: str = pin(
        description="What is said, in words to be spoken. Models take 10,000 to 40,000 characters.",
        format=Format.LONG_TEXT,
        max_length=_LONGEST_SCRIPT,
    )
    voice_id: str = pin(
        "21m00Tcm4TlvDq8ikWAM",
        description="Who speaks: the id of a voice at ElevenLabs.",
        max_length=200,
        advanced=True,
    )
    model_id: NarrationModel = pin(
        NarrationModel.MULTILINGUAL_V2, description="Which model speaks.", advanced=True
    )
    mix_mode: MixMode = pin(
        MixMode.DUCKING,
        description=(
            "What becomes of the video's own sound: replace drops it, mix lowers it all the time, ducking lowers it "
            "while the voice speaks."
        ),
        advanced=True,
    )
    narration_volume: float = pin(
        1.0,
        description="How loud the voice is: 1 as it is, 0.5 half.",
        ge=0,
        le=10,
        advanced=True,
    )
    original_volume: float = pin(
        0.3,
        description="How loud the video's own sound is where it is lowered.",
        ge=0,
        le=10,
        advanced=True,
    )


class VideoNarrationOutput(BlockOutput):
    """The video with a voice."""

    video_out: str = pin(description="The video, as every pin for a file takes it.")
    audio_file: str = pin(description="The voice alone, as MP3.")


class VideoNarration(Block[VideoNarrationInput]):
    """A voice over a video."""

    id = "3d036b53-859c-4b17-9826-ca340f736e0e"
    name = "VideoNarration"
    description = (
        "Has a text spoken by ElevenLabs and lays the voice over a video. Where the voice is longer, the last picture "
        "stays until it has ended."
    )
    categories = (Category.AI, Category.MULTIMEDIA)
    effect = Effect.IDEMPOTENT
    costs = (Cost(150, CostKind.COST_USD),)
    aliases = ("voiceover", "text to speech")
    Input = VideoNarrationInput
    Output = VideoNarrationOutput
    examples = (
        Example(
            {"credentials": _KEY, "video_in": _NO_VIDEO, "script": " "},
            error="there is nothing to say",
            secrets={"example": ApiKeySecret("example-key")},
        ),
        Example(
            {"credentials": _KEY, "video_in": _NO_VIDEO, "script": "Tea is served."},
            error="no video or sound",
            title="Nothing is spoken, and nothing paid, for what is no video.",
            secrets={"example": ApiKeySecret("example-key")},
        ),
        Example(
            {"credentials": _KEY, "video_in": _NO_VIDEO, "script": "Tea is served."},
            error="There is no credential",
        ),
    )

    async def run(self, input: VideoNarrationInput, ctx: Context) -> Outputs:
        """Yield the video and the voice.

        Raises:
            InputError: There is nothing to say, or nobody to say it.
            BlockError: It is no video, or ElevenLabs does not speak.
        """
        if not input.script.strip():
            raise InputError("script", "there is nothing to say.")
        if not input.voice_id.strip():
            raise InputError("voice_id", "say who speaks.")
        key = await ctx.credential(input.credentials)
        if not isinstance(key, ApiKeySecret):
            raise BlockError("The credential is no API key.")
        async with table(ctx) as work:
            video = await work.fetch(input.video_in, "video")
            seen = await work.about(video)
            _ = seen.size, seen.duration
            spoken = await _speech(input, key, ctx)
            ctx.used(CostKind.COST_USD, _usd(input.model_id, len(input.script)))
            voice = await ctx.files.write("narration.mp3", spoken, "audio/mpeg")
            sound = await work.fetch(voice, "voice")
            heard = await work.about(sound)
            if not heard.has_sound:
                raise BlockError("ElevenLabs's answer holds no sound.")
            await work.make(
                "narrated.mp4",
                *source(video),
                *source(sound),
                *("-filter_complex", _mixing(input, seen, heard)),
                *("-map", "[v]", "-map", "[a]"),
                *("-t", f"{max(seen.duration, heard.duration):.3f}"),
                *encoding(),
            )
            yield "video_out", await work.keep("narrated.mp4")
            yield "audio_file", voice


async def _speech(input: VideoNarrationInput, key: ApiKeySecret, ctx: Context) -> bytes:
    """Have the script spoken; return it as MP3.

    Raises:
        BlockError: ElevenLabs refuses, or fails.
    """
    voice = quote(input.voice_id.strip(), safe="", errors="replace")
    said = json.dumps({"text": input.script, "model_id": input.model_id.value})
    answer = await ctx.http.send(
        HttpRequest(
            "POST",
            f"{_SPEAK}/{voice}",
            headers={
                "xi-api-key": key.api_key,
                "Content-Type": "application/json",
                "Accept": "audio/mpeg",
            },
            params={"output_format": _SHAPE},
            body=said.encode(),
            timeout=timedelta(minutes=5),
            max_bytes=_MAX_SPEECH,
            proofs=frozenset({"xi-api-key"}),
        )
    )
    if not answer.is_ok:
        raise BlockError(f"ElevenLabs answered {answer.status}: {_reason(answer)[:_SHOWN]}")
    return answer.body


def _reason(answer: HttpResponse) -> str:
    """Return what ElevenLabs says of a failure: `detail` is an object, or a list where the request has mistakes."""
    try:
        told: Json = json.loads(answer.text)
    except (ValueError, RecursionError):
        return answer.text.strip()
    detail = told.get("detail") if is_object(told) else None
    if is_list(detail):
        detail = detail[0] if detail else None
    if is_object(detail):
        detail = detail.get("message") or detail.get("msg")
    return detail if isinstance(detail, str) else answer.text.strip()


def _mixing(input: VideoNarrationInput, seen: Media, heard: Media) -> str:
    """Return the graph of filters that lays the voice over the video, whichever of them is longer."""
    extra = max(0.0, heard.duration - seen.duration)
    picture = f"[0:v:0]tpad=stop_mode=clone:stop_duration={extra:.3f}[v]"
    voice = f"[1:a:0]volume={input.narration_volume:.4f},apad"
    if input.mix_mode is MixMode.REPLACE or not seen.has_sound:
        return f"{picture};{voice}[a]"
    low = f"{input.original_volume:.4f}"
    if input.mix_mode is MixMode.MIX:
        own = f"volume={low}"
    else:  # low until the voice has ended, then back to 1 within half a second
        rest = f"clip(({heard.duration + _BACK:.3f}-t)/{_BACK},0,1)"
        own = f"volume='1-(1-{low})*{rest}':eval=frame"
    mixed = "amix=inputs=2:duration=longest:normalize=0"
    return f"{picture};{voice}[voice];[0:a:0]{own},apad[own];[own][voice]{mixed}[a]"
