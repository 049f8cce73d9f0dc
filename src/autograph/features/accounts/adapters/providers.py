"""Asks providers who somebody is: authorization code with PKCE (RFC 6749 §4.1, RFC 7636), OpenID Connect Core.

Everything goes out by the one HTTP client. What a provider sends is believed only as far as it is proven:
a token by its signature, issuer, audience, end and nonce; what is asked with an access token, because the
provider itself was asked by its own address.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError

from autograph.features.accounts.adapters.published_keys import PublishedKeys
from autograph.features.accounts.errors import SignInFailed
from autograph.features.accounts.models.identities import Attempt, Provider, Returned, Said
from autograph.infra.clock import Clock
from autograph.infra.egress.ports import Http, HttpRequest, HttpResponse, Rules
from autograph.infra.errors import OperationalError, UserError
from autograph.infra.json import Json, decode

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""Never `none`, and never one whose key is a secret that we share."""
_TIMEOUT: Final = timedelta(seconds=15)
_MAX_BYTES: Final = 1024 * 1024
_MAX_SUBJECT: Final = 255
_DISCOVERED_FOR_SECONDS: Final = 3_600.0
_SKEW_SECONDS: Final = 60
_VERIFIED: Final = "\0verified"
"""Where `_primary` puts whether an address is confirmed; no provider has such a field."""


@dataclass(frozen=True, slots=True)
class _Endpoints:
    """Where a provider is asked."""

    authorize: str
    token: str
    userinfo: str
    takes_secret_in_body: bool = True
    names_itself: bool = False


