"""Family 15: an installation that was just made gives nothing to anybody but its owner."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import require_owner
from autograph.bootstrap.accounts import NoOwner
from autograph.graph.portable import write_agent
from autograph.infra.crypto import KeyMissing
from autograph.infra.keys import read_keys
from autograph.infra.settings import Settings
from tests.agents import chain
from tests.security.people import HERE, OWNER, PASSWORD, Town, town

LOCAL = {"Host": "127.0.0.1:8085"}


async def test_keys_are_made_for_each_installation_and_for_its_owner_alone(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path / "a"):
        pass
    kept = tmp_path / "a" / "keys.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    first = read_keys(kept)
    assert first is not None
    async with town(database_url, tmp_path / "a"):
        assert read_keys(kept) == first


async def test_without_its_keys_an_installation_does_not_start(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path):
        pass
    kept = (tmp_path / "keys.json").rename(tmp_path / "aside.json")
    with pytest.raises(KeyMissing, match=r"Put it back \(setting: AUTOGRAPH_KEY_FILE\)"):
        async with town(database_url, tmp_path):
            pass
    assert not (tmp_path / "keys.json").exists()
    async with town(database_url, tmp_path / "elsewhere", key_file=kept):
        pass


async def test_keys_with_other_bytes_are_refused(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path):
        pass
    path = tmp_path / "keys.json"
    ring = read_keys(path)
    assert ring is not None
    path.write_text(path.read_text().replace(_base64(ring.keys[ring.current]), "A" * 43 + "="))
    with pytest.raises(KeyMissing, match="other bytes"):
        async with town(database_url, tmp_path):
            pass


async def test_nobody_else_takes_over_an_installation_that_others_can_reach(
    fresh: Town, tmp_path: Path
) -> None:
    accounts = fresh.platform.accounts
    for host in ("0.0.0.0", "192.0.2.1", "::", "autograph.example.com"):
        with pytest.raises(NoOwner, match="autograph accounts set-up"):
            await require_owner(Settings(host=host), accounts)
    for host in ("127.0.0.1", "localhost", "::1"):
        await require_owner(Settings(host=host), accounts)
    await fresh.set_up()
    await require_owner(Settings(host="0.0.0.0"), accounts)


class TestSingleUser:
    async def test_whoever_sits_at_the_machine_is_the_owner(self, fresh: Town) -> None:
        async with fresh.client(ip="127.0.0.1", headers=LOCAL) as http:
            assert (await http.get("/api/v1/graphs")).status_code == 200

    @pytest.mark.parametrize(
        ("ip", "headers"),
        [
            ("203.0.113.7", LOCAL),
            ("127.0.0.1", {"Host": "evil.example"}),
            ("127.0.0.1", {"Host": "127.0.0.1.evil.example"}),
            ("127.0.0.1", {**LOCAL, "X-Forwarded-For": "203.0.113.7"}),
            ("127.0.0.1", {**LOCAL, "Forwarded": "for=203.0.113.7"}),
            ("127.0.0.1", {**LOCAL, "Authorization": "Bearer wrong"}),
        ],
        ids=str,
    )
    async def test_nobody_else_is(self, fresh: Town, ip: str, headers: dict[str, str]) -> None:
        async with fresh.client(ip=ip, headers=headers) as http:
            assert (await http.get("/api/v1/graphs")).status_code == 401

    async def test_a_page_of_others_changes_nothing(self, fresh: Town) -> None:
        headers = {**LOCAL, "Origin": "https://evil.example"}
        async with fresh.client(ip="127.0.0.1", headers=headers) as http:
            answer = await http.post("/api/v1/graphs", json={})
        assert answer.json()["code"] == "request.foreign_origin"

    async def test_it_ends_with_the_owners_account_which_keeps_what_was_made(
        self, fresh: Town, catalog: Catalog
    ) -> None:
        async with fresh.client(ip="127.0.0.1", headers=LOCAL) as http:
            made = await http.post("/api/v1/graphs", json=write_agent(chain(catalog, 2)))
            body = {"email": OWNER, "password": PASSWORD, "name": "Olga", "delivery": "token"}
            tokens = (await http.post("/api/v1/auth/set-up", json=body)).json()
            again = await http.post(
                "/api/v1/auth/set-up", json={**body, "email": "eve@example.com"}
            )
            assert (await http.get("/api/v1/graphs")).status_code == 401
        assert (again.status_code, again.json()["code"]) == (409, "auth.already_set_up")
        async with fresh.client(tokens["access_token"]) as http:
            found = (await http.get("/api/v1/graphs")).json()["graphs"]
        assert [one["id"] for one in found] == [made.json()["id"]]

    async def test_it_can_be_turned_off(self, database_url: str, tmp_path: Path) -> None:
        async with (
            town(database_url, tmp_path, single_user=False) as made,
            made.client(ip="127.0.0.1", headers=LOCAL) as http,
        ):
            assert (await http.get("/api/v1/graphs")).status_code == 401


async def test_there_is_no_default_password(fresh: Town) -> None:
    async with fresh.client() as http:
        for email in ("admin", "owner", "root", "admin@example.com", "admin@localhost"):
            for password in ("", "admin", "password", "autograph", "changeme"):
                answer = await http.post(
                    "/api/v1/auth/login", json={"email": email, "password": password}
                )
                assert answer.status_code in {401, 429}
    assert HERE.ip


def _base64(key: bytes) -> str:
    return base64.b64encode(key).decode()
