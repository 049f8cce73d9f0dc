"""Families 10 and 11 for apps: codes and tokens that are stolen, reused or swapped, and what consent is worth."""

from __future__ import annotations

import asyncio
import base64
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import httpx2
import pytest

from autograph.features.accounts.models import Permission, Scope
from autograph.features.accounts.models.apps import WORDS, App, AppStatus, is_redirect_uri
from autograph.features.accounts.models.identities import challenge_of
from autograph.features.accounts.models.roles import SCOPES
from autograph.infra.ids import new_id
from tests.security.inventory import routes
from tests.security.people import HERE, OWNER, PASSWORD, Town
from tests.security.test_tokens import dump, until_401

pytestmark = pytest.mark.timeout(120)
BACK = "https://app.example.com/back"


@dataclass
class ThirdParty:
    """Somebody's app, as its own server is: it knows its id, its secret and what it was given."""

    town: Town
    client_id: str
    secret: str | None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def request(self, **changes: Any) -> dict[str, Any]:
        """Return what it sends people to the consent page with."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "READ_GRAPH IDENTITY",
            "state": "its own / state?",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    async def code(self, person: str, **changes: Any) -> str:
        """Have a person allow it; return the code they come back with."""
        async with self.town.client(person) as http:
            body = {**self.request(**changes), "allow": True}
            answer = await http.post("/api/v1/oauth/consent", json=body)
        assert answer.status_code == 200, answer.text
        return query_of(answer.json()["redirect_to"])["code"]

    async def ask(self, path: str = "token", **form: Any) -> httpx2.Response:
        """Send a form; its secret goes in the header, where it has one."""
        headers: dict[str, str] = {}
        if self.secret is None:
            form = {"client_id": self.client_id, **form}
        elif "client_secret" not in form:
            pair = f"{quote(self.client_id)}:{quote(self.secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        async with self.town.client() as http:
            return await http.post(f"/api/v1/oauth/{path}", data=form, headers=headers)

    async def redeem(self, code: str, **changes: Any) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": self.verifier,
            **changes,
        }
        return await self.ask(**{name: value for name, value in form.items() if value is not None})

    async def refresh(self, token: str, **more: Any) -> httpx2.Response:
        return await self.ask(grant_type="refresh_token", refresh_token=token, **more)

    async def tokens(self, person: str, **changes: Any) -> dict[str, Any]:
        answer = await self.redeem(await self.code(person, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def registered(town: Town, person: str, **changes: Any) -> ThirdParty:
    body = {
        "name": "Reader",
        "description": "Reads agents aloud",
        "website": "https://app.example.com",
        "redirect_uris": [BACK, "http://127.0.0.1/back", "com.example.reader:/back"],
        "scopes": ["IDENTITY", "READ_GRAPH", "EXECUTE_GRAPH"],
        **changes,
    }
    async with town.client(person) as http:
        answer = await http.post("/api/v1/apps", json=body)
    assert answer.status_code == 201, answer.text
    return ThirdParty(town, answer.json()["client_id"], answer.json()["client_secret"])


@pytest.fixture
async def maker(open_town: Town) -> str:
    return await open_town.person("Mia")


@pytest.fixture
async def ada(open_town: Town) -> str:
    return await open_town.person("Ada")


@pytest.fixture
async def app(open_town: Town, maker: str) -> ThirdParty:
    return await registered(open_town, maker)


class TestTheWholeWay:
    @pytest.mark.parametrize("is_confidential", [True, False])
    async def test_from_the_description_to_the_end(
        self, open_town: Town, maker: str, ada: str, is_confidential: bool
    ) -> None:
        app = await registered(open_town, maker, is_confidential=is_confidential)
        assert (app.secret is not None) is is_confidential
        async with open_town.client() as http:
            found = (await http.get("/.well-known/oauth-authorization-server")).json()
            page = await http.get(urlsplit(found["authorization_endpoint"]).path)
        assert found["code_challenge_methods_supported"] == ["S256"]
        assert found["token_endpoint"].endswith("/api/v1/oauth/token")
        assert page.status_code == 200

        async with open_town.client(ada) as http:
            asked = (await http.post("/api/v1/oauth/authorize", json=app.request())).json()
            body = {**app.request(), "allow": True}
            back = (await http.post("/api/v1/oauth/consent", json=body)).json()["redirect_to"]
        assert (asked["app"], asked["returns_to"]) == ("Reader", "app.example.com")
        assert [one["words"] for one in asked["scopes"]] == [
            WORDS[Scope.IDENTITY],
            WORDS[Scope.READ_GRAPH],
        ]
        said = query_of(back)
        assert back.startswith(BACK + "?")
        assert (said["state"], said["iss"]) == ("its own / state?", found["issuer"])

        answer = await app.redeem(said["code"])
        given = answer.json()
        assert answer.headers["cache-control"] == "no-store"
        assert (given["token_type"], given["expires_in"], given["scope"]) == (
            "Bearer",
            3600,
            "IDENTITY READ_GRAPH",
        )
        async with open_town.client(given["access_token"]) as http:
            assert (await http.get("/api/v1/account")).json()["email"] == "ada@example.com"
            assert (await http.get("/api/v1/graphs")).status_code == 200
            refused = await http.post("/api/v1/graphs", json={})
            assert (refused.status_code, refused.json()["code"]) == (403, "auth.forbidden")
        later = (await app.refresh(given["refresh_token"])).json()
        assert later["scope"] == "IDENTITY READ_GRAPH"

        async with open_town.client(ada) as http:
            (listed,) = (await http.get("/api/v1/account/apps")).json()
            assert (listed["name"], listed["scopes"]) == ("Reader", ["IDENTITY", "READ_GRAPH"])
            assert listed["last_used_at"] is not None
            again = (await http.post("/api/v1/oauth/authorize", json=app.request())).json()
            assert all(one["was_given"] for one in again["scopes"])
            export = (await http.get("/api/v1/account/export")).json()
            assert [one["name"] for one in export["granted_apps"]] == ["Reader"]
            gone = await http.delete(f"/api/v1/account/apps/{app.client_id}")
            assert gone.status_code == 204
            assert (await http.get("/api/v1/account/apps")).json() == []
        for token in (given["access_token"], later["access_token"]):
            async with open_town.client(token) as http:
                await until_401(http)
        assert (await app.refresh(later["refresh_token"])).json()["error"] == "invalid_grant"

    async def test_who_says_no_is_sent_back_with_that(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        async with open_town.client(ada) as http:
            body = {**app.request(), "allow": False}
            back = (await http.post("/api/v1/oauth/consent", json=body)).json()["redirect_to"]
            assert query_of(back)["error"] == "access_denied"
            assert (await http.get("/api/v1/account/apps")).json() == []

    async def test_what_apps_do_counts_for_the_app_and_not_for_the_person(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        given = await app.tokens(ada)
        principal = await open_town.platform.accounts.authentication.by_token(given["access_token"])
        assert principal.door.value == "app"
        assert principal.scopes == {Scope.IDENTITY, Scope.READ_GRAPH}
        assert principal.proof_id is not None


class TestConsent:
    async def test_no_program_consents_for_its_person(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        async with open_town.client(ada) as http:
            body = {"name": "k", "scopes": [one.value for one in Scope]}
            key = (await http.post("/api/v1/api-keys", json=body)).json()["key"]
        for token in (key, (await app.tokens(ada))["access_token"]):
            async with open_town.client(token) as http:
                answer = await http.post(
                    "/api/v1/oauth/consent", json={**app.request(), "allow": True}
                )
                assert answer.status_code == 403
                assert (await http.get("/api/v1/apps")).status_code == 403
        assert not [one for one, may in SCOPES.items() if Permission.APPS in may]

    async def test_a_page_of_others_consents_to_nothing(
        self, open_town: Town, app: ThirdParty
    ) -> None:
        async with open_town.client() as http:
            await http.post("/api/v1/auth/login", json={"email": OWNER, "password": PASSWORD})
            answer = await http.post(
                "/api/v1/oauth/consent",
                json={**app.request(), "allow": True},
                headers={"Origin": "https://app.example.com"},
            )
            assert answer.json()["code"] == "request.foreign_origin"
            assert (await http.get("/api/v1/account/apps")).json() == []

    async def test_the_page_is_in_no_frame_and_has_no_script_in_it(self, open_town: Town) -> None:
        async with open_town.client() as http:
            page = await http.get("/oauth/authorize", params={"client_id": "<b>"})
        assert page.headers["x-frame-options"] == "DENY"
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "<b>" not in page.text
        assert "<script>" not in page.text
        assert " on" + "click" not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "unsupported_response_type"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"scope": ""}, "invalid_scope"),
            ({"scope": "ADMIN"}, "invalid_scope"),
            ({"scope": "IDENTITY WRITE_GRAPH"}, "invalid_scope"),
        ],
        ids=str,
    )
    async def test_what_an_app_may_not_ask_is_told_and_leads_nowhere_by_itself(
        self,
        open_town: Town,
        app: ThirdParty,
        ada: str,
        changes: dict[str, Any],
        error: str,
    ) -> None:
        async with open_town.client(ada) as http:
            body = app.request(**changes)
            looked = await http.post("/api/v1/oauth/authorize", json=body)
            answered = await http.post("/api/v1/oauth/consent", json={**body, "allow": True})
        for answer in (looked, answered):
            assert (answer.status_code, answer.json()["code"]) == (
                422,
                "oauth.authorization_invalid",
            )
            back = answer.json()["details"]["redirect_to"]
            assert query_of(back)["error"] == error
            assert "code" not in query_of(back)

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example/back",
            BACK + "/",
            BACK + "?a=b",
            BACK + "#f",
            BACK + "/../evil",
            BACK.upper(),
            BACK.replace("https", "http"),
            BACK.replace("app.", "app.example.com.evil."),
            BACK.replace("https://", "https://evil@"),
            BACK.replace("https://app", "https://evil.example#@app"),
            BACK.replace("https://app", "https://evil.example\\@app"),
            BACK.replace("/back", ":444/back"),
            "//app.example.com/back",
            "https:app.example.com/back",
            " " + BACK,
            BACK + "\n",
            "https://app.example.com%2Fback",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://127.0.0.1:99/other",
            "http://127.0.0.1:99/back?x=1",
            "http://evil@127.0.0.1:99/back",
            "http://localhost:99/back",
            "http://127.0.0.1.evil.example:99/back",
            "http://127.0.0.1:99999/back",
            "com.example.reader:/other",
            "com.example.evil:/back",
            "",
        ],
    )
    async def test_nobody_is_sent_where_the_app_did_not_register(
        self, open_town: Town, app: ThirdParty, ada: str, uri: str
    ) -> None:
        async with open_town.client(ada) as http:
            body = {**app.request(redirect_uri=uri), "allow": True}
            answer = await http.post("/api/v1/oauth/consent", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "app.not_found")
        assert answer.json()["details"] == {}

    @pytest.mark.parametrize("uri", ["http://127.0.0.1:51004/back", "com.example.reader:/back"])
    async def test_programs_on_the_persons_machine_are_returned_to(
        self, open_town: Town, app: ThirdParty, ada: str, uri: str
    ) -> None:
        code = await app.code(ada, redirect_uri=uri)
        assert (await app.redeem(code, redirect_uri=uri)).status_code == 200

    @pytest.mark.parametrize("client_id", ["", "x", str(UUID(int=7)), "' OR 1=1"])
    async def test_unknown_apps_and_unknown_addresses_look_the_same(
        self, open_town: Town, app: ThirdParty, ada: str, client_id: str
    ) -> None:
        async with open_town.client(ada) as http:
            unknown = await http.post(
                "/api/v1/oauth/authorize", json=app.request(client_id=client_id)
            )
            elsewhere = await http.post(
                "/api/v1/oauth/authorize", json=app.request(redirect_uri="https://evil.example")
            )
        assert unknown.json()["message"] == elsewhere.json()["message"]
        assert (unknown.status_code, elsewhere.status_code) == (404, 404)


class TestCodes:
    async def test_a_code_that_comes_twice_ends_what_came_of_it(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        code = await app.code(ada)
        given = (await app.redeem(code)).json()
        again = await app.redeem(code)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        async with open_town.client(given["access_token"]) as http:
            await until_401(http)
        assert (await app.refresh(given["refresh_token"])).status_code == 400
        noted = await open_town.platform.accounts.audit.list_page(action="grant.code_reused")
        assert len(noted.entries) == 1

    async def test_of_five_who_come_with_it_at_once_one_is_served_and_loses_it(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        code = await app.code(ada)
        answers = await asyncio.gather(*(app.redeem(code) for _ in range(5)))
        assert sorted(one.status_code for one in answers) == [200, 400, 400, 400, 400]
        (given,) = [one.json() for one in answers if one.status_code == 200]
        async with open_town.client(given["access_token"]) as http:
            await until_401(http)

    @pytest.mark.parametrize(
        "changes",
        [
            {"code_verifier": "x" * 64},
            {"code_verifier": "short"},
            {"redirect_uri": "com.example.reader:/back"},
            {"redirect_uri": "https://evil.example"},
        ],
        ids=str,
    )
    async def test_a_code_is_bound_to_its_verifier_and_address_and_lost_by_a_wrong_one(
        self, app: ThirdParty, ada: str, changes: dict[str, Any]
    ) -> None:
        code = await app.code(ada)
        wrong = await app.redeem(code, **changes)
        late = await app.redeem(code)
        assert [one.json()["error"] for one in (wrong, late)] == ["invalid_grant"] * 2

    async def test_the_challenge_is_not_the_verifier(self, app: ThirdParty, ada: str) -> None:
        code = await app.code(ada)
        answer = await app.redeem(code, code_verifier=challenge_of(app.verifier))
        assert answer.json()["error"] == "invalid_grant"

    @pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier", "grant_type"])
    async def test_nothing_may_be_left_out(self, app: ThirdParty, ada: str, missing: str) -> None:
        form = {
            "grant_type": "authorization_code",
            "code": await app.code(ada),
            "redirect_uri": BACK,
            "code_verifier": app.verifier,
        }
        answer = await app.ask(**{name: value for name, value in form.items() if name != missing})
        assert answer.status_code == 400
        assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}

    async def test_a_code_of_another_app_is_none(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str
    ) -> None:
        other = await registered(open_town, maker, name="Other")
        other.verifier = app.verifier
        code = await app.code(ada)
        assert (await other.redeem(code)).json()["error"] == "invalid_grant"
        assert (await app.redeem(code)).status_code == 200

    async def test_after_a_minute_it_is_good_no_more(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        code = await app.code(ada)
        async with open_town.platform.database.acquire() as connection:
            left = await connection.fetchval("SELECT expires_at - now() FROM grant_codes")
            await connection.execute("UPDATE grant_codes SET expires_at = now()")
        assert 0 < left.total_seconds() <= 60
        assert (await app.redeem(code)).json()["error"] == "invalid_grant"

    async def test_a_code_that_was_not_used_ends_with_what_was_taken_back(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        await app.tokens(ada)
        code = await app.code(ada)
        async with open_town.client(ada) as http:
            await http.delete(f"/api/v1/account/apps/{app.client_id}")
        assert (await app.redeem(code)).json()["error"] == "invalid_grant"


class TestTokens:
    async def test_a_refresh_token_that_comes_twice_ends_the_family(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        first = await app.tokens(ada)
        second = (await app.refresh(first["refresh_token"])).json()
        stolen = await app.refresh(first["refresh_token"])
        owners = await app.refresh(second["refresh_token"])
        assert [one.json()["error"] for one in (stolen, owners)] == ["invalid_grant"] * 2
        async with open_town.client(second["access_token"]) as http:
            await until_401(http)
        noted = await open_town.platform.accounts.audit.list_page(action="grant.stolen")
        assert len(noted.entries) == 1

    async def test_of_two_refreshes_at_once_one_counts(self, app: ThirdParty, ada: str) -> None:
        first = await app.tokens(ada)
        answers = await asyncio.gather(*(app.refresh(first["refresh_token"]) for _ in range(4)))
        assert sorted(one.status_code for one in answers) == [200, 400, 400, 400]

    async def test_scopes_may_be_narrowed_and_never_widened(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        first = await app.tokens(ada)
        wide = await app.refresh(first["refresh_token"], scope="IDENTITY EXECUTE_GRAPH")
        odd = await app.refresh(first["refresh_token"], scope="ADMIN")
        assert [one.json()["error"] for one in (wide, odd)] == ["invalid_scope"] * 2
        narrow = (await app.refresh(first["refresh_token"], scope="IDENTITY")).json()
        assert narrow["scope"] == "IDENTITY"
        async with open_town.client(narrow["access_token"]) as http:
            assert (await http.get("/api/v1/graphs")).status_code == 403
        full = (await app.refresh(narrow["refresh_token"])).json()
        assert full["scope"] == "IDENTITY READ_GRAPH"

    async def test_a_token_is_good_for_what_it_is_for_alone(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        given = await app.tokens(ada)
        assert (await app.refresh(given["access_token"])).json()["error"] == "invalid_grant"
        for wrong in (given["refresh_token"], "agt_", "agt_x", given["access_token"] + "x"):
            async with open_town.client(wrong) as http:
                assert (await http.get("/api/v1/account")).status_code == 401

    async def test_a_token_that_has_ended_is_401(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        given = await app.tokens(ada)
        async with open_town.platform.database.acquire() as connection:
            await connection.execute("UPDATE grant_tokens SET expires_at = now()")
        async with open_town.client(given["access_token"]) as http:
            assert (await http.get("/api/v1/account")).status_code == 401
        assert (await app.refresh(given["refresh_token"])).status_code == 400
        asked = await app.ask("introspect", token=given["access_token"])
        assert asked.json() == {"active": False}

    async def test_what_an_app_loses_its_tokens_lose(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str
    ) -> None:
        given = await app.tokens(ada)
        async with open_town.client(maker) as http:
            await http.patch(f"/api/v1/apps/{app.client_id}", json={"scopes": ["IDENTITY"]})
        async with open_town.client(given["access_token"]) as http:
            async with asyncio.timeout(5):
                while (await http.get("/api/v1/graphs")).status_code != 403:
                    await asyncio.sleep(0.02)
            assert (await http.get("/api/v1/account")).status_code == 200

    async def test_introspection_tells_an_app_of_its_own_tokens_alone(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str
    ) -> None:
        given = await app.tokens(ada)
        other = await registered(open_town, maker, name="Other")
        public = await registered(open_town, maker, name="Public", is_confidential=False)
        own = (await app.ask("introspect", token=given["access_token"])).json()
        assert own["active"] is True
        assert (own["scope"], own["client_id"]) == ("IDENTITY READ_GRAPH", app.client_id)
        assert own["exp"] - own["iat"] == 3600
        for token in (given["access_token"], ada, "x"):
            assert (await other.ask("introspect", token=token)).json() == {"active": False}
        refused = await public.ask("introspect", token=given["access_token"])
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    async def test_revocation_ends_the_family_and_tells_nothing(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str, which: str
    ) -> None:
        given = await app.tokens(ada)
        other = await registered(open_town, maker, name="Other")
        for asking, token in ((other, given[which]), (app, "x"), (app, given[which])):
            answer = await asking.ask("revoke", token=token)
            assert (answer.status_code, answer.text) == (200, "{}")
            if asking is other:
                async with open_town.client(given["access_token"]) as http:
                    assert (await http.get("/api/v1/account")).status_code == 200
        async with open_town.client(given["access_token"]) as http:
            await until_401(http)
        assert (await app.refresh(given["refresh_token"])).status_code == 400

    async def test_nothing_of_it_is_kept_as_it_is(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        code = await app.code(ada)
        given = (await app.redeem(code)).json()
        kept = await dump(open_town)
        assert app.secret is not None
        for secret in (code, given["access_token"], given["refresh_token"], app.secret):
            assert secret not in kept


class TestClients:
    @pytest.mark.parametrize("path", ["token", "introspect", "revoke"])
    async def test_an_app_proves_that_it_is_itself(
        self, open_town: Town, app: ThirdParty, path: str
    ) -> None:
        nobody = str(new_id())
        tried = [
            ({"client_id": app.client_id}, {}),
            ({"client_id": app.client_id, "client_secret": ""}, {}),
            ({"client_id": app.client_id, "client_secret": "ags_x"}, {}),
            ({"client_id": nobody, "client_secret": app.secret}, {}),
            ({}, {}),
            ({}, {"Authorization": "Basic x"}),
            ({}, {"Authorization": "Basic é".encode("latin-1")}),
            ({}, {"Authorization": f"Bearer {app.secret}"}),
            ({"client_id": nobody}, basic(app.client_id, app.secret)),
            ({}, basic(app.client_id, "ags_x")),
        ]
        form = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
        async with open_town.client() as http:
            for fields, headers in tried:
                answer = await http.post(
                    f"/api/v1/oauth/{path}", data={**form, **fields}, headers=headers
                )
                assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
                assert answer.headers["www-authenticate"].startswith("Basic")
            twice = await http.post(
                f"/api/v1/oauth/{path}",
                data={**form, "client_secret": app.secret},
                headers=basic(app.client_id, app.secret),
            )
            assert twice.json()["error"] == "invalid_request"

    async def test_a_secret_in_the_form_counts_too(self, app: ThirdParty, ada: str) -> None:
        code = await app.code(ada)
        secret = app.secret
        answer = await app.redeem(code, client_id=app.client_id, client_secret=secret)
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "body", ["a=1&a=2", "grant_type", "\xff", "&" * 50, "a=" + "x" * 20_000]
    )
    async def test_forms_that_are_none(self, open_town: Town, body: str) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with open_town.client() as http:
            answer = await http.post(
                "/api/v1/oauth/token", content=body.encode("latin-1"), headers=headers
            )
        assert answer.status_code in {400, 401}
        assert set(answer.json()) >= {"code", "message", "request_id", "error"}

    async def test_json_is_not_taken(self, open_town: Town) -> None:
        async with open_town.client() as http:
            assert (await http.post("/api/v1/oauth/token", json={})).status_code == 415

    async def test_a_new_secret_ends_the_one_before(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str
    ) -> None:
        given = await app.tokens(ada)
        async with open_town.client(maker) as http:
            fresh = await http.post(f"/api/v1/apps/{app.client_id}/secret")
            shown = await http.get(f"/api/v1/apps/{app.client_id}")
        assert (await app.refresh(given["refresh_token"])).status_code == 401
        app.secret = fresh.json()["client_secret"]
        assert (await app.refresh(given["refresh_token"])).status_code == 200
        assert "client_secret" not in shown.json()

    async def test_an_app_that_is_suspended_acts_for_nobody_at_once(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        given = await app.tokens(ada)
        code = await app.code(ada)
        boss = (await open_town.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)).access
        async with open_town.client(boss) as http:
            (listed,) = (await http.get("/api/admin/apps")).json()["apps"]
            at = f"/api/admin/apps/{listed['id']}"
            done = await http.post(f"{at}/suspend", json={"reason": "Phishing"})
            assert done.json()["status"] == "suspended"
            async with open_town.client(given["access_token"]) as acting:
                await until_401(acting)
            tried = [await app.redeem(code), await app.refresh(given["refresh_token"])]
            assert [one.json()["error"] for one in tried] == ["invalid_client"] * 2
            async with open_town.client(ada) as person:
                looked = await person.post("/api/v1/oauth/authorize", json=app.request())
                assert looked.status_code == 404
            await http.post(f"{at}/restore")
        assert (await app.refresh(given["refresh_token"])).status_code == 200
        noted = await open_town.platform.accounts.audit.list_page(action="app.suspended")
        assert len(noted.entries) == 1

    async def test_who_is_suspended_has_no_app_act_for_them(
        self, open_town: Town, app: ThirdParty, ada: str
    ) -> None:
        given = await app.tokens(ada)
        accounts = open_town.platform.accounts
        async with open_town.client(ada) as http:
            me = (await http.get("/api/v1/account")).json()
        await accounts.administration.suspend(
            open_town.platform.owner, UUID(me["id"]), "Spam", HERE
        )
        async with open_town.client(given["access_token"]) as http, asyncio.timeout(5):
            while (await http.get("/api/v1/account")).status_code != 403:
                await asyncio.sleep(0.02)
        assert (await app.refresh(given["refresh_token"])).json()["error"] == "invalid_grant"
        asked = await app.ask("introspect", token=given["access_token"])
        assert asked.json() == {"active": False}

    async def test_with_an_app_goes_all_that_it_was_given(
        self, open_town: Town, app: ThirdParty, maker: str, ada: str
    ) -> None:
        given = await app.tokens(ada)
        async with open_town.client(maker) as http:
            assert (await http.delete(f"/api/v1/apps/{app.client_id}")).status_code == 204
        async with open_town.client(given["access_token"]) as http:
            await until_401(http)
        assert (await app.refresh(given["refresh_token"])).json()["error"] == "invalid_client"


class TestRegistration:
    @pytest.mark.parametrize(
        "changes",
        [
            {"name": ""},
            {"name": "x" * 101},
            {"redirect_uris": []},
            {"redirect_uris": ["http://app.example.com/back"]},
            {"redirect_uris": ["https://app.example.com/back#f"]},
            {"redirect_uris": ["https://u:p@app.example.com/back"]},
            {"redirect_uris": ["https://*.example.com/back"]},
            {"redirect_uris": ["javascript:alert(1)"]},
            {"redirect_uris": ["data:text/html,x"]},
            {"redirect_uris": ["app:/back"]},
            {"redirect_uris": ["/back"]},
            {"redirect_uris": [BACK, ""]},
            {"redirect_uris": ["https://"]},
            {"redirect_uris": ["https://app.example.com\\@evil.example"]},
            {"redirect_uris": ["http://localhost.evil.example/back"]},
            {"website": "javascript:alert(1)"},
            {"website": "http://app.example.com"},
            {"scopes": []},
            {"scopes": ["ADMIN"]},
            {"owner_id": str(UUID(int=7))},
            {"status": "active"},
            {"secret_hash": "x"},
        ],
        ids=str,
    )
    async def test_what_cannot_be_an_app_is_refused(
        self, open_town: Town, maker: str, changes: dict[str, Any]
    ) -> None:
        body = {"name": "A", "redirect_uris": [BACK], "scopes": ["IDENTITY"], **changes}
        async with open_town.client(maker) as http:
            answer = await http.post("/api/v1/apps", json=body)
            assert answer.status_code == 422
            assert (await http.get("/api/v1/apps")).json() == []

    def test_loopback_is_a_number_or_localhost(self) -> None:
        for good in ("http://127.0.0.1/b", "http://[::1]:8/b", "http://localhost:8/b"):
            assert is_redirect_uri(good)

    def test_only_a_number_may_have_another_port(self) -> None:
        made = App(
            id=new_id(),
            owner_id=new_id(),
            name="A",
            description="",
            website=None,
            redirect_uris=("http://localhost/b", "http://[::1]/b"),
            scopes=frozenset(),
            is_confidential=False,
            status=AppStatus.ACTIVE,
            suspended_for=None,
            created_at=None,  # type: ignore[arg-type]
        )
        assert made.returns_to("http://[::1]:4711/b")
        assert not made.returns_to("http://localhost:4711/b")
        assert not made.returns_to("http://127.0.0.1:4711/b")


def test_every_scope_is_told_in_words() -> None:
    assert set(WORDS) == set(Scope)


def test_what_an_app_asks_by_itself_takes_forms_alone() -> None:
    asked = [one for one in routes() if one.path.startswith("/api/v1/oauth/")]
    public = [one for one in asked if one.access.permission is None]
    assert {one.path.rsplit("/", 1)[1] for one in public} == {"token", "introspect", "revoke"}
    assert all(one.access.media_types == {"application/x-www-form-urlencoded"} for one in public)


def basic(client_id: str, secret: str | None) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
