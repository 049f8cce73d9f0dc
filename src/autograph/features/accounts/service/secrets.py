"""What is random, and what of it is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """A random text for somebody, and the hash of it that is kept.

    256 random bits need no slow hash: nobody guesses them.
    """

    text: str
    hash: bytes


def new_secret(prefix: str = "") -> Secret:
    """Return a new secret."""
    text = prefix + secrets.token_urlsafe(_BYTES)
    return Secret(text, hash_of(text))


def hash_of(text: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(text.encode()).digest()
