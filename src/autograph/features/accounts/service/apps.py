"""Apps: who registers them, and who keeps them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from autograph.features.accounts.errors import TooManyApps
from autograph.features.accounts.models.apps import (
    SECRET_PREFIX,
    App,
    AppStatus,
    is_redirect_uri,
)
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.people import Principal
from autograph.features.accounts.models.roles import Scope
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import new_secret
from autograph.infra.errors import Conflict, Invalid
from autograph.infra.ids import new_id

MAX_APPS: Final = 50
MAX_PAGE: Final = 200
_MAX_NAME: Final = 100
_MAX_DESCRIPTION: Final = 500
_MAX_URIS: Final = 20


@dataclass(frozen=True, slots=True)
class AppForm:
    """What whoever registers an app says of it; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    website: str | None = None
    redirect_uris: Sequence[str] | None = None
    scopes: Collection[Scope] | None = None


@dataclass(frozen=True, slots=True)
class AppPage:
    """A page of everybody's apps, newest first."""

    apps: Sequence[App]
    next_before: UUID | None


class AppService:
    """Registers apps and looks after them."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._apps = parts.apps
        self._audit = parts.audit
        self._clock = parts.clock

    async def register(
        self, principal: Principal, form: AppForm, visit: Visit, *, is_confidential: bool
    ) -> tuple[App, str | None]:
        """Register an app; return it and, this once, its secret, if it has one.

        Raises:
            TooManyApps: There are too many.
            Invalid: A name, an address to return to and a scope are needed; the message says what is wrong.
        """
        values = _values(
            AppForm(
                name=form.name or "",
                description=form.description or "",
                website=form.website or "",
                redirect_uris=form.redirect_uris or (),
                scopes=form.scopes or (),
            )
        )
        if await self._apps.count(principal) >= MAX_APPS:
            raise TooManyApps(f"You have registered {MAX_APPS} apps. Delete one first.")
        secret = new_secret(SECRET_PREFIX) if is_confidential else None
        app = App(
            id=new_id(),
            owner_id=principal.user_id,
            name=values["name"],
            description=values["description"],
            website=values["website"],
            redirect_uris=tuple(values["redirect_uris"]),
            scopes=frozenset(Scope(one) for one in values["scopes"]),
            is_confidential=is_confidential,
            status=AppStatus.ACTIVE,
            suspended_for=None,
            created_at=self._clock.now(),
        )
        await self._apps.add(app, secret.hash if secret else None)
        deed = Deed("app.registered", f"app:{app.id}", after=values)
        await self._audit.note(principal, visit, deed)
        return app, secret.text if secret else None

    async def list_all(self, principal: Principal) -> Sequence[App]:
        """Return the apps a person has registered, newest first."""
        return await self._apps.list_of(principal)

    async def get(self, principal: Principal, app_id: UUID) -> App:
        """Return an app a person has registered.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
        """
        return await self._apps.get(principal, app_id)

    async def change(self, principal: Principal, app_id: UUID, form: AppForm, visit: Visit) -> App:
        """Change what is said of an app. Scopes that it loses are lost to all its tokens at once.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
            Invalid: The message says what is wrong.
        """
        before = await self._apps.get(principal, app_id)
        values = _values(form)
        if not values:
            return before
        changed = await self._apps.change(app_id, values, of=principal)
        deed = Deed("app.changed", f"app:{app_id}", after=values)
        await self._audit.note(principal, visit, deed)
        return changed

    async def renew_secret(self, principal: Principal, app_id: UUID, visit: Visit) -> str:
        """Give an app another secret; the one before is good no more. Return it, this once.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
            Conflict: The app has no secret: it cannot keep one.
        """
        app = await self._apps.get(principal, app_id)
        if not app.is_confidential:
            raise Conflict(
                f"{app.name} is an app without a secret. Register one that runs on a server instead."
            )
        secret = new_secret(SECRET_PREFIX)
        await self._apps.change(app_id, {"secret_hash": secret.hash}, of=principal)
        await self._audit.note(principal, visit, Deed("app.secret_renewed", f"app:{app_id}"))
        return secret.text

    async def delete(self, principal: Principal, app_id: UUID, visit: Visit) -> None:
        """Delete an app; it acts for nobody any more.

        Raises:
            AppNotFound: There is none, or it is somebody else's.
        """
        app = await self._apps.delete(principal, app_id)
        deed = Deed("app.deleted", f"app:{app_id}", before={"name": app.name})
        await self._audit.note(principal, visit, deed)

    async def list_page(self, *, limit: int = 50, before: UUID | None = None) -> AppPage:
        """Return a page of everybody's apps. Who may see it is decided at the door."""
        limit = min(limit, MAX_PAGE)
        rows = await self._apps.list_page(limit=limit, before=before)
        return AppPage(rows, rows[-1].id if len(rows) == limit else None)

    async def suspend(self, actor: Principal, app_id: UUID, reason: str, visit: Visit) -> App:
        """Have an app act for nobody, at once. Who may is decided at the door.

        Raises:
            AppNotFound: There is none.
        """
        values = {"status": AppStatus.SUSPENDED.value, "suspended_for": reason}
        changed = await self._apps.change(app_id, values)
        await self._audit.note(actor, visit, Deed("app.suspended", f"app:{app_id}", after=values))
        return changed

    async def restore(self, actor: Principal, app_id: UUID, visit: Visit) -> App:
        """Let an app act again.

        Raises:
            AppNotFound: There is none.
        """
        values = {"status": AppStatus.ACTIVE.value, "suspended_for": None}
        changed = await self._apps.change(app_id, values)
        await self._audit.note(actor, visit, Deed("app.restored", f"app:{app_id}", after=values))
        return changed


