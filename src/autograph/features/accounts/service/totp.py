"""Codes from an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, as all apps have it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from typing import Final
from urllib.parse import quote

_STEP_SECONDS: Final = 30
_DIGITS: Final = 6
_SECRET_BYTES: Final = 20
_DRIFT: Final = (0, -1, 1)
"""Steps around now that count: clocks differ."""


def new_totp_secret() -> bytes:
    """Return 160 random bits, as RFC 4226 §4 recommends."""
    return secrets.token_bytes(_SECRET_BYTES)


def provisioning_uri(secret: bytes, *, account: str, issuer: str) -> str:
    """Return what an authenticator app reads from a QR code."""
    label = quote(f"{issuer}:{account}")
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer)}&digits={_DIGITS}&period={_STEP_SECONDS}"


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226 §5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFF_FFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step that a code belongs to; None when it is wrong."""
    today = int(now.timestamp()) // _STEP_SECONDS
    given = code.replace(" ", "").encode()
    for drift in _DRIFT:
        if hmac.compare_digest(code_at(secret, today + drift).encode(), given):
            return today + drift
    return None
