"""The installation's keys: made at its first start, checked at every one, changed while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from autograph.infra.clock import SystemClock
from autograph.infra.crypto import DoesNotOpen, KeyMissing, KeyRing, Keys, Sealed
from autograph.infra.database import Database
from autograph.infra.errors import Conflict, NotFound
from autograph.infra.keys import KeyFile, parse_keys, read_keys, with_new_key, write_keys
from autograph.infra.sealing import CANARY, Resealed, SealedRows
from autograph.infra.settings import Settings


class KeyUnknown(NotFound):
    """There is no such key."""

    code: ClassVar[str] = "keys.unknown"


class KeysAreSettings(Conflict):
    """The keys are in a setting, which is changed where it is set."""

    code: ClassVar[str] = "keys.are_settings"


class KeyIsCurrent(Conflict):
    """This key seals."""

    code: ClassVar[str] = "keys.is_current"


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key, without its bytes.

    Attributes:
        is_here: It is in the key file.
        rows: How many rows are encrypted with it.
    """

    id: str
    is_current: bool
    is_here: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to.

    Attributes:
        current: The key that seals now.
        is_new: It was made, or taken into use, by this rotation.
        resealed: What was sealed anew; None where the new key is prepared only.
        unneeded: Keys that nothing needs any more.
    """

    current: str
    is_new: bool
    resealed: Resealed | None
    unneeded: tuple[str, ...] = ()


async def open_keys(settings: Settings, database: Database) -> Keys:
    """Return the installation's keys, made at its first start.

    Raises:
        KeyMissing: The database was encrypted with keys that are not here.
        KeyFileBroken: The key file is.
    """
    rows = SealedRows(database)
    if settings.keys is not None:
        ring = parse_keys(settings.keys.get_secret_value())
        await _check(ring, rows, "AUTOGRAPH_KEYS")
        return ring
    path = key_file(settings)
    ring = await asyncio.to_thread(read_keys, path)
    if ring is None:
        canaries = await rows.canaries()
        if canaries:
            raise KeyMissing(
                f"The database holds secrets that were encrypted with {', '.join(canaries)}, and there is no key "
                f"file at {path}. Put it back (setting: AUTOGRAPH_KEY_FILE), or restore it from a backup. Without "
                "it those secrets are lost; to go on without them: autograph keys forget --lost."
            )
        ring = with_new_key(None, today=SystemClock().now())
        try:
            await asyncio.to_thread(write_keys, path, ring, is_new=True)
        except FileExistsError:
            # Another process has just made them.
            return await open_keys(settings, database)
    await _check(ring, rows, str(path))
    return KeyFile(path, ring)


def key_file(settings: Settings) -> Path:
    """Return where the keys are kept."""
    return (settings.key_file or settings.data_dir / "keys.json").expanduser()


async def list_keys(settings: Settings, database: Database) -> list[KeyState]:
    """Return every key that is here, or is needed."""
    rows = SealedRows(database)
    ring = await _ring(settings)
    needed, known = await rows.needed(), await rows.canaries()
    ids = ring.ids if ring else ()
    return [
        KeyState(one, ring is not None and one == ring.current, one in ids, needed.get(one, 0))
        for one in dict.fromkeys([*ids, *known])
    ]


async def rotate_keys(
    settings: Settings, database: Database, *, is_prepare: bool = False
) -> Rotated:
    """Seal everything with a new key. It may be killed anywhere, and goes on where it was.

    A key goes into the file before it is used, and its canary into the database before anything else is; then it
    becomes the current one, which running processes see by themselves; then rows follow, in batches.

    Args:
        settings: How this installation runs.
        database: Its database.
        is_prepare: Put the new key into the file and stop, so that the file can be given to other machines first.

    Raises:
        KeyMissing: There is no key file.
        KeysAreSettings: The keys are in AUTOGRAPH_KEYS, and everything is sealed with the first one already.
    """
    rows = SealedRows(database)
    ring = await _ring(settings)
    if ring is None:
        raise KeyMissing(f"There is no key file at {key_file(settings)}. Start Autograph once.")
    behind = {key_id for key_id, count in (await rows.needed()).items() if count} - {ring.current}
    pending = None if settings.keys is not None else _pending(ring)
    if settings.keys is not None:
        if not behind:
            raise KeysAreSettings(
                "The keys are in AUTOGRAPH_KEYS. Add a new one at its end and restart everything; then put it "
                "first and restart everything; then run this again."
            )
    elif pending is not None or not behind:
        # Where rows are behind and no key is pending, an earlier rotation goes on.
        ring = await _next_ring(settings, ring, pending)
        if is_prepare:
            return Rotated(ring.current, is_new=False, resealed=None)
        ring = KeyRing(ring.ids_in_order[-1], ring.keys)
        await rows.add_canary(ring.seal(CANARY, belongs_to="canary"))
        await asyncio.to_thread(write_keys, key_file(settings), ring)
        pending = ring.current
    resealed = await rows.reseal(ring)
    needed = await rows.needed()
    unneeded = tuple(one for one in ring.ids if one != ring.current and not needed.get(one))
    return Rotated(ring.current, pending is not None, resealed, unneeded)


async def forget_key(settings: Settings, database: Database, key_id: str) -> None:
    """Take a key out of the file that nothing needs any more.

    Raises:
        KeyUnknown: There is none.
        KeyIsCurrent: It seals.
        KeyInUse: Something is encrypted with it.
        KeysAreSettings: The keys are in AUTOGRAPH_KEYS.
    """
    ring = await _ring(settings)
    rows = SealedRows(database)
    if ring is not None and key_id == ring.current:
        raise KeyIsCurrent(f"{key_id} is the key that seals. Run `autograph keys rotate` first.")
    if (ring is None or key_id not in ring.ids) and key_id not in await rows.canaries():
        raise KeyUnknown(f"There is no key {key_id}. `autograph keys list` shows which there are.")
    if settings.keys is not None and ring is not None and key_id in ring.ids:
        raise KeysAreSettings("Take it out of AUTOGRAPH_KEYS after this said what needs it.")
    await rows.forget(key_id)
    if ring is not None and key_id in ring.ids:
        kept = {one: key for one, key in ring.keys.items() if one != key_id}
        await asyncio.to_thread(write_keys, key_file(settings), KeyRing(ring.current, kept))


async def forget_lost(settings: Settings, database: Database) -> Mapping[str, int]:
    """Give up what is encrypted with keys that are not here; return how many rows, by table.

    Credentials stay, and wait for a new secret; second factors of log-in are off.
    """
    rows = SealedRows(database)
    ring = await _ring(settings)
    if ring is None:
        ring = with_new_key(None, today=SystemClock().now())
        await asyncio.to_thread(write_keys, key_file(settings), ring, is_new=True)
    await rows.add_canary(ring.seal(CANARY, belongs_to="canary"))
    return await rows.give_up(ring)


async def _ring(settings: Settings) -> KeyRing | None:
    if settings.keys is not None:
        return parse_keys(settings.keys.get_secret_value())
    return await asyncio.to_thread(read_keys, key_file(settings))


def _pending(ring: KeyRing) -> str | None:
    """Return the key that was made for a rotation that did not come further."""
    last = ring.ids_in_order[-1]
    return None if last == ring.current else last


async def _next_ring(settings: Settings, ring: KeyRing, pending: str | None) -> KeyRing:
    if pending is not None:
        return ring
    more = with_new_key(ring, today=SystemClock().now())
    prepared = KeyRing(ring.current, more.keys)
    await asyncio.to_thread(write_keys, key_file(settings), prepared)
    return prepared


async def _check(ring: KeyRing, rows: SealedRows, where: str) -> None:
    """Open a sealed text of each key that was ever the current one: better now than at the first use.

    Raises:
        KeyMissing: One of them is not here, or has other bytes.
    """
    canaries = await rows.canaries()
    for key_id, data in canaries.items():
        try:
            ring.open(Sealed(key_id, data), belongs_to="canary")
        except (KeyMissing, DoesNotOpen) as error:
            raise KeyMissing(
                f"The database holds secrets that were encrypted with key {key_id}, which is not in {where}, or is "
                "there with other bytes. Put the right keys back; nothing was changed. Where they are lost, go on "
                "without what they encrypted: autograph keys forget --lost."
            ) from error
    if ring.current not in canaries:
        await rows.add_canary(ring.seal(CANARY, belongs_to="canary"))
