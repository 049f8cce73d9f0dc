"""One connection that listens, and comes back when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import asyncpg

from autograph.infra.database import Database
from autograph.infra.errors import OperationalError

_RETRY_AFTER: Final = 0.25


class Listener:
    """Calls back for every NOTIFY on its channels; after a lost connection, for each channel with None."""

    def __init__(
        self, database: Database, channels: Mapping[str, Callable[[str | None], None]]
    ) -> None:
        """Listen on `channels`, each with what to call: the payload, or None where some may be missing."""
        self._database = database
        self._channels = channels
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def start(self) -> None:
        """Return once it listens."""
        self._task = asyncio.create_task(self._listen_forever(), name="listener")
        await self._listening.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen_forever(self) -> None:
        while True:
            with suppress(OperationalError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._listen()
            await asyncio.sleep(_RETRY_AFTER)

    async def _listen(self) -> None:
        connection: asyncpg.Connection[Any] = await self._database.connect()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            for channel, call in self._channels.items():
                await connection.add_listener(channel, _calling(call))
            if self._listening.is_set():
                for call in self._channels.values():
                    call(None)
            self._listening.set()
            await lost.wait()
        finally:
            if not connection.is_closed():
                connection.terminate()


def _calling(call: Callable[[str | None], None]) -> Callable[..., None]:
    def on_notify(_connection: object, _pid: int, _channel: str, payload: str) -> None:
        call(payload)

    return on_notify
