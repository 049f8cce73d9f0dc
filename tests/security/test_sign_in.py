"""Families 10 and 11 at other providers: who comes back is who was sent, and is who the provider says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
import pytest
from joserfc.jwk import ECKey, OctKey

from autograph.bootstrap.sign_in import ProviderIncomplete, provider_of
from autograph.features.accounts.models.identities import KNOWN
from autograph.infra.settings import LoginProvider, Settings
from tests.providers import LocalProvider, local_provider
from tests.security.people import HERE, OWNER, PASSWORD, Town, town
from tests.security.test_tokens import dump, mailed, owner, without_id

pytestmark = pytest.mark.timeout(120)
ADA = "ada@example.com"
HERE_URL = "http://autograph.test"


@pytest.fixture
async def provider() -> AsyncIterator[LocalProvider]:
    async with local_provider() as made:
        yield made


@pytest.fixture
async def other() -> AsyncIterator[LocalProvider]:
    async with local_provider() as made:
        yield made


@pytest.fixture
async def linked(
    database_url: str, tmp_path: Path, provider: LocalProvider, other: LocalProvider
) -> AsyncIterator[Town]:
    """A platform where people may log in by two providers that speak OpenID Connect."""
    sign_in = {
        "google": provider.settings(),
        "acme": other.settings(title="Acme", scopes=["openid"]),
    }
    async with town(
        database_url, tmp_path, sign_in=sign_in, public_url=HERE_URL, rate_auth=0
    ) as made:
        await made.set_up()
        yield made


async def away(http: httpx2.AsyncClient, name: str = "google", **body: Any) -> str:
    """Begin, let the provider log the person in, and return the address they come back to."""
    begun = await http.post(f"/api/v1/auth/providers/{name}/start", json=body)
    assert begun.status_code == 200, begun.text
    return await through(begun.json()["url"])


async def through(url: str) -> str:
    async with httpx2.AsyncClient() as browser:
        return str((await browser.get(url)).headers["location"])


async def sign_in(http: httpx2.AsyncClient, name: str = "google", **body: Any) -> httpx2.Response:
    answer = await http.get(await away(http, name, **body))
    assert answer.status_code == 303, answer.text
    return answer


def problem(answer: httpx2.Response) -> str:
    assert answer.status_code == 303
    assert "autograph_access" not in answer.headers.get("set-cookie", "")
    return str(answer.headers["location"]).partition("#problem=")[2]


async def verified(settled: Town, folder: Path, name: str = "Ada") -> str:
    """Make an account whose address is confirmed; return a token."""
    token = await settled.person(name)
    async with settled.client() as http:
        await http.post("/api/v1/auth/link", json={"email": f"{name.lower()}@example.com"})
        done = await http.post("/api/v1/auth/link/use", json={"token": mailed(folder)})
        assert done.status_code == 200
    return token


class TestLogIn:
    @pytest.mark.seed("D7-S02", "D1-39", "D1-21")
    async def test_whoever_the_provider_knows_comes_in(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        async with linked.client() as http:
            state = (await http.get("/api/v1/auth")).json()
            answer = await sign_in(http, back="/oauth/authorize?client_id=1")
            me = (await http.get("/api/v1/account")).json()
            identities = (await http.get("/api/v1/auth/identities")).json()
            sessions = (await http.get("/api/v1/auth/sessions")).json()
        assert state["providers"] == [
            {"name": "google", "title": "Google"},
            {"name": "acme", "title": "Acme"},
        ]
        assert answer.headers["location"] == "/oauth/authorize?client_id=1"
        assert (me["email"], me["name"], me["is_verified"], me["roles"]) == (
            ADA,
            "Ada",
            True,
            ["user"],
        )
        assert me["has_password"] is False
        assert [(one["issuer"], one["title"]) for one in identities] == [(provider.url, "Google")]
        assert [one["method"] for one in sessions] == ["provider"]
        assert provider.asked == ["discovery", "token", "jwks"]

    async def test_who_comes_again_has_the_same_account(self, linked: Town) -> None:
        ids: set[str] = set()
        for _ in range(2):
            async with linked.client() as http:
                await sign_in(http)
                ids.add((await http.get("/api/v1/account")).json()["id"])
        assert len(ids) == 1

    @pytest.mark.seed("D7-S07")
    async def test_ten_first_log_ins_at_once_make_one_account(self, linked: Town) -> None:
        async def come() -> str:
            async with linked.client() as http:
                await sign_in(http)
                return str((await http.get("/api/v1/account")).json()["id"])

        assert len(set(await asyncio.gather(*(come() for _ in range(10))))) == 1
        page = await linked.platform.accounts.administration.list_page()
        assert len(page.accounts) == 2

    async def test_userinfo_is_asked_where_the_token_has_no_address(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.claims = {"email": None, "email_verified": None}
        async with linked.client() as http:
            await sign_in(http)
            assert (await http.get("/api/v1/account")).json()["email"] == ADA
        assert provider.asked[-1] == "userinfo"

    async def test_a_secret_goes_in_the_form_where_the_provider_wants_it_there(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.auth_methods = ["client_secret_post"]
        async with linked.client() as http:
            assert (await sign_in(http)).headers["location"] == "/"

    async def test_two_tabs_do_not_disturb_each_other(self, linked: Town) -> None:
        async with linked.client() as http:
            first, second = await away(http), await away(http)
            for url in (second, first):
                assert (await http.get(url)).headers["location"] == "/"

    async def test_what_is_set_is_for_no_script_and_comes_back_from_elsewhere(
        self, linked: Town
    ) -> None:
        async with linked.client() as http:
            begun = await http.post("/api/v1/auth/providers/google/start", json={})
            answer = await http.get(await through(begun.json()["url"]))
        (line,) = begun.headers.get_list("set-cookie")
        assert "HttpOnly; SameSite=Lax; Max-Age=600" in line
        assert "Path=/api/v1/auth/callback" in line
        lines = answer.headers.get_list("set-cookie")
        assert all("HttpOnly" in one for one in lines)
        assert [one for one in lines if "autograph_sign_in_" in one and "Max-Age=0" in one]

    async def test_a_second_factor_is_asked_for_here_too(
        self, linked: Town, tmp_path: Path
    ) -> None:
        token = await verified(linked, tmp_path)
        async with linked.client(token) as http:
            app = pyotp.TOTP((await http.post("/api/v1/account/totp")).json()["secret"])
            await http.post("/api/v1/account/totp/confirm", json={"code": app.now()})
        later = app.at(datetime.now(UTC) + timedelta(seconds=30))
        async with linked.client() as http:
            codes: list[int] = []
            for code in ("000000", later):
                answer = await sign_in(http)
                page, _, fragment = answer.headers["location"].partition("#")
                assert page == "/auth/code"
                assert (await http.get("/api/v1/account")).status_code == 401
                body = {"token": parse_qs(fragment)["token"][0], "code": code}
                done = await http.post("/api/v1/auth/providers/finish", json=body)
                again = await http.post("/api/v1/auth/providers/finish", json=body)
                codes += [done.status_code, again.status_code]
            assert (await http.get("/api/v1/account")).json()["email"] == ADA
        assert codes == [401, 422, 200, 422]

    async def test_who_is_suspended_stays_outside(self, linked: Town) -> None:
        async with linked.client() as http:
            await sign_in(http)
            me = (await http.get("/api/v1/account")).json()
        tokens = await linked.platform.accounts.login.log_in(OWNER, PASSWORD, HERE)
        async with linked.client(tokens.access) as admin:
            await admin.post(f"/api/admin/users/{me['id']}/suspend", json={"reason": "Spam"})
        async with linked.client() as http:
            assert problem(await sign_in(http)) == "auth.suspended"


class TestWhoseAccount:
    async def test_an_address_that_both_sides_confirmed_links(
        self, linked: Town, tmp_path: Path
    ) -> None:
        token = await verified(linked, tmp_path)
        async with linked.client(token) as http, linked.client() as browser:
            before = (await http.get("/api/v1/account")).json()["id"]
            await sign_in(browser)
            assert (await browser.get("/api/v1/account")).json()["id"] == before
        noted = await linked.platform.accounts.audit.list_page(action="identity.linked")
        assert len(noted.entries) == 1

    async def test_an_account_whose_address_nobody_confirmed_is_not_taken_over(
        self, linked: Town
    ) -> None:
        # Whoever made it may not be whose address it is; and it may be theirs: neither gets the other's.
        await linked.person("Ada")
        async with linked.client() as http:
            assert problem(await sign_in(http)) == "auth.sign_in_unconfirmed"
            assert (await http.get("/api/v1/account")).status_code == 401

    async def test_an_address_the_provider_has_not_confirmed_says_nothing_either_way(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.person |= {"email_verified": False}
        told: list[str] = []
        for email in (OWNER, "nobody@example.com"):
            provider.person |= {"sub": email, "email": email}
            async with linked.client() as http:
                told.append(problem(await sign_in(http)))
        assert told == ["auth.sign_in_unconfirmed"] * 2

    async def test_without_a_word_on_it_the_address_is_left_out(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.person = {"sub": "x", "email": OWNER}
        async with linked.client() as http:
            await sign_in(http)
            me = (await http.get("/api/v1/account")).json()
        assert (me["email"], me["roles"]) == (None, ["user"])
        assert me["id"] != str(linked.platform.owner.user_id)

    async def test_where_sign_up_is_closed_nobody_new_comes_in(
        self, database_url: str, tmp_path: Path, provider: LocalProvider
    ) -> None:
        settings = {"sign_in": {"google": provider.settings()}, "sign_up": "closed"}
        async with town(database_url, tmp_path, public_url=HERE_URL, **settings) as made:
            await made.set_up()
            async with made.client() as http:
                assert problem(await sign_in(http)) == "auth.sign_up_closed"
            page = await made.platform.accounts.administration.list_page()
            assert len(page.accounts) == 1

    async def test_before_there_is_an_owner_nobody_comes_in(
        self, database_url: str, tmp_path: Path, provider: LocalProvider
    ) -> None:
        async with (
            town(
                database_url,
                tmp_path,
                sign_in={"google": provider.settings()},
                public_url=HERE_URL,
            ) as made,
            made.client() as http,
        ):
            assert problem(await sign_in(http)) == "auth.sign_up_closed"
            body = {"email": ADA, "password": PASSWORD, "name": "Ada"}
            refused = await http.post("/api/v1/auth/sign-up", json=body)
            assert refused.json()["code"] == "auth.sign_up_closed"
            await made.set_up()


class TestAttacks:
    @pytest.mark.seed("D1-39")
    async def test_a_state_is_good_once(self, linked: Town) -> None:
        async with linked.client() as http:
            url = await away(http)
            jar = dict(http.cookies)
            assert (await http.get(url)).headers["location"] == "/"
        async with linked.client(cookies=jar) as http:
            assert problem(await http.get(url)) == "auth.sign_in_failed"

    async def test_who_was_sent_and_who_comes_back_are_one_browser(self, linked: Town) -> None:
        async with linked.client() as attacker, linked.client() as victim:
            url = await away(attacker)
            assert problem(await victim.get(url)) == "auth.sign_in_failed"
            theirs = await away(victim)
            swapped = theirs.replace(_query(theirs)["state"], _query(url)["state"])
            assert problem(await victim.get(swapped)) == "auth.sign_in_failed"
            # Somebody else's code, brought along with one's own state: the verifier is another one.
            injected = theirs.replace(_query(theirs)["code"], _query(url)["code"])
            assert problem(await victim.get(injected)) == "auth.sign_in_failed"

    @pytest.mark.parametrize("state", ["", "null", "x" * 5_000, "' OR 1=1", "é"])
    async def test_states_that_were_never_made(self, linked: Town, state: str) -> None:
        async with linked.client() as http:
            answer = await http.get(
                "/api/v1/auth/callback/google", params={"state": state, "code": "c"}
            )
        assert answer.status_code in {303, 403, 422}
        assert "autograph_access" not in answer.headers.get("set-cookie", "")

    async def test_a_state_that_has_ended(self, linked: Town) -> None:
        async with linked.client() as http:
            url = await away(http)
            async with linked.platform.database.acquire() as connection:
                await connection.execute("UPDATE sign_ins SET expires_at = now() - interval '1 s'")
            assert problem(await http.get(url)) == "auth.sign_in_failed"

    async def test_providers_are_not_mixed_up(
        self, linked: Town, provider: LocalProvider, other: LocalProvider
    ) -> None:
        async with linked.client() as http:
            url = await away(http, "google")
            assert (
                problem(await http.get(url.replace("/google?", "/acme?"))) == "auth.sign_in_failed"
            )
            url = await away(http, "google")
            assert problem(await http.get(_with(url, iss=other.url))) == "auth.sign_in_failed"
            # It says that it names itself (RFC 9207); whoever leaves that out is somebody else.
            url = await away(http, "google")
            assert problem(await http.get(_with(url, iss=""))) == "auth.sign_in_failed"
        assert "token" not in provider.asked + other.asked

    @pytest.mark.parametrize(
        "claims",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"aud": "somebody-else"},
            {"aud": ["somebody-else"]},
            {"aud": ["autograph-here", "somebody-else"]},
            {"aud": ["autograph-here", "somebody-else"], "azp": "somebody-else"},
            {"azp": "somebody-else"},
            {"aud": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"exp": 1},
            {"exp": None},
            {"exp": "tomorrow"},
            {"sub": None},
            {"sub": ""},
            {"sub": True},
            {"sub": {"a": 1}},
            {"sub": "x" * 300},
        ],
        ids=str,
    )
    async def test_an_id_token_that_says_what_is_not_so(
        self, linked: Town, provider: LocalProvider, claims: dict[str, Any]
    ) -> None:
        provider.claims = claims
        async with linked.client() as http:
            assert problem(await sign_in(http)) == "auth.sign_in_failed"

    async def test_an_id_token_that_the_provider_has_not_signed(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        public = OctKey.import_key(str(provider.key.as_dict(private=False)))
        stranger = ECKey.generate_key("P-256", {"kid": "one"})
        for alg, key in (("none", provider.key), ("ES256", stranger), ("HS256", public)):
            provider.alg, provider.signing = alg, key
            async with linked.client() as http:
                assert problem(await sign_in(http)) == "auth.sign_in_failed", alg

    async def test_a_provider_that_speaks_for_another_is_not_asked(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.names_issuer = "https://accounts.google.com"
        async with linked.client() as http:
            answer = await http.post("/api/v1/auth/providers/google/start", json={})
        assert answer.status_code == 503
        assert "not of" in answer.json()["message"]

    async def test_userinfo_about_somebody_else(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.claims = {"email": None, "sub": "somebody-else"}
        async with linked.client() as http:
            assert problem(await sign_in(http)) == "auth.sign_in_failed"

    @pytest.mark.parametrize(
        "back",
        [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "evil",
            "/\t/evil.example",
            "/a#b",
        ],
    )
    async def test_nobody_is_sent_on_to_another_page(self, linked: Town, back: str) -> None:
        async with linked.client() as http:
            answer = await http.post("/api/v1/auth/providers/google/start", json={"back": back})
        assert answer.status_code == 422

    async def test_a_page_of_others_begins_nothing(self, linked: Town) -> None:
        async with linked.client(headers={"Origin": "https://evil.example"}) as http:
            answer = await http.post("/api/v1/auth/providers/google/start", json={})
        assert answer.json()["code"] == "request.foreign_origin"

    async def test_who_did_not_want_to_is_told_so_and_nothing_of_it_is_the_providers_text(
        self, linked: Town
    ) -> None:
        async with linked.client() as http:
            url = await away(http)
            state = _query(url)["state"]
            answer = await http.get(
                "/api/v1/auth/callback/google",
                params={"state": state, "error": "access_denied", "error_description": "Call 555"},
            )
        assert answer.headers["location"] == "/auth/log-in#problem=auth.sign_in_cancelled"

    async def test_nothing_that_proves_an_attempt_is_kept(self, linked: Town) -> None:
        async with linked.client() as http:
            begun = await http.post("/api/v1/auth/providers/google/start", json={})
            asked = _query(begun.json()["url"])
            kept = await dump(linked)
            (browser,) = dict(http.cookies).values()
        for secret in (asked["state"], asked["nonce"], asked["code_challenge"], browser):
            assert secret not in kept

    async def test_unknown_providers_are_404(self, linked: Town) -> None:
        async with linked.client() as http:
            answer = await http.post("/api/v1/auth/providers/nobody/start", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "auth.provider_not_found")


class TestLinking:
    async def test_who_is_logged_in_links_and_unlinks(
        self, linked: Town, provider: LocalProvider
    ) -> None:
        provider.person |= {"email": "ada.elsewhere@example.com", "email_verified": False}
        await linked.person("Ada")
        async with linked.client() as http:
            await http.post("/api/v1/auth/login", json=owner(email=ADA))
            begun = await http.post("/api/v1/auth/identities", json={"provider": "google"})
            await http.get(await through(begun.json()["url"]))
            (identity,) = (await http.get("/api/v1/auth/identities")).json()
        async with linked.client() as http:
            await sign_in(http)
            assert (await http.get("/api/v1/account")).json()["email"] == ADA
            export = (await http.get("/api/v1/account/export")).json()
            gone = await http.delete(f"/api/v1/auth/identities/{identity['id']}")
            again = await http.delete(f"/api/v1/auth/identities/{identity['id']}")
        assert identity["email"] == "ada.elsewhere@example.com"
        assert export["identities"][0]["subject"] == "ada-there"
        assert (gone.status_code, again.status_code) == (204, 404)

    async def test_what_is_anothers_is_not_linked(self, linked: Town) -> None:
        async with linked.client() as http:
            await sign_in(http)
        await linked.person("Bob")
        async with linked.client() as http:
            await http.post("/api/v1/auth/login", json=owner(email="bob@example.com"))
            begun = await http.post("/api/v1/auth/identities", json={"provider": "google"})
            answer = await http.get(await through(begun.json()["url"]))
            assert problem(answer) == "identity.taken"
            assert (await http.get("/api/v1/auth/identities")).json() == []

    async def test_the_last_way_in_stays(self, linked: Town) -> None:
        async with linked.client() as http:
            await sign_in(http)
            (identity,) = (await http.get("/api/v1/auth/identities")).json()
            at = f"/api/v1/auth/identities/{identity['id']}"
            refused = await http.delete(at)
            await http.post("/api/v1/account/password", json={"new": PASSWORD})
            done = await http.delete(at)
        assert (refused.status_code, refused.json()["code"]) == (409, "identity.last_way_in")
        assert done.status_code == 204

    async def test_of_two_ways_that_are_unlinked_at_once_one_stays(self, linked: Town) -> None:
        async with linked.client() as http:
            await sign_in(http)
            begun = await http.post("/api/v1/auth/identities", json={"provider": "acme"})
            await http.get(await through(begun.json()["url"]))
            both = (await http.get("/api/v1/auth/identities")).json()
            answers = await asyncio.gather(
                *(http.delete(f"/api/v1/auth/identities/{one['id']}") for one in both)
            )
            left = (await http.get("/api/v1/auth/identities")).json()
        assert sorted(one.status_code for one in answers) == [204, 409]
        assert len(left) == 1


class TestOAuthAlone:
    """Providers that speak no OpenID Connect: who somebody is, is asked with the access token."""

    @pytest.fixture
    async def plain(
        self, database_url: str, tmp_path: Path, provider: LocalProvider
    ) -> AsyncIterator[Town]:
        settings = {
            "github": provider.settings_of_oauth(emails_url=f"{provider.url}/emails"),
            "discord": provider.settings_of_oauth(),
        }
        provider.auth_methods = ["client_secret_post"]
        provider.person = {"id": 583231, "login": "ada", "email": "public@example.com"}
        provider.emails = [
            {"email": "public@example.com", "primary": False, "verified": True},
            {"email": ADA, "primary": True, "verified": True},
        ]
        async with town(database_url, tmp_path, sign_in=settings, public_url=HERE_URL) as made:
            await made.set_up()
            yield made

    @pytest.mark.seed("D1-39")
    async def test_the_primary_address_counts_where_it_is_confirmed(
        self, plain: Town, provider: LocalProvider
    ) -> None:
        async with plain.client() as http:
            await sign_in(http, "github")
            me = (await http.get("/api/v1/account")).json()
        assert (me["email"], me["name"], me["is_verified"]) == (ADA, "ada", True)
        assert provider.asked == ["token", "userinfo", "emails"]

    async def test_and_not_where_it_is_not(self, plain: Town, provider: LocalProvider) -> None:
        provider.emails[1]["verified"] = False
        async with plain.client() as http:
            assert problem(await sign_in(http, "github")) == "auth.sign_in_unconfirmed"

    async def test_discords_words(self, plain: Town, provider: LocalProvider) -> None:
        provider.person = {
            "id": "80351110224678912",
            "username": "ada",
            "global_name": "Ada L.",
            "email": ADA,
            "verified": True,
        }
        async with plain.client() as http:
            await sign_in(http, "discord")
            me = (await http.get("/api/v1/account")).json()
        assert (me["email"], me["name"], me["is_verified"]) == (ADA, "Ada L.", True)


class TestSettings:
    def test_known_providers_need_an_id_and_a_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in KNOWN:
            monkeypatch.setenv(f"AUTOGRAPH_SIGN_IN__{name.upper()}__CLIENT_ID", "id")
            monkeypatch.setenv(f"AUTOGRAPH_SIGN_IN__{name.upper()}__CLIENT_SECRET", "s3cr3t")
        settings = Settings()
        assert "s3cr3t" not in repr(settings)
        for name, said in settings.sign_in.items():
            made = provider_of(name, said)
            assert (made.title, made.client_id, made.is_inside) == (KNOWN[name].title, "id", False)
            assert made.client_secret == "s3cr3t"
            assert "s3cr3t" not in repr(made)

    @pytest.mark.parametrize(
        ("said", "names"),
        [
            ({}, "AUTOGRAPH_SIGN_IN__ACME__ISSUER"),
            ({"issuer": "https://a", "is_openid": False}, "AUTOGRAPH_SIGN_IN__ACME__TOKEN_URL"),
        ],
    )
    def test_what_is_left_out_is_named(self, said: dict[str, Any], names: str) -> None:
        with pytest.raises(ProviderIncomplete, match=names):
            provider_of("acme", LoginProvider(client_id="id", **said))


async def test_nobody_learns_from_a_log_in_at_a_provider_who_has_an_account(linked: Town) -> None:
    async with linked.client() as http:
        answers = [
            await http.post("/api/v1/auth/providers/finish", json={"token": one, "code": "1"})
            for one in ("", "x", ADA)
        ]
    assert len({str(without_id(one)) for one in answers}) == 1


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _with(url: str, **changes: str) -> str:
    query = {**_query(url), **changes}
    base = url.partition("?")[0]
    return str(httpx2.URL(base, params=query))
