"""Mail to a real mail server (aiosmtpd) on this machine, encrypted and not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from autograph.blocks.builtin.mail.send import SendEmail
from autograph.blocks.sdk import BlockError, UserPasswordSecret
from autograph.blocks.sdk.testing import FakeContext, run_block
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.ports import EgressRefused, Rules, Unreachable
from autograph.infra.mail import post

MINE = {"id": "mine", "provider": "smtp", "type": "user_password"}


class Box:
    """Takes mail for everybody but one."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.people: list[list[str]] = []
        self.logins: list[tuple[str, bool]] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        made = message_from_bytes(content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        if made["Subject"] == "spam":
            return "554 5.7.1 not wanted here"
        self.mails.append(made)
        self.people.append(envelope.rcpt_tos)
        return "250 OK"

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.password.decode(), session.ssl is not None))
        return AuthResult(success=data.password == b"right", handled=False)


class Serve(Protocol):
    def __call__(self, **how: Any) -> AbstractAsyncContextManager[int]: ...


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def serve(box: Box) -> Serve:
    """Starts a mail server; `starttls` and `tls` are contexts, `auth` asks who one is."""

    @asynccontextmanager
    async def made(
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        auth: bool = True,
    ) -> AsyncIterator[int]:
        talking: list[SMTP] = []

        def talk() -> SMTP:
            talking.append(
                SMTP(
                    box,
                    hostname="mail.example.com",
                    tls_context=starttls,
                    require_starttls=starttls is not None,
                    auth_required=starttls is not None,
                    auth_require_tls=starttls is not None,
                    authenticator=box.login if auth else None,
                    auth_exclude_mechanism=[] if auth else ["LOGIN", "PLAIN"],
                )
            )
            return talking[-1]

        loop = asyncio.get_running_loop()
        server = await loop.create_server(talk, "127.0.0.1", 0, ssl=tls)
        async with server:
            yield server.sockets[0].getsockname()[1]
        for one in talking:  # those who were hung up on have not all noticed
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0.01)

    return made


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that this test's process believes in."""
    path = tmp_path / "certificate.pem"
    _certify(path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return context


def _certify(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


async def mail(
    port: int, *, password: str = "right", ctx: FakeContext | None = None, **more: Any
) -> list[Any]:
    ctx = ctx or FakeContext()
    ctx.secrets["mine"] = UserPasswordSecret("me@example.com", password)
    values = {
        "to_email": "ann@example.com",
        "subject": "Tea",
        "body": "It is ready.\n.\nCome.",
        "config": {"smtp_server": "127.0.0.1", "smtp_port": port},
        "credentials": MINE,
        **more,
    }
    return await run_block(SendEmail, values, ctx)


class TestSending:
    async def test_a_mail_arrives_encrypted(
        self, serve: Serve, box: Box, certified: ssl.SSLContext
    ) -> None:
        async with serve(starttls=certified) as port:
            assert await mail(port) == [("status", "Sent.")]
        assert box.logins == [("right", True)]
        assert box.people == [["ann@example.com"]]
        got = box.mails[0]
        assert (got["From"], got["To"], got["Subject"]) == (
            "me@example.com",
            "ann@example.com",
            "Tea",
        )
        assert got.get_content().splitlines() == ["It is ready.", ".", "Come."]
        assert got["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"

    async def test_a_mail_arrives_where_all_is_encrypted_from_the_start(
        self,
        serve: Serve,
        box: Box,
        certified: ssl.SSLContext,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with serve(tls=certified) as port:
            monkeypatch.setattr(post, "_TLS_PORT", port)
            await mail(port)
        assert [one["Subject"] for one in box.mails] == ["Tea"]

    async def test_several_get_it_and_letters_of_all_kinds_stay(
        self, serve: Serve, box: Box
    ) -> None:
        people = '"Tea, Ann" <ann@example.com>, bob@example.com,'
        async with serve() as port:
            await mail(port, to_email=people, subject="Grüner Tee 茶", body="Prost 🍵")
        assert box.people == [["ann@example.com", "bob@example.com"]]
        assert box.mails[0]["Subject"] == "Grüner Tee 茶"
        assert box.mails[0].get_content().strip() == "Prost 🍵"

    async def test_a_server_that_knows_no_accounts_is_not_told_one(
        self, serve: Serve, box: Box
    ) -> None:
        async with serve(auth=False) as port:
            await mail(port, password="")
        assert (len(box.mails), box.logins) == (1, [])

    async def test_every_attempt_sends_the_same_mail(self, serve: Serve, box: Box) -> None:
        async with serve() as port:
            for key in ("run:1", "run:1", "run:2"):
                await mail(port, ctx=FakeContext(idempotency_key=key))
        first, again, other = (one["Message-ID"] for one in box.mails)
        assert first == again != other


class TestRefusals:
    async def test_a_wrong_password_is_said_without_it(self, serve: Serve, box: Box) -> None:
        async with serve() as port:
            with pytest.raises(BlockError, match="name and password") as failed:
                await mail(port, password="wrong-word")
        assert failed.value.code == "provider.unauthorised"
        assert "wrong-word" not in failed.value.message
        assert box.mails == []

    async def test_who_gets_no_mail_there_is_named(self, serve: Serve, box: Box) -> None:
        async with serve() as port:
            with pytest.raises(BlockError, match=r"nobody@example\.com: .*no such person"):
                await mail(port, to_email="nobody@example.com")
        assert box.mails == []

    async def test_what_the_server_says_of_a_mail_is_said(self, serve: Serve) -> None:
        async with serve() as port:
            with pytest.raises(BlockError, match="not wanted here"):
                await mail(port, subject="spam")

    @pytest.mark.parametrize("to", ["", ",", "ann", "@example.com", "ann@", "a\r\nb@example.com"])
    async def test_what_is_no_address_is_not_sent_to(self, serve: Serve, box: Box, to: str) -> None:
        async with serve() as port:
            with pytest.raises(BlockError, match="to_email"):
                await mail(port, to_email=to)
        assert box.logins == []

    @pytest.mark.parametrize("subject", ["Tea\r\nBcc: eve@example.com", "Tea\nX: y"])
    async def test_a_subject_adds_no_headers(self, serve: Serve, box: Box, subject: str) -> None:
        async with serve() as port:
            with pytest.raises(BlockError, match="cannot be sent"):
                await mail(port, subject=subject)
        assert box.logins == []

    async def test_an_address_adds_no_people(self, serve: Serve, box: Box) -> None:
        async with serve() as port:
            with pytest.raises(BlockError):
                await mail(port, to_email="ann@example.com>\r\nRCPT TO:<eve@example.com")
        assert box.people == []


class TestSafety:
    async def test_a_server_inside_is_not_reached(self, serve: Serve, box: Box) -> None:
        strict = FakeContext(dialer=CheckedDialer(Rules()))
        async with serve() as port:
            with pytest.raises(EgressRefused, match="EGRESS_INSIDE"):
                await mail(port, ctx=strict)
        assert box.logins == []

    async def test_no_password_is_sent_in_the_open_to_the_outside(
        self, serve: Serve, box: Box, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(post, "ip_address", lambda _: ip_address("1.1.1.1"))
        async with serve() as port:
            with pytest.raises(BlockError, match="does not encrypt"):
                await mail(port)
        assert (box.logins, box.mails) == ([], [])

    async def test_a_server_that_is_another_gets_no_password(
        self, serve: Serve, box: Box, certified: ssl.SSLContext, tmp_path: Path, monkeypatch: Any
    ) -> None:
        _certify(tmp_path / "other.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
        async with serve(starttls=certified) as port:
            with pytest.raises(BlockError, match="did not take the mail"):
                await mail(port)
        assert box.logins == []

    async def test_a_server_that_never_answers_is_left(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(post, "_SECONDS", 0.3)

        hung_up = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
            writer.transport.abort()
            hung_up.set()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            with pytest.raises(BlockError, match="did not take the mail"):
                await mail(server.sockets[0].getsockname()[1])
            await hung_up.wait()
            await asyncio.sleep(0.01)

    async def test_where_nobody_listens_is_said(self) -> None:
        with pytest.raises(Unreachable, match="cannot be reached at port 1"):
            await mail(1)
