"""Notifications over HTTP, by the socket and by command, on a platform that is up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import Up, as_json, command, up

PATH = "/api/v1/notifications"
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Up]:
    with up(folder) as running:
        yield running


@pytest.fixture
def fail(served: Up, catalog: Catalog) -> Any:
    """Runs an agent that fails; returns the run's id once its person was told."""

    def failed(name: str) -> str:
        made = graph([node(catalog, "c", "Calculator", operation="Divide", a=1, b=0)], name=name)
        run_id = served.execute(served.save(write_agent(made)), wait=20)["id"]
        while run_id not in [one["subject"] for one in listed(served)]:
            pass
        return str(run_id)

    return failed


def listed(served: Up, **query: Any) -> list[dict[str, Any]]:
    answer = served.http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["notifications"])


class TestInbox:
    def test_it_is_listed_newest_first_in_pages_and_by_what_is_unread(
        self, served: Up, fail: Any
    ) -> None:
        runs = [fail(f"Agent {number}") for number in range(3)]

        page = served.http.get(PATH, params={"limit": 2}).json()
        assert [one["subject"] for one in page["notifications"]] == [runs[2], runs[1]]
        rest = served.http.get(PATH, params={"limit": 2, "before": page["next_before"]}).json()
        assert rest["notifications"][0]["subject"] == runs[0]
        (newest, *_) = page["notifications"]
        assert (newest["kind"], newest["title"]) == ("run_failed", "Agent 2 failed")
        assert newest["body"]["run_id"] == runs[2]

        read = served.http.patch(f"{PATH}/{newest['id']}", json={"is_read": True})
        assert read.status_code == 204
        assert newest["id"] not in [one["id"] for one in listed(served, status="unread")]
        served.http.patch(f"{PATH}/{newest['id']}", json={"is_read": False})
        assert newest["id"] in [one["id"] for one in listed(served, status="unread")]

    def test_what_came_after_what_was_seen_stays_unread(self, served: Up, fail: Any) -> None:
        fail("Seen")
        seen = listed(served)[0]["id"]
        later = fail("Later")

        marked = served.http.post(f"{PATH}/read", json={"until": seen}).json()["marked"]

        assert marked >= 1
        assert [one["subject"] for one in listed(served, status="unread")] == [later]
        served.http.post(f"{PATH}/read", json={})
        assert served.http.get(PATH).json()["unread"] == 0

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("PATCH", "/01900000-0000-7000-8000-0000000000ff", {}, 404),
            ("PATCH", "/nonsense", {}, 422),
            ("POST", "/read", {"until": "yesterday"}, 422),
            ("GET", "?limit=0", None, 422),
            ("GET", "?status=lost", None, 422),
            ("PUT", "/preferences", {"preferences": {"low_tide": {"inbox": True}}}, 422),
            ("PUT", "/preferences", {"preferences": {"security": {"pigeon": True}}}, 422),
        ],
    )
    def test_bad_use_is_told(
        self, served: Up, method: str, path: str, body: Any, status: int
    ) -> None:
        answer = served.http.request(method, PATH + path, json=body)
        assert (answer.status_code, bool(answer.json()["message"])) == (status, True)


@pytest.mark.seed("D10-04")
async def test_the_socket_says_how_many_are_unread_whenever_that_changes(
    served: Up, fail: Any
) -> None:
    await asyncio.to_thread(served.http.post, f"{PATH}/read", json={})
    async with connect(served.url.replace("http", "ws") + "/ws", proxy=None) as client:

        async def unread() -> int:
            async with asyncio.timeout(20):
                while (said := json.loads(await client.recv()))["type"] != "inbox":
                    pass
            return int(said["unread"])

        await client.send(json.dumps({"type": "subscribe", "inbox": "*"}))
        assert await unread() == 0
        await asyncio.to_thread(fail, "Heard")
        assert await unread() == 1
        await asyncio.to_thread(served.http.post, f"{PATH}/read", json={})
        assert await unread() == 0
        await client.send(json.dumps({"type": "unsubscribe", "inbox": "*"}))
        async with asyncio.timeout(20):
            while json.loads(await client.recv())["type"] != "unsubscribed":
                pass


def test_by_command(served: Up, fail: Any, folder: Path) -> None:
    run_id = fail("By command")

    found = as_json(command("notifications", "list", "--unread", "--json", data_dir=folder))
    assert run_id in [one["subject"] for one in found]
    shown = command("notifications", "list", data_dir=folder)
    assert "By command failed" in shown.stdout
    one = command("notifications", "read", found[0]["id"], data_dir=folder)
    assert one.stdout.strip() == "1 read."
    assert found[0]["id"] not in [one["id"] for one in listed(served, status="unread")]

    changed = command("notifications", "choose", "run_failed", "mail", "--on", data_dir=folder)
    assert changed.returncode == 0
    chosen = as_json(command("notifications", "preferences", "--json", data_dir=folder))
    assert chosen["run_failed"] == {"inbox": True, "mail": True}
    over_http = served.http.get(f"{PATH}/preferences").json()
    assert (over_http["preferences"], over_http["sends_mail"]) == (chosen, False)
