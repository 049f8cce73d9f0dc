"""The key file: where an installation's keys are kept, outside the database that they protect.

`{"current": "k20261124-5f2c", "keys": {"k20261124-5f2c": "<base64 of 32 bytes>"}}`, readable by its owner
alone. It is made at the first start; every process of a cluster is given the same one.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from autograph.infra.crypto import KEY_BYTES, KeyMissing, KeyRing, Sealed
from autograph.infra.errors import OperationalError
from autograph.infra.json import Json, NotJson, decode, encode


class KeyFileBroken(OperationalError):
    """The key file cannot be read."""

    code: ClassVar[str] = "keys.file_broken"


class KeyFile:
    """Implements `Keys` over a file, for as long as a process lives: keys change while it runs.

    The file is looked at before something is sealed, and when a key is missing; one that cannot be read then
    changes nothing.
    """

    def __init__(self, path: Path, ring: KeyRing) -> None:
        """Begin with the ring that was read from `path`."""
        self._path = path
        self._ring = ring
        self._stamp = _stamp(path)

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        return self._looked().current

    @property
    def ids(self) -> Collection[str]:
        """Ids of the keys that open."""
        return self._looked().ids

    def seal(self, text: bytes, *, belongs_to: str) -> Sealed:
        """Encrypt a text."""
        return self._looked().seal(text, belongs_to=belongs_to)

    def open(self, sealed: Sealed, *, belongs_to: str) -> bytes:
        """Decrypt a text.

        Raises:
            KeyMissing: Its key is not in the file.
            DoesNotOpen: It was changed, or belongs to something else.
        """
        try:
            return self._ring.open(sealed, belongs_to=belongs_to)
        except KeyMissing:
            return self._looked().open(sealed, belongs_to=belongs_to)

    def derived(self, purpose: str) -> Mapping[str, bytes]:
        """Return a key for a purpose from each key, by id."""
        return self._looked().derived(purpose)

    def _looked(self) -> KeyRing:
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            with suppress(KeyFileBroken):
                self._ring = read_keys(self._path) or self._ring
                self._stamp = stamp
        return self._ring


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def read_keys(path: Path) -> KeyRing | None:
    """Return the keys in a file; None when there is no file.

    Raises:
        KeyFileBroken: It is no key file, or may not be read.
    """
    try:
        return _parsed(decode(path.read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyFileBroken(f"The key file {path} cannot be read: {error.strerror}.") from error
    except (NotJson, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise KeyFileBroken(
            f"{path} is no key file ({error}). Restore it from a backup; without its keys, what they encrypted "
            "is lost."
        ) from error


def parse_keys(text: str) -> KeyRing:
    """Return the keys in a text such as the setting `AUTOGRAPH_KEYS`: `id:base64,id:base64`, the current one first.

    Raises:
        KeyFileBroken: It is no such text; nothing of it is in the message.
    """
    pairs = [pair.strip().partition(":") for pair in text.split(",") if pair.strip()]
    try:
        return _parsed({"current": pairs[0][0], "keys": {key_id: key for key_id, _, key in pairs}})
    except (IndexError, TypeError, binascii.Error):
        raise KeyFileBroken(
            "AUTOGRAPH_KEYS is not understood. It is id:base64 of 32 bytes, several of them with commas between."
        ) from None


def with_new_key(ring: KeyRing | None, *, today: datetime) -> KeyRing:
    """Return a ring with one more key, which is the current one."""
    key_id = f"k{today:%Y%m%d}-{secrets.token_hex(2)}"
    keys = dict(ring.keys) if ring else {}
    return KeyRing(key_id, {**keys, key_id: secrets.token_bytes(KEY_BYTES)})


def write_keys(path: Path, ring: KeyRing, *, is_new: bool = False) -> None:
    """Write a key file, whole or not at all, readable by its owner alone.

    Args:
        path: Where.
        ring: What.
        is_new: There must be none yet.

    Raises:
        FileExistsError: There is one, and `is_new`.
        KeyFileBroken: It cannot be written.
    """
    body: dict[str, Json] = {
        "current": ring.current,
        "keys": {key_id: base64.b64encode(key).decode() for key_id, key in ring.keys.items()},
    }
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(encode(body))
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            # Of two processes that start at once, one makes the keys and the other takes them.
            path.hardlink_to(beside)
            beside.unlink()
        else:
            beside.replace(path)
    except FileExistsError:
        beside.unlink(missing_ok=True)
        raise
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise KeyFileBroken(f"The key file {path} cannot be written: {error.strerror}.") from error


def _parsed(body: Json) -> KeyRing:
    keys = {
        str(key_id): base64.b64decode(text, validate=True) for key_id, text in body["keys"].items()
    }
    short = [key_id for key_id, key in keys.items() if len(key) != KEY_BYTES]
    if short or body["current"] not in keys:
        raise TypeError(f"keys are {KEY_BYTES} bytes, and the current one is among them")
    return KeyRing(body["current"], keys)
