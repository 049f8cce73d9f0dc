"""Accounts at other systems: connected, refreshed once, ended; against a provider that speaks real OAuth."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from autograph.features.accounts.models import Scope
from autograph.features.integrations.errors import CredentialEnded
from autograph.infra.database import Database
from tests.integration.integrations.provider_server import (
    CLIENT,
    KEY,
    FakeProvider,
    fake_provider,
)
from tests.security.people import Town, town

pytestmark = pytest.mark.timeout(60)


def settings_of(folder: Path) -> dict[str, Any]:
    return {
        "provider_dir": folder / "providers",
        "oauth_clients": json.dumps({"acme": CLIENT}),
        "egress_inside": ("127.0.0.0/8",),
        "rate_write": 0,
    }


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[FakeProvider]:
    async with fake_provider(tmp_path / "providers") as made:
        yield made


@pytest.fixture
async def place(acme: FakeProvider, database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, tmp_path, **settings_of(tmp_path)) as made:
        await made.set_up()
        yield made


async def connect(http: Any, acme: FakeProvider, **wanted: Any) -> Any:
    begun = (await http.post("/api/v1/connections", json={"provider": "acme", **wanted})).json()
    code = acme.agree(begun["url"])
    return await http.post(
        "/api/v1/connections/finish", json={"state": begun["state"], "code": code}
    )


async def user_id_of(database: Database, credential_id: str) -> UUID:
    async with database.acquire() as connection:
        found: UUID = await connection.fetchval(
            "SELECT user_id FROM credentials WHERE id = $1", UUID(credential_id)
        )
        return found


class TestConnecting:
    @pytest.mark.seed("D1-20")
    async def test_an_account_becomes_a_credential_and_is_tested(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            done = await connect(http, acme, scopes=["write"])
            made = done.json()["credential"]
            test = await http.post(f"/api/v1/credentials/{made['id']}/test")

        assert done.status_code == 200, done.text
        assert (made["account"], made["type"]) == ("ada", "oauth2")
        assert made["scopes"] == ["read", "write"]
        assert done.json()["is_new"] is True
        assert test.json() == {
            "ok": True,
            "status": 200,
            "account": "ada",
            "message": "Acme takes it. It is ada's.",
        }

    async def test_the_same_account_goes_on_with_its_credential_and_asks_for_what_it_had(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            first = (await connect(http, acme, scopes=["write"])).json()["credential"]
            begun = await http.post(
                "/api/v1/connections",
                json={"provider": "acme", "scopes": ["admin"], "credential_id": first["id"]},
            )
            again = (await connect(http, acme, scopes=["write", "admin"])).json()
            listed = (await http.get("/api/v1/credentials")).json()

        assert begun.json()["scopes"] == ["read", "write", "admin"]
        assert (again["is_new"], again["credential"]["id"]) == (False, first["id"])
        assert [one["id"] for one in listed] == [first["id"]]

    async def test_another_account_does_not_take_over_a_credential(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            first = (await connect(http, acme)).json()["credential"]
            acme.account = "eve"
            refused = await connect(http, acme, credential_id=first["id"])

        assert (refused.status_code, refused.json()["code"]) == (409, "connection.other_account")

    async def test_scopes_that_are_not_granted_are_told(
        self, place: Town, acme: FakeProvider
    ) -> None:
        acme.narrowed = ["read"]
        async with place.client(await place.person("Ada")) as http:
            done = await connect(http, acme, scopes=["write"])

        assert done.json()["missing_scopes"] == ["write"]

    @pytest.mark.seed("D1-39")
    async def test_a_state_is_good_once_and_for_the_person_who_began(
        self, place: Town, acme: FakeProvider
    ) -> None:
        ada, bob = await place.person("Ada"), await place.person("Bob")
        async with place.client(ada) as http, place.client(bob) as other:
            begun = (await http.post("/api/v1/connections", json={"provider": "acme"})).json()
            body = {"state": begun["state"], "code": acme.agree(begun["url"])}
            stolen = await other.post("/api/v1/connections/finish", json=body)
            first = await http.post("/api/v1/connections/finish", json=body)
            second = await http.post("/api/v1/connections/finish", json=body)

        assert stolen.json()["code"] == "connection.state_invalid"
        assert first.status_code == 200
        assert second.json()["code"] == "connection.state_invalid"

    @pytest.mark.seed("D1-E15")
    async def test_a_program_takes_a_person_back_to_its_own_page(
        self, acme: FakeProvider, database_url: str, tmp_path: Path
    ) -> None:
        origins = ("https://app.example.com", "http://localhost")
        settings = {**settings_of(tmp_path), "connect_origins": origins}
        async with town(database_url, tmp_path, **settings) as place:
            key = await place.key(
                await place.person("Ada"), Scope.MANAGE_INTEGRATIONS, Scope.READ_INTEGRATIONS
            )
            base = "/external/v1/integrations/acme/oauth"
            async with place.client(headers={"X-API-Key": key}) as http:
                for url in (
                    "https://app.example.com.evil.example/back",
                    "https://app.example.com@evil.example/back",
                    "http://app.example.com/back",
                    "https://app.example.com/back#here",
                    "javascript:alert(1)",
                ):
                    refused = await http.post(f"{base}/initiate", json={"callback_url": url})
                    assert refused.json()["code"] == "connection.callback_refused", url
                wanted = {
                    "callback_url": "http://localhost:4711/back",
                    "scopes": ["write"],
                    "state_metadata": {"task": 7},
                }
                begun = (await http.post(f"{base}/initiate", json=wanted)).json()
                asked = parse_qs(urlsplit(begun["login_url"]).query)
                assert asked["redirect_uri"] == ["http://localhost:4711/back"]
                body = {
                    "state_token": begun["state_token"],
                    "code": acme.agree(begun["login_url"]),
                }
                done = (await http.post(f"{base}/complete", json=body)).json()
                again = await http.post(f"{base}/complete", json=body)
                listed = (await http.get("/external/v1/integrations/credentials")).json()

        assert done["state_metadata"] == {"task": 7}
        assert done["credential"]["account"] == "ada"
        assert done["credentials_id"] == done["credential"]["id"]
        assert [one["id"] for one in listed] == [done["credentials_id"]]
        assert again.json()["code"] == "connection.state_invalid"

    async def test_a_state_ends_after_ten_minutes(
        self, place: Town, acme: FakeProvider, database: Database
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            begun = (await http.post("/api/v1/connections", json={"provider": "acme"})).json()
            async with database.acquire() as connection:
                await connection.execute(
                    "UPDATE connection_states SET expires_at = expires_at - interval '10 minutes'"
                )
            late = await http.post(
                "/api/v1/connections/finish",
                json={"state": begun["state"], "code": acme.agree(begun["url"])},
            )

        assert late.json()["code"] == "connection.state_invalid"
        assert acme.asked == []

    async def test_a_person_who_says_no_is_told_so(self, place: Town, acme: FakeProvider) -> None:
        async with place.client(await place.person("Ada")) as http:
            begun = (await http.post("/api/v1/connections", json={"provider": "acme"})).json()
            said = await http.post(
                "/api/v1/connections/finish",
                json={
                    "state": begun["state"],
                    "error": "access_denied",
                    "error_description": "The user said no",
                },
            )

            again = (await http.post("/api/v1/connections", json={"provider": "acme"})).json()
            plain = await http.post(
                "/api/v1/connections/finish",
                json={"state": again["state"], "error": "access_denied"},
            )

        assert said.status_code == 422
        assert said.json()["message"] == "Acme was not connected: The user said no."
        assert plain.json()["details"] == {"provider": "Acme", "provider_code": "access_denied"}
        assert plain.json()["message"] == "You did not allow it at Acme, so nothing is connected."

    async def test_a_provider_without_a_client_says_how_to_register(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            said = await http.post("/api/v1/connections", json={"provider": "github"})

        assert said.json()["code"] == "connection.no_client"
        assert "https://github.com/settings/developers" in said.json()["message"]
        assert said.json()["details"]["redirect_uri"].endswith("/connect")

    async def test_the_address_that_people_are_sent_to_has_no_verifier(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            begun = (await http.post("/api/v1/connections", json={"provider": "acme"})).json()

        query = parse_qs(urlsplit(begun["url"]).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["state"] == [begun["state"]]
        assert CLIENT["secret"] not in begun["url"]


class TestRefreshing:
    @pytest.mark.seed("D1-20", "D1-E29", "D8-03")
    async def test_fifty_uses_on_two_platforms_ask_once(
        self, place: Town, acme: FakeProvider, database_url: str, tmp_path: Path, database: Database
    ) -> None:
        acme.expires_in = 30
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
        acme.expires_in = 3600
        owner, credential_id = await user_id_of(database, made["id"]), UUID(made["id"])
        async with AsyncExitStack() as stack:
            second = await stack.enter_async_context(
                town(database_url, tmp_path, **settings_of(tmp_path))
            )
            opened = await asyncio.gather(
                *(
                    one.platform.integrations.credentials.open(owner, credential_id)
                    for one in [place, second] * 25
                )
            )

        assert acme.refreshes == 1
        assert len({secret.access_token for _, secret in opened}) == 1  # type: ignore[union-attr]
        assert acme.asked == ["authorization_code", "refresh_token"]

    async def test_a_lease_of_a_process_that_died_ends(
        self, place: Town, acme: FakeProvider, database: Database
    ) -> None:
        acme.expires_in = 30
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
        owner, credential_id = await user_id_of(database, made["id"]), UUID(made["id"])
        async with database.acquire() as connection:
            await connection.execute(
                "UPDATE credentials SET refreshing_until = now() + interval '300 milliseconds'"
            )
        await place.platform.integrations.credentials.open(owner, credential_id)

        assert acme.refreshes == 1

    async def test_a_refresh_token_that_is_good_no_more_ends_the_credential(
        self, place: Town, acme: FakeProvider, database: Database
    ) -> None:
        acme.expires_in = 30
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
            owner, credential_id = await user_id_of(database, made["id"]), UUID(made["id"])
            acme.refresh_tokens.clear()
            for _ in range(2):
                with pytest.raises(CredentialEnded, match=r"was used before\. Connect"):
                    await place.platform.integrations.credentials.open(owner, credential_id)
            shown = (await http.get(f"/api/v1/credentials/{made['id']}")).json()
            again = (await connect(http, acme)).json()["credential"]

        assert acme.refreshes == 1
        assert "was used before" in shown["ended_for"]
        assert "canary" not in shown["ended_for"]
        assert (again["id"], again["ended_at"]) == (made["id"], None)

    async def test_a_provider_that_is_down_ends_nothing(
        self, place: Town, acme: FakeProvider, database: Database
    ) -> None:
        acme.expires_in = 30
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
        owner, credential_id = await user_id_of(database, made["id"]), UUID(made["id"])
        acme.is_down = True
        credential, _ = await place.platform.integrations.credentials.open(owner, credential_id)
        acme.is_down = False
        await place.platform.integrations.credentials.open(owner, credential_id)

        assert credential.ended_at is None
        assert acme.refreshes == 1


class TestDeleting:
    @pytest.mark.seed("D1-20")
    async def test_ends_the_tokens_at_the_provider_and_says_so(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
            gone = await http.delete(f"/api/v1/credentials/{made['id']}")
            after = await http.get(f"/api/v1/credentials/{made['id']}")

        assert gone.json() == {"uses": [], "revoked": True, "note": None}
        assert acme.revoked[0].startswith("canary-rt-")
        assert after.status_code == 404

    async def test_a_provider_that_is_down_keeps_nobody_from_deleting(
        self, place: Town, acme: FakeProvider
    ) -> None:
        async with place.client(await place.person("Ada")) as http:
            made = (await connect(http, acme)).json()["credential"]
            acme.is_down = True
            gone = await http.delete(f"/api/v1/credentials/{made['id']}")

        assert gone.json()["revoked"] is False
        assert "Acme cannot answer now (503)" in gone.json()["note"]


class TestTesting:
    async def test_a_wrong_key_gets_the_providers_words_without_the_key(self, place: Town) -> None:
        async with place.client(await place.person("Ada")) as http:
            ids: list[str] = []
            for key in (KEY, "canary-wrong"):
                added = await http.post(
                    "/api/v1/credentials",
                    json={
                        "provider": "acme",
                        "title": "Acme",
                        "secret": {"type": "api_key", "api_key": key},
                    },
                )
                ids.append(added.json()["id"])
            good, bad = [(await http.post(f"/api/v1/credentials/{one}/test")).json() for one in ids]

        assert (good["ok"], good["account"]) == (True, "robot")
        assert (bad["ok"], bad["status"]) == (False, 401)
        assert bad["message"] == "Acme: Bad credentials: •••."
