"""What is asked of the world, and by which rules."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final, Protocol

from autograph.infra.egress.addresses import Network
from autograph.infra.errors import Forbidden, Invalid, OperationalError, TooLarge, UserError
from autograph.infra.json import Json, decode

MAX_RESPONSE: Final = 64 * 1024 * 1024
MAX_REDIRECTS: Final = 10
HOST_PATTERN: Final = r"^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$"
"""What a list of hosts holds: names or addresses, `*.example.com` for all below."""


def hosts_of(named: Sequence[str]) -> tuple[str, ...] | None:
    """Return the list of hosts that somebody names; None, for every host, where they say `any`.

    Raises:
        Invalid: One of them is no host.
    """
    if "any" in named:
        return None
    for one in named:
        if not re.fullmatch(HOST_PATTERN, one.lower()):
            raise Invalid(f"{one[:100]!r} is no host. Say a name, an address, *.name, or any.")
    return tuple(one.lower() for one in named)


class EgressRefused(Forbidden):
    """The rules forbid this address; the message names it and the way out."""

    code: ClassVar[str] = "egress.refused"


class BadRequest(UserError):
    """This is no request that can be sent."""

    code: ClassVar[str] = "egress.bad_request"


class ResponseTooLarge(TooLarge):
    """The other side sends more than is taken."""

    code: ClassVar[str] = "egress.response_too_large"


class Unreachable(OperationalError):
    """The other side does not answer."""

    code: ClassVar[str] = "egress.unreachable"


@dataclass(frozen=True, slots=True)
class HostList:
    """The only hosts that may be asked, and whose rule that is.

    Attributes:
        whose: As a message says it: `this installation lets be asked`.
        hosts: Names, `*.example.com` for all below.
    """

    whose: str
    hosts: tuple[str, ...]

    def has(self, host: str) -> bool:
        """Tell whether a name is among them."""
        name = host.lower().rstrip(".")
        return any(
            name == one.lower() or (one.startswith("*.") and name.endswith(one[1:].lower()))
            for one in self.hosts
        )


@dataclass(frozen=True, slots=True)
class Proxy:
    """Somebody who asks for one (RFC 9110 §3.7). What a name leads to is then looked up over there.

    Attributes:
        url: `http://host:port`.
    """

    url: str
    username: str
    password: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Return what proves to it who asks."""
        both = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {both}"}


@dataclass(frozen=True, slots=True)
class Rules:
    """Where somebody's requests may go.

    Attributes:
        inside: Networks that may be reached although they are nobody's business outside.
        lists: A host has to be on all of them; with none, every host may be asked.
    """

    inside: tuple[Network, ...] = ()
    lists: tuple[HostList, ...] = ()

    def check_host(self, host: str) -> None:
        """Make sure that a name may be asked.

        Raises:
            EgressRefused: It is not on one of the lists.
        """
        for one in self.lists:
            if not one.has(host):
                known = ", ".join(one.hosts) or "none"
                raise EgressRefused(
                    f"{host} is not among the hosts that {one.whose} ({known}).", host=host
                )


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request.

    Attributes:
        url: `http://` or `https://`.
        timeout: For everything, from the first look-up to the last byte.
        max_bytes: Of the answer's body.
        follows: Redirects are followed; what proves who asks is not taken along to another origin.
        proofs: Names of further headers, in lower case, that prove who asks.
        proxy: Who asks for us; None where we ask ourselves.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    timeout: timedelta = timedelta(seconds=60)
    max_bytes: int = MAX_RESPONSE
    follows: bool = True
    proofs: frozenset[str] = frozenset()
    proxy: Proxy | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer.

    Attributes:
        url: Where it came from in the end.
        headers: Names in lower case; several with one name joined by commas.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status < 400

    @property
    def text(self) -> str:
        """The body as text, by the charset it names, else UTF-8."""
        _, _, charset = self.headers.get("content-type", "").partition("charset=")
        try:
            return self.body.decode(charset.split(";")[0].strip(" \"'") or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Json:
        """Return the body's value.

        Raises:
            NotJson: It is not JSON.
        """
        return decode(self.body)


class Stream(Protocol):
    """An answer whose body comes piece by piece."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, up to the request's `max_bytes`."""
        ...


class Http(Protocol):
    """Sends requests. Every adapter, and every rule, is in front of every request."""

    async def send(self, request: HttpRequest, rules: Rules | None = None) -> HttpResponse:
        """Send a request and return the whole answer.

        Args:
            request: What is asked.
            rules: Where it may go; None for the installation's own rules.

        Raises:
            EgressRefused: The rules forbid an address on the way.
            BadRequest: It cannot be sent.
            ResponseTooLarge: The answer is.
            Unreachable: There is no answer.
        """
        ...

    def stream(
        self, request: HttpRequest, rules: Rules | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Send a request and lend the answer; raises what `send` raises."""
        ...


class Dialer(Protocol):
    """Opens connections for protocols that are not HTTP. The same rules are in front of every one."""

    async def address(self, host: str, port: int, *, rules: Rules | None = None) -> str:
        """Return the address to connect to, for whoever has to connect by himself.

        A name is looked up once; connecting to what is returned, and not to the name, keeps to what was checked.

        Args:
            host: Name or address.
            port: 1 to 65535.
            rules: Where one may go; None for the installation's own rules.

        Raises:
            EgressRefused: The rules forbid it.
            BadRequest: It is no host, or no port.
            Unreachable: There is no such host.
        """
        ...

    async def connect(self, host: str, port: int, *, rules: Rules | None = None) -> socket.socket:
        """Return a connected socket that does not block; raises what `address` raises.

        Whoever gets it closes it.
        """
        ...
