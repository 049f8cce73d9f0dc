"""Runs shown by a link: to whoever has it, what they are meant to see; to everybody else, nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.people import HERE, PASSWORD, Town

PUBLIC = "/api/public/shared"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@dataclass
class Shown:
    """Ada's run, whose outputs name one of her two files, and its link."""

    town: Town
    ada: httpx2.AsyncClient
    run: dict[str, Any]
    file_id: str
    other_file_id: str
    made: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/api/graphs/{self.run['graph_id']}/executions/{self.run['id']}/share"

    @property
    def token(self) -> str:
        return str(self.made["share_token"])

    async def seen(self, token: str | None = None) -> httpx2.Response:
        """What somebody without an account gets."""
        async with self.town.client() as http:
            return await http.get(f"{PUBLIC}/{token or self.token}")

    async def file(self, file_id: str, **options: Any) -> httpx2.Response:
        async with self.town.client() as http:
            return await http.get(f"{PUBLIC}/{self.token}/files/{file_id}/download", **options)


@pytest.fixture
async def shown(settled: Town, catalog: Catalog) -> AsyncIterator[Shown]:
    ada = await settled.person("Ada")
    agent = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="picture"),
            node(catalog, "secret", "AgentShortTextInput", name="secret"),
            node(catalog, "out", "AgentOutput", name="drawing"),
            node(catalog, "told", "AgentOutput", name="told", value="see file:// elsewhere"),
        ],
        "in.result -> out.value",
        name="Painter",
    )
    async with settled.client(ada) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(agent))).json()["id"]
        files = [
            (await http.post("/api/v1/files", files={"file": (name, PNG + name.encode())})).json()
            for name in ("drawing.png", "diary.png")
        ]
        inputs = {"picture": files[0]["reference"], "secret": "swordfish"}
        run = await http.post(
            f"/api/v1/graphs/{graph_id}/execute", json={"inputs": inputs}, params={"wait": 30}
        )
        assert run.json()["status"] == "completed", run.text
        found = Shown(settled, http, run.json(), files[0]["id"], files[1]["id"], {})
        made = await http.post(found.path, json={})
        assert made.status_code == 201, made.text
        found.made = made.json()
        yield found


async def test_whoever_has_the_link_sees_what_came_of_the_run_and_nothing_else(
    shown: Shown,
) -> None:
    answer = await shown.seen()

    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex, nofollow")
    assert answer.json() == {
        "graph_name": "Painter",
        "status": "completed",
        "outputs": {
            "drawing": [f"file://{shown.file_id}"],
            "told": ["see file:// elsewhere"],
        },
        "files": [
            {
                "id": shown.file_id,
                "name": "drawing.png",
                "media_type": "image/png",
                "size_bytes": len(PNG) + len("drawing.png"),
            }
        ],
    }
    me = (await shown.ada.get("/api/v1/account")).json()
    for hidden in ("swordfish", shown.run["id"], shown.run["graph_id"], me["id"], "Ada"):
        assert hidden not in answer.text
    assert shown.made["share_url"].endswith(f"/share/{shown.token}")


