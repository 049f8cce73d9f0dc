"""Proving who one is at somebody else's: providers, what they say, and what is kept of it.

A provider is data. `KNOWN` has those that everybody knows; the settings add what this installation is
called there, and whole providers of its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from autograph.features.accounts.models.sessions import Tokens

CALLBACK_PATH: Final = "/api/v1/auth/callback"
"""Where people come back to from providers."""
SIGN_IN_TIME: Final = timedelta(minutes=10)
"""How long somebody may stay at a provider."""


@dataclass(frozen=True, slots=True)
class Provider:
    """All there is to know about a provider.

    Attributes:
        title: On the button.
        issuer: Whose identities these are; with OpenID Connect also where everything else is found.
        is_openid: It speaks OpenID Connect: addresses come from its discovery document, people from a
            signed token. Otherwise it speaks OAuth 2.0, and people come from `userinfo_url`.
        emails_url: Where it lists addresses, where `userinfo_url` does not say which are confirmed.
        subject: The field with the id that never changes.
        email: The field with the address.
        verified: The field that says that the provider has seen that the address is theirs; empty where
            there is none.
        names: Fields with what they are called; the first that is there counts.
        trusts_email: The installation takes every address it says as confirmed, as with a company's own
            provider.
        is_inside: The installation's settings name its addresses: they may be inside.
    """

    name: str
    title: str
    issuer: str
    is_openid: bool = True
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    emails_url: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    subject: str = "sub"
    email: str = "email"
    verified: str = "email_verified"
    names: tuple[str, ...] = ("name", "preferred_username")
    trusts_email: bool = False
    is_inside: bool = False
    client_id: str = ""
    client_secret: str | None = field(default=None, repr=False)


KNOWN: Final[Mapping[str, Provider]] = {
    one.name: one
    for one in (
        Provider("google", "Google", "https://accounts.google.com"),
        Provider(
            "github",
            "GitHub",
            "https://github.com",
            is_openid=False,
            authorize_url="https://github.com/login/oauth/authorize",
            token_url="https://github.com/login/oauth/access_token",
            userinfo_url="https://api.github.com/user",
            emails_url="https://api.github.com/user/emails",
            scopes=("read:user", "user:email"),
            subject="id",
            verified="",
            names=("name", "login"),
        ),
        Provider(
            "discord",
            "Discord",
            "https://discord.com",
            is_openid=False,
            authorize_url="https://discord.com/oauth2/authorize",
            token_url="https://discord.com/api/oauth2/token",
            userinfo_url="https://discord.com/api/users/@me",
            scopes=("identify", "email"),
            subject="id",
            verified="verified",
            names=("global_name", "username"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody's way to a provider and back.

    Attributes:
        state: Comes back with them, and proves that they were sent from here.
        verifier: Proves to the provider that who has the code is who asked for it (RFC 7636).
        nonce: Comes back in the signed token, and proves that it was made for this attempt.
        redirect_uri: Where they come back to; another one for each provider (RFC 9700 §4.4.2.2).
    """

    state: str
    verifier: str = field(repr=False)
    nonce: str
    redirect_uri: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        return challenge_of(self.verifier)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Returned:
    """What somebody brings back from a provider.

    Attributes:
        code: Good once, for what the provider says of them; empty where it refused.
        error: Why it refused, in its word.
        issuer: Who says it (RFC 9207); empty where it does not say.
    """

    state: str
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says of somebody.

    Attributes:
        subject: Who they are there, for ever.
        email: Lower case.
        is_verified: It has seen that the address is theirs; None where it does not say.
    """

    subject: str
    email: str | None = None
    is_verified: bool | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody's link to a provider.

    Attributes:
        email: What the provider called their address when they were last here.
    """

    id: UUID
    issuer: str
    subject: str
    user_id: UUID
    email: str | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who is at a provider just now.

    Attributes:
        user_id: Who links their account to it; None where somebody logs in.
        back: The path on our page they go on to.
    """

    provider: str
    user_id: UUID | None
    back: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody is sent to a provider.

    Attributes:
        url: Where to.
        state: By which their browser's secret is found again.
        browser: That secret: kept by the browser, where no script reads it.
    """

    url: str
    state: str
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody has come back from a provider.

    Attributes:
        tokens: Their session; None where they have linked an account, or a code is asked for first.
        pending: With a code from their app, this opens the session.
    """

    back: str
    tokens: Tokens | None = None
    pending: str | None = field(default=None, repr=False)
