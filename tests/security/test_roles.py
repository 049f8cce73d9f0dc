"""Family 3: one table of roles and permissions; each role, each permission, each admin route."""

from __future__ import annotations

import itertools

import pytest

from autograph.features.accounts.models import Permission, Role, Scope
from autograph.features.accounts.models.roles import ROLES, SCOPES, permissions_of
from autograph.infra.ids import new_id
from tests.security.inventory import Route, routes
from tests.security.people import HERE, OWNER, PASSWORD, Town

ADMIN_ROUTES = [one for one in routes() if one.path.startswith("/api/admin/")]
OWN = {Permission.ACCOUNT_READ, Permission.ACCOUNT_WRITE}
EXPECTED = {
    Role.USER: OWN
    | {
        Permission.API_KEYS,
        Permission.APPS,
        Permission.AGENTS_READ,
        Permission.AGENTS_WRITE,
        Permission.BLOCKS_READ,
        Permission.BLOCKS_RUN,
        Permission.RUNS_READ,
        Permission.RUNS_START,
        Permission.RUNS_WRITE,
        Permission.REVIEWS_ANSWER,
        Permission.CREDENTIALS_READ,
        Permission.CREDENTIALS_WRITE,
        Permission.CREDENTIALS_DELETE,
        Permission.FILES_READ,
        Permission.FILES_WRITE,
        Permission.STORE_READ,
    },
    Role.CREATOR: OWN | {Permission.STORE_READ, Permission.STORE_SUBMIT},
    Role.REVIEWER: OWN | {Permission.STORE_READ, Permission.STORE_REVIEW},
    Role.SUPPORT: OWN | {Permission.USERS_READ, Permission.AUDIT_READ},
    Role.ADMIN: set(Permission),
}


@pytest.mark.seed("D7-S20", "D6-P07")
@pytest.mark.parametrize(("role", "permission"), list(itertools.product(Role, Permission)))
def test_each_role_may_what_the_table_says(role: Role, permission: Permission) -> None:
    assert (permission in permissions_of([role], None)) is (permission in EXPECTED[role])


def test_nobody_may_anything_without_a_role() -> None:
    assert permissions_of([], None) == frozenset()


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_gives_nothing_that_its_person_may_not(scope: Scope) -> None:
    assert permissions_of([Role.USER], [scope]) == SCOPES[scope] & ROLES[Role.USER]
    assert permissions_of([Role.REVIEWER], [scope]) <= ROLES[Role.REVIEWER]


@pytest.mark.parametrize("scope", list(Scope))
def test_no_scope_leads_to_what_administrators_do(scope: Scope) -> None:
    assert not [one for one in permissions_of(Role, [scope]) if one.startswith("admin.")]


@pytest.mark.seed("D7-S26", "D1-14", "D6-P07")
async def test_every_admin_route_is_403_for_everybody_else(settled: Town) -> None:
    tokens = {
        role: await settled.person(role.title(), [role])
        for role in (Role.USER, Role.CREATOR, Role.REVIEWER)
    }
    for role, token in tokens.items():
        async with settled.client(token) as http:
            for route in ADMIN_ROUTES:
                answer = await http.request(route.method, _filled(route), json={})
                assert (role, str(route), answer.status_code) == (role, str(route), 403)
                assert answer.json()["code"] == "auth.forbidden"
    refused = await settled.platform.accounts.audit.list_page(action="access.refused")
    assert len(refused.entries) == len(ADMIN_ROUTES) * len(tokens)


@pytest.mark.seed("D7-S21", "D7-S23", "D7-S24")
async def test_administrators_are_let_in_and_it_is_written_down(settled: Town) -> None:
    await settled.person("Ada")
    tokens = await settled.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
    async with settled.client(tokens.access) as http:
        answer = await http.get("/api/admin/users")
        audit = (await http.get("/api/admin/audit", params={"action": "admin.access"})).json()

    assert {one["email"] for one in answer.json()["users"]} == {OWNER, "ada@example.com"}
    assert "password_hash" not in answer.text
    assert "argon2" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert {one["target"] for one in audit["entries"]} == {
        "GET /api/admin/users",
        "GET /api/admin/audit",
    }
    assert audit["entries"][1]["request_id"] == answer.headers["x-request-id"]


async def test_support_sees_and_changes_nothing(settled: Town) -> None:
    token = await settled.person("Sam", [Role.SUPPORT])
    async with settled.client(token) as http:
        for route in ADMIN_ROUTES:
            answer = await http.request(route.method, _filled(route), json={})
            expected = {200, 404} if route.method == "GET" else {403}
            assert answer.status_code in expected, str(route)


def _filled(route: Route) -> str:
    return route.at(**dict.fromkeys(route.parameters, str(new_id())))
