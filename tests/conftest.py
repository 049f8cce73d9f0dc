"""What every test stands on: no network, a database of its own, an agent or two."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from autograph.blocks.catalog import Catalog, load_catalog
from autograph.infra import migrations
from autograph.infra.database import Database
from autograph.infra.ids import new_id
from autograph.infra.postgres.server import EmbeddedPostgres

pytest_plugins = ["tests.rows_plugin"]

# A time limit on each example would measure how busy the machine is.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        is_local = self.family == socket.AF_UNIX or str(address[0]).startswith(_LOOPBACK)  # type: ignore[index]
        if not is_local:
            raise AssertionError(f"a test tried to reach {address!r}; tests stay on this machine")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared facts beside the repository; tests that need it are left out without it."""
    found = Path(__file__).parents[2] / "shared"
    if not found.exists():
        pytest.skip(f"the shared facts are not at {found}")
    return found


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for the whole session, in a scratch directory."""
    made = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    with ThreadPoolExecutor(1) as elsewhere:  # whoever asks first may be inside an event loop
        elsewhere.submit(asyncio.run, _start(made)).result()
        yield made
        elsewhere.submit(asyncio.run, made.stop()).result()


async def _start(made: EmbeddedPostgres) -> None:
    dsn = await made.start()
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE template_autograph")
    await connection.close()
    database = Database(_named(dsn, "template_autograph"))
    await migrations.upgrade(database)
    await database.close()


def _named(dsn: str, name: str) -> str:
    return dsn.replace("@/postgres?", f"@/{name}?")


@pytest.fixture
async def database_url(server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A fresh database with today's schema."""
    name = f"test_{new_id().hex}"
    connection = await asyncpg.connect(server.dsn)
    await connection.execute(
        f"CREATE DATABASE {name} TEMPLATE template_autograph STRATEGY FILE_COPY"
    )
    yield _named(server.dsn, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    await made.open()
    yield made
    await made.close()
