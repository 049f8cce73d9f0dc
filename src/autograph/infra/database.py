"""One database, two ways in: asyncpg where every microsecond counts, SQLAlchemy Core everywhere else.

Both turn a server that is away into `DatabaseUnavailable`, and both come back by themselves with it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ClassVar, Final, TypeAlias

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from autograph.infra.errors import OperationalError

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PooledConnection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

CONNECTION_LOST: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a server that goes away between two messages leaves behind
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
)
"""What asyncpg raises when the server is away, or has no room."""

_CONNECT_SECONDS: Final = 5
_SERVER_SETTINGS: Final = {
    # Our hot statements are a few, each prepared once: planning them again for every call costs more
    # than it could save (measured: 0.93 ms against 0.57 ms for the journal's write).
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "application_name": "autograph",
}


class DatabaseUnavailable(OperationalError):
    """The database does not answer; it is tried again at the next request."""

    code: ClassVar[str] = "database.unavailable"


class Database:
    """Connections to one PostgreSQL database."""

    def __init__(self, dsn: str, *, pool_size: int = 8) -> None:
        """Connect to `dsn` (`postgresql://…`), with at most `pool_size` connections for each way in."""
        self._dsn = dsn.replace("postgres://", "postgresql://", 1)
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._engine: AsyncEngine | None = None

    @property
    def dsn(self) -> str:
        """Where it is."""
        return self._dsn

    async def open(self) -> None:
        """Connect.

        Raises:
            DatabaseUnavailable: The server does not answer.
        """
        with translated():
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=2,
                max_size=self._pool_size,
                # Nothing of ours outlives its statement or transaction, so there is nothing to reset;
                # the default costs a round trip per use.
                reset=_nothing,
                server_settings=_SERVER_SETTINGS,
                command_timeout=60,
                timeout=_CONNECT_SECONDS,
            )

    async def close(self) -> None:
        """Disconnect."""
        if self._engine is not None:
            await self._engine.dispose()
        if self._pool is not None:
            self._pool.terminate()

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[PooledConnection]:
        """Lend an asyncpg connection.

        Raises:
            DatabaseUnavailable: The server does not answer.
        """
        if self._pool is None:
            await self.open()
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable(
                "The database does not answer.", retry_after=timedelta(seconds=1)
            )
        with translated():
            async with pool.acquire() as connection:
                yield connection

    async def connect(self) -> Connection:
        """Return an asyncpg connection of one's own, to listen or to hold a lock with.

        Raises:
            DatabaseUnavailable: The server does not answer.
        """
        with translated():
            return await asyncpg.connect(
                self._dsn, server_settings=_SERVER_SETTINGS, timeout=_CONNECT_SECONDS
            )

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """Lend a SQLAlchemy connection in a transaction, committed at the end.

        Raises:
            DatabaseUnavailable: The server does not answer.
        """
        with translated():
            async with self._sqlalchemy().begin() as connection:
                yield connection

    def _sqlalchemy(self) -> AsyncEngine:
        if self._engine is None:
            self._engine = create_async_engine(
                "postgresql+asyncpg://",
                async_creator=self.connect,
                pool_size=self._pool_size,
                pool_pre_ping=True,
            )
        return self._engine


class translated:  # noqa: N801 - reads as a word in `with translated():`
    """Turns what drivers raise when the server is away into `DatabaseUnavailable`."""

    def __enter__(self) -> None:
        """Watch the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        """Raise what the block's error means.

        Raises:
            DatabaseUnavailable: The server does not answer.
        """
        is_lost = isinstance(error, CONNECTION_LOST) or (
            isinstance(error, DBAPIError)
            and (error.connection_invalidated or isinstance(error.orig, CONNECTION_LOST))
        )
        if not is_lost:
            return
        if isinstance(error, asyncpg.DiskFullError):
            raise DatabaseUnavailable(
                "The database has no room left. Free some space on its disk; nothing accepted is lost.",
                retry_after=timedelta(seconds=30),
            ) from error
        raise DatabaseUnavailable(
            f"The database does not answer ({type(error).__name__}). It is tried again by itself.",
            retry_after=timedelta(seconds=1),
        ) from error


async def _nothing(_connection: Any) -> None:
    return None
