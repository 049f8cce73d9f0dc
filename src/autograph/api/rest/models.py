"""`/api/v1/models`: which language models can be asked."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.blocks.models.catalogue import Model, load
from autograph.features.accounts.models import Permission

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models", tags=["models"])


class ModelRates(BaseModel):
    """Credits of a million tokens."""

    input: float
    output: float


class ModelAnswer(BaseModel):
    """A model that is known by name. Others are named `provider:model` or `model@https://host/v1`."""

    id: str = Field(description="As a node names it.")
    name: str
    provider: str
    provider_title: str
    maker: str
    kind: str = Field(
        description="What it makes, or is for: text, code, search, embedding, image …"
    )
    window: int = Field(description="Tokens that it can take in at once.")
    max_output: int | None = Field(
        description="Tokens that it can say at once; null where nobody has said."
    )
    rates: ModelRates | None = Field(description="Null where an answer costs `flat` credits.")
    flat: int = Field(description="Credits of one answer, where no rates are known.")
    is_keyless: bool = Field(description="Its provider asks nobody who they are.")


@router.get("")
@needs(Permission.BLOCKS_READ)
async def list_models() -> list[ModelAnswer]:
    """List the models that are known by name, by provider."""
    return [_present(one) for one in load().models.values()]


def _present(model: Model) -> ModelAnswer:
    rates = model.rates
    return ModelAnswer(
        id=model.id,
        name=model.name,
        provider=model.provider.id,
        provider_title=model.provider.title,
        maker=model.maker,
        kind=model.kind,
        window=model.window,
        max_output=model.max_output,
        rates=None if rates is None else ModelRates(input=rates[0], output=rates[1]),
        flat=model.flat,
        is_keyless=model.provider.is_keyless,
    )
