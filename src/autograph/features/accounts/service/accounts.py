"""All use cases of accounts together, for the composition root and the doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograph.features.accounts.ports import PersonalData
from autograph.features.accounts.service.administration import AdministrationService
from autograph.features.accounts.service.api_keys import ApiKeyService
from autograph.features.accounts.service.audit import AuditService
from autograph.features.accounts.service.authentication import Authentication
from autograph.features.accounts.service.login import LoginService
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.people import AccountService
from autograph.infra.cache.layered import LayeredCache


@dataclass(frozen=True, slots=True)
class Accounts:
    """The use cases of accounts."""

    people: AccountService
    login: LoginService
    authentication: Authentication
    keys: ApiKeyService
    administration: AdministrationService
    audit: AuditService


def accounts_on(
    parts: Parts,
    cache: LayeredCache,
    *,
    public_url: str,
    is_sign_up_open: bool,
    others: Sequence[PersonalData] = (),
) -> Accounts:
    """Return the use cases.

    Args:
        parts: What they stand on.
        cache: Where sessions and roles are remembered.
        public_url: Where links in mails lead.
        is_sign_up_open: Anybody can make an account.
        others: Features that keep something of people.
    """
    login = LoginService(parts)
    people = AccountService(
        parts, login, public_url=public_url, is_sign_up_open=is_sign_up_open, others=others
    )
    return Accounts(
        people=people,
        login=login,
        authentication=Authentication(parts, cache),
        keys=ApiKeyService(parts),
        administration=AdministrationService(parts),
        audit=parts.audit,
    )
