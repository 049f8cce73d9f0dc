"""The key file: where an installation's keys are kept, outside the database that they protect.

`{"current": "k20261124-5f2c", "keys": {"k20261124-5f2c": "<base64 of 32 bytes>"}}`, readable by its owner
alone. It is made at the first start; every process of a cluster is given the same one.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from autograph.infra.crypto import KEY_BYTES, KeyRing
from autograph.infra.errors import OperationalError
from autograph.infra.json import Json, NotJson, decode, encode


class KeyFileBroken(OperationalError):
    """The key file cannot be read."""

    code: ClassVar[str] = "keys.file_broken"


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
