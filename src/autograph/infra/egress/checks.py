"""Whether a place may be asked, by somebody's rules; as far as one can tell without looking its name up. PURE."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from autograph.infra.egress.addresses import is_public, parsed
from autograph.infra.egress.ports import BadRequest, EgressRefused, Rules

_MAX_LABEL: Final = 63
"""Characters between two dots of a host's name (RFC 1035 §2.3.4)."""


def check_url(url: str, rules: Rules) -> None:
    """Make sure that a URL may be asked.

    Raises:
        BadRequest: It is none, or of a scheme that is not HTTP, or holds a password.
        EgressRefused: The rules forbid its host.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadRequest(f"{url[:200]!r} is no address.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise BadRequest(f"{url[:200]!r} is no http:// or https:// address.")
    if parts.username is not None or parts.password is not None:
        raise BadRequest("An address holds no user and no password; use a credential.")
    if any(not 0x20 < ord(one) < 0x7F for one in url) or "\\" in url:
        raise BadRequest(f"{url[:200]!r} holds characters that an address does not.")
    check_host(host, port, rules)


def check_host(host: str, port: int | None, rules: Rules) -> None:
    """Make sure that a host may be connected to.

    Raises:
        BadRequest: It is none.
        EgressRefused: The rules forbid it.
    """
    if any(len(label) > _MAX_LABEL for label in host.split(".")):
        raise BadRequest(f"{host[:80]!r} is no name of a host: a part of it is too long.")
    if port == 0:
        raise BadRequest("There is no port 0.")
    rules.check_host(host)
    if parsed(host) is not None:
        check_address(host, host, rules)


def check_address(host: str, text: str, rules: Rules) -> None:
    """Make sure that an address may be connected to.

    Raises:
        EgressRefused: It is inside.
    """
    address = parsed(text)
    if address is None:
        raise EgressRefused(f"{host} leads to {text[:80]}, which is no address.", host=host)
    if is_public(address) or any(address in network for network in rules.inside):
        return
    raise EgressRefused(
        f"{host} leads to {address}, which is not on the public internet. If it is meant to be asked, allow its "
        "network (setting: AUTOGRAPH_EGRESS_INSIDE).",
        host=host,
        address=str(address),
    )
