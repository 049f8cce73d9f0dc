"""`/api/v1/auth`: setting up, signing up, logging in and out.

A browser is given cookies that no script reads; a program asks for tokens with `"delivery": "token"`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph.api.deps import PrincipalDep, Services, ServicesDep, VisitDep
from autograph.api.gateway.credentials import (
    REFRESH_COOKIE,
    cookie,
    cookies_for,
    headers_of,
    no_cookies,
)
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs, public
from autograph.features.accounts.errors import TokenInvalid
from autograph.features.accounts.models import Permission
from autograph.features.accounts.models.sessions import Tokens
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/auth", tags=["auth"])
Email = Annotated[str, Field(max_length=320, examples=["ada@example.com"])]
Password = Annotated[SecretStr, Field(max_length=1_024)]
Code = Annotated[
    str, Field(max_length=16, description="From an authenticator app, where one is asked for.")
]
Delivery = Literal["cookie", "token"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    """Somebody who wants an account."""

    email: Email
    password: Password = Field(description="10 to 256 characters; a sentence is a good one.")
    name: str = Field(max_length=200)


class SetUp(NewAccount):
    """The owner of a new installation."""

    delivery: Delivery = "cookie"


class LogIn(_Body):
    """Somebody who comes back."""

    email: Email
    password: Password
    code: Code = ""
    delivery: Delivery = "cookie"


class LinkRequest(_Body):
    """Somebody who wants a link by mail."""

    email: Email


class LinkUse(_Body):
    """Somebody who opened a link."""

    token: str = Field(max_length=200)
    code: Code = ""
    delivery: Delivery = "cookie"


class Verification(_Body):
    """Somebody who opened the link that confirms their address."""

    token: str = Field(max_length=200)


class NewPassword(_Body):
    """Somebody who chooses a new password by a link."""

    token: str = Field(max_length=200)
    password: Password


class Refresh(_Body):
    """A program that wants its next tokens; a browser's cookie needs no body."""

    refresh_token: str | None = Field(default=None, max_length=200)


class ProviderAnswer(BaseModel):
    """A provider by whom one can log in."""

    name: str
    title: str = Field(description="For the button.")


class AuthState(BaseModel):
    """What there is to do before anybody can come in."""

    is_set_up: bool = Field(description="Whether the installation has an owner who logs in.")
    sign_up: Literal["open", "closed"]
    providers: list[ProviderAnswer] = Field(description="By whom one can log in, too.")


class LoggedIn(BaseModel):
    """A session. The tokens are there only where they were asked for."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime = Field(
        description="When the access token ends; then ask for the next one."
    )
    access_token: str | None = None
    refresh_token: str | None = Field(default=None, description="Good once.")
    token_type: Literal["bearer"] = "bearer"


class SessionAnswer(BaseModel):
    """A log-in on one device."""

    id: UUID
    method: str
    ip: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool


class Ended(BaseModel):
    """How many sessions ended."""

    sessions: int


@router.get("")
@public("A page has to know what to ask for before anybody is known.")
async def get_state(services: ServicesDep) -> AuthState:
    """Tell whether there is an owner, whether anybody may sign up, and by whom one can log in."""
    return AuthState(
        is_set_up=await services.accounts.authentication.is_set_up(),
        sign_up=services.settings.sign_up,
        providers=[
            ProviderAnswer(name=one.name, title=one.title)
            for one in services.accounts.sign_in.providers()
        ],
    )


@router.post("/set-up", status_code=201, response_model=LoggedIn)
@public(
    "Before there is an owner nobody can be known; afterwards it is refused.", rate=RateClass.AUTH
)
async def set_up(body: SetUp, services: ServicesDep, visit: VisitDep) -> Response:
    """Make the owner's account: the first one. 409 when there is one."""
    tokens = await services.accounts.people.set_up(
        body.email, body.password.get_secret_value(), body.name, visit
    )
    return logged_in(services, tokens, body.delivery, status=201)


@router.post("/sign-up", status_code=202)
@public("Who signs up is not known yet.", rate=RateClass.AUTH)
async def sign_up(body: NewAccount, services: ServicesDep, visit: VisitDep) -> None:
    """Make an account. The answer is the same where there is one; the mail is not."""
    await services.accounts.people.sign_up(
        body.email, body.password.get_secret_value(), body.name, visit
    )


@router.post("/verify", status_code=204)
@public("Whoever has the link has the address.", rate=RateClass.AUTH)
async def verify(body: Verification, services: ServicesDep, visit: VisitDep) -> None:
    """Confirm an address by the link that was sent to it."""
    await services.accounts.people.verify(body.token, visit)


