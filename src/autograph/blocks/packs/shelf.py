"""Which actions there are, without reading what they say: the shelf that the catalogue looks at.

The packs that come along have a written index, `index.json`, which `make docs` writes and `make check`
compares; a pack is read when one of its blocks is first needed. Packs of others, in a folder (setting:
AUTOGRAPH_PROVIDER_DIR) or a package (entry point group `autograph.packs`), are read when the catalogue is made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autograph.infra.json import decode

if TYPE_CHECKING:
    from autograph.blocks.packs.format import Pack
    from autograph.blocks.sdk import Block

OWN: Final = Path(__file__).parent
INDEX: Final = OWN / "index.json"
ENTRY_POINT_GROUP: Final = "autograph.packs"


@dataclass(frozen=True, slots=True)
class Entry:
    """A block, as lists show it.

    Attributes:
        pack: The provider whose pack it is from; None for a block that is a class.
        load: Makes the block.
    """

    id: str
    name: str
    description: str
    categories: tuple[str, ...]
    effect: str
    pack: str | None
    load: Callable[[], type[Block[Any]]] = field(compare=False, repr=False)


def own_entries() -> Iterator[Entry]:
    """Yield the actions of the packs that come along, as the index has them."""
    said: list[Mapping[str, Any]] = decode(INDEX.read_bytes()) if INDEX.exists() else []
    for one in said:
        path = OWN / f"{one['pack']}.toml"
        yield Entry(
            id=one["id"],
            name=one["name"],
            description=one["description"],
            categories=tuple(one["categories"]),
            effect=one["effect"],
            pack=one["pack"],
            load=partial(load, path, one["id"]),
        )


def entries_in(folder: Path) -> Iterator[Entry]:
    """Read every pack of a folder and yield its actions.

    Raises:
        PackInvalid: One of them is wrong.
        ProviderInvalid: The header of one is.
    """
    for path in sorted(folder.expanduser().glob("*.toml")):
        for action in pack_at(path).actions.values():
            yield Entry(
                id=action.id,
                name=action.name,
                description=action.description,
                categories=tuple(one.value for one in action.categories),
                effect=action.effect.value,
                pack=path.stem,
                load=partial(load, path, action.id),
            )


def all_entries(folder: Path | None = None) -> Iterator[Entry]:
    """Yield the actions of all packs: those that come along, those of packages, those of `folder`.

    A pack of `folder` stands in for the one of its name that comes along.

    Raises:
        PackInvalid: A pack of others is wrong.
        ProviderInvalid: The header of one is.
    """
    own: list[Path] = [] if folder is None else [*folder.expanduser().glob("*.toml")]
    instead = {one.stem for one in own}
    yield from (one for one in own_entries() if one.pack not in instead)
    for place in (*_packaged(), *([] if folder is None else [folder])):
        yield from entries_in(place)


def _packaged() -> Iterable[Path]:
    return [Path(str(files(one.value))) for one in entry_points(group=ENTRY_POINT_GROUP)]


@cache
def pack_at(path: Path) -> Pack:
    """Return a pack; it is read once.

    Raises:
        PackInvalid: It is wrong.
        ProviderInvalid: Its header is.
    """
    from autograph.blocks.packs.format import read  # noqa: PLC0415 - what reads packs is needed with the first

    return read(path)


def load(path: Path, action_id: str) -> type[Block[Any]]:
    """Return an action as a block.

    Raises:
        PackInvalid: The pack is wrong.
        ProviderInvalid: Its header is.
    """
    from autograph.blocks.packs.action import block_of  # noqa: PLC0415 - as above

    pack = pack_at(path)
    return block_of(pack, pack.actions[action_id])


def write_index() -> str:
    """Return the index of the packs that come along, one line for each action.

    Raises:
        PackInvalid: A pack is wrong.
        ProviderInvalid: Its header is.
    """
    lines: list[str] = []
    for entry in sorted(entries_in(OWN), key=lambda one: (one.pack or "", one.name)):
        said = {name: value for name, value in _table(entry).items() if name != "load"}
        lines.append(json.dumps(said, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _table(entry: Entry) -> dict[str, Any]:
    return asdict(entry)