class HttpProvider:
    """Implements `IdentityProvider`."""

    def __init__(self, provider: Provider, http: Http, rules: Rules | None, clock: Clock) -> None:
        """Ask `provider`, by `rules`; None for the installation's own."""
        self._provider = provider
        self._http = http
        self._rules = rules
        self._clock = clock
        self._found: _Endpoints | None = None
        self._found_at = 0.0
        self._keys: PublishedKeys | None = None
        self._finding = asyncio.Lock()

    @property
    def provider(self) -> Provider:
        """What is known about it."""
        return self._provider

    async def address(self, attempt: Attempt) -> str:
        """Return where somebody is sent to."""
        endpoints = await self._endpoints()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(self._provider.scopes),
            "state": attempt.state,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if self._provider.is_openid:
            asked["nonce"] = attempt.nonce
        joint = "&" if urlsplit(endpoints.authorize).query else "?"
        return f"{endpoints.authorize}{joint}{urlencode(asked)}"

    async def who(self, returned: Returned, attempt: Attempt) -> Said:
        """Return what the provider says of somebody who has come back."""
        endpoints = await self._endpoints()
        # Somebody else's code may not be redeemed here (RFC 9207 §2.4).
        if (returned.issuer or endpoints.names_itself) and (
            returned.issuer != self._provider.issuer
        ):
            raise self._failed("another provider has sent this")
        tokens = await self._redeem(endpoints, returned.code, attempt)
        access = tokens.get("access_token")
        said: dict[str, Json] = {}
        if self._provider.is_openid:
            said = await self._claims(tokens.get("id_token"), attempt)
        if endpoints.userinfo and isinstance(access, str) and self._provider.email not in said:
            asked = _object(await self._ask(endpoints.userinfo, access))
            if self._provider.is_openid and asked.get("sub") != said.get("sub"):
                # OpenID Connect Core §5.3.2.
                raise self._failed("it speaks of two people")
            said = {**asked, **said}
        if self._provider.emails_url and isinstance(access, str):
            said |= _primary(
                await self._ask(self._provider.emails_url, access), self._provider.email
            )
        return self._said(said)

    async def _redeem(self, endpoints: _Endpoints, code: str, attempt: Attempt) -> dict[str, Json]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
            "client_id": self._provider.client_id,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        secret = self._provider.client_secret
        if secret is not None and endpoints.takes_secret_in_body:
            form["client_secret"] = secret
        elif secret is not None:
            # Each part is form-encoded first (RFC 6749 §2.3.1).
            pair = f"{quote(self._provider.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await self._send(
            HttpRequest(
                "POST",
                endpoints.token,
                headers,
                body=urlencode(form).encode(),
                timeout=_TIMEOUT,
                max_bytes=_MAX_BYTES,
                follows=False,
            )
        )
        tokens = _object(_json(answer)) if answer.status < 300 else {}
        if "error" in tokens or not (tokens.get("access_token") or tokens.get("id_token")):
            raise self._failed("it does not take the code")
        return tokens

    async def _claims(self, token: Json, attempt: Attempt) -> dict[str, Json]:
        """Return what an id_token says, once it is proven (OpenID Connect Core §3.1.3.7)."""
        if not isinstance(token, str) or self._keys is None:
            raise self._failed("it sends no id_token")
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            keys = await self._keys.having(kid)
            claims: Mapping[str, Any] = jwt.decode(token, keys, algorithms=list(_ALGORITHMS)).claims
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise self._failed("the signature of its id_token is not right") from None
        audience: Json = claims.get("aud")
        audiences = _list(audience) or [audience]
        party = claims.get("azp", self._provider.client_id if len(audiences) == 1 else None)
        now, ends = self._clock.now().timestamp(), claims.get("exp")
        problems = {
            "another issuer has made its id_token": claims.get("iss") != self._provider.issuer,
            "its id_token is for somebody else": self._provider.client_id not in audiences
            or party != self._provider.client_id,
            "its id_token has ended": not isinstance(ends, (int, float))
            or ends <= now - _SKEW_SECONDS,
            "its id_token was made for another attempt": claims.get("nonce") != attempt.nonce,
        }
        for problem, is_so in problems.items():
            if is_so:
                raise self._failed(problem)
        return dict(claims)

    def _said(self, found: Mapping[str, Json]) -> Said:
        subject = found.get(self._provider.subject)
        is_id = isinstance(subject, (str, int)) and not isinstance(subject, bool)
        if not is_id or not 1 <= len(str(subject)) <= _MAX_SUBJECT:
            raise self._failed("it does not say who it is")
        email = found.get(self._provider.email)
        address = email.strip().lower() if isinstance(email, str) and "@" in email else None
        verified = found.get(self._provider.verified or _VERIFIED)
        called = (found.get(name) for name in self._provider.names)
        return Said(
            subject=str(subject),
            email=address,
            is_verified=True if self._provider.trusts_email else _truth(verified),
            name=next((name for name in called if isinstance(name, str) and name.strip()), None),
        )

    async def _endpoints(self) -> _Endpoints:
        """Return where it is asked: as its data says, or as it publishes itself (OpenID Connect Discovery)."""
        given = _Endpoints(
            self._provider.authorize_url, self._provider.token_url, self._provider.userinfo_url
        )
        if not self._provider.is_openid:
            return given
        async with self._finding:
            age = time.monotonic() - self._found_at
            if self._found is None or age > _DISCOVERED_FOR_SECONDS:
                self._found = await self._discover(given)
                self._found_at = time.monotonic()
            return self._found

    async def _discover(self, given: _Endpoints) -> _Endpoints:
        url = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._fetch(url)
        # §4.3: otherwise whoever publishes it could speak for another issuer.
        if found.get("issuer") != self._provider.issuer:
            raise OperationalError(
                f"{url} is the document of {str(found.get('issuer'))[:200]!r}, not of "
                f"{self._provider.issuer!r}. Set the provider's issuer to exactly what its document says."
            )
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ends = [found.get(name) for name in names]
        if not all(isinstance(one, str) and one for one in ends):
            raise OperationalError(f"{url} does not say where {', '.join(names)} are.")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        self._keys = PublishedKeys(str(found["jwks_uri"]), self._fetch)
        return _Endpoints(
            given.authorize or str(ends[0]),
            given.token or str(ends[1]),
            given.userinfo or str(found.get("userinfo_endpoint") or ""),
            takes_secret_in_body=isinstance(methods, list) and "client_secret_post" in methods,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _fetch(self, url: str) -> dict[str, Json]:
        answer = await self._send(HttpRequest("GET", url, timeout=_TIMEOUT, max_bytes=_MAX_BYTES))
        if not answer.is_ok:
            raise OperationalError(f"{url} answers {answer.status}.")
        return _object(_json(answer))

    async def _ask(self, url: str, access: str) -> Json:
        headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
        answer = await self._send(
            HttpRequest("GET", url, headers, timeout=_TIMEOUT, max_bytes=_MAX_BYTES, follows=False)
        )
        if answer.status >= 300:
            raise self._failed("it does not say who it is")
        return _json(answer)

    async def _send(self, request: HttpRequest) -> HttpResponse:
        try:
            answer = await self._http.send(request, self._rules)
        except UserError as error:
            # The rules forbid it, or it sends too much: nothing that who logs in can mend.
            raise OperationalError(f"{self._provider.title}: {error.message}") from error
        if answer.status >= 500:
            raise OperationalError(
                f"{self._provider.title} answers {answer.status}. Try again in a while."
            )
        return answer

    def _failed(self, why: str) -> SignInFailed:
        return SignInFailed(
            f"{self._provider.title} has not proven who you are: {why}. Begin again from the log-in page."
        )


def _primary(found: Json, email: str) -> dict[str, Json]:
    """Return the address that counts of a list of them: the primary one, where that is confirmed."""
    rows = map(_object, _list(found))
    first = next((one for one in rows if one.get("primary") is True), None)
    if first is None:
        return {}
    return {email: first.get("email"), _VERIFIED: first.get("verified") is True}


def _truth(found: Json) -> bool | None:
    """Return whether something is so, also where it is sent as a text; None where nothing is said."""
    return found in {True, "true"} if isinstance(found, (bool, str)) else None


def _json(answer: HttpResponse) -> Json:
    try:
        return decode(answer.body)
    except UserError as error:
        raise OperationalError(
            f"{urlsplit(answer.url).hostname} answers with what is not JSON."
        ) from error


def _object(found: Json) -> dict[str, Json]:
    return cast("dict[str, Json]", found) if isinstance(found, dict) else {}


def _list(found: Json) -> list[Json]:
    return cast("list[Json]", found) if isinstance(found, list) else []
