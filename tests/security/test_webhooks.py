"""Family 12: what other systems send is proved or unguessable, stored before it is taken, and taken once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from autograph.blocks.catalog import Catalog
from autograph.blocks.packs.provider import Providers
from autograph.blocks.packs.webhooks import HookFiles, Signature
from autograph.features.integrations.models.signatures import sign, why_unproved
from autograph.features.integrations.models.webhooks import Arrival
from autograph.graph.portable import write_agent
from autograph.infra.database import Database
from tests.security.listening import (
    become_of,
    listening_graph,
    make_listening,
    outputs_of,
    path_of,
)
from tests.security.people import Town, town

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQ="
BODY = b'{"order": 7}'
FILES = HookFiles(Providers())


def arrival(body: bytes = BODY, **headers: str) -> Arrival:
    return Arrival(
        "POST",
        {name.replace("_", "-"): text for name, text in headers.items()},
        body,
        "application/json",
    )


def signed(signature: Signature, body: bytes = BODY, moment: datetime = NOW) -> Arrival:
    """Return a request as whoever has the secret sends it."""
    stamp = str(int(moment.timestamp()))
    headers = {"webhook-id": "d1"}
    if signature.timestamp:
        headers[signature.timestamp.lower()] = stamp
    bare = Arrival("POST", headers, body, "application/json")
    return Arrival(
        "POST",
        {**headers, signature.header.lower(): sign(signature, SECRET, bare, stamp)},
        body,
        "application/json",
    )


class TestSignatures:
    SENDERS = ("github", "slack", "stripe", "airtable", "telegram", "exa", "standard_webhooks")

    @pytest.mark.parametrize("sender", SENDERS)
    def test_who_has_the_secret_proves_it(self, sender: str) -> None:
        signature = FILES.get(sender).signature
        assert why_unproved(signature, SECRET, signed(signature), NOW) is None

    @pytest.mark.parametrize("sender", SENDERS)
    def test_who_has_another_does_not(self, sender: str) -> None:
        signature = FILES.get(sender).signature
        assert why_unproved(signature, SECRET + "A", signed(signature), NOW) is not None
        assert why_unproved(signature, SECRET, arrival(), NOW) is not None

    @pytest.mark.parametrize("sender", [one for one in SENDERS if one != "telegram"])
    def test_another_body_is_not_signed(self, sender: str) -> None:
        signature = FILES.get(sender).signature
        other = Arrival("POST", signed(signature).headers, BODY + b" ", "application/json")
        assert why_unproved(signature, SECRET, other, NOW) is not None

    @pytest.mark.parametrize("sender", ["slack", "stripe", "exa", "standard_webhooks"])
    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_what_is_old_is_not_taken(self, sender: str, seconds: int) -> None:
        signature = FILES.get(sender).signature
        late = NOW + timedelta(seconds=seconds)
        why = why_unproved(signature, SECRET, signed(signature), late)
        assert why is not None
        assert "300 s" in why

    @pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "٣", "9" * 40])
    def test_a_moment_that_is_none_is_not_taken(self, stamp: str) -> None:
        signature = FILES.get("slack").signature
        sent = signed(signature)
        headers = {**sent.headers, "x-slack-request-timestamp": stamp}
        other = Arrival("POST", headers, BODY, "application/json")
        assert why_unproved(signature, SECRET, other, NOW) == "It does not say when it was sent."

    def test_githubs_own_example_holds(self) -> None:
        # From the documentation of GitHub's webhooks.
        sent = arrival(
            b"Hello, World!",
            x_hub_signature_256="sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        )
        signature = FILES.get("github").signature
        assert why_unproved(signature, "It's a Secret to Everybody", sent, NOW) is None

    def test_slacks_own_example_holds(self) -> None:
        # From the documentation of Slack's requests.
        body = (
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
            b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
            b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        sent = arrival(
            body,
            x_slack_signature="v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            x_slack_request_timestamp="1531420618",
        )
        signature = FILES.get("slack").signature
        moment = datetime.fromtimestamp(1531420618, UTC)
        assert why_unproved(signature, "8f742231b10e8888abcd99yyyzzz85a5", sent, moment) is None


@pytest.fixture
async def ada(settled: Town) -> httpx2.AsyncClient:
    return settled.client(await settled.person("Ada"))


@pytest.mark.seed("D3-07")
class TestAddresses:
    async def test_an_address_cannot_be_guessed(
        self, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        one = path_of(await make_listening(ada, catalog)).rsplit("/", 1)[1]
        other = path_of(await make_listening(ada, catalog)).rsplit("/", 1)[1]
        assert one != other
        assert len(one) >= 43  # 256 bits

    async def test_nobody_listens_at_another_one(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        path = path_of(await make_listening(ada, catalog))
        async with settled.client() as outside:
            for wrong in (path[:-1], path + "A", path.replace("generic_webhook", "github")):
                answer = await outside.post(wrong, json={})
                assert (answer.status_code, answer.json()["code"]) == (404, "webhook.not_found")

    async def test_the_database_does_not_know_it(
        self, ada: httpx2.AsyncClient, catalog: Catalog, database: Database
    ) -> None:
        token = path_of(await make_listening(ada, catalog)).rsplit("/", 1)[1]
        async with database.acquire() as connection:
            kept = await connection.fetch("SELECT webhooks::text FROM webhooks")
        assert token not in str(kept)

    async def test_more_than_is_taken_is_429(
        self, database_url: str, tmp_path: Path, catalog: Catalog
    ) -> None:
        async with town(database_url, tmp_path, rate_webhook=4) as small:
            await small.set_up()
            http = small.client(await small.person("Ada"))
            path = path_of(await make_listening(http, catalog))
            answers = [
                await small.client(ip=f"198.51.100.{one}").post(path, json={"n": one})
                for one in range(3)
            ]
            assert [one.status_code for one in answers] == [200, 429, 429]
            assert answers[1].json()["code"] == "webhook.too_many"
            assert int(answers[1].headers["retry-after"]) > 0


class TestDeliveries:
    async def test_it_is_stored_before_it_is_taken(
        self, database_url: str, tmp_path: Path, catalog: Catalog, database: Database
    ) -> None:
        """The process that took it starts nothing, and is gone; the next one starts the run."""
        async with town(database_url, tmp_path) as first:
            await first.set_up()
            token = await first.person("Ada")
            http = first.client(token)
            preset = await make_listening(http, catalog)
            async with database.acquire() as connection, connection.transaction():
                # Whoever starts runs has to wait for this lock; who stores deliveries does not.
                await connection.execute("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
                sent = await first.client().post(path_of(preset), content=BODY)
                assert sent.status_code == 200
                kept = await connection.fetchrow(
                    "SELECT body, (SELECT status FROM webhook_starts) AS status FROM webhook_deliveries"
                )
            assert kept is not None
            assert (kept["body"], kept["status"]) == (BODY, "stored")
            found = await become_of(http, sent.headers["x-autograph-delivery"])
            assert await outputs_of(http, found["starts"][0]["run_id"]) == {
                "came": [{"order": 7}],
                "said": ["none"],
            }

    async def test_what_a_provider_knows_by_one_id_starts_one_run(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog, database: Database
    ) -> None:
        preset = await make_listening(
            ada, catalog, trigger={"sender": "github", "secret": "the secret"}
        )
        mac = hmac.new(b"the secret", BODY, hashlib.sha256).hexdigest()
        headers = {
            "X-Hub-Signature-256": f"sha256={mac}",
            "X-GitHub-Delivery": "d-1",
            "X-GitHub-Event": "push",
        }
        async with settled.client() as github:
            answers = await asyncio.gather(
                *(github.post(path_of(preset), content=BODY, headers=headers) for _ in range(8))
            )
        assert {one.status_code for one in answers} == {200}
        assert len({one.headers["x-autograph-delivery"] for one in answers}) == 1
        assert (
            sorted(one.headers["x-autograph-duplicate"] for one in answers)
            == ["false"] + ["true"] * 7
        )
        await become_of(ada, answers[0].headers["x-autograph-delivery"])
        async with database.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM runs") == 1

    async def test_the_same_body_without_an_id_is_taken_once_for_a_while(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        path = path_of(await make_listening(ada, catalog))
        async with settled.client() as outside:
            first = await outside.post(path, content=BODY)
            again = await outside.post(path, content=BODY)
            other = await outside.post(path, content=b'{"order": 8}')
        assert again.headers["x-autograph-duplicate"] == "true"
        ids = [one.headers["x-autograph-delivery"] for one in (first, again, other)]
        assert ids[0] == ids[1] != ids[2]

    async def test_what_is_not_proved_is_noted_and_starts_nothing(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog, database: Database
    ) -> None:
        preset = await make_listening(
            ada, catalog, trigger={"sender": "github", "secret": "the secret"}
        )
        async with settled.client() as outside:
            refused = await outside.post(
                path_of(preset), content=BODY, headers={"X-Hub-Signature-256": "sha256=00"}
            )
        assert (refused.status_code, refused.json()["code"]) == (401, "webhook.unproved")
        shown = (await ada.get(f"/api/v1/webhooks/{preset['webhook']['id']}")).json()
        assert (shown["refused"], shown["state"]) == (1, "waiting")
        assert "does not sign this body" in shown["last_refused_for"]
        async with database.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM webhook_deliveries") == 0

    async def test_slack_is_answered_when_it_asks_and_proves_itself(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        preset = await make_listening(ada, catalog, trigger={"sender": "slack", "secret": "s"})
        body = json.dumps({"type": "url_verification", "challenge": "3eZbrw"}).encode()
        stamp = str(int(datetime.now(UTC).timestamp()))
        mac = hmac.new(b"s", b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {"X-Slack-Signature": f"v0={mac}", "X-Slack-Request-Timestamp": stamp}
        async with settled.client() as slack:
            asked = await slack.post(path_of(preset), content=body, headers=headers)
            assert (asked.status_code, asked.text) == (200, "3eZbrw")
            unsigned = await slack.post(path_of(preset), content=body)
            assert unsigned.status_code == 401
        shown = (await ada.get(f"/api/v1/webhooks/{preset['webhook']['id']}")).json()
        assert shown["state"] == "active"
        assert shown["last_ping_at"]
        assert (await ada.get("/api/v1/deliveries")).json()["deliveries"] == []

    async def test_what_proves_who_somebody_is_is_not_kept(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        path = path_of(await make_listening(ada, catalog))
        async with settled.client() as outside:
            sent = await outside.post(
                path,
                content=BODY,
                headers={"X-API-Key": "canary-key", "Cookie": "a=canary", "X-Own": "kept"},
            )
        found = await ada.get(f"/api/v1/deliveries/{sent.headers['x-autograph-delivery']}")
        assert "canary" not in found.text
        assert found.json()["headers"]["x-own"] == "kept"

    async def test_inputs_of_the_preset_are_honoured_and_a_replay_starts_anew(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        preset = await make_listening(ada, catalog, inputs={"word": "hello"})
        async with settled.client() as outside:
            sent = await outside.post(
                path_of(preset),
                content=b"a=1&b=2",
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
        first = await become_of(ada, sent.headers["x-autograph-delivery"])
        again = await ada.post(f"/api/v1/deliveries/{first['id']}/replay")
        assert (again.status_code, again.json()["replay_of"]) == (202, first["id"])
        second = await become_of(ada, again.json()["id"])
        runs = [one["starts"][0]["run_id"] for one in (first, second)]
        assert runs[0] != runs[1]
        for run_id in runs:
            assert await outputs_of(ada, run_id) == {
                "came": [{"a": "1", "b": "2"}],
                "said": ["hello"],
            }

    async def test_a_trigger_that_is_off_or_cannot_run_says_so(
        self, settled: Town, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        preset = await make_listening(ada, catalog)
        await ada.patch(f"/api/v1/presets/{preset['id']}", json={"is_active": False})
        async with settled.client() as outside:
            off = await outside.post(path_of(preset), content=BODY)
            found = await become_of(ada, off.headers["x-autograph-delivery"])
            assert found["starts"][0]["status"] == "ignored"
            assert "switched off" in found["starts"][0]["message"]
            await ada.patch(f"/api/v1/presets/{preset['id']}", json={"is_active": True})
            asks_more = listening_graph(catalog)
            asks_more.nodes[1].constants.pop("value")
            await ada.put(f"/api/v1/graphs/{preset['graph_id']}", json=write_agent(asks_more))
            failed = await outside.post(path_of(preset), content=b"{}")
        found = await become_of(ada, failed.headers["x-autograph-delivery"])
        assert found["starts"][0]["status"] == "failed"
        assert "word" in found["starts"][0]["message"]

    async def test_without_a_trigger_it_runs_by_a_payload_alone(
        self, ada: httpx2.AsyncClient, catalog: Catalog
    ) -> None:
        preset = await make_listening(ada, catalog)
        bare = await ada.post(f"/api/v1/graphs/{preset['graph_id']}/execute", json={})
        assert (bare.status_code, bare.json()["code"]) == (422, "run.needs_trigger")
        tried = await ada.post(
            f"/api/v1/presets/{preset['id']}/execute",
            json={"payload": {"try": 1}, "inputs": {"word": "w"}},
        )
        assert tried.status_code == 202, tried.text
        assert await outputs_of(ada, tried.json()["id"]) == {"came": [{"try": 1}], "said": ["w"]}


async def test_several_processes_start_each_run_once(
    database_url: str, tmp_path: Path, catalog: Catalog, database: Database
) -> None:
    (tmp_path / "keys").mkdir()
    async with town(database_url, tmp_path) as one, town(database_url, tmp_path) as other:
        await one.set_up()
        http = one.client(await one.person("Ada"))
        path = path_of(await make_listening(http, catalog))
        sent = [
            await (one if number % 2 else other).client().post(path, json={"n": number})
            for number in range(20)
        ]
        ids = {answer.headers["x-autograph-delivery"] for answer in sent}
        assert len(ids) == 20
        for delivery_id in ids:
            found = await become_of(http, delivery_id)
            assert [start["status"] for start in found["starts"]] == ["started"]
        async with database.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM runs") == 20
