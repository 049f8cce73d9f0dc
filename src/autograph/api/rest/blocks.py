"""`/api/v1/blocks`: what agents can be built of."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from autograph.api.deps import ServicesDep
from autograph.api.gateway.routes import GuardedRoute, needs
from autograph.blocks.catalog import AnyBlock
from autograph.features.accounts.models import Permission

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
    deprecated: str | None


@router.get("")
@needs(Permission.BLOCKS_READ)
async def list_blocks(services: ServicesDep) -> list[BlockAnswer]:
    """List every block of this installation, by name."""
    return [present(block) for block in services.catalog]


@router.get("/{block_id}")
@needs(Permission.BLOCKS_READ)
async def get_block(block_id: str, services: ServicesDep) -> BlockAnswer:
    """Return a block by id or name."""
    return present(services.catalog.get(block_id))


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
        deprecated=spec.deprecated,
    )
