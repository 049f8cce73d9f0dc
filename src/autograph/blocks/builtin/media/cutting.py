"""What all work at videos has in common: files on a bench, ffmpeg and ffprobe there, and what they say."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Final

from autograph.blocks.sdk import Bench, BlockError, Context, Json, is_list, is_object

_SAID: Final = 400
_LONGEST: Final = 24 * 3600


class VideoFormat(StrEnum):
    """What a video is packed in."""

    MP4 = "mp4"
    WEBM = "webm"
    MKV = "mkv"
    MOV = "mov"


class Table:
    """A bench with files on it."""

    def __init__(self, ctx: Context, bench: Bench) -> None:
        """Work for `ctx` at `bench`."""
        self._ctx = ctx
        self._bench = bench

    async def fetch(self, reference: str, name: str) -> str:
        """Lay a file on the bench; return its name there."""
        async with self._ctx.files.open(reference) as file:
            await self._bench.put(name, file.pieces())
        return name

    async def write(self, name: str, text: str) -> str:
        """Lay a text on the bench; return its name there."""

        async def once() -> AsyncGenerator[bytes]:
            yield text.encode("utf-8", "replace")

        await self._bench.put(name, once())
        return name

    async def about(self, name: str) -> Media:
        """Return what there is to know of a file.

        Raises:
            BlockError: It is no video and no sound.
        """
        done = await self._bench.run(
            "ffprobe",
            *("-v", "error", "-protocol_whitelist", "file", "-of", "json"),
            *("-show_entries", "format=duration:stream=codec_type,width,height", f"file:{name}"),
        )
        if done.status:
            raise BlockError(f"This is no video or sound that can be read: {_last(done.stderr)}")
        return Media(json.loads(done.stdout or "{}"))

    async def make(self, name: str, *told: str) -> None:
        """Have ffmpeg make a file.

        Raises:
            BlockError: It cannot.
        """
        done = await self._bench.run(
            "ffmpeg", *("-v", "error", "-nostdin", "-y"), *told, f"file:{name}"
        )
        if done.status:
            raise BlockError(f"ffmpeg cannot make this: {_last(done.stderr)}")

    async def keep(self, name: str) -> str:
        """Keep a file for the person; return the reference to it."""
        return await self._ctx.files.write(name, self._bench.pieces(name))


class Media:
    """What ffprobe tells of a file."""

    def __init__(self, told: Json) -> None:
        """Take what it told as JSON."""
        found = told.get("streams") if is_object(told) else None
        self._streams = [one for one in (found if is_list(found) else ()) if is_object(one)]
        about = told.get("format") if is_object(told) else None
        try:
            self._duration = float(about["duration"]) if is_object(about) else math.nan
        except (KeyError, TypeError, ValueError):
            self._duration = math.nan

    @property
    def duration(self) -> float:
        """How long it is, in seconds.

        Raises:
            BlockError: It does not say.
        """
        if not math.isfinite(self._duration):
            raise BlockError("The file does not say how long it is.")
        return self._duration

    @property
    def has_sound(self) -> bool:
        """Whether there is something to hear."""
        return any(one.get("codec_type") == "audio" for one in self._streams)

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height in pixels, made even, as encoders want it.

        Raises:
            BlockError: There is nothing to see.
        """
        for one in self._streams:
            width, height = one.get("width"), one.get("height")
            if (
                one.get("codec_type") == "video"
                and isinstance(width, int)
                and isinstance(height, int)
            ):
                return max(2, width // 2 * 2), max(2, height // 2 * 2)
        raise BlockError("The file has no picture: it is no video.")


@asynccontextmanager
async def table(ctx: Context) -> AsyncGenerator[Table]:
    """Lend a bench with nothing on it."""
    async with ctx.sandbox.bench() as bench:
        yield Table(ctx, bench)


def source(name: str) -> tuple[str, ...]:
    """Return how ffmpeg is told to read a file, and nothing that the file may name."""
    return ("-protocol_whitelist", "file", "-i", f"file:{name}")


def encoding(packed: VideoFormat = VideoFormat.MP4) -> tuple[str, ...]:
    """Return how a video is written so that what it is packed in can hold it."""
    if packed is VideoFormat.WEBM:
        return ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")
    how = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    return how if packed is VideoFormat.MKV else (*how, "-movflags", "+faststart")


def seconds(name: str, value: float) -> str:
    """Return a moment as ffmpeg takes it.

    Raises:
        BlockError: It is none, or later than a day.
    """
    if not 0 <= value <= _LONGEST:
        raise BlockError(f"{name}: expected 0 to {_LONGEST} seconds, got {value:g}.")
    return f"{value:.3f}"


def _last(said: str) -> str:
    lines = [one.strip() for one in said.splitlines() if one.strip()]
    return " ".join(lines[-2:])[:_SAID] or "it does not say why."
