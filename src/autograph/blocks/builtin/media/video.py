"""Measuring, cutting, joining and lettering videos."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Final

from autograph.blocks.builtin.media.cutting import (
    Media,
    Table,
    VideoFormat,
    encoding,
    seconds,
    source,
    table,
)
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    InputError,
    Outputs,
    pin,
)

Texts = list[str]
_NOTHING: Final = "data:video/mp4;base64,AAAA"
_MAX_VIDEOS: Final = 50
_MAX_LOOPS: Final = 1_000
_FRAMES: Final = 30
_RATE: Final = 44_100


class MediaDurationInput(BlockInput):
    """A file."""

    media_in: str = pin(description="A video or a sound.", format=Format.FILE)
    is_video: bool = pin(default=True, description="It is a video; else a sound.")


class MediaDurationOutput(BlockOutput):
    """How long it is."""

    duration: float = pin(description="Seconds.")


class MediaDuration(Block[MediaDurationInput]):
    """How long it is."""

    id = "d8b91fd4-da26-42d4-8ecb-8b196c6d84b6"
    name = "MediaDuration"
    description = "Tells how long a video or a sound is."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.READ
    Input = MediaDurationInput
    Output = MediaDurationOutput
    examples = (Example({"media_in": _NOTHING}, error="no video or sound"),)

    async def run(self, input: MediaDurationInput, ctx: Context) -> Outputs:
        """Yield how long it is."""
        async with table(ctx) as work:
            about = await work.about(await work.fetch(input.media_in, "in"))
            if input.is_video:
                _ = about.size
            yield "duration", about.duration


class VideoOutput(BlockOutput):
    """A video."""

    video_out: str = pin(description="The video, as every pin for a file takes it.")


class LoopVideoInput(BlockInput):
    """A video, and how often."""

    video_in: str = pin(description="The video.", format=Format.FILE)
    duration: float | None = pin(None, description="How long the whole is to be, in seconds.")
    n_loops: int | None = pin(None, description="How often it is to be shown.")


class LoopVideo(Block[LoopVideoInput]):
    """A video again and again."""

    id = "8bf9eef6-5451-4213-b265-25306446e94b"
    name = "LoopVideo"
    description = "Shows a video again and again: so often, or until it is so long."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.IDEMPOTENT
    Input = LoopVideoInput
    Output = VideoOutput
    examples = (
        Example({"video_in": _NOTHING}, error="duration or n_loops"),
        Example({"video_in": _NOTHING, "n_loops": 2}, error="no video or sound"),
    )

    async def run(self, input: LoopVideoInput, ctx: Context) -> Outputs:
        """Yield the video.

        Raises:
            InputError: Nobody says how often.
        """
        if not input.duration and not input.n_loops:
            raise InputError("duration", "give duration or n_loops.")
        async with table(ctx) as work:
            name = await work.fetch(input.video_in, "in")
            about = await work.about(name)
            _ = about.size
            if input.duration:
                until = ("-t", seconds("duration", input.duration))
                loops = math.ceil(input.duration / max(about.duration, 0.001))
            else:
                until, loops = (), input.n_loops or 1
            if not 0 < loops <= _MAX_LOOPS:
                raise InputError("n_loops", f"expected 1 to {_MAX_LOOPS} rounds, got {loops}")
            await work.make(
                "loop.mp4", "-stream_loop", str(loops - 1), *source(name), *until, *encoding()
            )
            yield "video_out", await work.keep("loop.mp4")


class AddAudioToVideoInput(BlockInput):
    """A video and a sound."""

    video_in: str = pin(description="The video.", format=Format.FILE)
    audio_in: str = pin(
        description="The sound that takes the place of its own.", format=Format.FILE
    )
    volume: float = pin(
        1.0, description="How loud the sound is: 1 as it is, 0.5 half.", ge=0, le=10
    )


class AddAudioToVideo(Block[AddAudioToVideoInput]):
    """A video with another sound."""

    id = "3503748d-62b6-4425-91d6-725b064af509"
    name = "AddAudioToVideo"
    description = "Gives a video another sound, cut to the video's length."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.IDEMPOTENT
    Input = AddAudioToVideoInput
    Output = VideoOutput
    examples = (Example({"video_in": _NOTHING, "audio_in": _NOTHING}, error="no video or sound"),)

    async def run(self, input: AddAudioToVideoInput, ctx: Context) -> Outputs:
        """Yield the video.

        Raises:
            BlockError: There is nothing to hear in the sound.
        """
        async with table(ctx) as work:
            video = await work.fetch(input.video_in, "video")
            sound = await work.fetch(input.audio_in, "sound")
            about = await work.about(video)
            _ = about.size
            if not (await work.about(sound)).has_sound:
                raise BlockError("audio_in: there is nothing to hear in it.")
            await work.make(
                "sounding.mp4",
                *source(video),
                *source(sound),
                *("-map", "0:v:0", "-map", "1:a:0", "-filter:a", f"volume={input.volume:.4f}"),
                *("-t", f"{about.duration:.3f}"),
                *encoding(),
            )
            yield "video_out", await work.keep("sounding.mp4")


class VideoClipInput(BlockInput):
    """A video, and which part of it."""

    video_in: str = pin(description="The video.", format=Format.FILE)
    start_time: float = pin(description="Where the part begins, in seconds.", ge=0)
    end_time: float = pin(description="Where it ends, in seconds.", ge=0)
    output_format: VideoFormat = pin(VideoFormat.MP4, description="What the part is packed in.")


class VideoClipOutput(VideoOutput):
    """The part."""

    duration: float = pin(description="How long it is, in seconds.")


class VideoClip(Block[VideoClipInput]):
    """A part of a video."""

    id = "8f539119-e580-4d86-ad41-86fbcb22abb1"
    name = "VideoClip"
    description = "Cuts a part out of a video."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.IDEMPOTENT
    Input = VideoClipInput
    Output = VideoClipOutput
    examples = (
        Example({"video_in": _NOTHING, "start_time": 2, "end_time": 1}, error="after start_time"),
        Example({"video_in": _NOTHING, "start_time": 0, "end_time": 1}, error="no video or sound"),
    )

    async def run(self, input: VideoClipInput, ctx: Context) -> Outputs:
        """Yield the part.

        Raises:
            InputError: It is no part of it.
        """
        if input.end_time <= input.start_time:
            raise InputError("end_time", "it has to come after start_time.")
        begin, end = seconds("start_time", input.start_time), seconds("end_time", input.end_time)
        async with table(ctx) as work:
            name = await work.fetch(input.video_in, "in")
            about = await work.about(name)
            _ = about.size
            if input.start_time >= about.duration:
                raise InputError("start_time", f"the video ends at {about.duration:g} s.")
            made = f"clip.{input.output_format.value}"
            await work.make(
                made, *source(name), "-ss", begin, "-to", end, *encoding(input.output_format)
            )
            length = (await work.about(made)).duration
            yield "video_out", await work.keep(made)
            yield "duration", length


class Transition(StrEnum):
    """How one video becomes the next."""

    NONE = "none"
    CROSSFADE = "crossfade"
    FADE_BLACK = "fade_black"


class VideoConcatInput(BlockInput):
    """Videos."""

    videos: Texts = pin(description="The videos, in order; two at least.")
    transition: Transition = pin(Transition.NONE, description="How one becomes the next.")
    transition_duration: int = pin(1, description="How long that takes, in seconds.", ge=1, le=60)
    output_format: VideoFormat = pin(VideoFormat.MP4, description="What the whole is packed in.")


class VideoConcatOutput(VideoOutput):
    """The whole."""

    total_duration: float = pin(description="How long it is, in seconds.")


class VideoConcat(Block[VideoConcatInput]):
    """Videos as one."""

    id = "9b0f531a-1118-487f-aeec-3fa63ea8900a"
    name = "VideoConcat"
    description = "Joins videos to one, in the size of the first, with or without transitions."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.IDEMPOTENT
    Input = VideoConcatInput
    Output = VideoConcatOutput
    examples = (
        Example({"videos": [_NOTHING]}, error="expected 2 to"),
        Example({"videos": [_NOTHING, _NOTHING]}, error="no video or sound"),
    )

    async def run(self, input: VideoConcatInput, ctx: Context) -> Outputs:
        """Yield the whole.

        Raises:
            InputError: There are too few videos, or too many.
        """
        if not 2 <= len(input.videos) <= _MAX_VIDEOS:
            raise InputError(
                "videos", f"expected 2 to {_MAX_VIDEOS} videos, got {len(input.videos)}"
            )
        async with table(ctx) as work:
            names, abouts = await _fetched(work, input.videos)
            took = 0 if input.transition is Transition.NONE else input.transition_duration
            if took and min(one.duration for one in abouts) <= took:
                raise InputError(
                    "transition_duration", "it has to be shorter than the shortest video."
                )
            made = f"joined.{input.output_format.value}"
            await work.make(
                made,
                *(part for name in names for part in source(name)),
                *("-filter_complex", _joining(abouts, input.transition, took)),
                *("-map", "[v]", "-map", "[a]"),
                *encoding(input.output_format),
            )
            length = (await work.about(made)).duration
            yield "video_out", await work.keep(made)
            yield "total_duration", length


async def _fetched(work: Table, references: Texts) -> tuple[list[str], list[Media]]:
    names = [await work.fetch(one, f"in{number}") for number, one in enumerate(references)]
    return names, [await work.about(name) for name in names]


def _joining(abouts: list[Media], transition: Transition, took: int) -> str:
    """Return the graph of filters that makes all of one size and rate, and joins them."""
    width, height = abouts[0].size
    parts: list[str] = []
    for number, about in enumerate(abouts):
        _ = about.size
        parts.append(
            f"[{number}:v:0]scale={width}:{height}:force_original_aspect_ratio=decrease,"
            f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,fps={_FRAMES},format=yuv420p,"
            f"settb=AVTB,setpts=PTS-STARTPTS[v{number}]"
        )
        heard = f"[{number}:a:0]" if about.has_sound else f"anullsrc=r={_RATE}:cl=stereo,"
        parts.append(
            f"{heard}aresample={_RATE},aformat=channel_layouts=stereo,apad,"
            f"atrim=duration={about.duration:.3f},asetpts=PTS-STARTPTS[a{number}]"
        )
    if transition is Transition.NONE:
        inputs = "".join(f"[v{number}][a{number}]" for number in range(len(abouts)))
        return ";".join([*parts, f"{inputs}concat=n={len(abouts)}:v=1:a=1[v][a]"])
    kind = "fade" if transition is Transition.CROSSFADE else "fadeblack"
    seen, heard, at = "v0", "a0", 0.0
    for number in range(1, len(abouts)):
        is_last = number == len(abouts) - 1
        at += abouts[number - 1].duration - took
        to, sound = ("v", "a") if is_last else (f"x{number}", f"y{number}")
        parts += [
            f"[{seen}][v{number}]xfade=transition={kind}:duration={took}:offset={at:.3f}[{to}]",
            f"[{heard}][a{number}]acrossfade=d={took}[{sound}]",
        ]
        seen, heard = to, sound
    return ";".join(parts)


class Position(StrEnum):
    """Where a text stands."""

    TOP = "top"
    CENTER = "center"
    BOTTOM = "bottom"
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


_COLOR: Final = re.compile(
    r"(?:[A-Za-z]{3,30}|(?:#|0x)[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?)(?:@[01]\.?\d{0,3})?"
)
_EDGE: Final = "h/20"


class VideoTextOverlayInput(BlockInput):
    """A video and a text."""

    video_in: str = pin(description="The video.", format=Format.FILE)
    text: str = pin(description="The text.", max_length=5_000)
    position: Position = pin(Position.BOTTOM, description="Where it stands.")
    start_time: float | None = pin(None, description="From when on it is seen, in seconds.")
    end_time: float | None = pin(None, description="Until when it is seen, in seconds.")
    font_size: int = pin(48, description="How large the letters are, in pixels.", ge=4, le=1_000)
    font_color: str = pin("white", description="Their colour: white, or #ffcc00.")
    bg_color: str | None = pin(
        None, description="The colour behind them: black@0.5; none by itself."
    )


class VideoTextOverlay(Block[VideoTextOverlayInput]):
    """A video with a text."""

    id = "8ef14de6-cc90-430a-8cfa-3a003be92454"
    name = "VideoTextOverlay"
    description = "Writes a text over a video, all the time or for a while."
    categories = (Category.MULTIMEDIA,)
    effect = Effect.IDEMPOTENT
    Input = VideoTextOverlayInput
    Output = VideoOutput
    examples = (
        Example(
            {"video_in": _NOTHING, "text": "Tea", "font_color": "red:x=1"}, error="is no colour"
        ),
        Example({"video_in": _NOTHING, "text": "Tea"}, error="no video or sound"),
    )

    async def run(self, input: VideoTextOverlayInput, ctx: Context) -> Outputs:
        """Yield the video."""
        drawing = _drawing(input)
        async with table(ctx) as work:
            name = await work.fetch(input.video_in, "in")
            _ = (await work.about(name)).size
            await work.write("text.txt", input.text.replace("\0", ""))
            await work.make("lettered.mp4", *source(name), "-vf", drawing, *encoding())
            yield "video_out", await work.keep("lettered.mp4")


def _drawing(input: VideoTextOverlayInput) -> str:
    """Return the filter that writes the text. The text itself is in a file: it means nothing to ffmpeg.

    Raises:
        InputError: A colour is none, or the end comes before the beginning.
    """
    for name, color in (("font_color", input.font_color), ("bg_color", input.bg_color)):
        if color and not _COLOR.fullmatch(color):
            raise InputError(name, f"{color[:60]!r} is no colour: a name, or #rrggbb.")
    row, _, side = input.position.value.partition("-")
    y = {"top": _EDGE, "center": "(h-text_h)/2", "bottom": f"h-text_h-{_EDGE}"}[row]
    x = {"left": _EDGE, "right": f"w-text_w-{_EDGE}", "": "(w-text_w)/2"}[side]
    parts = [
        "drawtext=font=Sans:textfile=text.txt:expansion=none",
        f"fontsize={input.font_size}:fontcolor={input.font_color}:x={x}:y={y}",
    ]
    if input.bg_color:
        parts.append(f"box=1:boxborderw={input.font_size // 4}:boxcolor={input.bg_color}")
    if input.start_time is not None or input.end_time is not None:
        begin = seconds("start_time", input.start_time or 0)
        end = seconds("end_time", 24 * 3600 if input.end_time is None else input.end_time)
        if float(end) <= float(begin):
            raise InputError("end_time", "it has to come after start_time.")
        parts.append(f"enable='between(t,{begin},{end})'")
    return ":".join(parts)
