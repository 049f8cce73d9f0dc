"""Puts accounts together: hashes, tokens, mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from typing import ClassVar, Final

from autograph.blocks.sdk import is_object
from autograph.bootstrap.chores import begin
from autograph.bootstrap.ground import Ground
from autograph.bootstrap.sign_in import make_providers
from autograph.features.accounts.adapters.argon2 import Argon2Hasher
from autograph.features.accounts.adapters.tokens import JwtSigner, TrustedIssuer
from autograph.features.accounts.ports import PersonalData
from autograph.features.accounts.repository import (
    ApiKeyRepository,
    AppRepository,
    AuditRepository,
    GrantRepository,
    IdentityRepository,
    PeopleRepository,
    SessionRepository,
)
from autograph.features.accounts.service import Accounts, AuditService, Parts, accounts_on
from autograph.infra.cache.layered import LayeredCache
from autograph.infra.egress.ports import HttpRequest, Rules
from autograph.infra.errors import OperationalError
from autograph.infra.json import Json
from autograph.infra.settings import Settings

_FORGET_EVERY: Final = timedelta(hours=1)
_MAX_KEY_SET: Final = 1024 * 1024
_ANYWHERE: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class NoOwner(OperationalError):
    """The address is open to others, and nobody owns the installation yet."""

    code: ClassVar[str] = "accounts.no_owner"


def make_accounts(ground: Ground, *, others: Sequence[PersonalData]) -> Accounts:
    """Return the use cases of accounts."""

    async def fetch_keys(url: str) -> Mapping[str, Json]:
        # The operator has named the address: it may be inside.
        answer = await ground.http.send(
            HttpRequest("GET", url, max_bytes=_MAX_KEY_SET), Rules(inside=_ANYWHERE)
        )
        if not answer.is_ok:
            raise OperationalError(f"{url} answers {answer.status} instead of keys.")
        found: Json = answer.json()
        return found if is_object(found) else {}

    settings, database = ground.settings, ground.database
    parts = Parts(
        people=PeopleRepository(database),
        identities=IdentityRepository(database),
        sessions=SessionRepository(database),
        keys=ApiKeyRepository(database),
        apps=AppRepository(database),
        grants=GrantRepository(database),
        audit=AuditService(AuditRepository(database), ground.clock),
        hasher=Argon2Hasher(),
        signer=JwtSigner(
            ground.ring, issuer="autograph", trusted=_trusted(settings), fetch_keys=fetch_keys
        ),
        ring=ground.ring,
        mailer=ground.mailer,
        tries=ground.rates,
        clock=ground.clock,
    )
    return accounts_on(
        parts,
        LayeredCache(ground.cache),
        public_url=settings.reached_at,
        is_sign_up_open=settings.sign_up == "open",
        providers=make_providers(ground),
        others=others,
    )


def tend_sessions(ground: Ground, accounts: Accounts) -> None:
    """Forget log-ins that ended long ago, until the process ends."""
    forget = partial(accounts.login.forget_ended, ground.settings.session_retention)
    begin(ground.stack, "forget old log-ins", forget, every=_FORGET_EVERY)


async def require_owner(settings: Settings, accounts: Accounts) -> None:
    """Make sure that nobody but its owner can take over an installation that others can reach.

    Raises:
        NoOwner: Others can reach it, and it has none.
    """
    if _is_loopback(settings.host) or await accounts.authentication.is_set_up():
        return
    raise NoOwner(
        f"{settings.host} can be reached by others, and this installation has no owner yet: whoever came first "
        "would be it. Make the account with `autograph accounts set-up`, or listen on 127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _trusted(settings: Settings) -> TrustedIssuer | None:
    if settings.jwt_issuer is None:
        return None
    return TrustedIssuer(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        jwks_url=settings.jwks_url,
    )
