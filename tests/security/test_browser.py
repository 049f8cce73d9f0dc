"""Family 11: what a browser does by itself, and what pages of others make it do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.security.people import OWNER, PASSWORD, Town, town

LOGIN = {"email": OWNER, "password": PASSWORD}


async def log_in(http: httpx2.AsyncClient) -> httpx2.Response:
    answer = await http.post("/api/v1/auth/login", json=LOGIN)
    assert answer.status_code == 200
    return answer


@pytest.mark.seed("D7-S03", "D7-P02")
async def test_cookies_are_for_no_script_and_no_other_site(settled: Town) -> None:
    async with settled.client() as http:
        answer = await log_in(http)
        assert (await http.get("/api/v1/account")).json()["email"] == OWNER
    lines = answer.headers.get_list("set-cookie")
    assert len(lines) == 2
    assert all("HttpOnly" in line and "SameSite=" in line for line in lines)
    assert "Path=/api/v1/auth" in lines[1]
    body = answer.json()
    assert (body["access_token"], body["refresh_token"]) == (None, None)


@pytest.mark.seed("D7-S03")
async def test_cookies_are_secure_where_people_come_by_https(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, public_url="https://a.example") as made:
        await made.set_up()
        async with made.client() as http:
            lines = (await log_in(http)).headers.get_list("set-cookie")
    assert all("; Secure" in line for line in lines)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://autograph.test.evil.example"},
        {"Origin": "http://autograph.test:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_page_of_others_changes_nothing(
    settled: Town, method: str, headers: dict[str, str]
) -> None:
    async with settled.client() as http:
        await log_in(http)
        answer = await http.request(method, "/api/v1/auth/sessions", headers=headers, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "request.foreign_origin")
        assert (await http.get("/api/v1/account")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://autograph.test"}, {"Sec-Fetch-Site": "same-origin"}],
    ids=str,
)
async def test_our_own_page_changes_what_it_likes(settled: Town, headers: dict[str, str]) -> None:
    async with settled.client() as http:
        await log_in(http)
        answer = await http.patch("/api/v1/account", headers=headers, json={"name": "Olga O."})
        assert answer.json()["name"] == "Olga O."


async def test_a_page_of_others_logs_nobody_in(settled: Town) -> None:
    async with settled.client() as http:
        answer = await http.post(
            "/api/v1/auth/login", json=LOGIN, headers={"Origin": "https://evil.example"}
        )
    assert answer.status_code == 403


async def test_other_origins_are_allowed_by_name(database_url: str, tmp_path: Path) -> None:
    origin = "https://app.example.com"
    async with town(database_url, tmp_path, cors_origins=[origin]) as made:
        await made.set_up()
        async with made.client() as http:
            asked: dict[str, Any] = {"Access-Control-Request-Method": "PATCH"}
            ours = await http.options("/api/v1/account", headers={"Origin": origin, **asked})
            evil = await http.options(
                "/api/v1/account", headers={"Origin": "https://evil.example", **asked}
            )
            await log_in(http)
            done = await http.patch(
                "/api/v1/account", headers={"Origin": origin}, json={"name": "O"}
            )
    assert ours.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in evil.headers
    assert done.json()["name"] == "O"
    assert done.headers["access-control-allow-credentials"] == "true"


async def test_the_page_has_no_script_of_its_own_in_it(settled: Town) -> None:
    async with settled.client() as http:
        page = (await http.get("/")).text
    assert "<script>" not in page
    assert "javascript:" not in page
    assert " onclick" not in page
    assert "http://" not in page
    assert "https://" not in page
