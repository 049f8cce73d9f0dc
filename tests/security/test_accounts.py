"""Accounts from their making to their deletion, for those who look after them, and by command."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from autograph.blocks.catalog import Catalog
from autograph.features.accounts.models import Role
from autograph.graph.portable import write_agent
from tests.agents import chain, graph, node
from tests.processes import as_json, command
from tests.security.people import HERE, OWNER, PASSWORD, Town

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def owner(settled: Town) -> str:
    return (await settled.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access


class TestLookingAfterPeople:
    @pytest.mark.seed("D1-14")
    async def test_every_change_is_written_down_with_before_and_after(
        self, settled: Town, owner: str
    ) -> None:
        await settled.person("Ada")
        async with settled.client(owner) as http:
            found = (await http.get("/api/admin/users", params={"search": "ada"})).json()["users"]
            at = f"/api/admin/users/{found[0]['id']}"
            await http.post(f"{at}/suspend", json={"reason": "Spam"})
            await http.post(f"{at}/restore")
            await http.put(f"{at}/roles", json={"roles": ["user", "creator"]})
            changed = await http.patch(f"{at}/limits", json={"weight": 5, "max_runs": 3})
            unlimited = await http.patch(f"{at}/limits", json={"max_runs": None})
            lines = (
                await http.get("/api/admin/audit", params={"target": f"user:{found[0]['id']}"})
            ).json()["entries"]
        assert (changed.json()["weight"], changed.json()["max_runs"]) == (5, 3)
        assert unlimited.json()["max_runs"] is None
        told = [(one["action"], one["before"], one["after"]) for one in reversed(lines)][1:]
        assert told == [
            (
                "user.suspended",
                {"status": "active", "suspended_for": None},
                {"status": "suspended", "suspended_for": "Spam"},
            ),
            (
                "user.restored",
                {"status": "suspended", "suspended_for": "Spam"},
                {"status": "active", "suspended_for": None},
            ),
            ("user.roles_changed", {"roles": ["user"]}, {"roles": ["creator", "user"]}),
            (
                "user.limits_changed",
                {"weight": 1, "max_runs": None},
                {"weight": 5, "max_runs": 3},
            ),
            ("user.limits_changed", {"max_runs": 3}, {"max_runs": None}),
        ]
        assert {one["actor_id"] for one in lines[:-1]} == {str(settled.platform.owner.user_id)}

    @pytest.mark.seed("D4-19")
    async def test_the_last_administrator_stays(self, settled: Town, owner: str) -> None:
        at = f"/api/admin/users/{settled.platform.owner.user_id}"
        async with settled.client(owner) as http:
            answers = [
                await http.post(f"{at}/suspend", json={"reason": "x"}),
                await http.put(f"{at}/roles", json={"roles": ["user"]}),
                await http.delete(at),
                await http.post("/api/v1/account/delete", json={"password": PASSWORD}),
            ]
            assert [one.json().get("code") for one in answers] == ["user.last_admin"] * 4
            assert (await http.get("/api/v1/account")).json()["status"] == "active"

    @pytest.mark.seed("D4-19")
    async def test_two_last_administrators_cannot_remove_each_other(
        self, settled: Town, owner: str
    ) -> None:
        await settled.person("Ada", [Role.ADMIN])
        accounts = settled.platform.accounts
        people = (await accounts.administration.list_page()).accounts
        done = await asyncio.gather(
            *(
                accounts.administration.set_roles(settled.platform.owner, one.id, [Role.USER], HERE)
                for one in people
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(one, Exception) for one in done) == 1

    async def test_people_are_listed_page_by_page(self, settled: Town, owner: str) -> None:
        for name in ("Ada", "Bob", "Cleo"):
            await settled.person(name)
        seen: list[str] = []
        before = None
        async with settled.client(owner) as http:
            for _ in itertools.count():
                parameters = {"limit": 2, **({"before": before} if before else {})}
                page = (await http.get("/api/admin/users", params=parameters)).json()
                seen += [one["name"] for one in page["users"]]
                before = page["next_before"]
                if before is None:
                    break
        assert seen == ["Cleo", "Bob", "Ada", "Olga"]


class TestAuditLog:
    async def test_nobody_changes_it(self, settled: Town) -> None:
        async with settled.platform.database.acquire() as connection:
            for statement in (
                "UPDATE audit_log SET action = 'nothing'",
                "DELETE FROM audit_log",
                "TRUNCATE audit_log",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added to"):
                    await connection.execute(statement)


class TestFarewell:
    @pytest.fixture
    async def ada(self, settled: Town, catalog: Catalog) -> tuple[str, UUID]:
        """Somebody with an agent that holds a key, a run that is over and one that waits."""
        token = await settled.person("Ada")
        asks = graph(
            [
                node(catalog, "ask", "HumanInTheLoop", data="Adas question", name="Q"),
                node(
                    catalog, "key", "AgentShortTextInput", name="Key", secret=True, value="s3cr3t"
                ),
                node(catalog, "out", "AgentOutput", name="out"),
            ],
            "ask.approved_data -> out.value",
        )
        async with settled.client(token) as http:
            for made in (chain(catalog, 2), asks):
                saved = (await http.post("/api/v1/graphs", json=write_agent(made))).json()
                await http.post(
                    f"/api/v1/graphs/{saved['id']}/execute", json={}, params={"wait": 2}
                )
            await http.post("/api/v1/api-keys", json={"name": "k", "scopes": ["IDENTITY"]})
            me = (await http.get("/api/v1/account")).json()
        return token, UUID(me["id"])

    @pytest.mark.seed("D3-11")
    async def test_the_export_has_everything_and_no_secret(
        self, settled: Town, ada: tuple[str, UUID]
    ) -> None:
        async with settled.client(ada[0]) as http:
            answer = await http.get("/api/v1/account/export")
        found = answer.json()
        assert set(found) == {
            *("account", "sessions", "identities", "granted_apps", "own_apps"),
            *("agents", "runs", "feedback", "library", "credentials", "files", "notifications"),
        }
        assert (found["account"]["email"], len(found["agents"]), len(found["runs"])) == (
            "ada@example.com",
            2,
            2,
        )
        assert "s3cr3t" not in answer.text
        assert "argon2" not in answer.text

    @pytest.mark.seed("D3-11")
    async def test_after_it_nothing_is_left(self, settled: Town, ada: tuple[str, UUID]) -> None:
        token, user_id = ada
        async with settled.client(token) as http:
            wrong = await http.post("/api/v1/account/delete", json={"password": "no"})
            done = await http.post("/api/v1/account/delete", json={"password": PASSWORD})
            assert (wrong.status_code, done.status_code) == (401, 204)
            assert (await http.get("/api/v1/account")).status_code == 401
        async with settled.platform.database.acquire() as connection:
            tables: Any = await connection.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'audit_log'"
            )
            left = {
                table["tablename"]: await connection.fetchval(
                    f'SELECT count(*) FROM "{table["tablename"]}" t WHERE t::text LIKE $1',
                    f"%{user_id}%",
                )
                for table in tables
            }
        assert {name: count for name, count in left.items() if count} == {}


class TestByCommand:
    async def test_set_up_and_look_after(self, database_url: str, tmp_path: Path) -> None:
        def told(*arguments: str, stdin: str | None = None) -> Any:
            return command(
                *arguments, data_dir=tmp_path, stdin=stdin, AUTOGRAPH_DATABASE_URL=database_url
            )

        weak = told("accounts", "set-up", "--email", OWNER, stdin="short\n")
        made = told("accounts", "set-up", "--email", OWNER, "--name", "Olga", stdin=PASSWORD + "\n")
        again = told("accounts", "set-up", "--email", OWNER, stdin=PASSWORD + "\n")
        (listed,) = as_json(told("accounts", "list", "--json"))
        limited = as_json(told("accounts", "limits", OWNER, "--weight", "7", "--json"))
        last = told("accounts", "suspend", OWNER)
        nobody = told("accounts", "restore", "no@example.com")
        no_apps = as_json(told("apps", "list", "--json"))
        no_app = told("apps", "suspend", "01900000-0000-7000-8000-0000000000ff")
        lines = as_json(told("audit", "--json"))

        assert (weak.returncode, made.returncode, again.returncode) == (2, 0, 2)
        assert "10 to 256" in weak.stderr
        assert (no_apps, no_app.returncode) == ([], 2)
        assert "There is no app" in no_app.stderr
        assert f"{OWNER} is the owner" in made.stdout
        assert (listed["email"], listed["status"]) == (OWNER, "active")
        assert limited["weight"] == 7
        assert (last.returncode, "last administrator" in last.stderr) == (2, True)
        assert (nobody.returncode, "autograph accounts list" in nobody.stderr) == (2, True)
        assert {one["action"] for one in lines} >= {"owner.set_up", "user.limits_changed"}
        assert datetime.fromisoformat(lines[0]["at"]) <= datetime.now(UTC)
