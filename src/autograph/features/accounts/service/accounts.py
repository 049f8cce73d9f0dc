"""All use cases of accounts together, for the composition root and the doors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograph.features.accounts.ports import IdentityProvider, PersonalData
from autograph.features.accounts.service.administration import AdministrationService
from autograph.features.accounts.service.api_keys import ApiKeyService
from autograph.features.accounts.service.apps import AppService
from autograph.features.accounts.service.audit import AuditService
from autograph.features.accounts.service.authentication import Authentication
from autograph.features.accounts.service.grants import GrantService
from autograph.features.accounts.service.login import LoginService
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.people import AccountService
from autograph.features.accounts.service.sign_in import SignInService
from autograph.infra.cache.layered import LayeredCache


@dataclass(frozen=True, slots=True)
class Accounts:
    """The use cases of accounts."""

    people: AccountService
    login: LoginService
    sign_in: SignInService
    authentication: Authentication
    keys: ApiKeyService
    apps: AppService
    grants: GrantService
    administration: AdministrationService
    audit: AuditService


def accounts_on(
    parts: Parts,
    cache: LayeredCache,
    *,
    public_url: str,
    is_sign_up_open: bool,
    providers: Mapping[str, IdentityProvider] | None = None,
    others: Sequence[PersonalData] = (),
) -> Accounts:
    """Return the use cases.

    Args:
        parts: What they stand on.
        cache: Where sessions and roles are remembered.
        public_url: Where links in mails lead, and people come back to from providers.
        is_sign_up_open: Anybody can make an account.
        providers: By whom people can log in, by their names in addresses.
        others: Features that keep something of people.
    """
    login = LoginService(parts)
    people = AccountService(
        parts, login, public_url=public_url, is_sign_up_open=is_sign_up_open, others=others
    )
    return Accounts(
        people=people,
        login=login,
        sign_in=SignInService(
            parts, login, providers or {}, public_url=public_url, is_sign_up_open=is_sign_up_open
        ),
        authentication=Authentication(parts, cache),
        keys=ApiKeyService(parts),
        apps=AppService(parts),
        grants=GrantService(parts, public_url=public_url),
        administration=AdministrationService(parts),
        audit=parts.audit,
    )
