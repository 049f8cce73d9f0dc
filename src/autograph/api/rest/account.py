"""`/api/v1/account`: one's own account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph.api.deps import PrincipalDep, ServicesDep, VisitDep
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs
from autograph.features.accounts.models import Account, AccountStatus, Permission, Role
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/account", tags=["account"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountAnswer(BaseModel):
    """A person."""

    id: UUID
    email: str | None
    name: str
    timezone: str = Field(description="IANA name.")
    roles: list[Role]
    status: AccountStatus
    is_verified: bool = Field(description="The address was confirmed.")
    has_password: bool
    has_totp: bool = Field(description="Log-in asks for a code, too.")
    weight: int = Field(description="Share of busy workers beside others'.")
    max_runs: int | None = Field(
        description="Runs at once; null for as many as the installation allows."
    )
    egress_hosts: list[str] | None = Field(
        description="The only hosts that their runs may ask, *.example.com for all below; null for all."
    )
    suspended_for: str | None
    created_at: datetime
    last_seen_at: datetime | None


class Profile(_Body):
    """What one changes of oneself; what is left out stays."""

    name: str | None = Field(default=None, max_length=200)
    timezone: str | None = Field(default=None, max_length=64, examples=["Europe/Berlin"])


class PasswordChange(_Body):
    """A new password."""

    old: SecretStr = Field(default=SecretStr(""), max_length=1_024)
    new: SecretStr = Field(max_length=1_024)


class TotpBegun(BaseModel):
    """What an authenticator app needs; shown once."""

    secret: str = Field(description="Base32.")
    uri: str = Field(description="`otpauth:`, to be shown as a QR code.")


class TotpCode(_Body):
    """A code from an authenticator app."""

    code: str = Field(max_length=16)


class Farewell(_Body):
    """Somebody who deletes their account."""

    password: SecretStr = Field(default=SecretStr(""), max_length=1_024)


@router.get("")
@needs(Permission.ACCOUNT_READ)
async def get_account(services: ServicesDep, principal: PrincipalDep) -> AccountAnswer:
    """Return one's account."""
    return present_account(await services.accounts.people.me(principal))


@router.patch("")
@needs(Permission.ACCOUNT_WRITE)
async def change_account(
    body: Profile, services: ServicesDep, principal: PrincipalDep
) -> AccountAnswer:
    """Change one's name or time zone."""
    return present_account(
        await services.accounts.people.change_profile(
            principal, name=body.name, timezone=body.timezone
        )
    )


@router.post("/password", status_code=204)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def change_password(
    body: PasswordChange, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Change one's password; every other session ends."""
    await services.accounts.people.change_password(
        principal, body.old.get_secret_value(), body.new.get_secret_value(), visit
    )


@router.post("/totp", status_code=201)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def begin_totp(services: ServicesDep, principal: PrincipalDep) -> TotpBegun:
    """Begin to use an authenticator app; it counts once a code was confirmed."""
    secret, uri = await services.accounts.people.begin_totp(principal)
    return TotpBegun(secret=secret, uri=uri)


@router.post("/totp/confirm", status_code=204)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def confirm_totp(
    body: TotpCode, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Turn the second factor on."""
    await services.accounts.people.confirm_totp(principal, body.code, visit)


@router.post("/totp/end", status_code=204)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def end_totp(
    body: TotpCode, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Turn the second factor off."""
    await services.accounts.people.end_totp(principal, body.code, visit)


@router.get("/export")
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def export(services: ServicesDep, principal: PrincipalDep, visit: VisitDep) -> Response:
    """Return all that is kept of one, without secrets, as one JSON file."""
    found = await services.accounts.people.export(principal, visit)
    headers = {"Content-Disposition": 'attachment; filename="autograph-account.json"'}
    return Response(encode(dict(found)), headers=headers, media_type="application/json")


@router.post("/delete", status_code=204)
@needs(Permission.ACCOUNT_WRITE, rate=RateClass.AUTH)
async def delete(
    body: Farewell, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> None:
    """Delete one's account and everything of it. There is no way back."""
    await services.accounts.people.delete(principal, body.password.get_secret_value(), visit)


def present_account(account: Account) -> AccountAnswer:
    """Return an account as every door shows it."""
    return AccountAnswer(
        id=account.id,
        email=account.email,
        name=account.name,
        timezone=account.timezone,
        roles=sorted(account.roles),
        status=account.status,
        is_verified=account.is_verified,
        has_password=account.has_password,
        has_totp=account.has_totp,
        weight=account.weight,
        max_runs=account.max_runs,
        egress_hosts=None if account.egress_hosts is None else list(account.egress_hosts),
        suspended_for=account.suspended_for,
        created_at=account.created_at,
        last_seen_at=account.last_seen_at,
    )