def _values(form: AppForm) -> dict[str, Any]:
    """Return the columns a form fills.

    Raises:
        Invalid: Something in it cannot be.
    """
    values: dict[str, Any] = {}
    if form.name is not None:
        values["name"] = _line(form.name)
    if form.description is not None:
        values["description"] = _line(form.description)
    if form.website is not None:
        values["website"] = form.website or None
    if form.redirect_uris is not None:
        values["redirect_uris"] = list(dict.fromkeys(form.redirect_uris))
    if form.scopes is not None:
        values["scopes"] = sorted(scope.value for scope in set(form.scopes))
    errors = {
        field: problem for field, value in values.items() if (problem := _CHECKS[field](value))
    }
    if errors:
        raise Invalid(" ".join(errors.values()), errors=errors)
    return values


def _name_problem(name: str) -> str:
    return (
        "" if 1 <= len(name) <= _MAX_NAME else f"An app has a name of 1 to {_MAX_NAME} characters."
    )


def _description_problem(text: str) -> str:
    if len(text) <= _MAX_DESCRIPTION:
        return ""
    return f"At most {_MAX_DESCRIPTION} characters describe an app."


def _website_problem(text: str | None) -> str:
    if text is None or (is_redirect_uri(text) and urlsplit(text).scheme == "https"):
        return ""
    return "A website is an address such as https://example.com."


def _redirect_problem(uris: Sequence[str]) -> str:
    if not 1 <= len(uris) <= _MAX_URIS:
        return f"An app returns to 1 to {_MAX_URIS} addresses."
    wrong = next((uri for uri in uris if not is_redirect_uri(uri)), None)
    if wrong is None:
        return ""
    return (
        f"Nobody is sent back to {wrong[:200]!r}. Use https, http on 127.0.0.1, or a scheme of the app's own such as "
        "com.example.app:/back; without fragment, password or wildcard."
    )


def _scopes_problem(scopes: Sequence[str]) -> str:
    return "" if scopes else "An app has at least one scope."


_CHECKS: Final[Mapping[str, Callable[[Any], str]]] = {
    "name": _name_problem,
    "description": _description_problem,
    "website": _website_problem,
    "redirect_uris": _redirect_problem,
    "scopes": _scopes_problem,
}
"""What is wrong with a value of a column; an empty text for nothing."""


def _line(text: str) -> str:
    return "".join(one for one in " ".join(text.split()) if one.isprintable())
