"""Puts together by whom people may log in: what is known of providers, and what the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, ClassVar, Final

from autograph.bootstrap.ground import Ground
from autograph.features.accounts.adapters.providers import HttpProvider
from autograph.features.accounts.models.identities import KNOWN, Provider
from autograph.features.accounts.ports import IdentityProvider
from autograph.infra.egress.ports import Rules
from autograph.infra.errors import OperationalError
from autograph.infra.settings import LoginProvider

_NAMED_BY_THE_OPERATOR: Final = Rules(inside=(ip_network("0.0.0.0/0"), ip_network("::/0")))
"""Like the address of another issuer's keys: whoever runs the installation has named it, so it may be inside."""


class ProviderIncomplete(OperationalError):
    """The settings of a provider leave out what nobody can know."""

    code: ClassVar[str] = "accounts.provider_incomplete"


def make_providers(ground: Ground) -> Mapping[str, IdentityProvider]:
    """Return by whom people may log in, by their names in addresses.

    Raises:
        ProviderIncomplete: The settings of one leave something out.
    """
    made: dict[str, IdentityProvider] = {}
    for name, said in ground.settings.sign_in.items():
        provider = provider_of(name, said)
        rules = _NAMED_BY_THE_OPERATOR if provider.is_inside else None
        made[name] = HttpProvider(provider, ground.http, rules, ground.clock)
    return made


def provider_of(name: str, said: LoginProvider) -> Provider:
    """Return a provider: what is known of it, with what the settings say over it.

    Raises:
        ProviderIncomplete: Something is left out that nobody can know.
    """
    given: dict[str, Any] = {
        field: value for field, value in said.model_dump().items() if value is not None
    }
    given["client_secret"] = (
        None if said.client_secret is None else said.client_secret.get_secret_value()
    )
    given["is_inside"] = any(
        field in given for field in ("issuer", "authorize_url", "token_url", "userinfo_url")
    )
    setting = f"AUTOGRAPH_SIGN_IN__{name.upper()}__"
    known = KNOWN.get(name)
    if known is None and "issuer" not in given:
        raise ProviderIncomplete(
            f"Nothing is known of the provider {name!r} ({', '.join(KNOWN)} are known). Set {setting}ISSUER."
        )
    provider = replace(known or Provider(name, name.title(), given["issuer"]), **given)
    missing = [
        field
        for field in ("authorize_url", "token_url", "userinfo_url")
        if not provider.is_openid and not getattr(provider, field)
    ]
    if missing:
        raise ProviderIncomplete(
            f"The provider {name!r} is not OpenID Connect, so it does not say where to ask it. Set "
            f"{', '.join(setting + field.upper() for field in missing)}."
        )
    return provider
