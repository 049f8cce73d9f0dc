"""Everything a block author may import. A block sees this package and nothing else of Autograph."""

from autograph.blocks.sdk.block import (
    Block,
    BlockInput,
    BlockOutput,
    BlockOutputWithoutError,
    EngineBlock,
    Outputs,
)
from autograph.blocks.sdk.context import Call, Context, Decision, KeyValueStore, Scope
from autograph.blocks.sdk.cost import Cost, CostKind
from autograph.blocks.sdk.errors import BlockError, InputError
from autograph.blocks.sdk.examples import ANY, Example
from autograph.blocks.sdk.fields import Category, Format, Json, pin
from autograph.graph.model import is_list, is_object
from autograph.graph.spec import BlockKind, Effect
from autograph.infra.rates.ports import Rate

__all__ = [
    "ANY",
    "Block",
    "BlockError",
    "BlockInput",
    "BlockKind",
    "BlockOutput",
    "BlockOutputWithoutError",
    "Call",
    "Category",
    "Context",
    "Cost",
    "CostKind",
    "Decision",
    "Effect",
    "EngineBlock",
    "Example",
    "Format",
    "InputError",
    "Json",
    "KeyValueStore",
    "Outputs",
    "Rate",
    "Scope",
    "is_list",
    "is_object",
    "pin",
]
