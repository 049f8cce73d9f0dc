"""Autograph as an OAuth 2.0 provider: what people let apps do, and the tokens that come of it.

RFC 6749 with the code grant alone, PKCE by S256 for every app (RFC 7636, RFC 9700 §2.1.1), introspection
(RFC 7662) and revocation (RFC 7009). Tokens are random texts, not JWTs: what was revoked is good no more.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from autograph.features.accounts.errors import (
    AppNotFound,
    AuthorizationInvalid,
    ClientInvalid,
    GrantInvalid,
    ScopeInvalid,
)
from autograph.features.accounts.models.apps import (
    ACCESS_PREFIX,
    CODE_PREFIX,
    CODE_TIME,
    REFRESH_PREFIX,
    App,
    AppStatus,
    AppTokens,
    Asked,
    AuthorizationRequest,
    Code,
    GrantedApp,
    TokenKind,
)
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.identities import challenge_of
from autograph.features.accounts.models.people import AccountStatus, Principal
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.repository.grants import Pair, Reused
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import hash_of, new_secret
from autograph.infra.ids import new_id

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NOT_GOOD: Final = "The code is unknown, has ended, was used before, or is another app's."


class GrantService:
    """Asks people what apps may do, and gives apps the tokens for it."""

    def __init__(self, parts: Parts, *, public_url: str) -> None:
        """Stand on `parts`; `public_url` is who issues the tokens."""
        self._apps = parts.apps
        self._grants = parts.grants
        self._people = parts.people
        self._audit = parts.audit
        self._clock = parts.clock
        self._issuer = public_url.rstrip("/")

    @property
    def issuer(self) -> str:
        """Who issues the tokens (RFC 8414 §2)."""
        return self._issuer

    async def look(self, principal: Principal, request: AuthorizationRequest) -> Asked:
        """Return what an app asks a person for.

        Raises:
            AppNotFound: There is no such app, it does not return there, or it is suspended: nobody is sent
                back (RFC 9700 §4.11.2).
            AuthorizationInvalid: It asks for what it may not ask; `details.redirect_to` leads back to it.
        """
        found = await self._find(request.client_id)
        if found is None or not found[0].returns_to(request.redirect_uri):
            raise AppNotFound(
                "There is no such app, or it did not register the address it wants you to be sent back to. Nothing "
                "was given to it. Tell whoever makes the app."
            )
        app, _ = found
        if app.status is AppStatus.SUSPENDED:
            raise AppNotFound(f"{app.name} is suspended here. Nothing was given to it.")
        scopes = self._asked_scopes(app, request)
        given = await self._grants.given(principal.user_id, app.id, self._clock.now())
        return Asked(app, scopes, given)

    async def allow(self, principal: Principal, request: AuthorizationRequest, visit: Visit) -> str:
        """Let an app do what it asks for; return where the person is sent back to, with a code.

        Raises:
            AppNotFound: As in `look`.
            AuthorizationInvalid: As in `look`.
        """
        asked = await self.look(principal, request)
        secret = new_secret(CODE_PREFIX)
        code = Code(
            app_id=asked.app.id,
            user_id=principal.user_id,
            redirect_uri=request.redirect_uri,
            scopes=asked.scopes,
            challenge=request.code_challenge,
            expires_at=self._clock.now() + CODE_TIME,
        )
        await self._grants.add_code(secret.hash, code)
        deed = Deed("app.allowed", f"app:{asked.app.id}", after={"scopes": sorted(asked.scopes)})
        await self._audit.note(principal, visit, deed)
        return self._back(request, {"code": secret.text})

    async def deny(self, principal: Principal, request: AuthorizationRequest, visit: Visit) -> str:
        """Let an app do nothing; return where the person is sent back to.

        Raises:
            AppNotFound: As in `look`.
            AuthorizationInvalid: As in `look`.
        """
        asked = await self.look(principal, request)
        await self._audit.note(principal, visit, Deed("app.denied", f"app:{asked.app.id}"))
        return self._back(request, {"error": "access_denied"})

    async def client(self, client_id: str, secret: str | None) -> App:
        """Return the app that asks for tokens, once it has proven that it is itself (RFC 6749 §2.3).

        Raises:
            ClientInvalid: It has not.
        """
        found = await self._find(client_id)
        app, kept = found or (None, None)
        is_right = kept is None and not secret
        if kept is not None:
            is_right = hmac.compare_digest(hash_of(secret or ""), kept)
        if app is None or not is_right:
            raise ClientInvalid("There is no such app, or its secret is not right.")
        if app.status is AppStatus.SUSPENDED:
            raise ClientInvalid("The app is suspended here.")
        return app

    async def redeem(
        self, app: App, code: str, redirect_uri: str, verifier: str, visit: Visit
    ) -> AppTokens:
        """Give an app tokens for a code (RFC 6749 §4.1.3, RFC 7636 §4.6).

        Raises:
            GrantInvalid: The code, the address or the verifier is not right. A code is used up by its first
                use, whatever comes of it; its second use revokes what came of the first.
        """

        def is_good(kept: Code) -> bool:
            return (
                kept.redirect_uri == redirect_uri
                and _VERIFIER.fullmatch(verifier) is not None
                and hmac.compare_digest(challenge_of(verifier), kept.challenge)
            )

        access, refresh, grant_id = new_secret(ACCESS_PREFIX), new_secret(REFRESH_PREFIX), new_id()
        pair = Pair(access.hash, refresh.hash)
        found = await self._grants.redeem(
            hash_of(code), app.id, is_good, (grant_id, pair), self._clock.now()
        )
        if isinstance(found, Reused):
            await self._stolen(found, "grant.code_reused", visit)
        if found is None or isinstance(found, Reused):
            raise GrantInvalid(_NOT_GOOD)
        deed = Deed("grant.given", f"grant:{grant_id}", after={"app": str(app.id)})
        await self._audit.note(found.user_id, visit, deed)
        return AppTokens(grant_id, access.text, refresh.text, found.scopes)

    async def refresh(self, app: App, token: str, scope: str, visit: Visit) -> AppTokens:
        """Give an app its next tokens (RFC 6749 §6); a refresh token is good once.

        Raises:
            GrantInvalid: The token is not good. One that comes twice revokes its grant: one of both stole it.
            ScopeInvalid: More is asked for than was given.
        """
        scopes = _scopes(scope)
        if scopes is None:
            raise ScopeInvalid("There is no such scope.")
        access, refresh = new_secret(ACCESS_PREFIX), new_secret(REFRESH_PREFIX)
        held = await self._grants.find_token(hash_of(token))
        if held is not None and held.app_id == app.id:
            account = await self._people.get(held.user_id)
            if account.status is AccountStatus.SUSPENDED:
                raise GrantInvalid("The person's account is suspended.")
        found = await self._grants.rotate(
            hash_of(token), app.id, Pair(access.hash, refresh.hash), scopes, self._clock.now()
        )
        if isinstance(found, Reused):
            await self._stolen(found, "grant.stolen", visit)
        if found is None or isinstance(found, Reused):
            raise GrantInvalid("The refresh token is unknown, has ended, or was used before.")
        return AppTokens(found.grant_id, access.text, refresh.text, found.scopes)

    async def introspect(self, app: App, token: str) -> Mapping[str, Any]:
        """Return what a token of this app's stands for (RFC 7662 §2.2); of any other that it is not active.

        Raises:
            ClientInvalid: The app has no secret, so anybody could ask in its name (§4).
        """
        if not app.is_confidential:
            raise ClientInvalid("Only apps with a secret may ask about tokens.")
        found = await self._grants.find_token(hash_of(token))
        account = None if found is None else await self._people.find(found.user_id)
        if (
            found is None
            or account is None
            or account.status is AccountStatus.SUSPENDED
            or not found.is_live
            or found.app_id != app.id
            or found.expires_at <= self._clock.now()
        ):
            return {"active": False}
        return {
            "active": True,
            "scope": " ".join(sorted(found.scopes & app.scopes)),
            "client_id": str(app.id),
            "sub": str(found.user_id),
            "iss": self._issuer,
            "iat": int(found.created_at.timestamp()),
            "exp": int(found.expires_at.timestamp()),
            "token_type": "Bearer" if found.kind is TokenKind.ACCESS else "refresh_token",
        }

    async def revoke(self, app: App, token: str, visit: Visit) -> None:
        """End the grant a token belongs to (RFC 7009 §2.1); of what is none of this app's, nothing is said."""
        found = await self._grants.find_token(hash_of(token))
        if found is None or found.app_id != app.id:
            return
        await self._grants.revoke(found.grant_id, self._clock.now(), "revoked by the app")
        deed = Deed("grant.revoked", f"grant:{found.grant_id}", after={"by": "app"})
        await self._audit.note(found.user_id, visit, deed)

    async def list_all(self, principal: Principal) -> Sequence[GrantedApp]:
        """Return the apps that may act for a person, by name."""
        return await self._grants.list_of(principal.user_id, self._clock.now())

    async def withdraw(self, principal: Principal, app_id: UUID, visit: Visit) -> None:
        """Let an app act for a person no more, at once.

        Raises:
            AppNotFound: It does not.
        """
        now = self._clock.now()
        if not await self._grants.revoke_app(principal.user_id, app_id, now, "withdrawn"):
            raise AppNotFound(f"No app {app_id} acts for you.")
        deed = Deed("grant.revoked", f"app:{app_id}", after={"by": "person"})
        await self._audit.note(principal, visit, deed)

    async def _find(self, client_id: str) -> tuple[App, bytes | None] | None:
        try:
            app_id = UUID(client_id)
        except ValueError:
            return None
        return await self._apps.find(app_id)

    def _asked_scopes(self, app: App, request: AuthorizationRequest) -> frozenset[Scope]:
        scopes = _scopes(request.scope)
        problems = {
            "unsupported_response_type": (
                request.response_type != "code",
                "It asks for something else than a code.",
            ),
            "invalid_request": (
                request.code_challenge_method != "S256"
                or not _CHALLENGE.fullmatch(request.code_challenge),
                "It does not protect the code (PKCE with S256).",
            ),
            "invalid_scope": (
                not scopes or not scopes <= app.scopes,
                "It asks for no scope, for unknown ones, or for more than it may ever have.",
            ),
        }
        for error, (is_so, message) in problems.items():
            if is_so:
                raise AuthorizationInvalid(
                    f"{app.name} does not ask as it should. {message} Nothing was given to it.",
                    error=error,
                    redirect_to=self._back(request, {"error": error, "error_description": message}),
                )
        assert scopes is not None
        return scopes

    def _back(self, request: AuthorizationRequest, answer: Mapping[str, str]) -> str:
        """Return the address a person is sent back to, with an answer (RFC 6749 §4.1.2, RFC 9207 §2)."""
        said = {**answer, **({"state": request.state} if request.state else {})}
        joint = "&" if "?" in request.redirect_uri else "?"
        return f"{request.redirect_uri}{joint}{urlencode({**said, 'iss': self._issuer})}"

    async def _stolen(self, reused: Reused, action: str, visit: Visit) -> None:
        target = f"grant:{reused.grant_id}" if reused.grant_id else f"user:{reused.user_id}"
        await self._audit.note(reused.user_id, visit, Deed(action, target, outcome="refused"))


def _scopes(text: str) -> frozenset[Scope] | None:
    """Return scopes of a text with blanks between (RFC 6749 §3.3); None where one is unknown."""
    try:
        return frozenset(Scope(one) for one in text.split())
    except ValueError:
        return None
