"""Opens connections for protocols that are not HTTP: resolve, check, connect to what was checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from autograph.infra.egress.addresses import parsed
from autograph.infra.egress.checks import check_address, check_host
from autograph.infra.egress.ports import BadRequest, Rules, Unreachable

_CONNECT_SECONDS: Final = 10
_MAX_HOST: Final = 253
Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the addresses of a name; raises OSError where there are none."""


class CheckedDialer:
    """Implements `Dialer`."""

    def __init__(self, rules: Rules, *, resolve: Resolve | None = None) -> None:
        """Connect by `rules` where a caller brings none; `resolve` looks names up."""
        self._rules = rules
        self._resolve = resolve or _looked_up

    async def address(self, host: str, port: int, *, rules: Rules | None = None) -> str:
        """Return the address to connect to."""
        return (await self._addresses(host, port, rules or self._rules))[0]

    async def connect(self, host: str, port: int, *, rules: Rules | None = None) -> socket.socket:
        """Return a connected socket that does not block.

        Raises:
            Unreachable: Nobody answers there.
        """
        failure: OSError | None = None
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                for address in await self._addresses(host, port, rules or self._rules):
                    try:
                        return await _connected(address, port)
                    except OSError as error:
                        failure = error
        except TimeoutError as error:
            raise Unreachable(
                f"{host} did not answer at port {port} within {_CONNECT_SECONDS} s."
            ) from error
        raise Unreachable(f"{host} cannot be reached at port {port}: {failure}.") from failure

    async def _addresses(self, host: str, port: int, rules: Rules) -> Sequence[str]:
        """Return all addresses of a host, checked. One that is inside is enough to refuse them all.

        Raises:
            BadRequest: It is no host, or no port.
            Unreachable: There is no such host.
        """
        if not 0 < len(host) <= _MAX_HOST or any(
            not 0x20 < ord(one) < 0x7F or one in "/\\@?#" for one in host
        ):
            raise BadRequest(f"{host[:80]!r} is no name of a host.")
        if not 0 < port < 65_536:
            raise BadRequest(f"{port} is no port; they are 1 to 65535.")
        check_host(host, port, rules)
        literal = parsed(host)
        if literal is not None:
            return [str(literal)]
        try:
            found = await self._resolve(host)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"There is no host {host}.") from error
        if not found:
            raise Unreachable(f"There is no host {host}.")
        for one in found:
            check_address(host, one, rules)
        return found


async def _looked_up(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def _connected(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made
