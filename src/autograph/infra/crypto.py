"""Encryption at rest and keys for signing, from one ring of keys.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; what a text belongs to is authenticated with it,
so a sealed text moved to another row does not open. Keys for other purposes are derived from the ring's by
HKDF-SHA-256 (RFC 5869), so that no key serves two purposes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from autograph.infra.errors import OperationalError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class KeyMissing(OperationalError):
    """Something was encrypted with a key that this installation does not have."""

    code: ClassVar[str] = "keys.missing"


class DoesNotOpen(OperationalError):
    """A sealed text was changed, or belongs to something else."""

    code: ClassVar[str] = "keys.does_not_open"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted text, as a row holds it.

    Attributes:
        key_id: Which key of the ring opens it.
        data: Nonce, then ciphertext and tag.
    """

    key_id: str
    data: bytes


class Keys(Protocol):
    """What seals and opens: a ring, or one that is read again when its file has changed."""

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        ...

    @property
    def ids(self) -> Collection[str]:
        """Ids of the keys that open."""
        ...

    def seal(self, text: bytes, *, belongs_to: str) -> Sealed:
        """Encrypt a text that opens as what it belongs to alone, such as `credential:<id>`."""
        ...

    def open(self, sealed: Sealed, *, belongs_to: str) -> bytes:
        """Decrypt a text.

        Raises:
            KeyMissing: Its key is not among these.
            DoesNotOpen: It was changed, or belongs to something else.
        """
        ...

    def derived(self, purpose: str) -> Mapping[str, bytes]:
        """Return a key for a purpose from each key, by id."""
        ...


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of an installation: the current one seals, every one opens.

    Attributes:
        current: Id of the key that seals.
        keys: 32 random bytes by id.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def ids(self) -> Collection[str]:
        """Ids of the keys that open."""
        return self.keys.keys()

    @property
    def ids_in_order(self) -> Sequence[str]:
        """Ids of the keys, the youngest last."""
        return tuple(self.keys)

    def seal(self, text: bytes, *, belongs_to: str) -> Sealed:
        """Encrypt a text.

        Args:
            text: What is kept secret.
            belongs_to: What it is the secret of, such as `credential:<id>`; it opens as this alone.
        """
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(self._derived("seal", self.current))
        return Sealed(self.current, nonce + cipher.encrypt(nonce, text, belongs_to.encode()))

    def open(self, sealed: Sealed, *, belongs_to: str) -> bytes:
        """Decrypt a text.

        Raises:
            KeyMissing: Its key is not in the ring.
            DoesNotOpen: It was changed, or belongs to something else.
        """
        cipher = AESGCM(self._derived("seal", sealed.key_id))
        nonce, data = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, data, belongs_to.encode())
        except InvalidTag:
            raise DoesNotOpen(
                f"What is kept for {belongs_to} does not open with key {sealed.key_id}: it was changed, or the key "
                "has the right name and the wrong bytes. Restore the key file or the database from a backup."
            ) from None

    def derived(self, purpose: str) -> Mapping[str, bytes]:
        """Return a key for a purpose from each key of the ring, by id."""
        return {key_id: self._derived(purpose, key_id) for key_id in self.keys}

    def _derived(self, purpose: str, key_id: str) -> bytes:
        key = self.keys.get(key_id)
        if key is None:
            raise KeyMissing(
                f"Something is encrypted with key {key_id}, which is not among this installation's keys "
                f"({', '.join(self.keys)}). Put it back into the key file (setting: AUTOGRAPH_KEY_FILE)."
            )
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"autograph:" + purpose.encode()).derive(
            key
        )
