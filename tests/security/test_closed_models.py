"""Family 4: what comes in has no field that was not foreseen; what goes out has no secret and is no row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr

from autograph.api.app import create_app
from autograph.api.gateway.routes import GuardedRoute
from autograph.infra.database import Database
from tests.security.inventory import _guarded, routes
from tests.security.people import Town

ROUTES: list[GuardedRoute] = _guarded(create_app(None).router.routes)
SHOWN_ONCE = {
    "BegunAnswer.state_token",
    "LoggedIn.access_token",
    "LoggedIn.refresh_token",
    "MadeShare.share_token",
    "NewAppAnswer.client_secret",
    "NewKeyAnswer.key",
    "NewSecretAnswer.client_secret",
    "TotpBegun.secret",
}
"""Reviewed: each is made in the very request whose answer has it."""
SHOWN_AGAIN = {"SecretAnswer.secret"}
"""Reviewed: what signs a webhook's deliveries is ours to give to the sender, as often as its owner asks."""
_SECRET = re.compile(r"secret|password|token|hash|cipher|sealed|private|(^|_)key$")
_HARMLESS = re.compile(r"^(has_|is_|token_type$|content_hash$|idempotency_key$)")


def models_in(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Find the models of a type, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation, seen)
    for inner in get_args(annotation):
        yield from models_in(inner, seen)


def inputs() -> dict[str, type[BaseModel]]:
    seen: set[type[BaseModel]] = set()
    found: dict[str, type[BaseModel]] = {}
    for route in ROUTES:
        for parameter in route.dependant.body_params:
            for model in models_in(parameter.field_info.annotation, seen):
                found[model.__name__] = model
    return found


def outputs() -> dict[str, type[BaseModel]]:
    seen: set[type[BaseModel]] = set()
    return {
        model.__name__: model for route in ROUTES for model in models_in(route.response_model, seen)
    }


def test_the_walk_finds_models() -> None:
    assert {"ExecuteRequest", "LogIn", "DecisionFor", "UserLimits"} <= inputs().keys()
    assert {"RunAnswer", "AccountAnswer", "AuditLine"} <= outputs().keys()


@pytest.mark.seed("D14-03")
@pytest.mark.parametrize("name", inputs())
def test_what_comes_in_forbids_unknown_fields(name: str) -> None:
    assert inputs()[name].model_config.get("extra") == "forbid"


@pytest.mark.parametrize("name", outputs())
def test_what_goes_out_has_no_secret(name: str) -> None:
    for field, info in outputs()[name].model_fields.items():
        assert info.annotation not in {SecretStr, SecretBytes, bytes}
        if f"{name}.{field}" not in SHOWN_ONCE and not _HARMLESS.search(field):
            if f"{name}.{field}" in SHOWN_AGAIN:
                continue
            assert not _SECRET.search(field), f"{name}.{field}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{sorted(one.methods)[0]} {one.path}")
def test_what_goes_out_is_no_row(route: GuardedRoute) -> None:
    parts = [route.response_model, *get_args(route.response_model)]
    assert not [one for one in parts if isinstance(one, type) and is_dataclass(one)]
    modules = [str(getattr(one, "__module__", "")) for one in parts]
    assert not [
        one
        for one in modules
        if one.startswith("autograph.features.") and one.endswith((".tables", ".models"))
    ]


async def test_no_column_can_be_set_by_naming_it(settled: Town, database: Database) -> None:
    """Every column of every table, sent to every route that takes a model: 422, and nothing is stored."""
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT DISTINCT column_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
    columns = {str(row[0]) for row in rows}
    assert {"password_hash", "roles", "owner_id"} & columns
    token = await settled.person("Ada")
    tried = 0
    async with settled.client(token) as own, settled.client(await settled.key(token)) as program:
        for route in ROUTES:
            http = program if route.access.is_for_programs else own
            models = [
                model
                for one in route.dependant.body_params
                for model in [one.field_info.annotation]
                if isinstance(model, type) and issubclass(model, BaseModel)
            ]
            path = next(one for one in routes() if one.path == route.path)
            if not models or path.path.startswith("/api/admin/"):
                continue
            fields = set(models[0].model_fields)
            body = dict.fromkeys(columns - fields, "x")
            some = dict.fromkeys(path.parameters, "01900000-0000-7000-8000-0000000000ff")
            answer = await http.request(sorted(route.methods)[0], path.at(**some), json=body)
            assert answer.status_code in {422, 429}, (str(path), answer.text)
            if answer.status_code == 422:
                tried += 1
                assert set(answer.json()["details"]["errors"]) >= set(body), str(path)
    assert tried >= 5
