"""Programs of others that act for people: apps, and what people let them do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from autograph.features.accounts.models.roles import Scope

ACCESS_PREFIX: Final = "agt_"
REFRESH_PREFIX: Final = "agr_"
CODE_PREFIX: Final = "agc_"
SECRET_PREFIX: Final = "ags_"
"""How each begins, so that scanners of leaked secrets know them."""
CODE_TIME: Final = timedelta(seconds=60)
TOKEN_TIME: Final = timedelta(hours=1)
GRANT_TIME: Final = timedelta(days=30)
"""How long a grant lives that its app does not use."""
MAX_REDIRECT_URI: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\]")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})

WORDS: Final[Mapping[Scope, str]] = {
    Scope.IDENTITY: "See your name, your address and your account's settings",
    Scope.EXECUTE_GRAPH: "Run your agents, and stop or delete their runs",
    Scope.READ_GRAPH: "See your agents, their runs and what came out of them",
    Scope.WRITE_GRAPH: "Make, change and delete your agents",
    Scope.EXECUTE_BLOCK: "Run single blocks",
    Scope.READ_BLOCK: "See which blocks there are",
    Scope.READ_FILES: "See and download your files",
    Scope.WRITE_FILES: "Upload, change and delete your files",
    Scope.READ_STORE: "See what is in the store",
    Scope.WRITE_LIBRARY: "Add agents to your library, change and remove them",
    Scope.USE_TOOLS: "Look for agents in the store and run them",
    Scope.MANAGE_INTEGRATIONS: "Add and change your credentials for other services",
    Scope.READ_INTEGRATIONS: "See which credentials you have, but never what is secret about them",
    Scope.DELETE_INTEGRATIONS: "Delete your credentials for other services",
    Scope.ANSWER_REVIEWS: "Answer what your runs ask you",
}
"""What each scope lets an app do, as people read it."""


class AppStatus(StrEnum):
    """Whether an app may act for anybody."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class App:
    """A program that people may let act for them.

    Attributes:
        id: Also its client id.
        owner_id: Who registered it.
        redirect_uris: Where people may be sent back to.
        scopes: How far it may ever go.
        is_confidential: It runs on a server and has a secret; other apps prove themselves by PKCE alone.
        suspended_for: Why it may act for nobody.
    """

    id: UUID
    owner_id: UUID
    name: str
    description: str
    website: str | None
    redirect_uris: tuple[str, ...]
    scopes: frozenset[Scope]
    is_confidential: bool
    status: AppStatus
    suspended_for: str | None
    created_at: datetime

    def returns_to(self, uri: str) -> bool:
        """Tell whether people may be sent back to an address.

        It is one of those that were registered, character by character (RFC 9700 §2.1). The one exception
        is that of programs on the person's own machine: the port of an http address that is the loopback
        interface by number may be any (RFC 8252 §7.3).
        """
        if uri in self.redirect_uris:
            return True
        if is_redirect_uri(uri) is False or not _is_loopback(uri):
            return False
        return any(
            _is_loopback(one) and _without_port(one) == _without_port(uri)
            for one in self.redirect_uris
        )


def is_redirect_uri(uri: str) -> bool:
    """Tell whether people may be sent back to such an address at all.

    https; http on the person's own machine (RFC 8252 §7.3); or a scheme that an app on a device has
    registered there, which has a dot in it (§7.1). No fragment (RFC 6749 §3.1.2), no name and password,
    nothing that browsers read in another way than we do.
    """
    if len(uri) > MAX_REDIRECT_URI or _CONTROL.search(uri) or "#" in uri or "*" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in _LOOPBACK or host == "localhost"
    return "." in parts.scheme and bool(parts.path or parts.netloc)


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _without_port(uri: str) -> tuple[str | None, str, str]:
    parts = urlsplit(uri)
    return parts.hostname, parts.path, parts.query


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an app asks a person for (RFC 6749 §4.1.1, RFC 7636 §4.3)."""

    client_id: str
    redirect_uri: str
    response_type: str
    scope: str
    state: str
    code_challenge: str
    code_challenge_method: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, once it was found to be good.

    Attributes:
        was_given: Scopes that the person has given this app before.
    """

    app: App
    scopes: frozenset[Scope]
    was_given: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Code:
    """What an app's authorization code stands for (RFC 6749 §4.1.2)."""

    app_id: UUID
    user_id: UUID
    redirect_uri: str
    scopes: frozenset[Scope]
    challenge: str
    expires_at: datetime


class TokenKind(StrEnum):
    """What a token of an app is for."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class GrantToken:
    """A token of an app, and the grant it belongs to.

    Attributes:
        is_live: The grant was not revoked, and the token not used up.
    """

    grant_id: UUID
    app_id: UUID
    user_id: UUID
    kind: TokenKind
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class AppTokens:
    """What an app is given (RFC 6749 §5.1).

    Attributes:
        access: Good for `TOKEN_TIME`.
        refresh: Good once, for the next pair.
    """

    grant_id: UUID
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class GrantedApp:
    """An app that a person lets act for them.

    Attributes:
        since: When they first let it.
        last_used_at: To the minute.
    """

    app_id: UUID
    name: str
    website: str | None
    scopes: frozenset[Scope]
    since: datetime
    last_used_at: datetime | None
