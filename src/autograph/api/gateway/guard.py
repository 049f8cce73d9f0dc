"""The steps before every handler: authenticate, authorise, limit, inspect. Each is a span; each may end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from starlette.types import Scope

from autograph.api.gateway.credentials import (
    headers_of,
    ip_of,
    is_at_this_machine,
    is_foreign,
    shown_by,
    visit_of,
)
from autograph.api.gateway.inspection import Inspection
from autograph.api.gateway.limits import Limits, RateLimited
from autograph.api.gateway.routes import Access
from autograph.features.accounts.errors import MayNot, TokenInvalid, Unauthenticated
from autograph.features.accounts.models import Principal
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.roles import scopes_for
from autograph.features.accounts.service import Accounts
from autograph.infra.errors import Forbidden
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.telemetry.ports import Tracer

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BAD_TOKENS: Final = 60
"""Wrong tokens an address may show a minute."""


class ForeignOrigin(Forbidden):
    """A page of another origin made the browser send this."""

    code: ClassVar[str] = "request.foreign_origin"


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests pass, or refuses them.

    Attributes:
        owner: The person at this machine, who needs to show nothing until the installation is set up; None
            where everybody has to.
        origins: Other origins whose pages may ask with a person's cookie.
    """

    accounts: Accounts
    limits: Limits
    inspection: Inspection
    rates: RateLimiter
    tracer: Tracer
    owner: Principal | None
    origins: frozenset[str]

    async def admit(self, scope: Scope, access: Access) -> None:
        """Let a request pass: who sends it is in its state from now on.

        Raises:
            Unauthenticated: Nobody knows who sends it, and the route is not public.
            Forbidden: They may not, or it looks like an attack.
            RateLimited: There were too many.
            TooLarge: It is.
            UserError: Its body is of no type that the route takes.
        """
        state = scope.setdefault("state", {})
        with self.tracer.span("gateway.authenticate"):
            principal = await self.authenticate(scope, is_public=access.permission is None)
            state["principal"] = principal
        with self.tracer.span("gateway.authorise"):
            await self._authorise(scope, principal, access)
        with self.tracer.span("gateway.limit"):
            rate = access.rate_of(scope["method"])
            allowance = await self.limits.take(principal, ip_of(scope), rate)
            state["allowance"] = allowance
        with self.tracer.span("gateway.inspect"):
            state["max_body_bytes"] = self.inspection.limit_of(access)
            self.inspection.inspect(scope, access)

    async def authenticate(self, scope: Scope, *, is_public: bool = False) -> Principal | None:
        """Return who sends a request; None where nobody is known and the route is public.

        Raises:
            Unauthenticated: Nobody is known.
            TokenInvalid: What was shown is not good.
            Suspended: The account is.
            ForeignOrigin: Another page made a browser send it.
        """
        headers = headers_of(scope)
        shown = shown_by(headers)
        changes = scope.get("method", "GET") not in _SAFE
        # Of what a browser sends by itself, nothing is taken from other pages (CSRF).
        if shown.is_cookie and changes and is_foreign(headers, self.origins):
            raise ForeignOrigin("Another page made your browser send this. Open Autograph itself.")
        if shown.token:
            try:
                return await self.accounts.authentication.by_token(shown.token)
            except TokenInvalid:
                await self._count_bad_token(scope)
                if is_public:
                    return None
                raise
        return await self._without_token(scope, headers, is_public=is_public)

    async def _without_token(
        self, scope: Scope, headers: Mapping[bytes, bytes], *, is_public: bool
    ) -> Principal | None:
        if (
            self.owner is not None
            and is_at_this_machine(scope, headers)
            and not await self.accounts.authentication.is_set_up()
        ):
            return self.owner
        if is_public:
            return None
        raise Unauthenticated("Log in, or send a token or key: Authorization: Bearer …")

    async def _count_bad_token(self, scope: Scope) -> None:
        permit = await self.rates.take(
            f"http:bad_token:{ip_of(scope)}",
            per=timedelta(minutes=1),
            limit=_BAD_TOKENS,
            burst=_BAD_TOKENS,
        )
        if not permit.allowed:
            raise RateLimited(
                "Too many wrong tokens from this address.",
                retry_after_seconds=permit.wait.total_seconds(),
            )

    async def _authorise(self, scope: Scope, principal: Principal | None, access: Access) -> None:
        permission = access.permission
        if permission is None:
            return
        if principal is None:
            raise Unauthenticated("Log in, or send a token or key: Authorization: Bearer …")
        if access.is_for_programs and principal.scopes is None:
            raise MayNot(
                "This is for programs: send a key (X-API-Key), or the token of an app. Yours is at /api/v1.",
                permission=permission.value,
                scopes=[one.value for one in scopes_for(permission)],
            )
        is_admin = permission.startswith("admin.")
        target = f"{scope['method']} {scope['path']}"[:200]
        if not principal.may(permission):
            deed = Deed(
                "access.refused", target, after={"permission": permission}, outcome="refused"
            )
            if is_admin:
                await self.accounts.audit.note(principal, visit_of(scope), deed)
            if principal.scopes is None:
                raise MayNot(
                    f"This needs the permission {permission}, which none of your roles has.",
                    permission=permission.value,
                )
            raise MayNot(
                f"This needs the permission {permission}, which none of the key's scopes covers.",
                permission=permission.value,
                scopes=[one.value for one in scopes_for(permission)],
            )
        if is_admin:
            deed = Deed("admin.access", target, after={"permission": permission})
            await self.accounts.audit.note(principal, visit_of(scope), deed)
