"""Family 5: nothing of anybody's inside is reached from here, however it is spelled."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from autograph.infra.egress.addresses import is_public
from autograph.infra.egress.client import AiohttpClient
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.ports import (
    BadRequest,
    EgressRefused,
    HostList,
    HttpRequest,
    Proxy,
    ResponseTooLarge,
    Rules,
    Unreachable,
)

LOOPBACK = (ip_network("127.0.0.0/8"),)

INSIDE = [
    # loopback, in every way to write it
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    # private networks
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "0xa000001",
    "167772161",
    "012.0.0.1",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.0.1]",
    "[2002:a00:1::]",
    "[64:ff9b::10.0.0.1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
    # link-local, and the metadata of clouds
    "169.254.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    # carriers, tests, the future, everybody at once
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[2001::1]",
    "[fec0::1]",
    "[5f00::1]",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]


class Book(AbstractResolver):
    """Looks names up in a book. A name with several pages turns one at every look."""

    def __init__(self, pages: dict[str, list[list[str]]]) -> None:
        self._pages = pages
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self._pages[host]
        page = found.pop(0) if len(found) > 1 else found[0]
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for one in page
        ]

    async def close(self) -> None:
        return None


@pytest.fixture
async def server() -> AsyncIterator[tuple[int, list[Any]]]:
    """A server on loopback that notes what comes, and redirects where it is told to."""
    heard: list[Any] = []

    async def any_path(request: web.Request) -> web.StreamResponse:
        heard.append((request.method, request.path, dict(request.headers), await request.text()))
        to = "/circle" if request.path == "/circle" else request.query.get("to")
        if to is not None:
            return web.Response(
                status=int(request.query.get("status", "302")), headers={"Location": to}
            )
        if request.path == "/large":
            answer = web.StreamResponse()
            await answer.prepare(request)
            for _ in range(100):
                await answer.write(b"x" * 10_000)
            return answer
        if request.path == "/slow":
            await asyncio.sleep(30)
        return web.json_response({"path": request.path})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", any_path)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1], heard
    await runner.cleanup()


@pytest.fixture
async def strict() -> AsyncIterator[AiohttpClient]:
    """A client by the strictest rules, as a new installation has them."""
    client = AiohttpClient(Rules())
    yield client
    await client.close()


@pytest.fixture
async def local() -> AsyncIterator[AiohttpClient]:
    """A client that may reach this machine."""
    client = AiohttpClient(Rules(inside=LOOPBACK))
    yield client
    await client.close()


class TestAddresses:
    def test_there_are_sixty_and_more(self) -> None:
        assert len(INSIDE) >= 60

    @pytest.mark.parametrize("host", INSIDE)
    async def test_what_is_inside_is_not_reached(
        self, strict: AiohttpClient, server: tuple[int, list[Any]], host: str
    ) -> None:
        port, heard = server
        with pytest.raises((EgressRefused, Unreachable)) as refused:
            await strict.send(HttpRequest("GET", f"http://{host}:{port}/"))
        assert heard == []
        if isinstance(refused.value, EgressRefused):
            assert "AUTOGRAPH_EGRESS_INSIDE" in refused.value.message

    @pytest.mark.parametrize("text", PUBLIC)
    def test_what_is_public_is_let_through(self, text: str) -> None:
        assert is_public(ip_address(text))

    async def test_a_network_that_is_allowed_is_reached(
        self, local: AiohttpClient, server: tuple[int, list[Any]]
    ) -> None:
        answer = await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/a"))
        assert (answer.status, answer.json()) == (200, {"path": "/a"})


class TestNames:
    async def test_a_name_that_leads_inside_is_refused(self, server: tuple[int, list[Any]]) -> None:
        port, heard = server
        book = Book({"evil.example": [["127.0.0.1"]], "mixed.example": [["1.1.1.1", "10.0.0.1"]]})
        client = AiohttpClient(Rules(), resolver=book)
        for host in ("evil.example", "mixed.example"):
            with pytest.raises(EgressRefused, match=host):
                await client.send(HttpRequest("GET", f"http://{host}:{port}/"))
        await client.close()
        assert heard == []

    async def test_a_name_is_looked_up_once_and_what_was_checked_is_asked(
        self, server: tuple[int, list[Any]]
    ) -> None:
        port, _ = server
        book = Book({"turn.example": [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]})
        client = AiohttpClient(Rules(inside=LOOPBACK), resolver=book)
        answer = await client.send(HttpRequest("GET", f"http://turn.example:{port}/"))
        await client.close()
        assert (answer.status, book.asked) == (200, ["turn.example"])

    async def test_connections_of_those_who_may_more_are_not_lent(
        self, server: tuple[int, list[Any]]
    ) -> None:
        port, heard = server
        book = Book({"a.example": [["127.0.0.1"]]})
        client = AiohttpClient(Rules(inside=LOOPBACK), resolver=book)
        await client.send(HttpRequest("GET", f"http://a.example:{port}/"))
        with pytest.raises(EgressRefused):
            await client.send(HttpRequest("GET", f"http://a.example:{port}/"), Rules())
        await client.close()
        assert len(heard) == 1

    async def test_hosts_may_be_limited_by_name(self, server: tuple[int, list[Any]]) -> None:
        port, heard = server
        book = Book(
            {
                name: [["127.0.0.1"]]
                for name in ("api.example.com", "example.com", "evilexample.com")
            }
        )
        rules = Rules(LOOPBACK, (HostList("the test lets be asked", ("*.example.com",)),))
        client = AiohttpClient(rules, resolver=book)
        await client.send(HttpRequest("GET", f"http://api.example.com:{port}/"))
        for host in ("example.com", "evilexample.com", "api.example.com.evil.example"):
            with pytest.raises(EgressRefused, match=r"\*\.example\.com"):
                await client.send(HttpRequest("GET", f"http://{host}:{port}/"))
        to = f"http://evilexample.com:{port}/"
        with pytest.raises(EgressRefused):
            await client.send(HttpRequest("GET", f"http://api.example.com:{port}/?to={to}"))
        await client.close()
        assert len(heard) == 2


class TestRedirects:
    @pytest.mark.parametrize(
        "to", ["http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/"]
    )
    async def test_inside_they_are_not_followed(
        self, local: AiohttpClient, server: tuple[int, list[Any]], to: str
    ) -> None:
        with pytest.raises(EgressRefused):
            await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/?to={to}"))

    @pytest.mark.parametrize(
        "to", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/"]
    )
    async def test_to_other_schemes_they_are_not_followed(
        self, local: AiohttpClient, server: tuple[int, list[Any]], to: str
    ) -> None:
        with pytest.raises(BadRequest):
            await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/?to={to}"))

    async def test_what_proves_who_asks_stays_with_its_origin(
        self, local: AiohttpClient, server: tuple[int, list[Any]]
    ) -> None:
        port, heard = server
        proofs = {"Authorization": "Bearer s", "Cookie": "a=b", "X-API-Key": "k", "X-Note": "n"}
        for to in (f"http://127.0.0.1:{port}/same", f"http://localhost:{port}/other"):
            url = f"http://127.0.0.1:{port}/first?to={to}"
            await local.send(HttpRequest("GET", url, headers=proofs))
        by_path = {path: headers for _, path, headers, _ in heard}
        assert by_path["/same"]["Authorization"] == "Bearer s"
        assert by_path["/other"]["X-Note"] == "n"
        assert not {"Authorization", "Cookie", "X-API-Key"} & set(by_path["/other"])

    @pytest.mark.parametrize(
        ("status", "method", "body"),
        [(303, "GET", ""), (302, "GET", ""), (307, "POST", "{}"), (308, "POST", "{}")],
    )
    async def test_the_method_is_what_the_status_says(
        self,
        local: AiohttpClient,
        server: tuple[int, list[Any]],
        status: int,
        method: str,
        body: str,
    ) -> None:
        port, heard = server
        url = f"http://127.0.0.1:{port}/a?status={status}&to=/b"
        await local.send(
            HttpRequest("POST", url, headers={"Content-Type": "application/json"}, body=b"{}")
        )
        assert [(one[0], one[1], one[3]) for one in heard][1] == (method, "/b", body)

    async def test_a_circle_ends(self, local: AiohttpClient, server: tuple[int, list[Any]]) -> None:
        with pytest.raises(BadRequest, match="10 redirects"):
            await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/circle"))
        assert len(server[1]) == 11

    async def test_it_can_be_asked_not_to_follow(
        self, local: AiohttpClient, server: tuple[int, list[Any]]
    ) -> None:
        url = f"http://127.0.0.1:{server[0]}/?to=/b"
        answer = await local.send(HttpRequest("GET", url, follows=False))
        assert (answer.status, answer.headers["location"]) == (302, "/b")


class TestRequests:
    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "ftp://example.com",
            "//example.com",
            "example.com",
            "",
            "http://",
            "http:///path",
            "http://user:pw@example.com/",
            "http://user@example.com/",
            "http://example.com:99999/",
            "http://example.com:0/",
            "http://exa mple.com/",
            "http://example.com\\@127.0.0.1/",
            "http://127.0.0.1\n.example.com/",
            "javascript:alert(1)",
            "http://[::1/",
        ],
    )
    async def test_what_is_no_address_is_refused(self, strict: AiohttpClient, url: str) -> None:
        with pytest.raises((BadRequest, EgressRefused)):
            await strict.send(HttpRequest("GET", url))

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "internal"},
            {"Content-Length": "0"},
            {"Transfer-Encoding": "chunked"},
            {"Connection": "upgrade"},
            {"X-A": "b\r\nX-C: d"},
            {"X-A\r\nX-C": "d"},
            {"X A": "b"},
            {"": "b"},
        ],
        ids=str,
    )
    async def test_headers_that_lead_elsewhere_are_refused(
        self, local: AiohttpClient, server: tuple[int, list[Any]], headers: dict[str, str]
    ) -> None:
        with pytest.raises(BadRequest):
            await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/", headers=headers))
        assert server[1] == []

    async def test_an_answer_has_a_limit_and_so_has_the_time(
        self, local: AiohttpClient, server: tuple[int, list[Any]]
    ) -> None:
        url = f"http://127.0.0.1:{server[0]}"
        with pytest.raises(ResponseTooLarge, match="50000 bytes"):
            await local.send(HttpRequest("GET", f"{url}/large", max_bytes=50_000))
        with pytest.raises(Unreachable, match=r"within 0\.2 s"):
            await local.send(HttpRequest("GET", f"{url}/slow", timeout=timedelta(seconds=0.2)))

    async def test_nobody_there_is_told_as_such(self, local: AiohttpClient) -> None:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await local.send(HttpRequest("GET", "http://127.0.0.1:1/"))

    async def test_the_environment_names_no_proxy(
        self, local: AiohttpClient, server: tuple[int, list[Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        answer = await local.send(HttpRequest("GET", f"http://127.0.0.1:{server[0]}/"))
        assert answer.status == 200

    async def test_parameters_and_bodies_arrive(
        self, local: AiohttpClient, server: tuple[int, list[Any]]
    ) -> None:
        port, heard = server
        body = json.dumps({"a": "ü"}).encode()
        url = f"http://127.0.0.1:{port}/a%20b?x=1"
        await local.send(HttpRequest("PUT", url, params={"q": "a b&c"}, body=body))
        assert heard[0][0] == "PUT"
        assert heard[0][3] == '{"a": "\\u00fc"}'


class TestProxies:
    """A real one: it takes `CONNECT` and absolute addresses, and notes what it is told."""

    @pytest.fixture
    async def proxy(self) -> AsyncIterator[tuple[int, list[str]]]:
        heard: list[str] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heard.append(head)
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            if "Proxy-Authorization: Basic bWU6c2VjcmV0" not in head:
                answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
            elif head.startswith("CONNECT"):
                answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1], heard

    async def test_it_is_told_what_is_asked_and_by_whom(
        self, local: AiohttpClient, proxy: tuple[int, list[str]]
    ) -> None:
        port, heard = proxy
        by = Proxy(f"http://127.0.0.1:{port}", "me", "secret")
        answer = await local.send(HttpRequest("GET", "http://example.com/a", proxy=by))
        assert answer.body == b"ok"
        assert heard[0].startswith("GET http://example.com/a HTTP/1.1\r\n")

    async def test_it_cannot_see_into_what_is_encrypted(
        self, local: AiohttpClient, proxy: tuple[int, list[str]]
    ) -> None:
        port, heard = proxy
        by = Proxy(f"http://127.0.0.1:{port}", "me", "secret")
        request = HttpRequest("GET", "https://example.com/a", headers={"X-Key": "k"}, proxy=by)
        with pytest.raises(Unreachable, match="502"):
            await local.send(request)
        assert heard[0].startswith("CONNECT example.com:443 HTTP/1.1\r\n")
        assert "X-Key" not in heard[0]

    async def test_a_wrong_password_is_told_without_it(
        self, local: AiohttpClient, proxy: tuple[int, list[str]]
    ) -> None:
        by = Proxy(f"http://127.0.0.1:{proxy[0]}", "me", "other-word")
        with pytest.raises(Unreachable, match="407") as failed:
            await local.send(HttpRequest("GET", "https://example.com/", proxy=by))
        assert "other-word" not in f"{failed.value.message} {by!r}"

    async def test_neither_it_nor_what_it_is_asked_for_may_be_inside(
        self, strict: AiohttpClient, proxy: tuple[int, list[str]]
    ) -> None:
        by = Proxy(f"http://127.0.0.1:{proxy[0]}", "me", "secret")
        named = Proxy(f"http://localhost:{proxy[0]}", "me", "secret")
        for request in (
            HttpRequest("GET", "http://example.com/", proxy=by),
            HttpRequest("GET", "http://example.com/", proxy=named),
            HttpRequest("GET", "http://10.0.0.1/", proxy=by),
        ):
            with pytest.raises(EgressRefused, match="EGRESS_INSIDE"):
                await strict.send(request)
        assert proxy[1] == []


class TestOtherProtocols:
    """Mail servers and databases: the same rules, before a connection is opened."""

    @pytest.fixture
    async def port(self) -> AsyncIterator[int]:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    @pytest.mark.parametrize("host", INSIDE)
    async def test_what_is_inside_is_not_connected_to(self, port: int, host: str) -> None:
        dialer = CheckedDialer(Rules())
        with pytest.raises((EgressRefused, Unreachable)):
            await dialer.connect(host, port)
        with pytest.raises((EgressRefused, Unreachable)):
            await dialer.address(host, port)

    async def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
        self, port: int
    ) -> None:
        pages = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]

        async def turning(host: str) -> list[str]:
            return pages.pop(0)

        dialer = CheckedDialer(Rules(inside=LOOPBACK), resolve=turning)
        made = await dialer.connect("turn.example", port)
        with made:
            assert await asyncio.get_running_loop().sock_recv(made, 10) == b"hello"
        assert len(pages) == 2

    async def test_one_address_inside_is_enough_to_refuse(self, port: int) -> None:
        async def mixed(host: str) -> list[str]:
            return ["1.1.1.1", "10.0.0.1"]

        with pytest.raises(EgressRefused, match=r"mixed\.example leads to 10\.0\.0\.1"):
            await CheckedDialer(Rules(), resolve=mixed).connect("mixed.example", port)

    async def test_hosts_may_be_limited_by_name(self, port: int) -> None:
        dialer = CheckedDialer(
            Rules(LOOPBACK, (HostList("the test lets be asked", ("mail.example.com",)),))
        )
        with pytest.raises(EgressRefused, match=r"mail\.example\.com"):
            await dialer.connect("localhost", port)

    @pytest.mark.parametrize(
        ("host", "port"),
        [("", 25), ("a b", 25), ("a/b", 25), ("user@host", 25), ("a" * 64, 25), ("example.com", 0)],
    )
    async def test_what_is_no_place_is_said(self, host: str, port: int) -> None:
        with pytest.raises(BadRequest):
            await CheckedDialer(Rules()).connect(host, port)

    async def test_where_nobody_listens_is_said(self) -> None:
        with socket.socket() as held:  # bound, and not listening: nobody else gets the port
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            with pytest.raises(Unreachable, match=f"127.0.0.1 cannot be reached at port {port}"):
                await CheckedDialer(Rules(inside=LOOPBACK)).connect("127.0.0.1", port)
