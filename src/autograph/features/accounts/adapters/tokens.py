"""Access tokens: JWT (RFC 7519), signed by us, or by another issuer that the settings name.

Ours are signed by HMAC-SHA-256 with a key derived from the installation's ring; `kid` says which. Another
issuer's (Supabase's, or any OpenID provider's) are checked by its shared secret or its published keys (JWKS,
RFC 7517). The algorithm is taken from what the key is for, never from the token.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, Field, ValidationError

from autograph.features.accounts.adapters.published_keys import FetchJson, PublishedKeys
from autograph.features.accounts.errors import TokenInvalid
from autograph.features.accounts.ports import Claims
from autograph.infra.crypto import Keys

AUDIENCE: Final = "authenticated"
"""Whom tokens are for; the word is Supabase's."""
_PURPOSE: Final = "access tokens"
_MAX_BYTES: Final = 8_192
_SKEW_SECONDS: Final = 60
"""How far another issuer's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Somebody else who says who people are.

    Attributes:
        issuer: What tokens have as `iss`.
        audience: What they have as `aud`.
        secret: Shared secret of HS256 tokens.
        jwks_url: Where the keys of ES256, RS256 and EdDSA tokens are published.
    """

    issuer: str
    audience: str = AUDIENCE
    secret: str | None = None
    jwks_url: str | None = None


_VERIFIED: Final = 10_000
"""Tokens of ours whose signature is not computed again: it is right for as long as this process has its key."""


class JwtSigner:
    """Implements `TokenSigner`."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        trusted: TrustedIssuer | None = None,
        fetch_keys: FetchJson | None = None,
    ) -> None:
        """Sign as `issuer` with the current one of `keys`, and trust one more issuer, or none."""
        self._issuer = issuer
        self._ring = keys
        self._keys: dict[str, OctKey] = {}
        self._trusted = None if trusted is None else _Foreign(trusted, fetch_keys)
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()

    @property
    def issuer(self) -> str:
        """Who signs ours."""
        return self._issuer

    def sign(
        self, user_id: UUID, session_id: UUID, *, email: str | None, now: datetime, until: datetime
    ) -> str:
        """Return a token."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "session_id": str(session_id),
            "iat": int(now.timestamp()),
            "exp": int(until.timestamp()),
        }
        if email is not None:
            claims["email"] = email
        current = self._ring.current
        header = {"alg": "HS256", "typ": "JWT", "kid": current}
        key = self._key(current) or OctKey.import_key(self._ring.derived(_PURPOSE)[current])
        return jwt.encode(header, claims, key, algorithms=["HS256"])

    def _key(self, key_id: str) -> OctKey | None:
        """Return the key that signs under an id; keys may have been come and gone since this process began."""
        if key_id not in self._ring.ids:
            return None
        if key_id not in self._keys:
            self._keys = {
                one: OctKey.import_key(key) for one, key in self._ring.derived(_PURPOSE).items()
            }
        return self._keys.get(key_id)

    async def read(self, token: str, now: datetime) -> Claims:
        """Return what a token says.

        Raises:
            TokenInvalid: It is none of ours or of a trusted issuer, was tampered with, or has ended.
        """
        if len(token) > _MAX_BYTES:
            raise TokenInvalid("The token is too long to be one.")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        verified = self._verified.get(digest)
        if verified is not None and now.timestamp() < verified.expires_at:
            return verified
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, UnicodeError, TypeError, AttributeError):
            raise TokenInvalid("This is no token.") from None
        key = self._key(str(header.get("kid")))
        if key is not None:
            found = _decoded(token, key, ["HS256"])
            claims = self._verified[digest] = _checked(found, self._issuer, AUDIENCE, now)
            if len(self._verified) > _VERIFIED:
                self._verified.popitem(last=False)
            return claims
        if self._trusted is None:
            raise TokenInvalid("The token was not signed by this installation.")
        return await self._trusted.read(token, header, now)


class _Foreign:
    """Reads tokens of another issuer."""

    def __init__(self, trusted: TrustedIssuer, fetch: FetchJson | None) -> None:
        self._trusted = trusted
        self._secret = None if trusted.secret is None else OctKey.import_key(trusted.secret)
        self._published = (
            None
            if trusted.jwks_url is None or fetch is None
            else PublishedKeys(trusted.jwks_url, fetch)
        )

    async def read(self, token: str, header: Mapping[str, Any], now: datetime) -> Claims:
        if header.get("alg") == "HS256":
            if self._secret is None:
                raise TokenInvalid("The token was not signed by a trusted issuer.")
            found = _decoded(token, self._secret, ["HS256"])
        else:
            if self._published is None:
                raise TokenInvalid("The token was not signed by a trusted issuer.")
            keys = await self._published.having(header.get("kid"))
            found = _decoded(token, keys, ["ES256", "RS256", "EdDSA", "Ed25519"])
        return _checked(found, self._trusted.issuer, self._trusted.audience, now)


def _decoded(token: str, key: Any, algorithms: list[str]) -> Mapping[str, Any]:
    try:
        return jwt.decode(token, key, algorithms=algorithms).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise TokenInvalid("The token's signature is not right.") from None


class _Payload(BaseModel):
    """What a token says, as RFC 7519 §4.1 and OpenID Connect Core §5.1 name it."""

    iss: str
    sub: str = Field(min_length=1)
    aud: str | list[str]
    exp: float
    nbf: float = 0
    session_id: str | None = None
    email: str | None = None
    email_verified: object = None
    name: str | None = None
    user_metadata: dict[str, object] = Field(default_factory=dict[str, object])


def _checked(claims: Mapping[str, Any], issuer: str, audience: str, now: datetime) -> Claims:
    """Return what claims say.

    Raises:
        TokenInvalid: They are incomplete, not for us, or of another time.
    """
    try:
        said = _Payload.model_validate(claims)
    except ValidationError:
        raise TokenInvalid("The token does not say whose it is, or until when.") from None
    audiences = [said.aud] if isinstance(said.aud, str) else said.aud
    if said.iss != issuer or audience not in audiences:
        raise TokenInvalid("The token is not for this installation.")
    if not said.nbf - _SKEW_SECONDS <= now.timestamp() < said.exp:
        raise TokenInvalid("The token has ended.")
    called = said.user_metadata.get("full_name") or said.user_metadata.get("name")
    return Claims(
        issuer=issuer,
        subject=said.sub,
        session_id=said.session_id,
        expires_at=said.exp,
        email=said.email.strip().lower() if said.email else None,
        name=said.name or (called if isinstance(called, str) else None),
        # Not `user_metadata.email_verified`: people write their own metadata.
        is_verified=said.email_verified is True,
    )
