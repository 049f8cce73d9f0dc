"""Writing down what is said in recordings."""

from __future__ import annotations

from typing import Final

from autograph.blocks.builtin.ai.asking import COSTS, account_pin
from autograph.blocks.sdk import (
    Attachment,
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    InputError,
    Json,
    Outputs,
    Speech,
    pin,
)

Values = list[Json]

_MAX_BYTES: Final = 64 * 1024 * 1024
_SILENCE: Final = (
    "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
)
"""A WAV of no length."""


class TranscribeAudioInput(BlockInput):
    """A recording."""

    audio: str = pin(
        description="The recording: sound, or a video with sound, of at most 64 MB.",
        format=Format.FILE,
    )
    model: str = pin(
        "whisper-1",
        description="Which model; demo-transcript answers offline, without a key.",
        extra={"x-models": "transcript"},
    )
    credentials: CredentialRef | None = account_pin()
    language: str = pin(
        "",
        description="What is spoken, such as en; empty: the model finds out.",
        max_length=35,
    )
    hint: str = pin(
        "",
        description="Names and words that come up in it, for models that take a hint.",
        advanced=True,
        max_length=2_000,
    )


class TranscribeAudioOutput(BlockOutput):
    """What is said."""

    text: str = pin(description="All that is said.")
    segments: Values = pin(
        description="Part by part: start and end in seconds, and text. Empty for models that do not tell parts apart."
    )
    language: str = pin(
        description="What is spoken, as the model names it; empty where it does not."
    )
    seconds: float = pin(description="Length of the recording; 0 where the model does not say.")


class TranscribeAudio(Block[TranscribeAudioInput]):
    """What is said in a recording."""

    id = "3edf7811-93d8-447c-ab3f-e9c3af909f7c"
    name = "TranscribeAudio"
    description = "Writes down what is said in a recording, with the times at which it is said."
    categories = (Category.AI, Category.MULTIMEDIA)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("speech to text", "whisper", "transcription")
    Input = TranscribeAudioInput
    Output = TranscribeAudioOutput
    examples = (
        Example(
            {"audio": _SILENCE, "model": "demo-transcript"},
            [
                ("text", "Demo transcript of file. It has 44 bytes."),
                (
                    "segments",
                    [
                        {"start": 0.0, "end": 0.0, "text": "Demo transcript of file."},
                        {"start": 0.0, "end": 0.0, "text": "It has 44 bytes."},
                    ],
                ),
                ("language", "en"),
                ("seconds", 0.0),
            ],
        ),
        Example(
            {"audio": "data:text/plain,hello", "model": "demo-transcript"}, error="no recording"
        ),
    )

    async def run(self, input: TranscribeAudioInput, ctx: Context) -> Outputs:
        """Yield what is said.

        Raises:
            InputError: The file is no recording.
            BlockError: There is none, or the model does not answer.
        """
        info = await ctx.files.info(input.audio)
        if not info.media_type.startswith(("audio/", "video/")):
            raise InputError("audio", f"this is no recording, but {info.media_type}.")
        content = await ctx.files.read(input.audio, max_bytes=_MAX_BYTES)
        audio = Attachment(info.name, info.media_type, content)
        speech = Speech(input.model, audio, input.language.strip(), input.hint)
        heard = await ctx.models.transcribe(speech, input.credentials)
        yield "text", heard.text
        yield "segments", [one.as_json() for one in heard.segments]
        yield "language", heard.language
        yield "seconds", heard.seconds
