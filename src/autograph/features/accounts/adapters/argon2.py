"""Passwords by Argon2id (RFC 9106), in threads, a few at a time.

The settings are those of RFC 9106 §4 for little memory: 64 MiB, 3 passes, 4 lanes. OWASP's least is 19 MiB and
2 passes. Each hash takes its memory while it runs, which is why only a few run at once.
"""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

_AT_ONCE: Final = 2


class Argon2Hasher:
    """Implements `PasswordHasher`."""

    def __init__(self) -> None:
        """Use today's settings."""
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return what to keep of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Tell whether this is the password; takes as long where nothing is kept."""
        if kept is None:
            if self._nobodys is None:
                self._nobodys = await self.hash("nobody's")
            await self._verify(password, self._nobodys)
            return False
        return await self._verify(password, kept)

    def is_outdated(self, kept: str) -> bool:
        """Tell whether a hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(kept)

    async def _verify(self, password: str, kept: str) -> bool:
        async with self._turn:
            try:
                return await asyncio.to_thread(self._hasher.verify, kept, password)
            except (VerificationError, InvalidHashError):
                return False
