"""Mail: what is written is what a mail program reads, and whom an answer goes to."""

from __future__ import annotations

import email
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.blocks.catalog import load_catalog
from autograph.blocks.packs.quirks.gmail import answered
from autograph.blocks.packs.quirks.gmail_messages import (
    Attachment,
    BadMessage,
    Outgoing,
    addresses,
    is_html,
    plain,
)
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, run_block


def read(outgoing: Outgoing) -> EmailMessage:
    message = email.message_from_bytes(outgoing.mime(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def parent(**headers: str) -> dict[str, Any]:
    found = [{"name": name.replace("_", "-"), "value": text} for name, text in headers.items()]
    return {"payload": {"headers": found}}


class TestWriting:
    @given(
        body=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=2_000),
        subject=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
    )
    def test_what_is_written_is_what_is_read(self, body: str, subject: str) -> None:
        message = read(Outgoing(to=["ann@example.com"], subject=subject, body=body))

        assert message.get_content().splitlines() == (body or "\n").splitlines()
        assert message["Subject"].split() == subject.split()

    def test_a_long_paragraph_stays_one_line(self) -> None:
        body = "word " * 1_000

        message = read(Outgoing(to=["a@example.com"], subject="", body=body))

        assert message.get_content() == f"{body}\r\n"

    def test_names_and_files_may_be_in_any_script(self) -> None:
        message = read(
            Outgoing(
                to=['"Лев, Анна" <anna@example.com>'],
                subject="x",
                body="y",
                attachments=[Attachment("отчёт.csv", "text/csv", b"1,2")],
            )
        )

        assert message["To"].addresses[0].display_name == "Лев, Анна"
        files = [(one.get_filename(), one.get_content()) for one in message.iter_attachments()]
        assert files == [("отчёт.csv", "1,2")]

    def test_the_same_message_is_the_same_bytes(self) -> None:
        one = Outgoing(
            to=["a@example.com"], subject="x", body="y", attachments=[Attachment("a", "", b"1")]
        )

        assert one.mime() == one.mime()

    @pytest.mark.parametrize("subject", ["Hi\r\nBcc: spy@example.com", "Hi\nBcc: spy@example.com"])
    def test_a_subject_adds_no_headers(self, subject: str) -> None:
        message = read(Outgoing(to=["a@example.com"], subject=subject, body=""))

        assert message["Bcc"] is None
        assert message["Subject"] == "Hi Bcc: spy@example.com"

    @pytest.mark.parametrize(
        "recipient",
        ["a@example.com\r\nBcc: spy@example.com", "Ann", "a@b@c", "", "a b@example.com", "ä@"],
    )
    def test_what_is_no_address_is_refused(self, recipient: str) -> None:
        with pytest.raises(BadMessage, match="no e-mail address"):
            Outgoing(to=[recipient], subject="", body="").mime()

    def test_more_recipients_than_gmail_takes_are_refused(self) -> None:
        with pytest.raises(BadMessage, match="at most 500"):
            Outgoing(to=["a@example.com"] * 501, subject="", body="").mime()


class TestWhomAnAnswerGoesTo:
    def test_whoever_wrote_it(self) -> None:
        assert answered(
            parent(From="Ann <ann@x.org>", To="me@x.org"), "me@x.org", to_all=False
        ) == (
            ["ann@x.org"],
            [],
        )

    def test_where_they_want_it(self) -> None:
        message = parent(From="list@x.org", Reply_To="ann@x.org", To="me@x.org")

        assert answered(message, "me@x.org", to_all=False) == (["ann@x.org"], [])

    def test_all_of_them_but_oneself_and_nobody_twice(self) -> None:
        message = parent(From="ann@x.org", To="Me@x.org, bo@x.org", Cc="BO@x.org, cy@x.org")

        assert answered(message, "me@x.org", to_all=True) == (
            ["ann@x.org", "bo@x.org"],
            ["cy@x.org"],
        )

    def test_ones_own_message_goes_to_those_who_got_it(self) -> None:
        assert answered(parent(From="me@x.org", To="ann@x.org"), "me@x.org", to_all=False) == (
            ["ann@x.org"],
            [],
        )

    def test_a_note_to_oneself_is_answered_to_oneself(self) -> None:
        assert answered(parent(From="me@x.org", To="me@x.org"), "me@x.org", to_all=True) == (
            ["me@x.org"],
            [],
        )


class TestLimits:
    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("userRateLimitExceeded", "provider.rate_limited"),
            ("insufficientPermissions", "provider.forbidden"),
        ],
    )
    async def test_too_many_requests_are_told_from_what_is_forbidden(
        self, reason: str, code: str
    ) -> None:
        block = load_catalog().get("GmailGetProfile")
        example = block.examples[0]
        said = {"error": {"code": 403, "message": "No.", "errors": [{"reason": reason}]}}
        refusal = replace(example.exchanges[0], status=403, response={"response": said})
        ctx = FakeContext(secrets=dict(example.secrets))

        async with recorded([refusal]) as ctx.http:
            with pytest.raises(BlockError) as caught:
                await run_block(block, example.input, ctx)

        assert caught.value.code == code


class TestHtml:
    @pytest.mark.parametrize(
        ("body", "kind", "expected"),
        [
            ("<p>Hi</p>", None, True),
            ("Hi<br/>you", "auto", True),
            ("<p>Hi</p>", "plain", False),
            ("Hi", "html", True),
            ("a < b and c > d", None, False),
            ("<ann@example.com> wrote", None, False),
            ("List<String> x", None, False),
        ],
    )
    def test_is_told_by_its_tags(self, body: str, kind: str | None, *, expected: bool) -> None:
        assert is_html(body, kind) is expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("<p>a</p><p>b</p>", "a\n\nb"),
            ("a<br>b", "a\nb"),
            ("<style>p {}</style><p>a &amp; b</p>", "a & b"),
            ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
            ("a\n   b", "a b"),
        ],
    )
    def test_becomes_plain_text(self, text: str, expected: str) -> None:
        assert plain(text) == expected


def test_addresses_are_found_among_names() -> None:
    assert addresses('"Lee, Ann" <ann@x.org>, bo@x.org') == ["ann@x.org", "bo@x.org"]
