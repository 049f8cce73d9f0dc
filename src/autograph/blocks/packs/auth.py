"""Puts what is secret onto a request, as the provider's file says. Nothing else does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

from autograph.blocks.packs.provider import ApiKeyAuth, Provider
from autograph.blocks.sdk.credentials import (
    ApiKeySecret,
    HostScopedSecret,
    Secret,
    UserPasswordSecret,
)
from autograph.infra.egress.ports import HostList, HttpRequest
from autograph.infra.errors import Forbidden, Invalid


class WrongKind(Invalid):
    """The provider takes no credential of this kind."""

    code: ClassVar[str] = "provider.wrong_kind"


class OtherHost(Forbidden):
    """The credential counts elsewhere; it is not shown to this host."""

    code: ClassVar[str] = "provider.other_host"


def apply_auth(provider: Provider, secret: Secret, request: HttpRequest) -> HttpRequest:
    """Return a request to a provider that proves who asks, with the headers that the provider always wants.

    What a request has already wins over the provider's headers, never over what proves who asks.

    Raises:
        OtherHost: The request goes to a host that the credential is not for.
        WrongKind: The provider takes no such credential.
    """
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    if not _is_for(provider, host):
        raise OtherHost(
            f"A credential of {provider.name} is not sent to {host}. Name the host in {provider.id}.toml (hosts)."
        )
    given = {name.lower() for name in request.headers}
    headers = {name: text for name, text in provider.headers.items() if name.lower() not in given}
    headers |= request.headers
    if isinstance(secret, HostScopedSecret):
        return replace(request, headers=_put(headers, _of_host(provider, secret, parts.netloc)))
    if isinstance(secret, ApiKeySecret):
        how = _api_key(provider)
        text = how.format.replace("{key}", secret.api_key)
        if how.place == "query":
            return replace(request, headers=headers, params={**request.params, how.name: text})
        if how.place == "path":
            key = quote(text.strip("/"), safe=":/")
            path = parts.path.replace("{key}", key)
            if path == parts.path:
                path = f"/{key}{path}"
            return replace(request, headers=headers, url=urlunsplit(parts._replace(path=path)))
    return replace(request, headers=_put(headers, auth_headers(provider, secret)))


def auth_headers(provider: Provider, secret: Secret) -> dict[str, str]:
    """Return the headers that prove who asks.

    Raises:
        WrongKind: The provider takes no such credential, or not in a header.
    """
    if isinstance(secret, ApiKeySecret):
        how = _api_key(provider)
        text = how.format.replace("{key}", secret.api_key)
        if how.place == "basic":
            return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
        if how.place == "header":
            return {how.name: text}
    elif isinstance(secret, UserPasswordSecret):
        by_name = provider.auth.user_password
        if by_name is not None and by_name.place == "basic":
            return secret.headers()
    elif isinstance(secret, HostScopedSecret):
        return _of_host(provider, secret, secret.host)
    elif provider.auth.oauth2 is not None:
        return secret.headers()
    raise WrongKind(_takes(provider))


def _api_key(provider: Provider) -> ApiKeyAuth:
    if provider.auth.api_key is None:
        raise WrongKind(_takes(provider))
    return provider.auth.api_key


def _of_host(provider: Provider, secret: HostScopedSecret, host: str) -> dict[str, str]:
    if provider.auth.host_scoped is None:
        raise WrongKind(_takes(provider))
    found = secret.headers(host)
    if not found:
        raise OtherHost(f"This credential is for {secret.host}; it is not sent to {host}.")
    return found


def _takes(provider: Provider) -> str:
    kinds = ", ".join(provider.auth.kinds) or "none at all"
    return f"{provider.name} cannot be asked with this; it takes: {kinds}."


def _is_for(provider: Provider, host: str) -> bool:
    if provider.base_url is None and not provider.hosts:
        return True
    own = urlsplit(provider.base_url or "").hostname
    return host == own or HostList("its file names", provider.hosts).has(host)


def _put(headers: Mapping[str, str], proof: Mapping[str, str]) -> dict[str, str]:
    taken = {name.lower() for name in proof}
    return {name: text for name, text in headers.items() if name.lower() not in taken} | dict(proof)
