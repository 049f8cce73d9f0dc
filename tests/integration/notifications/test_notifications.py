"""What happens is told once, durably, to whom it concerns, as they chose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.doors import serve
from autograph.engine.waits import Answer, Choice
from autograph.features.accounts.models.sessions import Visit
from autograph.features.integrations.models.webhooks import Health, Webhook, WebhookState
from autograph.features.integrations.repository import WebhookRepository
from autograph.features.notifications.adapters.personal_data import NotificationData
from autograph.features.notifications.models import Channel, Kind, Notification
from autograph.features.notifications.repository import NotificationRepository
from autograph.features.runs.models import Debug, DryRun, Order
from autograph.graph.model import Graph
from autograph.graph.portable import write_agent
from autograph.infra.ids import new_id
from autograph.infra.settings import Settings
from tests.agents import graph, node

PASSWORD = "a long enough sentence"
HOME = Visit("198.51.100.7", "Firefox/140.0")
AWAY = Visit("203.0.113.9", "Chrome/140.0")


@pytest.fixture
async def quiet(database_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform that runs agents, in which nobody is told anything before a test says so."""
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.WORKER) as made:
        yield made


def failing(catalog: Catalog, name: str = "Divides by nothing") -> Graph:
    return graph([node(catalog, "c", "Calculator", operation="Divide", a=1, b=0)], name=name)


