"""`/api/v1/oauth`: Autograph as an OAuth 2.0 provider for apps. docs/concepts/security.md tells the whole way.

What apps ask without a person is as the RFCs say: forms in, and errors with the RFC's word beside our shape.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, Services, ServicesDep, VisitDep
from autograph.api.errors import body_of, request_id_of
from autograph.api.gateway.routes import GuardedRoute, needs, public
from autograph.features.accounts.errors import ClientInvalid, GrantTypeUnknown, OAuthProblem
from autograph.features.accounts.models import Permission, Scope, Visit
from autograph.features.accounts.models.apps import (
    TOKEN_TIME,
    WORDS,
    App,
    AppTokens,
    AuthorizationRequest,
)
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, tags=["oauth"])
_FORM: Final = frozenset({"application/x-www-form-urlencoded"})
_MAX_FORM: Final = 16_384
Text = Annotated[str, Field(max_length=2_000)]


class Authorization(BaseModel):
    """What an app asks a person for, as it stands in the address of the consent page."""

    model_config = ConfigDict(extra="forbid")
    client_id: Text
    redirect_uri: Text
    response_type: Text = ""
    scope: Text = ""
    state: Text = ""
    code_challenge: Text = ""
    code_challenge_method: Text = ""


class Consent(Authorization):
    """What a person answers."""

    allow: bool


class AskedScope(BaseModel):
    """Something an app wants to do."""

    scope: Scope
    words: str
    was_given: bool = Field(description="The person lets it do so already.")


class AskedAnswer(BaseModel):
    """What an app asks for, in words."""

    app: str
    description: str
    website: str | None
    returns_to: str = Field(description="The host, or the app's own scheme, one is sent back to.")
    scopes: list[AskedScope]


class Answered(BaseModel):
    """Where one's browser goes on to."""

    redirect_to: str


@router.post("/api/v1/oauth/authorize")
@needs(Permission.APPS)
async def look(body: Authorization, services: ServicesDep, principal: PrincipalDep) -> AskedAnswer:
    """Tell what an app asks for; nothing is given yet."""
    asked = await services.accounts.grants.look(principal, _request(body))
    parts = urlsplit(body.redirect_uri)
    return AskedAnswer(
        app=asked.app.name,
        description=asked.app.description,
        website=asked.app.website,
        returns_to=parts.netloc or f"{parts.scheme}:",
        scopes=[
            AskedScope(scope=one, words=WORDS[one], was_given=one in asked.was_given)
            for one in sorted(asked.scopes)
        ],
    )


@router.post("/api/v1/oauth/consent")
@needs(Permission.APPS)
async def consent(
    body: Consent, services: ServicesDep, principal: PrincipalDep, visit: VisitDep
) -> Answered:
    """Let an app do what it asks for, or nothing; one's browser goes on to it with the answer."""
    grants = services.accounts.grants
    decide = grants.allow if body.allow else grants.deny
    return Answered(redirect_to=await decide(principal, _request(body), visit))


@router.post("/api/v1/oauth/token", response_class=Response)
@public("The code or refresh token is the proof.", media_types=_FORM)
async def token(request: Request, services: ServicesDep, visit: VisitDep) -> Response:
    """Give an app tokens for a code, or the next ones for a refresh token (RFC 6749 §4.1.3, §6)."""
    try:
        form = await _form(request)
        app = await _client(services, request, form)
        given = await _tokens(services, app, form, visit)
    except OAuthProblem as problem:
        return _refused(problem, request)
    return _answer(given)


@router.post("/api/v1/oauth/introspect", response_class=Response)
@public("The app's secret is the proof.", media_types=_FORM)
async def introspect(request: Request, services: ServicesDep) -> Response:
    """Tell an app what a token of its own stands for (RFC 7662)."""
    try:
        form = await _form(request)
        app = await _client(services, request, form)
        found = await services.accounts.grants.introspect(app, _field(form, "token"))
    except OAuthProblem as problem:
        return _refused(problem, request)
    return _answer(found)


@router.post("/api/v1/oauth/revoke", response_class=Response)
@public("Who has the token may end it.", media_types=_FORM)
async def revoke(request: Request, services: ServicesDep, visit: VisitDep) -> Response:
    """End what a token of an app belongs to (RFC 7009); the answer is the same where there is nothing to end."""
    try:
        form = await _form(request)
        app = await _client(services, request, form)
        await services.accounts.grants.revoke(app, _field(form, "token"), visit)
    except OAuthProblem as problem:
        return _refused(problem, request)
    return _answer({})


