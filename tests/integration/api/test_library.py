"""The library: agents with how they are, in folders, in order, put away and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.security.listening import make_listening, path_of
from tests.security.people import Town, town

pytestmark = pytest.mark.timeout(60)
AGENTS = "/api/v1/library/agents"
FOLDERS = "/api/v1/library/folders"


@pytest.fixture
async def settled(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, rate_write=0, rate_read=0, rate_execute=0) as made:
        yield made


@pytest.fixture
async def http(settled: Town) -> AsyncIterator[httpx2.AsyncClient]:
    async with settled.client(await settled.person("Ada")) as client:
        yield client


class Shelf:
    """Makes agents, and looks at them."""

    def __init__(self, http: httpx2.AsyncClient, catalog: Catalog) -> None:
        self._http = http
        self._catalog = catalog

    async def save(self, name: str, description: str = "", divisor: float = 1) -> str:
        """Save an agent that divides; by 0 its runs fail."""
        calculator = node(self._catalog, "c", "Calculator", operation="Divide", a=1, b=divisor)
        document = write_agent(graph([calculator], name=name))
        answer = await self._http.post(
            "/api/v1/graphs", json={**document, "description": description}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def save_asking(self, name: str) -> str:
        """Save an agent whose runs wait for their person."""
        asks = node(self._catalog, "ask", "HumanInTheLoop", data={"a": 1}, name="Look")
        answer = await self._http.post("/api/v1/graphs", json=write_agent(graph([asks], name=name)))
        return str(answer.json()["id"])

    async def run(self, graph_id: str) -> str:
        """Run an agent to its end, or until it waits."""
        answer = await self._http.post(
            f"/api/v1/graphs/{graph_id}/execute", json={}, params={"wait": 1}
        )
        assert answer.status_code in {200, 202}, answer.text
        return str(answer.json()["id"])

    async def page(self, **query: Any) -> dict[str, Any]:
        """Return a page of the library."""
        answer = await self._http.get(AGENTS, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def names(self, **query: Any) -> list[str]:
        """Return the names on a page."""
        return [one["name"] for one in (await self.page(**query))["agents"]]

    async def folder(self, name: str, **body: Any) -> str:
        """Make a folder."""
        answer = await self._http.post(FOLDERS, json={"name": name, **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def shelf(http: httpx2.AsyncClient, catalog: Catalog) -> Shelf:
    return Shelf(http, catalog)


class TestAgents:
    @pytest.mark.seed("D1-19", "D5-S07", "D5-S08", "D5-P06")
    async def test_an_agent_is_there_as_soon_as_it_is_saved(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        saved = await shelf.save("Fresh", "Does little.")

        one = (await http.get(f"{AGENTS}/{saved}")).json()
        assert (one["id"], one["name"], one["description"]) == (saved, "Fresh", "Does little.")
        assert (one["runs"], one["running"], one["last_run"]) == (0, 0, None)
        assert (one["is_favorite"], one["folder_id"], one["archived_at"]) == (False, None, None)
        assert (await shelf.page())["agents"] == [one]

    async def test_one_request_says_how_each_agent_is(
        self, http: httpx2.AsyncClient, shelf: Shelf, catalog: Catalog
    ) -> None:
        fine, fails = await shelf.save("Fine"), await shelf.save("Fails", divisor=0)
        asks = await shelf.save_asking("Asks")
        await make_listening(http, catalog, inputs={"word": "w"})
        await shelf.run(fine)
        last = await shelf.run(fine)
        await shelf.run(fails)
        asking = await shelf.run(asks)
        while (await http.get(f"/api/v1/runs/{asking}")).json()["status"] != "waiting":
            await asyncio.sleep(0)

        page = await shelf.page(sort="name")
        by_name = {one["name"]: one for one in page["agents"]}
        assert list(by_name) == ["Asks", "Fails", "Fine", "Listener"]
        counted = {
            name: [one[what] for what in ("runs", "running", "reviews", "triggers", "listening")]
            for name, one in by_name.items()
        }
        assert counted == {
            "Asks": [1, 1, 1, 0, 0],
            "Fails": [1, 0, 0, 0, 0],
            "Fine": [2, 0, 0, 0, 0],
            "Listener": [0, 0, 0, 1, 1],
        }
        assert by_name["Fine"]["last_run"]["id"] == last
        assert by_name["Fine"]["last_run"]["status"] == "completed"
        assert by_name["Fine"]["last_run"]["error"] is None
        assert by_name["Fails"]["last_run"]["status"] == "failed"
        assert by_name["Fails"]["last_run"]["error"]
        assert [name for name, one in by_name.items() if one["needs_attention"]] == [
            "Asks",
            "Fails",
        ]
        assert page["counts"] == {
            "total": 4,
            "favorites": 0,
            "running": 1,
            "attention": 2,
            "listening": 1,
            "idle": 1,
        }
        for status, names in {
            "running": ["Asks"],
            "attention": ["Asks", "Fails"],
            "listening": ["Listener"],
            "idle": ["Fine"],
        }.items():
            found = await shelf.page(sort="name", status=status)
            assert [one["name"] for one in found["agents"]] == names, status
            assert found["counts"] == page["counts"]

    async def test_runs_inside_runs_are_not_counted(
        self, http: httpx2.AsyncClient, settled: Town, shelf: Shelf
    ) -> None:
        saved = await shelf.save("Outer")
        run = await shelf.run(saved)
        async with settled.platform.database.acquire() as connection:
            await connection.execute(
                """
                INSERT INTO runs (id, owner_id, graph_id, graph_version, parent_id, status)
                SELECT gen_random_uuid(), owner_id, graph_id, 1, id, 'running' FROM runs
                """
            )

        one = (await http.get(f"{AGENTS}/{saved}")).json()
        assert (one["runs"], one["running"], one["last_run"]["id"]) == (1, 0, run)

    async def test_names_and_descriptions_are_searched_in_all_folders(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        filed = await shelf.save("Weekly REPORT")
        await shelf.save("Mail", "Sends the report.")
        await shelf.save("100% of_it")
        await http.patch(f"{AGENTS}/{filed}", json={"folder_id": await shelf.folder("Work")})

        assert await shelf.names(search="report", sort="name") == ["Mail", "Weekly REPORT"]
        assert await shelf.names(search="%") == ["100% of_it"]
        assert (await shelf.page(search="report"))["counts"]["total"] == 2
        assert await shelf.names(search="nothing of the kind") == []

    @pytest.mark.parametrize("sort", ["name", "created", "updated", "last_run"])
    async def test_pages_have_every_agent_once_in_every_order(
        self, http: httpx2.AsyncClient, shelf: Shelf, sort: str
    ) -> None:
        saved = [await shelf.save(name) for name in ("b", "A", "c", "a", "C")]
        for number in (1, 3):
            await shelf.run(saved[number])
        await http.post(f"/api/v1/graphs/{saved[0]}/versions/1/activate")
        expected = {
            "created": [saved[number] for number in (4, 3, 2, 1, 0)],
            "updated": [saved[number] for number in (0, 4, 3, 2, 1)],
            "last_run": [saved[number] for number in (3, 1)],
        }

        whole = await shelf.page(sort=sort)
        assert whole["next_cursor"] is None
        ids = [one["id"] for one in whole["agents"]]
        if sort == "name":
            assert [one["name"].lower() for one in whole["agents"]] == ["a", "a", "b", "c", "c"]
        else:
            assert ids[: len(expected[sort])] == expected[sort]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await shelf.page(sort=sort, limit=2, **({"cursor": cursor} if cursor else {}))
            assert (page["counts"] is None) == bool(cursor)
            seen += [one["id"] for one in page["agents"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ids
        wrong = await http.get(AGENTS, params={"sort": sort, "cursor": "nothing"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "library.cursor_invalid")

    @pytest.mark.seed("D1-19")
    async def test_favorites_are_kept_and_counted(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        loved, _ = await shelf.save("Loved"), await shelf.save("Other")

        changed = (await http.patch(f"{AGENTS}/{loved}", json={"is_favorite": True})).json()
        assert changed["is_favorite"] is True
        page = await shelf.page(is_favorite=True)
        assert [one["id"] for one in page["agents"]] == [loved]
        assert (page["counts"]["total"], page["counts"]["favorites"]) == (2, 1)
        assert page["counts"]["idle"] == 1
        await http.patch(f"{AGENTS}/{loved}", json={"is_favorite": False})
        assert await shelf.names(is_favorite=True) == []

    async def test_what_is_archived_is_out_of_the_list_and_still_runs(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        old = await shelf.save("Old")
        first = (await http.patch(f"{AGENTS}/{old}", json={"is_archived": True})).json()
        assert first["archived_at"]
        again = (await http.patch(f"{AGENTS}/{old}", json={"is_archived": True})).json()
        assert again["archived_at"] == first["archived_at"]

        assert (await shelf.names(), await shelf.names(shelf="archived")) == ([], ["Old"])
        await shelf.run(old)
        await http.patch(f"{AGENTS}/{old}", json={"is_archived": False})
        assert (await shelf.names(), await shelf.names(shelf="archived")) == (["Old"], [])

    @pytest.mark.seed("D1-19")
    async def test_a_copy_is_another_agent_in_the_same_folder(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        saved, work = await shelf.save("One", "Says what."), await shelf.folder("Work")
        await http.patch(f"{AGENTS}/{saved}", json={"folder_id": work, "is_favorite": True})

        copy = (await http.post(f"{AGENTS}/{saved}/fork", json={})).json()
        named = (await http.post(f"{AGENTS}/{saved}/fork", json={"name": "Two"})).json()
        assert (copy["name"], copy["description"], named["name"]) == (
            "One (copy)",
            "Says what.",
            "Two",
        )
        assert copy["id"] != saved
        assert (copy["folder_id"], copy["is_favorite"]) == (work, False)
        whole = [
            (await http.get(f"/api/v1/graphs/{one}")).json()["graph"] for one in (saved, copy["id"])
        ]
        assert whole[0]["nodes"] == whole[1]["nodes"]

    @pytest.mark.seed("D1-19")
    async def test_what_is_deleted_comes_back_as_it_was(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        saved, work = await shelf.save("Gone"), await shelf.folder("Work")
        await http.patch(f"{AGENTS}/{saved}", json={"folder_id": work, "is_favorite": True})
        await shelf.run(saved)

        assert (await http.delete(f"{AGENTS}/{saved}")).status_code == 204
        assert (await http.delete(f"{AGENTS}/{saved}")).status_code == 404
        assert (await http.get(f"{AGENTS}/{saved}")).status_code == 404
        assert (await shelf.names(), await shelf.names(shelf="deleted")) == ([], ["Gone"])
        back = (await http.post(f"{AGENTS}/{saved}/restore")).json()
        assert (back["folder_id"], back["is_favorite"], back["runs"]) == (work, True, 1)
        assert (await http.post(f"{AGENTS}/{saved}/restore")).status_code == 404

    @pytest.mark.parametrize("path", ["/api/v1/library/agents", "/api/v1/graphs"])
    async def test_triggers_of_a_deleted_agent_rest_until_it_is_back(
        self, http: httpx2.AsyncClient, catalog: Catalog, path: str
    ) -> None:
        preset = await make_listening(http, catalog, inputs={"word": "w"})
        graph_id = preset["graph_id"]

        async def started(number: int) -> list[str]:
            sent = await http.post(path_of(preset), json={"number": number})
            assert sent.status_code == 200
            came = (await http.get("/api/v1/deliveries")).json()["deliveries"][0]
            return [one["status"] for one in came["starts"] if one["status"] != "ignored"]

        await http.delete(f"{path}/{graph_id}")
        assert await started(1) == []
        back = (await http.post(f"{AGENTS}/{graph_id}/restore")).json()
        assert (back["listening"], back["triggers"], back["presets"]) == (1, 1, 0)
        assert len(await started(2)) == 1

    async def test_what_can_start_an_agent_is_told_with_what_it_asks(
        self, http: httpx2.AsyncClient, shelf: Shelf, catalog: Catalog
    ) -> None:
        plain = await shelf.save("Plain")
        preset = await make_listening(http, catalog, inputs={"word": "w"})

        assert (await http.get(f"{AGENTS}/{plain}/triggers")).json() == []
        [told] = (await http.get(f"{AGENTS}/{preset['graph_id']}/triggers")).json()
        assert (told["node"], told["block"]) == ("hook", "GenericWebhookTrigger")
        assert told["is_automatic"] is False
        assert list(told["config_schema"]["properties"]) == ["constants"]
        assert told["config_schema"]["required"] == []

    async def test_a_trigger_that_does_not_work_needs_attention(
        self, http: httpx2.AsyncClient, settled: Town, shelf: Shelf, catalog: Catalog
    ) -> None:
        await make_listening(http, catalog, inputs={"word": "w"})
        async with settled.platform.database.acquire() as connection:
            await connection.execute("UPDATE webhooks SET state = 'failed'")

        [one] = (await shelf.page(status="attention"))["agents"]
        assert (one["listening"], one["broken"], one["needs_attention"]) == (0, 1, True)

    @pytest.mark.parametrize("body", [{"is_favorit": True}, {"folder_id": "x"}, []])
    async def test_what_cannot_be_meant_is_refused(
        self, http: httpx2.AsyncClient, shelf: Shelf, body: Any
    ) -> None:
        saved = await shelf.save("One")
        assert (await http.patch(f"{AGENTS}/{saved}", json=body)).status_code == 422


class TestFolders:
    @pytest.mark.seed("D1-19")
    async def test_agents_go_in_and_out(self, http: httpx2.AsyncClient, shelf: Shelf) -> None:
        work = await shelf.folder(" Work ", icon="🧰", color="#2a9d8f")
        inner = await shelf.folder("Inner", parent_id=work)
        one, two, three = [await shelf.save(name) for name in ("One", "Two", "Three")]

        moved = await http.post(
            f"{FOLDERS}/agents/bulk-move", json={"agent_ids": [one, two, one], "folder_id": work}
        )
        assert [each["folder_id"] for each in moved.json()] == [work, work]
        await http.patch(f"{AGENTS}/{two}", json={"folder_id": inner})
        shown = (await http.get(f"{FOLDERS}/{work}")).json()
        assert (shown["name"], shown["icon"], shown["color"]) == ("Work", "🧰", "#2a9d8f")
        assert (shown["agent_count"], shown["subfolder_count"]) == (1, 1)
        assert await shelf.names(folder_id=work) == ["One"]
        assert await shelf.names(root_only=True) == ["Three"]
        assert await shelf.names(sort="name") == ["One", "Three", "Two"]
        await http.patch(f"{AGENTS}/{one}", json={"folder_id": None})
        assert await shelf.names(root_only=True, sort="name") == ["One", "Three"]
        assert await shelf.names(folder_id=inner) == ["Two"]

        for ids in ([one, work], [one, three, work]):
            lost = await http.post(
                f"{FOLDERS}/agents/bulk-move", json={"agent_ids": ids, "folder_id": inner}
            )
            assert (lost.status_code, lost.json()["code"]) == (404, "graph.not_found")
        assert await shelf.names(folder_id=inner) == ["Two"]

    async def test_names_are_free_once_in_a_place(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        work, home = await shelf.folder("Work"), await shelf.folder("Home")
        within = await shelf.folder("Work", parent_id=home)

        for sent in (
            http.post(FOLDERS, json={"name": "wORK"}),
            http.patch(f"{FOLDERS}/{home}", json={"name": "work"}),
            http.post(f"{FOLDERS}/{within}/move", json={"target_parent_id": None}),
        ):
            answer = await sent
            assert (answer.status_code, answer.json()["code"]) == (409, "folder.exists")
        same = await http.patch(f"{FOLDERS}/{work}", json={"name": "WORK", "icon": "🧰"})
        assert (same.json()["name"], same.json()["icon"]) == ("WORK", "🧰")
        plain = await http.patch(f"{FOLDERS}/{work}", json={"icon": None})
        assert (plain.json()["name"], plain.json()["icon"]) == ("WORK", None)

    async def test_no_folder_comes_into_itself(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        top = await shelf.folder("Top")
        middle = await shelf.folder("Middle", parent_id=top)
        low = await shelf.folder("Low", parent_id=middle)

        for target in (top, middle, low):
            answer = await http.post(f"{FOLDERS}/{top}/move", json={"target_parent_id": target})
            assert (answer.status_code, answer.json()["code"]) == (409, "folder.inside")
        moved = await http.post(f"{FOLDERS}/{low}/move", json={"target_parent_id": top})
        assert moved.json()["parent_id"] == top
        out = await http.post(f"{FOLDERS}/{low}/move", json={"target_parent_id": None})
        assert out.json()["parent_id"] is None

    async def test_two_moves_at_once_make_no_circle(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        for round_ in range(5):
            one, two = await shelf.folder(f"One {round_}"), await shelf.folder(f"Two {round_}")
            answers = await asyncio.gather(
                http.post(f"{FOLDERS}/{one}/move", json={"target_parent_id": two}),
                http.post(f"{FOLDERS}/{two}/move", json={"target_parent_id": one}),
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]

    async def test_no_agent_goes_with_its_folder(
        self, http: httpx2.AsyncClient, shelf: Shelf
    ) -> None:
        top = await shelf.folder("Top")
        middle = await shelf.folder("Middle", parent_id=top)
        low = await shelf.folder("Low", parent_id=middle)
        for name, folder in (("In middle", middle), ("In low", low)):
            saved = await shelf.save(name)
            await http.patch(f"{AGENTS}/{saved}", json={"folder_id": folder})

        assert (await http.delete(f"{FOLDERS}/{middle}")).status_code == 204
        assert await shelf.names(folder_id=top, sort="name") == ["In low", "In middle"]
        left = (await http.get(FOLDERS)).json()
        assert [(one["id"], one["agent_count"]) for one in left] == [(top, 2)]
        await http.delete(f"{FOLDERS}/{top}")
        assert await shelf.names(root_only=True, sort="name") == ["In low", "In middle"]
        assert (await http.delete(f"{FOLDERS}/{top}")).status_code == 404

    async def test_there_are_500_at_most(self, http: httpx2.AsyncClient, settled: Town) -> None:
        async with settled.platform.database.acquire() as connection:
            await connection.execute(
                """
                INSERT INTO library_folders (id, user_id, name)
                SELECT gen_random_uuid(), id, 'Folder ' || number
                FROM users, generate_series(1, 500) number WHERE email = 'ada@example.com'
                """
            )
        answer = await http.post(FOLDERS, json={"name": "One more"})
        assert (answer.status_code, answer.json()["code"]) == (409, "folder.too_many")
        assert answer.json()["details"] == {"max": 500}

    @pytest.mark.parametrize(
        "body",
        [
            {"name": ""},
            {"name": "n" * 101},
            {"name": "a", "icon": "no"},
            {"name": "a", "color": "red"},
        ],
    )
    async def test_what_cannot_be_kept_is_refused(
        self, http: httpx2.AsyncClient, body: dict[str, str]
    ) -> None:
        answer = await http.post(FOLDERS, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "folder.invalid")

    async def test_somebody_elses_folder_takes_nothing(
        self, http: httpx2.AsyncClient, settled: Town, shelf: Shelf
    ) -> None:
        saved = await shelf.save("Mine")
        async with settled.client(await settled.person("Bob")) as bobs:
            theirs = (await bobs.post(FOLDERS, json={"name": "Bob's"})).json()["id"]
        for sent in (
            http.patch(f"{AGENTS}/{saved}", json={"folder_id": theirs}),
            http.post(FOLDERS, json={"name": "In it", "parent_id": theirs}),
            http.post(
                f"{FOLDERS}/agents/bulk-move", json={"agent_ids": [saved], "folder_id": theirs}
            ),
        ):
            answer = await sent
            assert (answer.status_code, answer.json()["code"]) == (404, "folder.not_found")
