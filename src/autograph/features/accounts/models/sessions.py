"""How somebody stays logged in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final
from uuid import UUID

ACCESS_TIME: Final = timedelta(minutes=15)
"""How long an access token is good."""
REFRESH_TIME: Final = timedelta(days=30)
"""How long a session lives that nobody uses."""
REUSE_GRACE: Final = timedelta(seconds=10)
"""How long a refresh token may be used again: two tabs of one browser may refresh at the same moment."""


class LoginMethod(StrEnum):
    """By what somebody logged in."""

    PASSWORD = "password"
    LINK = "link"
    PROVIDER = "provider"
    SET_UP = "set_up"


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from, as far as one can tell.

    Attributes:
        ip: Address of the other end.
        agent: What it calls itself.
        request_id: The request, for the audit log.
    """

    ip: str = ""
    agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's log-in on one device."""

    id: UUID
    user_id: UUID
    method: LoginMethod
    ip: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def is_new_place(session: Session, before: Iterable[tuple[str, str]]) -> bool:
    """Tell whether somebody logs in from where they never did: another network, or another browser.

    Args:
        session: The log-in.
        before: Address and agent of their log-ins so far; of the first one there are none, and it is not new.
    """
    seen = [(_network(ip), _browser(agent)) for ip, agent in before]
    if not seen:
        return False
    networks, browsers = {network for network, _ in seen}, {browser for _, browser in seen}
    return _network(session.ip) not in networks or _browser(session.agent) not in browsers


def _network(ip: str) -> str:
    """Return the network of an address: providers give their people another address of it every day."""
    try:
        prefix = 24 if ip_address(ip).version == 4 else 48
    except ValueError:
        return ip
    return str(ip_network(f"{ip}/{prefix}", strict=False))


def _browser(agent: str) -> str:
    """Return what an agent calls itself, whatever its version."""
    return re.sub(r"\d+(\.\d+)*", "", agent)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in gives.

    Attributes:
        access: A JWT for every request, good for `ACCESS_TIME`.
        refresh: Good once, for the next pair.
        expires_at: When `access` ends.
    """

    session_id: UUID
    user_id: UUID
    access: str
    refresh: str
    expires_at: datetime
