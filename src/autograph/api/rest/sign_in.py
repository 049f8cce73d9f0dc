"""`/api/v1/auth/…`: logging in at providers, and linking one's account to them.

Who comes back from a provider has a browser before them, not a program: what goes wrong there is told by the
log-in page, which is given the error's code and nothing that somebody else could have written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, Services, ServicesDep, VisitDep
from autograph.api.gateway.credentials import (
    cookie,
    cookie_for_sign_in,
    cookie_of_sign_in,
    cookies_for,
    headers_of,
)
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs, public
from autograph.api.rest.auth import Delivery, LoggedIn, logged_in
from autograph.features.accounts.models import Permission
from autograph.features.accounts.models.identities import Departure, Returned
from autograph.infra.errors import AutographError
from autograph.infra.json import encode

_log = structlog.stdlib.get_logger(__name__)
router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/auth", tags=["auth"])
Back = Annotated[
    str, Field(max_length=4_096, description="The path on our page that one goes on to.")
]
# All four together, written with percent signs, are less than the 64 KiB that a request's first line may have.
Code = Annotated[str, Query(max_length=4_096)]
Said = Annotated[str, Query(max_length=300)]
_PAGE_OF_CODES: Final = "/auth/code"
_PAGE_OF_PROBLEMS: Final = "/auth/log-in"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Start(_Body):
    """Somebody who wants to log in at a provider."""

    back: Back = "/"


class NewIdentity(_Body):
    """Somebody who wants to link their account to a provider."""

    provider: str = Field(max_length=40)
    back: Back = "/"


class SecondStep(_Body):
    """Somebody who has come back from a provider and is asked for a code."""

    token: str = Field(max_length=200, description="What the log-in page was handed.")
    code: str = Field(max_length=16, description="From an authenticator app.")
    delivery: Delivery = "cookie"


class StartAnswer(BaseModel):
    """Where one's browser goes on to."""

    url: str


class IdentityAnswer(BaseModel):
    """A provider that one's account is linked to."""

    id: UUID
    issuer: str
    title: str
    email: str | None = Field(description="What the provider calls one's address.")
    created_at: datetime
    last_used_at: datetime | None


@router.post("/providers/{provider}/start", response_model=StartAnswer)
@public("Who logs in is not known yet.", rate=RateClass.AUTH)
async def start(provider: str, body: Start, services: ServicesDep) -> Response:
    """Begin to log in at a provider: the browser keeps a cookie and goes on to the address."""
    return _sent(services, await services.accounts.sign_in.begin(provider, back=body.back))


@router.get("/callback/{provider}", response_class=Response, status_code=303)
@public("What they bring back from the provider is the proof.", rate=RateClass.AUTH)
async def come_back(  # noqa: PLR0913 - each is a parameter of RFC 6749 §4.1.2 or RFC 9207
    provider: str,
    request: Request,
    services: ServicesDep,
    visit: VisitDep,
    state: Said = "",
    code: Code = "",
    error: Said = "",
    iss: Said = "",
) -> Response:
    """Take somebody in who comes back from a provider; they go on to our page, logged in or told why not."""
    browser = cookie(headers_of(request.scope), cookie_of_sign_in(state))
    is_secure = _is_secure(services)
    response = Response(status_code=303)
    try:
        arrival = await services.accounts.sign_in.finish(
            provider, Returned(state, code, error, iss), browser, visit
        )
    except AutographError as problem:
        _log.info("a log-in at a provider failed", provider=provider[:40], code=problem.code)
        response.headers["Location"] = f"{_PAGE_OF_PROBLEMS}#problem={problem.code}"
    else:
        response.headers["Location"] = arrival.back
        if arrival.pending is not None:
            # Behind `#`: what is there is sent to no server, and stands in no log.
            back = quote(arrival.back, safe="")
            response.headers["Location"] = f"{_PAGE_OF_CODES}#token={arrival.pending}&back={back}"
        if arrival.tokens is not None:
            for line in cookies_for(arrival.tokens, is_secure=is_secure):
                response.headers.append("Set-Cookie", line)
    response.headers.append("Set-Cookie", cookie_for_sign_in(state, "", is_secure=is_secure))
    return response


@router.post("/providers/finish", response_model=LoggedIn)
@public("What the page was handed is the proof.", rate=RateClass.AUTH)
async def finish(body: SecondStep, services: ServicesDep, visit: VisitDep) -> Response:
    """Log in by a code from one's app, after a provider has said who one is."""
    tokens = await services.accounts.sign_in.finish_by_code(body.token, body.code, visit)
    return logged_in(services, tokens, body.delivery)


@router.get("/identities")
@needs(Permission.ACCOUNT_READ)
async def list_identities(services: ServicesDep, principal: PrincipalDep) -> list[IdentityAnswer]:
    """List the providers one's account is linked to, oldest first."""
    return [
        IdentityAnswer(
            id=one.id,
            issuer=one.issuer,
            title=title,
            email=one.email,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
        )
        for one, title in await services.accounts.sign_in.identities(principal)
    ]


@router.post("/identities", response_model=StartAnswer)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def link(body: NewIdentity, services: ServicesDep, principal: PrincipalDep) -> Response:
    """Begin to link one's account to a provider: the browser keeps a cookie and goes on to the address."""
    departure = await services.accounts.sign_in.begin(
        body.provider, back=body.back, linking=principal
    )
    return _sent(services, departure)


@router.delete("/identities/{identity_id}", status_code=204)
@needs(Permission.ACCOUNT_WRITE)
async def unlink(
    identity_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Unlink one's account from a provider. 409 where one could not log in any more."""
    await services.accounts.sign_in.unlink(principal, identity_id, visit)


def _sent(services: Services, departure: Departure) -> Response:
    response = Response(encode({"url": departure.url}), media_type="application/json")
    line = cookie_for_sign_in(departure.state, departure.browser, is_secure=_is_secure(services))
    response.headers.append("Set-Cookie", line)
    return response


def _is_secure(services: Services) -> bool:
    return urlsplit(services.settings.reached_at).scheme == "https"
