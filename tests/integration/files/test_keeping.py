"""What goes by itself: what has expired, what runs have left, what never came to its end, what is infected."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograph.features.accounts.models import Principal
from autograph.features.files.adapters.clamd import ClamdScanner
from autograph.features.files.adapters.personal_data import FileData
from autograph.features.files.errors import FileInfected, FileMissing, ScannerUnavailable
from autograph.features.files.models import FileChange, NewFile, Origin
from autograph.features.files.ports import Scanner
from autograph.features.files.repository import FileRepository
from autograph.features.files.service import FileLimits, FileService
from autograph.infra.database import Database
from autograph.infra.errors import Invalid
from autograph.infra.ids import new_id
from autograph.infra.storage.objects import DiskStorage
from tests.processes import up

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class HandClock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


class Desk:
    """Files over a real database and a real folder, with a clock one sets."""

    def __init__(self, database: Database, folder: Path, scanner: Scanner | None = None) -> None:
        self.clock = HandClock()
        self.folder = folder
        limits = FileLimits(file_bytes=2**24, user_bytes=None, run_files=timedelta(days=30))
        self.files = FileService(
            FileRepository(database), DiskStorage(folder), scanner, self.clock, limits
        )
        self.database = database
        self.ada = Principal(new_id(), "Ada")

    async def person(self) -> Desk:
        async with self.database.acquire() as connection:
            await connection.execute(
                "INSERT INTO users (id, name) VALUES ($1, $2)", self.ada.user_id, "Ada"
            )
        return self

    async def upload(self, content: bytes, **said: object) -> object:
        return await self.files.upload(self.ada, NewFile("a.txt", **said), pieces(content))  # type: ignore[arg-type]

    def objects(self) -> list[Path]:
        return [one for one in self.folder.rglob("*") if one.is_file()]


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> Desk:
    return await Desk(database, tmp_path / "files").person()


@pytest.mark.seed("D1-30")
async def test_what_has_expired_is_gone_at_once_and_its_bytes_soon(desk: Desk) -> None:
    file = await desk.upload(b"short-lived", expires_at=NOW + timedelta(hours=1))
    assert (await desk.files.get(desk.ada.user_id, file.id)).id == file.id  # type: ignore[attr-defined]

    desk.clock.moment += timedelta(hours=1)
    with pytest.raises(FileMissing, match="expired"):
        await desk.files.get(desk.ada.user_id, file.id)  # type: ignore[attr-defined]
    assert (await desk.files.list_page(desk.ada)).files == []
    assert (await desk.files.usage(desk.ada)).size_bytes == 0
    await _forget_uses(desk)
    await desk.files.tend()
    assert desk.objects() == []


async def test_what_a_run_has_made_goes_with_it_where_nobody_keeps_it(desk: Desk) -> None:
    run = Origin(desk.ada.user_id, new_id())
    left = await desk.files.save(run, NewFile("left.txt"), pieces(b"left"))
    kept = await desk.files.save(run, NewFile("kept.txt"), pieces(b"kept"))
    assert left.expires_at == NOW + timedelta(days=30)
    await desk.files.change(desk.ada, kept.id, FileChange(sets_expiry=True))

    await desk.files.tend()  # a run's row may come a moment after its first file
    assert len((await desk.files.list_page(desk.ada)).files) == 2
    desk.clock.moment += timedelta(hours=2)
    await desk.files.tend()
    assert [one.id for one in (await desk.files.list_page(desk.ada)).files] == [kept.id]


async def test_objects_that_no_file_names_are_swept_once_they_are_old(desk: Desk) -> None:
    await desk.upload(b"a file")
    storage = DiskStorage(desk.folder)
    for content in (b"old", b"young"):
        writer = storage.create(new_id())
        await writer.write(content)
        await writer.close()
    long_ago = (NOW - timedelta(hours=2)).timestamp()
    for path in desk.objects():
        if path.read_bytes() != b"young":
            os.utime(path, (long_ago, long_ago))
    assert await desk.files.sweep() == 1
    assert sorted(path.read_bytes() for path in desk.objects()) == [b"a file", b"young"]


async def test_the_last_of_several_goes_while_the_same_comes_again(desk: Desk) -> None:
    async def one() -> None:
        file = await desk.upload(b"the same")
        await desk.files.delete(desk.ada, file.id)  # type: ignore[attr-defined]

    stays = await desk.upload(b"the same")
    await asyncio.gather(*(one() for _ in range(20)))
    content = b"".join(
        [piece async for piece in desk.files.read(await desk.files.get(desk.ada.user_id, stays.id))]
    )  # type: ignore[attr-defined]
    assert content == b"the same"
    assert len(desk.objects()) == 1


async def test_a_persons_files_are_exported_and_erased(desk: Desk) -> None:
    await desk.upload(b"mine")
    data = FileData(desk.files)
    exported = await data.export(desk.ada.user_id)
    assert (exported[0]["name"], exported[0]["size_bytes"]) == ("a.txt", 4)

    await data.erase(desk.ada.user_id)
    await data.erase(desk.ada.user_id)
    assert (await data.export(desk.ada.user_id), desk.objects()) == ([], [])


async def _forget_uses(desk: Desk) -> None:
    async with desk.database.acquire() as connection:
        await connection.execute("UPDATE file_contents SET used_at = used_at - interval '1 day'")


# A small daemon that speaks clamd's protocol: the real one takes a minute and a gigabyte to start.


@asynccontextmanager
async def clamd(path: Path, *, max_stream: int = 2**20, dies: bool = False) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        seen = b""
        while not dies and (size := struct.unpack("!I", await reader.readexactly(4))[0]):
            seen += await reader.readexactly(size)
            if len(seen) > max_stream:
                writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                break
        else:
            if not dies:
                found = b"Eicar-Test-Signature FOUND" if EICAR in seen else b"OK"
                writer.write(b"stream: " + found + b"\0")
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield f"unix://{path}"


async def test_a_clean_file_passes_the_scanner_and_an_infected_one_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with clamd(tmp_path / "s") as address:
        desk = await Desk(database, tmp_path / "files", ClamdScanner(address)).person()
        await desk.upload(b"clean")
        await desk.upload(b"")
        with pytest.raises(FileInfected, match="Eicar-Test-Signature"):
            await desk.upload(b"mail: " + EICAR)
    assert sorted(path.read_bytes() for path in desk.objects()) == [b"", b"clean"]


async def test_without_its_scanner_no_file_is_taken(database: Database, tmp_path: Path) -> None:
    desk = await Desk(
        database, tmp_path / "files", ClamdScanner(f"unix://{tmp_path}/nobody")
    ).person()
    with pytest.raises(ScannerUnavailable, match="AUTOGRAPH_CLAMD"):
        await desk.upload(b"x")
    for case in ({"max_stream": 10}, {"dies": True}):
        async with clamd(tmp_path / "s", **case) as address:  # type: ignore[arg-type]
            desk.files._scanner = ClamdScanner(address)
            with pytest.raises(ScannerUnavailable, match=r"StreamMaxLength|hung up|reset|pipe"):
                await desk.upload(b"x" * 100)
    assert desk.objects() == []
    with pytest.raises(Invalid, match="AUTOGRAPH_CLAMD"):
        ClamdScanner("http://somewhere")


async def test_an_upload_that_dies_with_its_process_was_never_there(tmp_path: Path) -> None:
    with up(tmp_path) as served:
        address = served.http.base_url
        reader, writer = await asyncio.open_connection(address.host, address.port)
        head = f"POST /api/v1/files HTTP/1.1\r\nHost: {address.host}\r\nContent-Length: 60000000\r\n\r\n"
        writer.write(head.encode())
        written = tmp_path / "files"
        while not list(written.rglob("*#*")):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        os.kill(served.process.pid, signal.SIGKILL)
        writer.close()
        assert reader is not None
    with up(tmp_path) as served:
        assert served.http.get("/api/v1/files").json()["files"] == []
    left = list(written.rglob("*#*"))
    assert left
    storage = DiskStorage(written)
    assert await storage.sweep(datetime.now(UTC) + timedelta(seconds=1)) == len(left)
    assert [one for one in written.rglob("*") if one.is_file()] == []