@router.get("/.well-known/oauth-authorization-server")
@public("Apps read here where to ask (RFC 8414); there is nothing of anybody in it.")
async def metadata(services: ServicesDep) -> dict[str, Any]:
    """Tell apps where to ask, and what is understood (RFC 8414)."""
    issuer = services.accounts.grants.issuer
    proofs = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/api/v1/oauth/token",
        "introspection_endpoint": f"{issuer}/api/v1/oauth/introspect",
        "revocation_endpoint": f"{issuer}/api/v1/oauth/revoke",
        "scopes_supported": sorted(Scope),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*proofs, "none"],
        "introspection_endpoint_auth_methods_supported": proofs,
        "revocation_endpoint_auth_methods_supported": [*proofs, "none"],
        "authorization_response_iss_parameter_supported": True,
    }


def _request(body: Authorization) -> AuthorizationRequest:
    return AuthorizationRequest(
        client_id=body.client_id,
        redirect_uri=body.redirect_uri,
        response_type=body.response_type,
        scope=body.scope,
        state=body.state,
        code_challenge=body.code_challenge,
        code_challenge_method=body.code_challenge_method,
    )


async def _form(request: Request) -> Mapping[str, str]:
    """Return a form.

    Raises:
        OAuthProblem: It is none, or has a field twice (RFC 6749 §3.2).
    """
    body = await request.body()
    if len(body) > _MAX_FORM:
        raise OAuthProblem(f"A form has at most {_MAX_FORM} bytes.")
    try:
        pairs = parse_qsl(body.decode(), strict_parsing=bool(body), max_num_fields=40)
    except ValueError:
        raise OAuthProblem("Send a form (application/x-www-form-urlencoded).") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthProblem("A field may be there once.")
    return form


def _field(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthProblem(f"There is no {name}.")
    return value


async def _client(services: Services, request: Request, form: Mapping[str, str]) -> App:
    """Return the app that asks: by Basic, or by what the form says (RFC 6749 §2.3.1).

    Raises:
        OAuthProblem: It proves itself in two ways at once.
        ClientInvalid: It does not prove itself.
    """
    shown = request.headers.get("authorization")
    if shown is None:
        return await services.accounts.grants.client(
            form.get("client_id", ""), form.get("client_secret")
        )
    if "client_secret" in form:
        raise OAuthProblem("The secret is in the header and in the form. Send it once.")
    scheme, _, pair = shown.partition(" ")
    try:
        text = base64.b64decode(pair.strip(), validate=True).decode()
    except ValueError:  # not base64, not ASCII, or not UTF-8 behind it
        text = ""
    client_id, colon, secret = text.partition(":")
    client_id = unquote_plus(client_id)
    if scheme.lower() != "basic" or not colon or form.get("client_id", client_id) != client_id:
        raise ClientInvalid("Prove which app asks: Authorization: Basic, or client_id in the form.")
    return await services.accounts.grants.client(client_id, unquote_plus(secret))


async def _tokens(
    services: Services, app: App, form: Mapping[str, str], visit: Visit
) -> Mapping[str, Any]:
    """Return what an app is given for what it brings.

    Raises:
        GrantTypeUnknown: It brings neither a code nor a refresh token.
    """
    grants, kind = services.accounts.grants, form.get("grant_type", "")
    if kind == "authorization_code":
        code, uri = _field(form, "code"), _field(form, "redirect_uri")
        return _given(await grants.redeem(app, code, uri, _field(form, "code_verifier"), visit))
    if kind == "refresh_token":
        held = _field(form, "refresh_token")
        return _given(await grants.refresh(app, held, form.get("scope", ""), visit))
    raise GrantTypeUnknown("Tokens are given for authorization_code and refresh_token.")


def _given(given: AppTokens) -> dict[str, Any]:
    return {
        "access_token": given.access,
        "token_type": "Bearer",
        "expires_in": int(TOKEN_TIME.total_seconds()),
        "refresh_token": given.refresh,
        "scope": " ".join(sorted(given.scopes)),
    }


def _answer(found: Mapping[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(encode(dict(found)), headers=headers, media_type="application/json")


def _refused(problem: OAuthProblem, request: Request) -> Response:
    """Return an error as RFC 6749 §5.2 has it, and in our one shape as well."""
    body = {
        **body_of(problem, request_id_of(request)),
        "error": problem.error,
        "error_description": problem.message,
    }
    is_client = isinstance(problem, ClientInvalid)
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if is_client:
        headers["WWW-Authenticate"] = 'Basic realm="apps"'
    return Response(encode(body), 401 if is_client else 400, headers, media_type="application/json")
