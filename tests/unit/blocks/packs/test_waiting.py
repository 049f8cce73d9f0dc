"""How an action waits for work that goes on at the provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.packs.action import ActionBlock, block_of
from autograph.blocks.packs.format import read
from autograph.blocks.packs.lint import lint
from autograph.blocks.sdk import BlockError, Json
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.infra.egress.ports import HttpRequest, HttpResponse, Rules
from autograph.infra.json import encode

PACK = """
id = "jobs"
name = "Jobs"
base_url = "https://jobs.example"

[[actions]]
id = "4b5a3b52-1111-4c61-8f5e-6c0f4d1b9a10"
name = "JobsWait"
description = "Waits for a job."
documentation = "https://jobs.example/docs"
categories = ["DATA"]
effect = "{effect}"
auth = []
request = "{method} /jobs/{{job}}"
poll = {{ request = "GET /jobs/{{job}}", when = "{{wait}}", until = {{ status = ["done"] }}, failed = {{ status = ["failed"] }}, message = "why", every = "{{every}}", timeout = "{{timeout}}"{more} }}

[actions.input]
job = "string*: Which."
wait = "boolean = true: Whether to wait."
every = "integer = 10: How often to ask, in seconds."
timeout = "integer = 30: How long at most, in seconds."

[actions.output]
status = "string <- status: How it stands."
seconds = {{ type = "number", value = "{{poll.seconds}}", description = "How long it took." }}
is_done = {{ type = "boolean", value = "{{poll.is_done}}", description = "Whether it is done." }}
"""


class Parked(Exception):
    """The attempt ended in a wait."""


class Jobs:
    """An `Http` that tells of a job."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.left = list(answers)
        self.asked = 0

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Tell how the job stands next."""
        self.asked += 1
        body = encode({"status": self.left.pop(0), "why": "out of paper"})
        return HttpResponse(200, request.url, {"content-type": "application/json"}, body)


class ParkingContext(FakeContext):
    """Ends an attempt in its first wait, as the engine does with blocks that only ask."""

    async def sleep(self, duration: timedelta, *, keep: Json = None) -> None:
        """Keep what the next attempt goes on from."""
        self.slept.append(duration)
        self.kept = keep
        raise Parked


def waiting(folder: Path, effect: str = "effect", method: str = "POST", more: str = "") -> Any:
    path = folder / "jobs.toml"
    path.write_text(PACK.format(effect=effect, method=method, more=more), "utf-8")
    pack = read(path)
    return block_of(pack, next(iter(pack.actions.values())))


async def outputs(
    block: type[ActionBlock], http: Any, ctx: FakeContext | None = None, **pins: Any
) -> dict[str, Any]:
    ctx = ctx or FakeContext()
    ctx.http = http
    return dict(await run_block(block, {"job": "7", **pins}, ctx))


class TestWaiting:
    async def test_it_is_asked_until_the_work_is_done(self, tmp_path: Path) -> None:
        jobs = Jobs(["new", "running", "done"])

        found = await outputs(waiting(tmp_path), jobs)

        assert found == {"status": "done", "seconds": 20, "is_done": True}
        assert jobs.asked == 3

    async def test_nobody_waits_where_the_pin_says_so(self, tmp_path: Path) -> None:
        found = await outputs(waiting(tmp_path), Jobs(["new"]), wait=False)

        assert found == {"status": "new", "seconds": 0, "is_done": False}

    async def test_work_that_fails_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(BlockError, match="out of paper") as caught:
            await outputs(waiting(tmp_path), Jobs(["new", "failed"]))

        assert caught.value.code == "provider.failed"

    async def test_the_time_that_it_may_take_has_an_end(self, tmp_path: Path) -> None:
        with pytest.raises(BlockError, match="not done after 30 s") as caught:
            await outputs(waiting(tmp_path), Jobs(["new"] * 4))

        assert caught.value.code == "provider.timeout"

    async def test_or_the_last_answer_counts_at_the_end(self, tmp_path: Path) -> None:
        block = waiting(tmp_path, more=", gives_up = true")

        found = await outputs(block, Jobs(["new"] * 4))

        assert found == {"status": "new", "seconds": 30, "is_done": False}

    async def test_no_time_between_two_questions_is_too_short_to_end(self, tmp_path: Path) -> None:
        found = await outputs(waiting(tmp_path), Jobs(["new", "new", "done"]), every=0)

        assert found["seconds"] == 1


class TestParkedWaiting:
    async def test_every_attempt_asks_once_and_knows_how_long_was_waited(
        self, tmp_path: Path
    ) -> None:
        block, ctx = waiting(tmp_path, "read", "GET"), ParkingContext()

        for _ in range(2):
            jobs = Jobs(["running"])
            with pytest.raises(Parked):
                await outputs(block, jobs, ctx)
            assert jobs.asked == 1

        assert (await outputs(block, Jobs(["done"]), ctx))["seconds"] == 20

    async def test_waits_that_are_over_count_towards_the_time(self, tmp_path: Path) -> None:
        ctx = ParkingContext()
        ctx.kept = {"waited": 30}

        with pytest.raises(BlockError, match="not done after 30 s"):
            await outputs(waiting(tmp_path, "read", "GET"), Jobs(["running"]), ctx)

    async def test_an_attempt_that_finds_it_done_ends(self, tmp_path: Path) -> None:
        ctx = ParkingContext()

        found = await outputs(waiting(tmp_path, "read", "GET"), Jobs(["done"]), ctx)

        assert found["status"] == "done"

    def test_lint_refuses_work_that_would_be_begun_again(self, tmp_path: Path) -> None:
        waiting(tmp_path, "idempotent", "POST")

        problems = lint(tmp_path / "jobs.toml")

        assert any("begun again after a wait" in one for one in problems)
