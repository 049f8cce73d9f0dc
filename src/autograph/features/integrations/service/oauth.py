"""What is said to a provider's OAuth endpoints (RFC 6749, 7636, 7009), with its quirks."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from autograph.blocks.packs.auth import apply_auth
from autograph.blocks.packs.provider import OAuth2Endpoint, Provider
from autograph.blocks.sdk import OAuth2Secret
from autograph.blocks.sdk.credentials import texts_of
from autograph.features.integrations.errors import (
    ConnectionRefused,
    NotConnectable,
    NoTest,
    ProviderUnavailable,
)
from autograph.features.integrations.models import OAuthClient, Tokens
from autograph.features.integrations.service.answers import field_of, message_of
from autograph.graph.model import is_list, is_object
from autograph.infra.clock import Clock
from autograph.infra.egress.ports import (
    EgressRefused,
    Http,
    HttpRequest,
    HttpResponse,
    ResponseTooLarge,
    Unreachable,
)
from autograph.infra.json import Json, NotJson, encode

TIMEOUT: Final = timedelta(seconds=20)
_MAX_ANSWER: Final = 1024 * 1024
_JSON: Final = {"Accept": "application/json"}
_BUSY: Final = frozenset({408, 425, 429})
_NAME: Final = re.compile(r"^[^\x00-\x1f]{1,200}$")


def endpoint_of(provider: Provider) -> OAuth2Endpoint:
    """Return where a provider is asked.

    Raises:
        NotConnectable: It knows no OAuth.
    """
    if provider.auth.oauth2 is None:
        takes = ", ".join(provider.auth.kinds)
        raise NotConnectable(f"{provider.name} offers no connection; it takes: {takes}.")
    return provider.auth.oauth2


def authorize_url(
    endpoint: OAuth2Endpoint,
    client: OAuthClient,
    *,
    redirect_uri: str,
    scopes: Sequence[str],
    state: str,
    verifier: str,
) -> str:
    """Return where a person is sent to agree."""
    query = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
        **endpoint.authorize_params,
    }
    if scopes:
        query["scope"] = endpoint.scope_separator.join(scopes)
    if endpoint.pkce:
        digest = hashlib.sha256(verifier.encode()).digest()
        query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query["code_challenge_method"] = "S256"
    joint = "&" if "?" in endpoint.authorize else "?"
    return f"{endpoint.authorize}{joint}{urlencode(query, quote_via=quote)}"


class OAuthTalk:
    """Asks providers for tokens, whose they are, and to end them."""

    def __init__(self, http: Http, clock: Clock) -> None:
        """Ask over `http`."""
        self._http = http
        self._clock = clock

    async def exchange(
        self,
        provider: Provider,
        client: OAuthClient,
        *,
        code: str,
        redirect_uri: str,
        verifier: str,
    ) -> Tokens:
        """Return the tokens that a code is good for.

        Raises:
            ConnectionRefused: It is good for none.
            ProviderUnavailable: The provider does not answer.
        """
        endpoint = endpoint_of(provider)
        values = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if endpoint.pkce:
            values["code_verifier"] = verifier
        return await self._tokens(provider, client, values)

    async def refresh(
        self, provider: Provider, client: OAuthClient, secret: OAuth2Secret
    ) -> Tokens:
        """Return new tokens for a refresh token; where it stays good, it stays in them.

        Raises:
            ConnectionRefused: It is good no more.
            ProviderUnavailable: The provider does not answer.
        """
        values = {"grant_type": "refresh_token", "refresh_token": secret.refresh_token or ""}
        tokens = await self._tokens(provider, client, values)
        if tokens.secret.refresh_token is None:
            kept = replace(tokens.secret, refresh_token=secret.refresh_token)
            tokens = Tokens(kept, tokens.scopes)
        return tokens

    async def account(self, provider: Provider, secret: OAuth2Secret) -> str | None:
        """Return whose tokens they are, as far as the provider says.

        Raises:
            ProviderUnavailable: The provider does not answer.
        """
        endpoint, test = endpoint_of(provider), provider.test
        if endpoint.userinfo is not None:
            request = HttpRequest("GET", endpoint.userinfo, headers=_JSON)
            # Its owner has named the address: it may be another host than the API's.
            trusted = replace(provider, base_url=None, hosts=())
            answer = await self._send(provider, apply_auth(trusted, secret, request))
            path = endpoint.account
        elif test is not None:
            answer = await self._send(provider, probe_request(provider, secret))
            path = test.account
        else:
            return None
        found = field_of(_body(answer), path) if answer.is_ok else None
        return str(found) if found is not None and _NAME.match(str(found)) else None

    async def revoke(
        self, provider: Provider, client: OAuthClient | None, secret: OAuth2Secret
    ) -> str | None:
        """Ask a provider to end tokens; return why it does not, None when it does.

        Raises:
            ProviderUnavailable: The provider does not answer.
        """
        endpoint = endpoint_of(provider)
        if endpoint.revoke is None:
            return f"{provider.name} has no way to end tokens from here."
        token = secret.refresh_token or secret.access_token
        if "revoke_bears_token" in endpoint.quirks:
            request = HttpRequest("POST", endpoint.revoke, headers={**_JSON, **secret.headers()})
        elif client is None:
            return f"The installation is not registered at {provider.name} any more."
        elif "revoke_deletes_grant" in endpoint.quirks:
            url = endpoint.revoke.replace("{client_id}", quote(client.id, safe=""))
            body = encode({"access_token": secret.access_token})
            headers = {**_JSON, **_basic(client), "Content-Type": "application/json"}
            request = HttpRequest("DELETE", url, headers=headers, body=body)
        else:
            request = _form(
                endpoint.revoke,
                endpoint,
                client,
                {"token": token},
                is_json="revoke_is_json" in endpoint.quirks,
                is_basic="revoke_wants_basic" in endpoint.quirks,
            )
        answer = await self._send(provider, request)
        if answer.is_ok and field_of(_body(answer), "ok") is not False:
            return None
        return message_of(answer, hidden=texts_of(secret))

    async def _tokens(
        self, provider: Provider, client: OAuthClient, values: Mapping[str, str]
    ) -> Tokens:
        endpoint = endpoint_of(provider)
        is_json = "token_request_is_json" in endpoint.quirks
        request = _form(endpoint.token, endpoint, client, values, is_json=is_json)
        answer = await self._send(provider, request)
        body = _body(answer)
        token = body.get("access_token")
        if not answer.is_ok or not isinstance(token, str) or not token:
            hidden = [*values.values(), client.secret or ""]
            raise ConnectionRefused(
                f"{provider.name} gave no tokens: {message_of(answer, hidden=hidden)}",
                provider_code=str(body.get("error", ""))[:100],
            )
        refresh = body.get("refresh_token")
        ends_in = body.get("expires_in")
        ends_at = None
        if isinstance(ends_in, (int, float, str)) and str(ends_in).replace(".", "", 1).isdigit():
            ends_at = self._clock.now() + timedelta(seconds=min(float(ends_in), 1e9))
        scope = body.get("scope")
        scopes = [str(one) for one in scope] if is_list(scope) else None
        if isinstance(scope, str):
            scopes = [one for one in re.split(r"[\s,]+", scope) if one]
        secret = OAuth2Secret(
            token, refresh if isinstance(refresh, str) and refresh else None, ends_at
        )
        return Tokens(secret, scopes)

    async def _send(self, provider: Provider, request: HttpRequest) -> HttpResponse:
        try:
            answer = await self._http.send(
                replace(request, timeout=TIMEOUT, max_bytes=_MAX_ANSWER, follows=False)
            )
        except (Unreachable, ResponseTooLarge, EgressRefused) as error:
            raise ProviderUnavailable(f"{provider.name}: {error.message}") from error
        if answer.status >= 500 or answer.status in _BUSY:
            raise ProviderUnavailable(
                f"{provider.name} cannot answer now ({answer.status}). Try again.",
                retry_after=timedelta(seconds=5),
            )
        return answer


def probe_request(provider: Provider, secret: Any) -> HttpRequest:
    """Return the request that finds out whether a credential is good.

    Raises:
        NoTest: The provider has none.
    """
    test = provider.test
    if test is None:
        raise NoTest(
            f"{provider.name} has nothing that could be asked for nothing. Run an agent with it to find out."
        )
    headers = dict(_JSON)
    if test.body is not None:
        headers["Content-Type"] = "application/json"
    body = None if test.body is None else test.body.encode()
    request = HttpRequest(
        test.method, provider.url(test.path), headers=headers, body=body, follows=False
    )
    return apply_auth(provider, secret, replace(request, timeout=TIMEOUT, max_bytes=_MAX_ANSWER))


def _form(
    url: str,
    endpoint: OAuth2Endpoint,
    client: OAuthClient,
    values: Mapping[str, str],
    *,
    is_json: bool = False,
    is_basic: bool = False,
) -> HttpRequest:
    headers = dict(_JSON)
    sent = dict(values)
    if is_basic or (endpoint.client_auth == "basic" and client.secret is not None):
        headers |= _basic(client)
    else:
        sent["client_id"] = client.id
        if endpoint.client_auth != "none" and client.secret is not None:
            sent["client_secret"] = client.secret
    headers["Content-Type"] = "application/json" if is_json else "application/x-www-form-urlencoded"
    body = encode(sent) if is_json else urlencode(sent).encode()
    return HttpRequest("POST", url, headers=headers, body=body)


def _basic(client: OAuthClient) -> dict[str, str]:
    # RFC 6749 section 2.3.1: both are form-encoded first.
    both = f"{quote(client.id, safe='')}:{quote(client.secret or '', safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}


def _body(answer: HttpResponse) -> Mapping[str, Json]:
    try:
        found = answer.json()
    except NotJson:
        return {}
    return found if is_object(found) else {}
