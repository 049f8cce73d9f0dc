"""Keys that an issuer publishes (JWKS, RFC 7517), fetched when they are needed and kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from autograph.infra.errors import OperationalError

FetchJson = Callable[[str], Awaitable[Mapping[str, Any]]]
"""Returns a JSON object from an address; raises `OperationalError` when it cannot be had."""
_KEYS_FOR_SECONDS: Final = 300.0
_ASK_AGAIN_AFTER: Final = 10.0
"""An unknown `kid` has the keys fetched again, but no more often than this."""


class PublishedKeys:
    """The keys at one address."""

    def __init__(self, url: str, fetch: FetchJson) -> None:
        """Fetch them from `url`."""
        self._url = url
        self._fetch = fetch
        self._published: KeySet | None = None
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()

    async def having(self, kid: object) -> KeySet:
        """Return the keys; fetched again where none of them is called `kid`.

        Raises:
            OperationalError: They cannot be had.
        """
        async with self._fetching:
            age = time.monotonic() - self._fetched_at
            published = self._published
            knows = published is not None and any(key.kid == kid for key in published.keys)
            if (
                published is None
                or age > _KEYS_FOR_SECONDS
                or (not knows and age > _ASK_AGAIN_AFTER)
            ):
                try:
                    published = KeySet.import_key_set(cast("Any", await self._fetch(self._url)))
                except OperationalError:
                    if published is None:
                        raise
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise OperationalError(
                        f"{self._url} does not publish keys: {error}."
                    ) from error
                self._published, self._fetched_at = published, time.monotonic()
        return published