async def test_the_page_of_a_link_is_open_and_asks_to_be_left_out_of_searches(
    shown: Shown,
) -> None:
    async with shown.town.client() as http:
        answer = await http.get(f"/share/{shown.token}", headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex, nofollow")
    assert "Painter" not in answer.text


async def test_a_run_is_shown_to_nobody_before_its_person_shows_it(
    shown: Shown, catalog: Catalog
) -> None:
    other = await shown.ada.post(f"/api/v1/runs/{shown.run['id']}/again", json={})
    path = f"/api/graphs/{shown.run['graph_id']}/executions/{other.json()['id']}/share"

    assert (await shown.ada.get(path)).json() == {"share": None}
    for guess in (shown.run["id"], other.json()["id"], shown.run["graph_id"]):
        assert (await shown.seen(guess)).status_code == 404


async def test_guesses_get_one_answer_and_soon_none(shown: Shown) -> None:
    near = shown.token[:-1] + ("A" if shown.token[-1] != "A" else "B")
    guesses = [near, shown.token[:-1], shown.token + "A", "x" * 500, "%C3%A9" * 20]
    wrong = [await shown.seen(one) for one in guesses]
    # What looks like an attack does not even get so far.
    crooked = [(await shown.seen(one)).status_code for one in ("%00", "..%2f..", "'--")]

    told = {(one.status_code, one.json()["code"], one.json()["message"]) for one in wrong}
    assert [code for _, code, _ in told] == ["share.not_found"]
    assert set(crooked) <= {403, 404}
    async with shown.town.client(ip="203.0.113.99") as http:
        answers = [
            (await http.get(f"{PUBLIC}/{secrets.token_urlsafe(32)}")).status_code
            for _ in range(400)
        ]
    assert set(answers) == {404, 429}


async def test_of_the_token_only_a_hash_is_kept(shown: Shown) -> None:
    async with shown.town.platform.database.acquire() as connection:
        rows = await connection.fetch("SELECT s::text AS line FROM run_shares s")
        audit = await connection.fetch("SELECT a::text AS line FROM audit_log a")

    assert len(rows) == 1
    assert not [row for row in (*rows, *audit) if shown.token in row["line"]]
    assert "share_token" not in (await shown.ada.get(shown.path)).text


async def test_a_link_that_was_taken_back_shows_nothing(shown: Shown) -> None:
    assert (await shown.ada.delete(shown.path)).status_code == 204
    assert (await shown.ada.delete(shown.path)).status_code == 204

    assert (await shown.seen()).status_code == 404
    assert (await shown.file(shown.file_id)).status_code == 404
    assert (await shown.ada.get(shown.path)).json() == {"share": None}


async def test_a_new_link_ends_the_one_before(shown: Shown) -> None:
    before = shown.token
    shown.made = (await shown.ada.post(shown.path, json={})).json()

    assert (await shown.seen(before)).status_code == 404
    assert (await shown.seen()).status_code == 200


async def test_a_link_ends_when_its_person_said(shown: Shown) -> None:
    now = datetime.fromisoformat(shown.made["created_at"])
    past = await shown.ada.post(shown.path, json={"expires_at": now.isoformat()})
    assert (past.status_code, past.json()["details"]["errors"]) == (422, {"expires_at": "past"})
    until = (now + timedelta(days=7)).isoformat()
    shown.made = (await shown.ada.post(shown.path, json={"expires_at": until})).json()
    assert datetime.fromisoformat(shown.made["expires_at"]) == now + timedelta(days=7)
    assert (await shown.seen()).status_code == 200

    async with shown.town.platform.database.acquire() as connection:
        await connection.execute("UPDATE run_shares SET expires_at = now()")
    assert (await shown.seen()).status_code == 404
    assert (await shown.file(shown.file_id)).status_code == 404
    assert (await shown.ada.get(shown.path)).json() == {"share": None}


async def test_files_are_given_out_by_the_share_alone_and_only_its_own(shown: Shown) -> None:
    answer = await shown.file(shown.file_id)
    part = await shown.file(shown.file_id, headers={"range": "bytes=0-3"})

    assert answer.content == PNG + b"drawing.png"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert (part.status_code, part.content) == (206, PNG[:4])
    for other in (shown.other_file_id, shown.run["id"]):
        refused = await shown.file(other)
        assert (refused.status_code, refused.json()["code"]) == (404, "share.not_found")
    async with shown.town.client() as http:
        direct = await http.get(f"/api/v1/files/{shown.file_id}/content")
    assert direct.status_code == 401


async def test_one_runs_link_gives_out_no_file_of_another_run(shown: Shown) -> None:
    inputs = {"picture": f"file://{shown.other_file_id}", "secret": "x"}
    run = await shown.ada.post(
        f"/api/v1/graphs/{shown.run['graph_id']}/execute",
        json={"inputs": inputs},
        params={"wait": 30},
    )
    path = f"/api/graphs/{shown.run['graph_id']}/executions/{run.json()['id']}/share"
    other = (await shown.ada.post(path, json={})).json()["share_token"]

    async with shown.town.client() as http:
        crossed = await http.get(f"{PUBLIC}/{other}/files/{shown.file_id}/download")
        own = await http.get(f"{PUBLIC}/{other}/files/{shown.other_file_id}/download")
    assert (crossed.status_code, own.status_code) == (404, 200)
    assert (await shown.file(shown.other_file_id)).status_code == 404


async def test_others_can_neither_show_a_run_nor_take_its_link_back(shown: Shown) -> None:
    async with shown.town.client(await shown.town.person("Bob")) as bob:
        tries = [
            await bob.post(shown.path, json={}),
            await bob.delete(shown.path),
            await bob.get(shown.path),
        ]
    nobodys = shown.path.replace(shown.run["graph_id"], shown.run["id"])

    assert [one.status_code for one in tries] == [404] * 3
    assert (await shown.ada.post(nobodys, json={})).status_code == 404
    assert (await shown.seen()).status_code == 200


async def test_what_is_shown_goes_with_the_run_and_with_its_person(shown: Shown) -> None:
    accounts = shown.town.platform.accounts
    ada = await accounts.login.log_in("ada@example.com", PASSWORD, HERE)
    owner = shown.town.platform.owner
    await accounts.administration.suspend(owner, ada.user_id, "for a while", HERE)
    assert (await shown.seen()).status_code == 404
    await accounts.administration.restore(owner, ada.user_id, HERE)
    assert (await shown.seen()).status_code == 200

    again = await accounts.login.log_in("ada@example.com", PASSWORD, HERE)
    async with shown.town.client(again.access) as http:
        assert (await http.delete(f"/api/v1/runs/{shown.run['id']}")).status_code == 204
    assert (await shown.seen()).status_code == 404


async def test_that_a_run_is_shown_is_in_the_audit_log(shown: Shown) -> None:
    await shown.ada.delete(shown.path)
    page = await shown.town.platform.accounts.audit.list_page(target=f"run:{shown.run['id']}")

    assert [one.deed.action for one in page.entries] == ["run.unshared", "run.shared"]
    assert page.entries[1].ip == "203.0.113.7"


async def test_outputs_are_shown_once_the_run_is_over(settled: Town, catalog: Catalog) -> None:
    waiting = graph(
        [
            node(catalog, "said", "AgentOutput", name="said", value="early"),
            node(catalog, "ask", "HumanInTheLoop", data=1, name="Post"),
        ],
        name="Asks",
    )
    async with settled.client(await settled.person("Ada")) as http:
        graph_id = (await http.post("/api/v1/graphs", json=write_agent(waiting))).json()["id"]
        run = (await http.post(f"/api/v1/graphs/{graph_id}/execute", json={})).json()["id"]
        path = f"/api/graphs/{graph_id}/executions/{run}/share"
        token = (await http.post(path, json={})).json()["share_token"]
        going = (await http.get(f"{PUBLIC}/{token}")).json()
        assert (going["outputs"], going["status"] in {"queued", "running", "waiting"}) == ({}, True)
        await http.post(f"/api/v1/runs/{run}/cancel")
        await settled.platform.runs.wait(
            await settled.platform.accounts.authentication.by_token(
                http.headers["authorization"].removeprefix("Bearer ")
            ),
            run,
            at_most=timedelta(seconds=30),
        )
        over = (await http.get(f"{PUBLIC}/{token}")).json()
    assert (over["status"], over["outputs"]) == ("cancelled", {"said": ["early"]})