@router.post("/login", response_model=LoggedIn)
@public("Who logs in is not known yet.", rate=RateClass.AUTH)
async def log_in(body: LogIn, services: ServicesDep, visit: VisitDep) -> Response:
    """Log in by password, and by a code where the account asks for one."""
    tokens = await services.accounts.login.log_in(
        body.email, body.password.get_secret_value(), visit, code=body.code
    )
    return logged_in(services, tokens, body.delivery)


@router.post("/link", status_code=202)
@public("Who asks is not known yet.", rate=RateClass.AUTH)
async def send_link(body: LinkRequest, services: ServicesDep) -> None:
    """Mail a link to log in with. The answer is the same where there is no account."""
    await services.accounts.people.send_link(body.email, "log_in")


@router.post("/link/use", response_model=LoggedIn)
@public("Whoever has the link has the address.", rate=RateClass.AUTH)
async def use_link(body: LinkUse, services: ServicesDep, visit: VisitDep) -> Response:
    """Log in by a link."""
    tokens = await services.accounts.people.log_in_by_link(body.token, visit, code=body.code)
    return logged_in(services, tokens, body.delivery)


@router.post("/reset", status_code=202)
@public("Who asks is not known yet.", rate=RateClass.AUTH)
async def send_reset(body: LinkRequest, services: ServicesDep) -> None:
    """Mail a link to choose a new password with. The answer is the same where there is no account."""
    await services.accounts.people.send_link(body.email, "reset")


@router.post("/reset/use", status_code=204)
@public("Whoever has the link has the address.", rate=RateClass.AUTH)
async def reset(body: NewPassword, services: ServicesDep, visit: VisitDep) -> None:
    """Choose a new password by a link; every session ends."""
    await services.accounts.people.reset_password(
        body.token, body.password.get_secret_value(), visit
    )


@router.post("/refresh", response_model=LoggedIn)
@public("The refresh token is the proof.", rate=RateClass.PUBLIC)
async def refresh(
    request: Request, services: ServicesDep, visit: VisitDep, body: Refresh | None = None
) -> Response:
    """Return the next tokens. A refresh token that comes twice ends its session: one of both stole it."""  # noqa: DOC501 - the text is the API's
    given = body.refresh_token if body is not None else None
    token = given or cookie(headers_of(request.scope), REFRESH_COOKIE)
    if not token:
        raise TokenInvalid("There is no refresh token. Log in again.")
    tokens = await services.accounts.login.refresh(token, visit)
    return logged_in(services, tokens, "token" if given else "cookie")


@router.post("/logout", status_code=204)
@needs(Permission.ACCOUNT_WRITE)
async def log_out(services: ServicesDep, principal: PrincipalDep, visit: VisitDep) -> Response:
    """End the session that the request came with."""
    await services.accounts.login.log_out(principal, visit)
    response = Response(status_code=204)
    for line in no_cookies():
        response.headers.append("Set-Cookie", line)
    return response


@router.get("/sessions")
@needs(Permission.ACCOUNT_READ)
async def list_sessions(services: ServicesDep, principal: PrincipalDep) -> list[SessionAnswer]:
    """List one's log-ins, last used first."""
    return [
        SessionAnswer(
            id=one.id,
            method=one.method.value,
            ip=one.ip,
            agent=one.agent,
            created_at=one.created_at,
            last_seen_at=one.last_seen_at,
            expires_at=one.expires_at,
            is_current=one.id == principal.proof_id,
        )
        for one in await services.accounts.login.sessions(principal)
    ]


@router.delete("/sessions")
@needs(Permission.ACCOUNT_WRITE)
async def end_sessions(
    services: ServicesDep,
    principal: PrincipalDep,
    visit: VisitDep,
    *,
    but_this: Annotated[bool, Query(description="Stay logged in here.")] = False,
) -> Ended:
    """Sign out everywhere."""
    ended = await services.accounts.login.end_all(principal, visit, but_this=but_this)
    return Ended(sessions=ended)


@router.delete("/sessions/{session_id}", status_code=204)
@needs(Permission.ACCOUNT_WRITE)
async def end_session(
    session_id: UUID, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """End one log-in."""
    await services.accounts.login.end_session(principal, session_id, visit)


def logged_in(
    services: Services, tokens: Tokens, delivery: Delivery, *, status: int = 200
) -> Response:
    """Return the answer to whoever has logged in: cookies for a browser, tokens for a program."""
    body = {
        "user_id": str(tokens.user_id),
        "session_id": str(tokens.session_id),
        "expires_at": tokens.expires_at.isoformat(),
        "access_token": tokens.access if delivery == "token" else None,
        "refresh_token": tokens.refresh if delivery == "token" else None,
        "token_type": "bearer",
    }
    response = Response(encode(body), status, media_type="application/json")
    if delivery == "cookie":
        is_secure = (services.settings.public_url or "").startswith("https://")
        for line in cookies_for(tokens, is_secure=is_secure):
            response.headers.append("Set-Cookie", line)
    return response
