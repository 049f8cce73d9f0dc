"""Family 3, for programs: a key reaches exactly what its scopes cover, and no session reaches what is theirs."""

from __future__ import annotations

import pytest

from autograph.features.accounts.models import Permission, Scope
from autograph.features.accounts.models.roles import SCOPES
from tests.security.inventory import Route, routes
from tests.security.people import Town

FOR_PROGRAMS = [one for one in routes() if one.access.is_for_programs]
NOBODYS = "01900000-0000-7000-8000-0000000000ff"
EXPECTED = {
    Scope.IDENTITY: {"GET /me"},
    Scope.READ_BLOCK: {"GET /blocks", "GET /blocks/{block_id}"},
    Scope.EXECUTE_BLOCK: {"POST /blocks/{block_id}/execute"},
    Scope.READ_GRAPH: {
        "GET /graphs",
        "GET /graphs/{graph_id}",
        "GET /graphs/{graph_id}/export",
        "GET /graphs/{graph_id}/versions",
        "GET /runs",
        "GET /runs/{run_id}",
        "GET /runs/{run_id}/events",
        "GET /runs/{run_id}/node-runs",
        "GET /runs/{run_id}/stream",
        "GET /reviews",
        "GET /reviews/{review_id}",
    },
    Scope.WRITE_GRAPH: {
        "POST /graphs",
        "PUT /graphs/{graph_id}",
        "DELETE /graphs/{graph_id}",
        "POST /graphs/{graph_id}/versions/{version}/activate",
    },
    Scope.EXECUTE_GRAPH: {
        "POST /graphs/{graph_id}/execute",
        "POST /runs/{run_id}/stop",
        "DELETE /runs/{run_id}",
    },
    Scope.READ_INTEGRATIONS: {
        "GET /integrations/credentials",
        "GET /integrations/{provider}/credentials",
    },
    Scope.MANAGE_INTEGRATIONS: {
        "POST /integrations/{provider}/credentials",
        "POST /integrations/{provider}/oauth/initiate",
        "POST /integrations/{provider}/oauth/complete",
    },
    Scope.DELETE_INTEGRATIONS: {"DELETE /integrations/{provider}/credentials/{credential_id}"},
    Scope.ANSWER_REVIEWS: {
        "POST /reviews/{review_id}",
        "GET /reviews",
        "GET /reviews/{review_id}",
        "GET /runs",
        "GET /runs/{run_id}",
        "GET /runs/{run_id}/events",
        "GET /runs/{run_id}/node-runs",
        "GET /runs/{run_id}/stream",
    },
    Scope.WRITE_LIBRARY: {
        "POST /graphs",
        "PUT /graphs/{graph_id}",
        "DELETE /graphs/{graph_id}",
        "POST /graphs/{graph_id}/versions/{version}/activate",
    },
    Scope.USE_TOOLS: {"POST /graphs/{graph_id}/execute"},
    Scope.READ_STORE: set[str](),
    Scope.READ_FILES: set[str](),
    Scope.WRITE_FILES: set[str](),
}
"""Reviewed: what a key with one scope reaches under /external/v1."""


def _filled(route: Route) -> str:
    return route.at(**{**dict.fromkeys(route.parameters, NOBODYS), "version": "1"})


def test_every_external_route_is_for_programs_and_no_other_is() -> None:
    external = {str(one) for one in routes() if one.path.startswith(("/external", "/mcp"))}
    assert {str(one) for one in FOR_PROGRAMS} == external
    assert len(external) > 30


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_key_of_one_scope_reaches_what_the_table_says(
    open_town: Town, scope: Scope
) -> None:
    ada = await open_town.person("Ada")
    reached: set[str] = set()
    async with open_town.client(await open_town.key(ada, scope)) as http:
        for route in FOR_PROGRAMS:
            answer = await http.request(route.method, _filled(route), json={})
            assert answer.status_code < 500, str(route)
            covered = route.access.permission in SCOPES[scope]
            assert (str(route), answer.status_code == 403) == (str(route), not covered)
            if covered:
                reached.add(str(route))
                continue
            told = answer.json()
            assert told["code"] == "auth.forbidden"
            assert route.access.permission is not None
            wanted = told["details"]["scopes"]
            assert wanted
            assert all(route.access.permission in SCOPES[Scope(one)] for one in wanted)
    own = {one.replace(" /external/v1", " ") for one in reached if " /external/v1" in one}
    assert own == EXPECTED[scope]


async def test_a_persons_own_session_is_not_for_programs(settled: Town) -> None:
    ada = await settled.person("Ada")
    async with settled.client(ada) as http:
        for route in FOR_PROGRAMS:
            answer = await http.request(route.method, _filled(route), json={})
            assert (str(route), answer.status_code) == (str(route), 403)
            assert "X-API-Key" in answer.json()["message"]


async def test_nor_is_the_person_at_this_machine(fresh: Town) -> None:
    async with fresh.client(ip="127.0.0.1", headers={"host": "127.0.0.1"}) as http:
        assert (await http.get("/api/v1/account")).status_code == 200
        assert (await http.get("/external/v1/me")).status_code == 403


async def test_the_permission_to_delete_credentials_is_none_to_add_them() -> None:
    assert SCOPES[Scope.DELETE_INTEGRATIONS] == {Permission.CREDENTIALS_DELETE}
    assert SCOPES[Scope.MANAGE_INTEGRATIONS] == {Permission.CREDENTIALS_WRITE}


async def test_no_key_reads_an_inbox(settled: Town) -> None:
    """It has errors of runs, questions, and where somebody logged in: more than any scope says."""
    ada = await settled.person("Ada")
    async with settled.client(await settled.key(ada)) as program:
        for path in ("/api/v1/notifications", "/api/v1/notifications/preferences"):
            assert (await program.get(path)).status_code == 403
    async with settled.client(ada) as http:
        assert (await http.get("/api/v1/notifications")).status_code == 200