def asking(catalog: Catalog) -> Graph:
    return graph([node(catalog, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post")])


async def run(made: Platform, agent: Graph, times: int = 1, *, status: str) -> list[UUID]:
    saved = await made.agents.create(made.owner, write_agent(agent))
    runs = [await made.runs.start(made.owner, saved.id, {}) for _ in range(times)]
    async with asyncio.timeout(20):
        for one in runs:
            while (await made.runs.get(made.owner, one)).row.status != status:
                await asyncio.sleep(0.01)
    return runs


async def inbox(made: Platform) -> list[Notification]:
    return list((await made.notifications.list_page(made.owner)).rows)


async def left(made: Platform) -> int:
    async with made.database.acquire() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM happenings"))


@pytest.mark.seed("D1-26", "D8-11", "D5-P10")
async def test_a_failed_run_is_told_once_and_a_completed_one_only_to_who_wants_it(
    quiet: Platform, catalog: Catalog
) -> None:
    (failed,) = await run(quiet, failing(catalog), status="failed")
    works = graph([node(catalog, "out", "AgentOutput", name="x", value=1)], name="Works")
    await run(quiet, works, status="completed")

    assert await left(quiet) == 1  # of what nobody chose to hear nothing is noted
    assert await quiet.notifications.tell() == 1
    assert await quiet.notifications.tell() == 0

    (one,) = await inbox(quiet)
    assert (one.kind, one.times, one.read_at) == (Kind.RUN_FAILED, 1, None)
    assert one.body["run_id"] == str(failed)
    assert one.body["agent"] == "Divides by nothing"
    assert one.body["message"] == "Divide of 1 and 0 has no finite result."

    await quiet.notifications.choose(
        quiet.owner,
        {Kind.RUN_COMPLETED: {Channel.INBOX: True}, Kind.RUN_FAILED: {Channel.INBOX: False}},
    )
    await run(quiet, works, status="completed")
    await run(quiet, failing(catalog), status="failed")
    await quiet.notifications.tell()

    assert [one.kind for one in await inbox(quiet)] == [Kind.RUN_COMPLETED, Kind.RUN_FAILED]


@pytest.mark.seed("D8-18")
async def test_failures_one_after_the_other_are_one_row_that_counts_until_it_is_read(
    quiet: Platform, catalog: Catalog
) -> None:
    agent = failing(catalog)
    saved = await quiet.agents.create(quiet.owner, write_agent(agent))
    for _ in range(3):
        for _ in range(4):
            await quiet.runs.start(quiet.owner, saved.id, {})
        async with asyncio.timeout(20):
            while await left(quiet) < 4:
                await asyncio.sleep(0.01)
        await quiet.notifications.tell()

    (one,) = await inbox(quiet)
    assert one.times == 12

    await quiet.notifications.mark(quiet.owner, one.id, is_read=True)
    await quiet.runs.start(quiet.owner, saved.id, {})
    async with asyncio.timeout(20):
        while not await quiet.notifications.tell():
            await asyncio.sleep(0.01)
    assert [(one.times, one.read_at is None) for one in await inbox(quiet)] == [
        (1, True),
        (12, False),
    ]


async def test_who_dies_while_telling_has_told_nothing_and_the_next_one_tells_it(
    quiet: Platform, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(quiet, failing(catalog), times=3, status="failed")
    with monkeypatch.context() as patched:

        async def dies(*_: object) -> None:
            raise RuntimeError("the power is gone")

        patched.setattr("autograph.features.notifications.repository.Batch.announce", dies)
        with pytest.raises(RuntimeError, match="the power is gone"):
            await quiet.notifications.tell()
    assert await inbox(quiet) == []
    assert await left(quiet) == 3

    told = await asyncio.gather(*(quiet.notifications.tell() for _ in range(4)))

    assert sum(told) == 3
    assert [one.times for one in await inbox(quiet)] == [3]


async def test_dry_runs_runs_inside_runs_and_runs_that_are_gone_are_not_told(
    quiet: Platform, catalog: Catalog
) -> None:
    (gone,) = await run(quiet, failing(catalog), status="failed")
    await quiet.runs.delete(quiet.owner, gone)
    saved = await quiet.agents.create(quiet.owner, write_agent(failing(catalog)))
    await quiet.runs.start_order(quiet.owner, Order(saved.id, {}, dry_run=DryRun()))
    async with asyncio.timeout(20):
        while await left(quiet) < 2:
            await asyncio.sleep(0.01)

    assert await quiet.notifications.tell() == 2
    assert await inbox(quiet) == []


async def test_a_question_is_told_and_read_when_it_is_answered(
    quiet: Platform, catalog: Catalog
) -> None:
    await run(quiet, asking(catalog), status="waiting")
    await quiet.notifications.tell()
    (one,) = await inbox(quiet)
    assert (one.kind, one.body["title"], one.read_at) == (Kind.REVIEW_WAITING, "Post", None)

    await quiet.reviews.decide(quiet.owner, one.subject, Answer(Choice.APPROVE))
    await quiet.notifications.tell()

    (same,) = await inbox(quiet)
    assert same.read_at is not None
    assert await quiet.notifications.unread(quiet.owner) == 0


async def test_a_question_that_was_answered_before_anybody_told_it_is_not_told(
    quiet: Platform, catalog: Catalog
) -> None:
    await run(quiet, asking(catalog), status="waiting")
    (review,) = (await quiet.reviews.list_page(quiet.owner)).rows
    await quiet.reviews.decide(quiet.owner, review.id, Answer(Choice.REJECT))

    assert await quiet.notifications.tell() >= 2
    assert await inbox(quiet) == []


async def test_a_breakpoint_is_no_question(quiet: Platform, catalog: Catalog) -> None:
    saved = await quiet.agents.create(quiet.owner, write_agent(failing(catalog)))
    order = Order(saved.id, {}, debug=Debug(breakpoints=("c",)))
    run_id = await quiet.runs.start_order(quiet.owner, order)
    async with asyncio.timeout(20):
        while not (await quiet.runs.get(quiet.owner, run_id)).breaks:
            await asyncio.sleep(0.01)
    await quiet.notifications.tell()

    assert await inbox(quiet) == []
    assert (await quiet.library.get(quiet.owner, saved.id)).reviews == 0
    assert (await quiet.reviews.list_page(quiet.owner)).rows == []


async def test_a_webhook_that_ceases_to_work_is_told_once(quiet: Platform) -> None:
    webhooks = WebhookRepository(quiet.database)
    webhook = Webhook(
        id=new_id(),
        user_id=quiet.owner.user_id,
        provider="github",
        kind="repo",
        resource="a/b",
        events=(),
        credential_id=None,
        is_automatic=True,
        options={},
        hook_id=None,
        health=Health(WebhookState.ACTIVE),
        created_at=(await quiet.accounts.people.me(quiet.owner)).created_at,
    )
    async with quiet.database.acquire() as connection:
        await connection.execute(
            "INSERT INTO webhooks (id, user_id, provider, kind, resource, events, is_automatic, options, state, "
            "token_hash, key_id, sealed, created_at) SELECT $1, $2, 'github', 'repo', 'a/b', '{}', true, '{}', "
            "'active', '\\x00', key_id, '\\x00', now() FROM key_canaries LIMIT 1",
            webhook.id,
            webhook.user_id,
        )
    failed = {"state": WebhookState.FAILED.value, "message": "404 Not Found"}
    again = replace(webhook, health=Health(WebhookState.FAILED))

    for one in (webhook, again, again):
        await webhooks.settle(one, failed, None, webhook.created_at)
    await quiet.notifications.tell()

    (told,) = await inbox(quiet)
    assert (told.kind, told.subject, told.times) == (Kind.WEBHOOK_UNHEALTHY, webhook.id, 1)
    assert told.body["message"] == "404 Not Found"


@pytest.mark.seed("D3-E14")
async def test_people_hear_of_log_ins_from_new_places_and_of_what_is_done_to_their_account(
    quiet: Platform,
) -> None:
    people, login = quiet.accounts.people, quiet.accounts.login
    await people.set_up("ada@example.com", PASSWORD, "Ada", HOME)
    await login.log_in("ada@example.com", PASSWORD, HOME)
    await login.log_in("ada@example.com", PASSWORD, AWAY)
    await login.log_in("ada@example.com", PASSWORD, AWAY)
    await people.change_password(quiet.owner, PASSWORD, "another long sentence", HOME)
    await quiet.notifications.tell()

    rows = await inbox(quiet)

    assert [one.body["what"] for one in rows] == [
        "security.user.password_changed",
        "security.new_place",
    ]
    assert rows[1].body["ip"] == AWAY.ip
    assert {one.kind for one in rows} == {Kind.SECURITY}


class MailServer:
    """Takes mails; refuses as many as it was told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.refuses = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses > 0:
            self.refuses -= 1
            return "451 4.3.0 later"
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@asynccontextmanager
async def mailing(database_url: str, folder: Path) -> AsyncIterator[tuple[Platform, MailServer]]:
    box = MailServer()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = Settings(
        database_url=database_url, data_dir=folder, smtp_url=f"smtp://127.0.0.1:{port}"
    )
    try:
        async with platform(settings, process=Process.WORKER) as made:
            yield made, box
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.seed("D1-E30")
async def test_what_is_wanted_by_mail_is_mailed_once_and_again_where_the_server_refused(
    database_url: str, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = "autograph.features.notifications.service"
    monkeypatch.setattr(f"{service}._FIRST_RETRY", timedelta(0))
    async with mailing(database_url, tmp_path) as (made, box):
        await made.accounts.people.set_up("ada@example.com", PASSWORD, "Ada", HOME)
        by_mail_alone = {Channel.INBOX: False, Channel.MAIL: True}
        await made.notifications.choose(made.owner, {Kind.RUN_FAILED: by_mail_alone})
        box.refuses = 2
        await run(made, failing(catalog), times=5, status="failed")
        await made.notifications.tell()
        await run(made, failing(catalog), status="failed")
        await made.notifications.tell()
        async with asyncio.timeout(20):
            while len(box.taken) < 2:
                await made.notifications.send_mails()
        await made.notifications.send_mails()

        first, second = box.taken
        assert sorted(mail["Subject"] for mail in (first, second)) == [
            "Divides by nothing failed",
            "Divides by nothing failed (5 times)",
        ]
        assert first["To"] == "ada@example.com"
        assert "/runs/" in first.get_content()
        assert await inbox(made) == []


async def test_it_is_in_the_export_goes_with_the_account_and_with_its_age(
    quiet: Platform, catalog: Catalog
) -> None:
    await quiet.accounts.people.set_up("ada@example.com", PASSWORD, "Ada", HOME)
    await run(quiet, failing(catalog), status="failed")
    await quiet.notifications.tell()
    await quiet.notifications.choose(quiet.owner, {Kind.SECURITY: {Channel.MAIL: False}})

    exported: Any = (await quiet.accounts.people.export(quiet.owner, HOME))["notifications"]
    assert [one["title"] for one in exported["inbox"]] == ["Divides by nothing failed"]
    assert exported["preferences"] == {"security": {"mail": False}}

    assert await quiet.notifications.tidy() == 0
    async with quiet.database.acquire() as connection:
        await connection.execute("UPDATE notifications SET at = at - interval '91 days'")
    assert await quiet.notifications.tidy() == 1

    await run(quiet, failing(catalog), status="failed")
    await quiet.notifications.tell()
    await run(quiet, failing(catalog), status="failed")
    data = NotificationData(NotificationRepository(quiet.database))
    await data.erase(quiet.owner.user_id)
    await data.erase(quiet.owner.user_id)
    async with quiet.database.acquire() as connection:
        for table in ("happenings", "notifications", "notification_preferences"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_listeners_hear_of_their_own_inbox_at_once(
    database_url: str, tmp_path: Path, catalog: Catalog
) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with platform(settings, process=Process.UP) as made:
        serve(made)
        stranger = replace(made.owner, user_id=new_id())
        async with (
            made.notifications.listen(made.owner) as mine,
            made.notifications.listen(stranger) as others,
        ):
            await run(made, failing(catalog), status="failed")
            async with asyncio.timeout(10):
                await mine.wait()
            assert await made.notifications.unread(made.owner) == 1
            assert not others.is_set()
