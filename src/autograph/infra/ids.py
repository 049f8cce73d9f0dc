"""The only maker of ids. Every id is a UUIDv7 (RFC 9562): unique, and ordered by the time it was made."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    return uuid_utils.compat.uuid7()
