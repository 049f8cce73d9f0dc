"""Videos that ffmpeg makes, behind the wall; what it made is measured with ffprobe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.builtin.media import video
from autograph.blocks.builtin.media.video import VideoTextOverlay
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import (
    BenchLimits,
    ProgramMissing,
    SandboxLimits,
    SandboxUnavailable,
    TooMuch,
)


def made(path: Path, *told: str) -> str:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *told, str(path)], check=True)
    return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two seconds with a sound, one second without and of another size, and a second of sound."""
    folder = tmp_path_factory.mktemp("films")
    picture = ("-f", "lavfi", "-i", "color=blue:size=160x120:rate=10:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
    silent = ("-f", "lavfi", "-i", "color=red:size=64x64:rate=5:duration=1.5")
    return {
        "blue": made(folder / "blue.mp4", *picture, *sound, "-pix_fmt", "yuv420p"),
        "red": made(folder / "red.mp4", *silent, "-pix_fmt", "yuv420p"),
        "tone": made(folder / "tone.wav", *sound[:3], "sine=frequency=880:duration=1"),
    }


async def make(
    block: Any, ctx: FakeContext | None = None, **values: Any
) -> tuple[dict[str, Any], FakeContext]:
    ctx = ctx or FakeContext()
    return dict(await run_block(block, values, ctx)), ctx


def probed(outputs: dict[str, Any], ctx: FakeContext, tmp_path: Path) -> dict[str, Any]:
    held = ctx.files.kept[outputs["video_out"]]
    path = tmp_path / "made"
    path.write_bytes(held.content)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    kinds = {one["codec_type"]: one for one in told["streams"]}
    return {"duration": float(told["format"]["duration"]), "type": held.info.media_type, **kinds}


def brightness(content: bytes, tmp_path: Path, at: float, crop: str) -> float:
    """Return how bright a part of a picture is, 0 to 255."""
    path = tmp_path / "seen"
    path.write_bytes(content)
    told = (
        "-ss",
        str(at),
        "-i",
        str(path),
        "-frames:v",
        "1",
        "-vf",
        f"{crop},scale=1:1,format=gray",
    )
    command = ["ffmpeg", "-v", "error", *told, "-f", "rawvideo", "-"]
    return float(subprocess.run(command, check=True, capture_output=True).stdout[0])


class TestBlocks:
    async def test_a_duration_is_told(self, films: dict[str, str]) -> None:
        found, _ = await make(video.MediaDuration, media_in=films["blue"])
        assert found["duration"] == pytest.approx(2, abs=0.1)
        found, _ = await make(video.MediaDuration, media_in=films["tone"], is_video=False)
        assert found["duration"] == pytest.approx(1, abs=0.05)
        with pytest.raises(BlockError, match="no picture"):
            await make(video.MediaDuration, media_in=films["tone"])

    @pytest.mark.parametrize(
        ("values", "seconds"), [({"n_loops": 3}, 6), ({"duration": 3.5}, 3.5), ({"duration": 1}, 1)]
    )
    async def test_a_video_is_looped(
        self, films: dict[str, str], tmp_path: Path, values: dict[str, Any], seconds: float
    ) -> None:
        found = probed(*await make(video.LoopVideo, video_in=films["blue"], **values), tmp_path)
        assert found["duration"] == pytest.approx(seconds, abs=0.2)
        assert "audio" in found

    async def test_a_sound_is_put_under_a_video(
        self, films: dict[str, str], tmp_path: Path
    ) -> None:
        values = {"video_in": films["red"], "audio_in": films["tone"], "volume": 0.5}
        found = probed(*await make(video.AddAudioToVideo, **values), tmp_path)
        assert found["duration"] == pytest.approx(1.5, abs=0.2)
        assert "audio" in found
        with pytest.raises(BlockError, match="nothing to hear"):
            await make(video.AddAudioToVideo, video_in=films["blue"], audio_in=films["red"])

    @pytest.mark.parametrize(
        ("packed", "media_type"), [("mp4", "video/mp4"), ("webm", "video/webm"), ("mov", "video")]
    )
    async def test_a_part_is_cut_out(
        self, films: dict[str, str], tmp_path: Path, packed: str, media_type: str
    ) -> None:
        values = {"video_in": films["blue"], "start_time": 0.5, "end_time": 1.5}
        outputs, ctx = await make(video.VideoClip, **values, output_format=packed)
        found = probed(outputs, ctx, tmp_path)
        assert outputs["duration"] == pytest.approx(1, abs=0.15)
        assert found["duration"] == pytest.approx(1, abs=0.15)
        assert found["type"].startswith(media_type)

    async def test_a_part_that_is_not_there_is_said(self, films: dict[str, str]) -> None:
        with pytest.raises(BlockError, match="the video ends at 2"):
            await make(video.VideoClip, video_in=films["blue"], start_time=5, end_time=6)

    @pytest.mark.parametrize(
        ("transition", "seconds"), [("none", 5.5), ("crossfade", 3.5), ("fade_black", 3.5)]
    )
    async def test_videos_are_joined_in_the_size_of_the_first(
        self, films: dict[str, str], tmp_path: Path, transition: str, seconds: float
    ) -> None:
        videos = [films["blue"], films["red"], films["blue"]]
        outputs, ctx = await make(video.VideoConcat, videos=videos, transition=transition)
        found = probed(outputs, ctx, tmp_path)
        assert outputs["total_duration"] == pytest.approx(seconds, abs=0.3)
        assert (found["video"]["width"], found["video"]["height"]) == (160, 120)
        assert float(found["audio"]["duration"]) == pytest.approx(seconds, abs=0.3)

    async def test_a_transition_longer_than_a_video_is_refused(self, films: dict[str, str]) -> None:
        values = {"videos": [films["blue"], films["red"]], "transition_duration": 2}
        with pytest.raises(BlockError, match="shorter than the shortest"):
            await make(video.VideoConcat, **values, transition="crossfade")

    async def test_a_text_is_seen_where_and_when_it_should_be(
        self, films: dict[str, str], tmp_path: Path
    ) -> None:
        text = "%{pts}:x=0' [in]\\WWWW"
        values = {"text": text, "position": "top", "font_size": 20, "bg_color": "white@1"}
        outputs, ctx = await make(
            VideoTextOverlay, video_in=films["blue"], start_time=1, end_time=2, **values
        )
        content = ctx.files.kept[outputs["video_out"]].content
        top, bottom = "crop=iw/2:ih/6:iw/4:ih/20", "crop=iw/2:ih/6:iw/4:ih*4/5"
        before = brightness(content, tmp_path, 0.2, top)
        assert brightness(content, tmp_path, 1.5, top) > before + 50
        assert brightness(content, tmp_path, 1.5, bottom) == pytest.approx(before, abs=10)

    @pytest.mark.parametrize(
        "listing",
        [
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile /etc/passwd\n",
            "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
        ],
    )
    async def test_a_list_that_names_other_files_leads_nowhere(self, listing: str) -> None:
        given = f"data:video/mp4;base64,{base64.b64encode(listing.encode()).decode()}"
        with pytest.raises(BlockError, match="no video or sound") as failed:
            await make(video.LoopVideo, video_in=given, n_loops=2)
        assert "root:" not in failed.value.message


def bench(**limits: Any) -> LateSandbox:
    return LateSandbox(SandboxLimits(), warm=0, bench=BenchLimits(**limits))


class TestWall:
    async def test_a_program_sees_its_folder_and_no_file_of_others(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("canary")
        async with bench().bench() as one:
            listed = await one.run("ls", "/", "/work", "/home", "/root", "/proc", str(tmp_path))
            said = await one.run("env")
        assert set(listed.stdout.split("/work:")[0].split()) <= {
            *("/:", "bin", "dev", "etc", "lib", "lib64", "usr", "work")
        }
        assert listed.stderr.count("cannot access") == 4
        assert {line.split("=")[0] for line in said.stdout.split()} <= {"PATH", "PWD"}

    async def test_a_program_starts_no_other_and_opens_no_socket(self) -> None:
        async with bench().bench() as one:
            forked = await one.run("sh", "-c", "ls; ls")
            connected = await one.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9")
        assert forked.status != 0
        assert (
            "ermitted" in forked.stderr or "ermission" in forked.stderr or "fork" in forked.stderr
        )
        assert connected.status != 0

    async def test_what_takes_too_long_is_ended(self) -> None:
        async with bench(seconds=0.5).bench() as one:
            with pytest.raises(TooMuch, match="AUTOGRAPH_MEDIA_SECONDS"):
                await one.run("sleep", "60")

    async def test_files_have_a_largest_size(self) -> None:
        async def pieces() -> Any:
            yield b"x" * 3_000

        async with bench(file_bytes=2_048).bench() as one:
            with pytest.raises(TooMuch, match="AUTOGRAPH_MEDIA_MB"):
                await one.put("in", pieces())
            done = await one.run("dd", "if=/dev/zero", "of=out", "bs=1024", "count=100")
            assert done.status != 0

    async def test_nothing_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        async with bench().bench() as one:
            await one.run("touch", "left")
            assert len(os.listdir(tmp_path)) == 1  # noqa: PTH208 - as the linter would have it, blocking
        assert os.listdir(tmp_path) == []  # noqa: PTH208

    @pytest.mark.parametrize("name", ["../a", "/etc/passwd", ".hidden", "", "a b"])
    async def test_only_names_are_names(self, name: str) -> None:
        async with bench().bench() as one:
            with pytest.raises(ValueError, match="no name of a file"):
                [piece async for piece in one.pieces(name)]

    @pytest.mark.parametrize(
        ("missing", "error", "way_out"),
        [
            ("ffprobe", ProgramMissing, "apt-get install ffmpeg"),
            ("bwrap", SandboxUnavailable, "apt-get install bubblewrap"),
        ],
    )
    async def test_what_is_not_installed_is_named(
        self,
        films: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        missing: str,
        error: type[Exception],
        way_out: str,
    ) -> None:
        which = shutil.which
        monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else which(name))
        with pytest.raises(error, match=way_out):
            await make(video.MediaDuration, media_in=films["blue"])
