"""A voice over a video: what ElevenLabs is asked is checked on a server, what ffmpeg made is measured."""

from __future__ import annotations

import base64
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.builtin.media.narration import VideoNarration
from autograph.blocks.sdk import ApiKeySecret, BlockError, CostKind, Exchanged
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, run_block

KEY = {"id": "one", "provider": "elevenlabs", "type": "api_key"}
OWN, VOICE = 440, 1760
"""The pitch of the video's own sound and of the voice, so that each can be heard without the other."""


def made(path: Path, *told: str) -> bytes:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *told, str(path)], check=True)
    return path.read_bytes()


def data(content: bytes) -> str:
    return f"data:video/mp4;base64,{base64.b64encode(content).decode()}"


def sine(pitch: int, seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency={pitch}:duration={seconds}")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A video of three seconds with a sound, one of a second without, and a voice of a second and a half."""
    folder = tmp_path_factory.mktemp("films")
    picture = ("-f", "lavfi", "-i", "color=blue:size=160x120:rate=10:duration=3")
    short = ("-f", "lavfi", "-i", "color=red:size=64x64:rate=10:duration=1")
    yuv = ("-pix_fmt", "yuv420p")
    return {
        "sounding": data(made(folder / "sounding.mp4", *picture, *sine(OWN, 3), *yuv)),
        "silent": data(made(folder / "silent.mp4", *short, *yuv)),
        "voice": made(folder / "voice.mp3", *sine(VOICE, 1.5)),
    }


def spoken(content: bytes, *, model: str = "eleven_multilingual_v2", **more: Any) -> Exchanged:
    return Exchanged(
        "POST",
        "https://api.elevenlabs.io/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM",
        query=(("output_format", "mp3_44100_128"),),
        request_headers={"xi-api-key": "a-key"},
        body={"body": {"text": "Tea is served.", "model_id": model}},
        response_headers={"content-type": "audio/mpeg"},
        **{"response": {"base64": base64.b64encode(content).decode()}, **more},
    )


async def narrate(exchange: Exchanged, **values: Any) -> tuple[dict[str, Any], FakeContext]:
    given = {"credentials": KEY, "script": "Tea is served.", **values}
    async with recorded([exchange]) as http:
        ctx = FakeContext(secrets={"one": ApiKeySecret("a-key")}, http=http)
        return dict(await run_block(VideoNarration, given, ctx)), ctx


def loudness(content: bytes, tmp_path: Path, pitch: int, begin: float, end: float) -> float:
    """Return how loud a pitch is in a part of a video, in decibels."""
    path = tmp_path / "heard"
    path.write_bytes(content)
    band = ",".join([f"bandpass=f={pitch}:width_type=h:w=60"] * 3)
    filters = f"atrim={begin}:{end},{band},volumedetect"
    told = ("-i", str(path), "-map", "0:a:0", "-af", filters, "-f", "null", "-")
    done = subprocess.run(["ffmpeg", *told], check=True, capture_output=True, text=True)
    found = re.search(r"mean_volume: (-?[\d.]+) dB", done.stderr)
    assert found is not None
    return float(found[1])


def duration(content: bytes, tmp_path: Path, stream: str) -> float:
    path = tmp_path / "measured"
    path.write_bytes(content)
    told = ("-select_streams", stream, "-show_entries", "stream=duration", "-of", "csv=p=0")
    done = subprocess.run(
        ["ffprobe", "-v", "error", *told, str(path)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


class TestVoice:
    async def test_the_videos_own_sound_is_low_while_the_voice_speaks(
        self, films: dict[str, Any], tmp_path: Path
    ) -> None:
        outputs, ctx = await narrate(spoken(films["voice"]), video_in=films["sounding"])
        video = ctx.files.kept[outputs["video_out"]].content

        assert ctx.files.kept[outputs["audio_file"]].content == films["voice"]
        assert duration(video, tmp_path, "v:0") == pytest.approx(3, abs=0.2)
        low, back = (loudness(video, tmp_path, OWN, *one) for one in ((0.3, 1.2), (2.2, 2.9)))
        assert back - low == pytest.approx(10.5, abs=1.5)  # 0.3 of it is 10.5 dB less
        assert loudness(video, tmp_path, VOICE, 0.3, 1.2) > -35
        assert loudness(video, tmp_path, VOICE, 2.2, 2.9) < -60

    async def test_mixed_it_is_low_all_the_time(
        self, films: dict[str, Any], tmp_path: Path
    ) -> None:
        outputs, ctx = await narrate(
            spoken(films["voice"]), video_in=films["sounding"], mix_mode="mix", original_volume=0.5
        )
        video = ctx.files.kept[outputs["video_out"]].content

        before, after = (loudness(video, tmp_path, OWN, *one) for one in ((0.3, 1.2), (2.2, 2.9)))
        assert before == pytest.approx(after, abs=1)
        assert loudness(video, tmp_path, VOICE, 0.3, 1.2) > before

    async def test_replaced_it_is_not_heard(self, films: dict[str, Any], tmp_path: Path) -> None:
        outputs, ctx = await narrate(
            spoken(films["voice"]), video_in=films["sounding"], mix_mode="replace"
        )
        video = ctx.files.kept[outputs["video_out"]].content

        assert loudness(video, tmp_path, OWN, 0.3, 2.9) < -60
        assert loudness(video, tmp_path, VOICE, 0.3, 1.2) > -35

    @pytest.mark.parametrize("mode", ["ducking", "mix", "replace"])
    async def test_a_voice_longer_than_the_video_is_heard_to_its_end(
        self, films: dict[str, Any], tmp_path: Path, mode: str
    ) -> None:
        outputs, ctx = await narrate(
            spoken(films["voice"]), video_in=films["silent"], mix_mode=mode
        )
        video = ctx.files.kept[outputs["video_out"]].content

        for stream in ("v:0", "a:0"):
            assert duration(video, tmp_path, stream) == pytest.approx(1.5, abs=0.2)
        assert loudness(video, tmp_path, VOICE, 1.1, 1.4) > -35

    @pytest.mark.parametrize(
        ("model", "usd"), [("eleven_multilingual_v2", 0.0014), ("eleven_flash_v2_5", 0.0007)]
    )
    async def test_it_is_charged_by_the_letter(
        self, films: dict[str, Any], model: str, usd: float
    ) -> None:
        _, ctx = await narrate(
            spoken(films["voice"], model=model), video_in=films["silent"], model_id=model
        )

        assert ctx.usage == {CostKind.COST_USD: pytest.approx(usd)}


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "detail", "said"),
        [
            (401, {"status": "invalid_api_key", "message": "Invalid API key"}, "Invalid API key"),
            (422, [{"loc": ["body", "text"], "msg": "Field required"}], "Field required"),
            (500, None, "detail"),
        ],
    )
    async def test_what_elevenlabs_says_is_said(
        self, films: dict[str, Any], status: int, detail: Any, said: str
    ) -> None:
        refusal = spoken(b"", status=status, response={"response": {"detail": detail}})
        with pytest.raises(BlockError, match=f"ElevenLabs answered {status}: .*{said}"):
            await narrate(refusal, video_in=films["silent"])

    async def test_an_answer_without_sound_is_no_voice(self, films: dict[str, Any]) -> None:
        with pytest.raises(BlockError, match="no video or sound"):
            await narrate(spoken(b"<html>busy</html>"), video_in=films["silent"])
