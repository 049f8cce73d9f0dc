"""`/api/v1/blocks`: what agents can be built of."""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import GuardedRoute, RateClass, needs
from autograph.blocks.catalog import AnyBlock, Catalog
from autograph.features.accounts.models import Permission
from autograph.infra.json import encode

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/blocks", tags=["blocks"])


class BlockAnswer(BaseModel):
    """A block: what it takes, gives and does to the world."""

    id: str
    name: str
    description: str
    categories: list[str]
    kind: str
    effect: str
    static_output: bool
    is_sensitive: bool
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    costs: list[dict[str, Any]]
    aliases: list[str] = Field(description="Other words that people look for it by.")
    deprecated: str | None


class BlockInputs(BaseModel):
    """What to run a block with."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict, description="By pin, as they are.")


class BlockOutputs(BaseModel):
    """What a block gave out."""

    outputs: dict[str, list[Any]] = Field(description="By pin, every value in order.")
    duration_ms: float
    credits: int


@router.get("", response_model=list[BlockAnswer])
@needs(Permission.BLOCKS_READ)
async def list_blocks(
    request: Request,
    services: ServicesDep,
    ids: Annotated[
        list[str] | None,
        Query(
            alias="block",
            max_length=100,
            description="Only these, by id or name, in this order; what is not here is left out.",
        ),
    ] = None,
) -> Response:
    """List every block of this installation, by name, or some of them."""
    if ids is not None:
        found = {one: services.catalog.find(one) for one in ids}
        blocks = [present(block).model_dump(mode="json") for block in found.values() if block]
        return Response(encode(blocks), media_type="application/json")
    # The first time every provider's file is read: a second in which others are served.
    plain, compressed = await asyncio.to_thread(_listed, services.catalog)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(compressed, media_type="application/json", headers=headers)
    return Response(plain, media_type="application/json", headers={"Vary": "Accept-Encoding"})


@router.get("/{block_id}")
@needs(Permission.BLOCKS_READ)
async def get_block(block_id: str, services: ServicesDep) -> BlockAnswer:
    """Return a block by id or name."""
    return present(services.catalog.get(block_id))


@router.post("/{block_id}/execute", response_model=BlockOutputs)
@needs(Permission.BLOCKS_RUN, rate=RateClass.EXECUTE)
async def execute_block(
    block_id: str, body: BlockInputs, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Run a block once, outside any agent, and wait for its end. 400 when it fails, 409 when it would wait."""
    found = await services.blocks.run(principal, block_id, body.inputs)
    answer = {
        "outputs": found.outputs,
        "duration_ms": found.duration_ms,
        "credits": found.credits,
    }
    return Response(encode(answer), media_type="application/json")


@lru_cache(maxsize=1)
def _listed(catalog: Catalog) -> tuple[bytes, bytes]:
    """Return the list as JSON, plain and compressed: it is large, and stays as long as the process does."""
    plain = encode([present(block).model_dump() for block in catalog])
    return plain, gzip.compress(plain)


def present(block: AnyBlock) -> BlockAnswer:
    """Return a block as every door shows it."""
    spec = block.spec()
    return BlockAnswer(
        id=spec.id,
        name=spec.name,
        description=spec.description,
        categories=list(spec.categories),
        kind=spec.kind.value,
        effect=spec.effect.value,
        static_output=spec.static_output,
        is_sensitive=spec.is_sensitive,
        input_schema=dict(spec.input_schema),
        output_schema=dict(spec.output_schema),
        costs=[
            {
                "amount": cost.amount,
                "kind": cost.kind.value,
                "divisor": cost.divisor,
                "when": dict(cost.when),
            }
            for cost in block.costs
        ],
        aliases=list(block.aliases),
        deprecated=spec.deprecated,
    )
