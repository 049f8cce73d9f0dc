"""Which blocks there are: discovery by entry point, lookup by id or name.

A package offers blocks by an entry point of the group `autograph.blocks` that names a package or a
module; every `Block` subclass with an `id` found in it, or in a module below it, is registered; the
actions of packs (`blocks.packs`) are blocks, too. Only this module imports code by name.

The blocks that come along have a written index, `builtin/index.json`, which `make docs` writes and `make check` compares:
a module of theirs is imported when one of its blocks is first needed. One that the index does not know, or knows with
another size, is imported at once, so that a new block needs no index to be found.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final, cast

from autograph.blocks.packs.shelf import Entry, all_entries
from autograph.blocks.sdk import Block
from autograph.graph.spec import BlockSpec
from autograph.infra.errors import Bug, NotFound
from autograph.infra.json import decode

ENTRY_POINT_GROUP = "autograph.blocks"
_OWN: Final = "autograph.blocks.builtin"
_ROOT: Final = Path(__file__).parent / "builtin"
INDEX: Final = _ROOT / "index.json"

AnyBlock = type[Block[Any]]


class UnknownBlock(NotFound):
    """No block has that id or name."""

    code: ClassVar[str] = "blocks.unknown"


class DuplicateBlock(Bug):
    """Two blocks claim one id or one name."""

    code: ClassVar[str] = "blocks.duplicate"


class Catalog:
    """The blocks of this installation, by id. A block of a pack is made when it is first asked for."""

    def __init__(self, blocks: Iterable[AnyBlock], described: Iterable[Entry] = ()) -> None:
        """Register blocks.

        Args:
            blocks: Those that are classes.
            described: Those of packs.

        Raises:
            DuplicateBlock: Two of them claim one id or one name.
        """
        self._made: dict[str, AnyBlock] = {}
        self._by_id: dict[str, Entry] = {}
        self._by_name: dict[str, Entry] = {}
        for block in blocks:
            if self._made.get(block.id) is not block:
                self._register(_entry_of(block))
                self._made[block.id] = block
        for entry in described:
            self._register(entry)

    def __iter__(self) -> Iterator[AnyBlock]:
        return (self._make(entry) for entry in self.entries())

    def __len__(self) -> int:
        return len(self._by_id)

    def entries(self) -> list[Entry]:
        """Return what lists show of every block, by name; no pack is read for it."""
        return sorted(self._by_id.values(), key=lambda entry: entry.name)

    def find(self, id_or_name: str) -> AnyBlock | None:
        """Return the block with that id or name, None when there is none."""
        entry = self._by_id.get(id_or_name) or self._by_name.get(id_or_name)
        return None if entry is None else self._make(entry)

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
        return _Specs(self._by_id, self._make)

    def _register(self, entry: Entry) -> None:
        for known, key in ((self._by_id, entry.id), (self._by_name, entry.name)):
            other = known.setdefault(key, entry)
            if other is not entry:
                raise DuplicateBlock(
                    f"{_where(entry)} and {_where(other)} both claim {key!r}; "
                    f"rename one or remove its package."
                )

    def _make(self, entry: Entry) -> AnyBlock:
        block = self._made.get(entry.id)
        if block is None:
            block = self._made[entry.id] = entry.load()
        return block

    def _nearest(self, name: str) -> list[str]:
        return difflib.get_close_matches(name, self._by_name, n=3)


def _entry_of(block: AnyBlock) -> Entry:
    return Entry(
        id=block.id,
        name=block.name,
        description=block.description,
        categories=tuple(one.value for one in block.categories),
        effect=block.effect.value,
        pack=None,
        load=lambda: block,
    )


def _where(entry: Entry) -> str:
    """Return where a block is from."""
    if entry.pack is not None:
        return f"{entry.name} of the pack {entry.pack}.toml"
    block = entry.load()
    return f"{block.__module__}.{block.__name__}"


class _Specs(Mapping[str, BlockSpec]):
    """Facts by block id, made when asked for: most runs touch a few blocks of many."""

    def __init__(self, entries: Mapping[str, Entry], make: Callable[[Entry], AnyBlock]) -> None:
        self._entries = entries
        self._make = make

    def __getitem__(self, block_id: str) -> BlockSpec:
        return self._make(self._entries[block_id]).spec()

    def __contains__(self, block_id: object) -> bool:
        return block_id in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def load_catalog(packs: Path | None = None) -> Catalog:
    """Find every block that this installation offers.

    Args:
        packs: A folder with packs of this installation's own.

    Raises:
        DuplicateBlock: Two of them claim one id or one name.
        PackInvalid: A pack of that folder, or of a package, is wrong.
        ProviderInvalid: The header of one is.
    """
    found: dict[AnyBlock, None] = {}
    described: list[Entry] = []
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        known: Mapping[str, Any] = _index() if entry_point.value == _OWN else {}
        for name, size in _written_modules() if known else ():
            if known.get(name, {}).get("size") == size:
                described += [_described(name, one) for one in known[name]["blocks"]]
            else:
                found.update(dict.fromkeys(_blocks_of(importlib.import_module(name))))
        for module in () if known else _modules(entry_point.load()):
            found.update(dict.fromkeys(_blocks_of(module)))
    return Catalog(found, [*described, *all_entries(packs)])


def write_index() -> str:
    """Return the index of the blocks that come along, one line for each module that has some."""
    lines: list[str] = []
    for name, size in _written_modules():
        blocks = list(map(_said, _blocks_of(importlib.import_module(name))))
        said = json.dumps({"size": size, "blocks": blocks}, ensure_ascii=False)
        lines.append(f"{json.dumps(name)}: {said}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _index() -> Mapping[str, Any]:
    return decode(INDEX.read_bytes()) if INDEX.exists() else {}


def _written_modules() -> Iterator[tuple[str, int]]:
    """Yield the names of the modules that come along, and how large their files are."""
    for path in sorted(_ROOT.rglob("*.py")):
        if path.name != "__init__.py":
            parts = path.relative_to(_ROOT).with_suffix("").parts
            yield ".".join((_OWN, *parts)), path.stat().st_size


def _said(block: AnyBlock) -> dict[str, Any]:
    entry = _entry_of(block)
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.description,
        "categories": list(entry.categories),
        "effect": entry.effect,
    }


def _described(module: str, said: Mapping[str, Any]) -> Entry:
    return Entry(
        id=said["id"],
        name=said["name"],
        description=said["description"],
        categories=tuple(said["categories"]),
        effect=said["effect"],
        pack=None,
        load=partial(_load, module, said["id"]),
    )


def _load(module: str, block_id: str) -> AnyBlock:
    """Import a module that comes along, and return a block of it.

    Raises:
        UnknownBlock: The index is another version's.
    """
    for block in _blocks_of(importlib.import_module(module)):
        if block.id == block_id:
            return block
    raise UnknownBlock(
        f"The module {module} has no block {block_id!r}: `make docs` writes the index."
    )


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
