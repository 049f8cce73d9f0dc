"""Which blocks there are: discovery by entry point, lookup by id or name.

A package offers blocks by an entry point of the group `autograph.blocks` that names a package or a
module; every `Block` subclass with an `id` found in it, or in a module below it, is registered. Only
this module imports code by name.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, ClassVar, cast

from autograph.blocks.sdk import Block
from autograph.graph.spec import BlockSpec
from autograph.infra.errors import Bug, NotFound

ENTRY_POINT_GROUP = "autograph.blocks"

AnyBlock = type[Block[Any]]


class UnknownBlock(NotFound):
    """No block has that id or name."""

    code: ClassVar[str] = "blocks.unknown"


class DuplicateBlock(Bug):
    """Two blocks claim one id or one name."""

    code: ClassVar[str] = "blocks.duplicate"


class Catalog:
    """The blocks of this installation, by id."""

    def __init__(self, blocks: Iterable[AnyBlock]) -> None:
        """Register `blocks`.

        Raises:
            DuplicateBlock: Two of them claim one id or one name.
        """
        self._by_id: dict[str, AnyBlock] = {}
        self._by_name: dict[str, AnyBlock] = {}
        for block in blocks:
            for known, key in ((self._by_id, block.id), (self._by_name, block.name)):
                other = known.setdefault(key, block)
                if other is not block:
                    raise DuplicateBlock(
                        f"{block.__module__}.{block.__name__} and {other.__module__}.{other.__name__} "
                        f"both claim {key!r}; rename one or remove its package."
                    )

    def __iter__(self) -> Iterator[AnyBlock]:
        return iter(sorted(self._by_id.values(), key=lambda block: block.name))

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, id_or_name: str) -> AnyBlock | None:
        """Return the block with that id or name, None when there is none."""
        return self._by_id.get(id_or_name) or self._by_name.get(id_or_name)

    def get(self, id_or_name: str) -> AnyBlock:
        """Return the block with that id or name.

        Raises:
            UnknownBlock: There is none; `details.nearest` lists names that look alike.
        """
        block = self.find(id_or_name)
        if block is None:
            raise UnknownBlock(
                f"No block has the id or name {id_or_name!r}.", nearest=self._nearest(id_or_name)
            )
        return block

    def specs(self) -> Mapping[str, BlockSpec]:
        """Return the facts of every block, by id."""
        return _Specs(self._by_id)

    def _nearest(self, name: str) -> list[str]:
        return difflib.get_close_matches(name, self._by_name, n=3)


class _Specs(Mapping[str, BlockSpec]):
    """Facts by block id, made when asked for: most runs touch a few blocks of many."""

    def __init__(self, blocks: Mapping[str, AnyBlock]) -> None:
        self._blocks = blocks

    def __getitem__(self, block_id: str) -> BlockSpec:
        return self._blocks[block_id].spec()

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


def load_catalog() -> Catalog:
    """Find every block that this installation offers.

    Raises:
        DuplicateBlock: Two of them claim one id or one name.
    """
    found: dict[AnyBlock, None] = {}
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        for module in _modules(entry_point.load()):
            found.update(dict.fromkeys(_blocks_of(module)))
    return Catalog(found)


def _modules(root: ModuleType) -> Iterator[ModuleType]:
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{root.__name__}."):
        yield importlib.import_module(info.name)


def _blocks_of(module: ModuleType) -> Iterator[AnyBlock]:
    for _, member in inspect.getmembers(module, inspect.isclass):
        if (
            member.__module__ == module.__name__
            and "id" in vars(member)
            and issubclass(member, Block)
        ):
            yield cast("AnyBlock", member)
