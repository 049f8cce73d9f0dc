"""What every place for bytes promises, tried on a folder and on a bucket."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from autograph.infra.ids import new_id
from autograph.infra.storage.objects import DiskStorage, ObjectStorage, on_s3
from autograph.infra.storage.ports import ObjectMissing, StorageUnavailable
from tests.servers import Server, free_port

MIB = 1024 * 1024


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks S3, with nothing in it."""
    port = free_port()
    code = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    server = Server(
        [sys.executable, "-W", "ignore", "-c", code],
        port,
        tmp_path_factory.mktemp("s3"),
        hello=(b"GET /moto-api/ HTTP/1.0\r\n\r\n", b"HTTP/"),
    )
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()


@pytest.fixture
def disk_storage(tmp_path: Path) -> ObjectStorage:
    return DiskStorage(tmp_path / "files")


@pytest.fixture
def s3_storage(s3_endpoint: str) -> ObjectStorage:
    bucket = f"files-{new_id().hex}"
    httpx2.put(f"{s3_endpoint}/{bucket}").raise_for_status()
    return bucket_at(s3_endpoint, f"s3://{bucket}/people")


def bucket_at(endpoint: str, url: str) -> ObjectStorage:
    return on_s3(
        url,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
    )


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest) -> ObjectStorage:
    found: ObjectStorage = request.getfixturevalue(f"{request.param}_storage")
    return found


async def put(storage: ObjectStorage, *pieces: bytes) -> UUID:
    object_id = new_id()
    writer = storage.create(object_id)
    for piece in pieces:
        await writer.write(piece)
    await writer.close()
    return object_id


async def read(storage: ObjectStorage, object_id: UUID, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in storage.read(object_id, start, end)])


async def listed(storage: ObjectStorage) -> dict[UUID, int]:
    return {one.id: one.size_bytes async for page in storage.list_all() for one in page}


@pytest.mark.seed("D1-30", "D4-24")
async def test_what_was_written_is_read_whole_and_in_part(storage: ObjectStorage) -> None:
    object_id = await put(storage, b"hello ", b"world")

    assert await read(storage, object_id, 0, 11) == b"hello world"
    assert await read(storage, object_id, 6, 9) == b"wor"
    assert await read(storage, object_id, 3, 3) == b""


async def test_what_takes_several_parts_is_the_same_afterwards(storage: ObjectStorage) -> None:
    pieces = [bytes([number]) * MIB for number in range(12)]
    object_id = await put(storage, *pieces)

    assert await read(storage, object_id, 0, 12 * MIB) == b"".join(pieces)
    assert await read(storage, object_id, 11 * MIB - 1, 11 * MIB + 1) == b"\x0a\x0b"


async def test_nothing_is_an_object_too(storage: ObjectStorage) -> None:
    object_id = await put(storage)

    assert await storage.exists(object_id)
    assert await listed(storage) == {object_id: 0}


async def test_nobody_sees_what_is_not_closed(storage: ObjectStorage) -> None:
    object_id = new_id()
    writer = storage.create(object_id)
    for _ in range(12):
        await writer.write(b"x" * MIB)

    assert not await storage.exists(object_id)
    assert await listed(storage) == {}
    del writer
    assert not await storage.exists(object_id)


@pytest.mark.seed("D1-30", "D4-24")
async def test_what_is_deleted_is_missing_and_may_be_deleted_again(storage: ObjectStorage) -> None:
    gone, stays = await put(storage, b"a"), await put(storage, b"b")
    await storage.delete([gone])
    await storage.delete([gone, new_id()])

    assert await listed(storage) == {stays: 1}
    assert not await storage.exists(gone)
    with pytest.raises(ObjectMissing, match="lost, or deleted by hand"):
        await read(storage, gone, 0, 1)


async def test_a_place_that_is_away_says_so(storage: ObjectStorage, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no folder")
    with pytest.raises(StorageUnavailable):
        DiskStorage(tmp_path / "plain")
    with pytest.raises((StorageUnavailable, ObjectMissing)):
        await put(bucket_at("http://127.0.0.1:1", "s3://nowhere/at-all"), b"x")


async def test_parts_that_a_dead_process_left_on_disk_are_swept_once_they_are_old(
    tmp_path: Path,
) -> None:
    storage = DiskStorage(tmp_path)
    kept = await put(storage, b"kept")
    old, young = (tmp_path / "aa" / f"{new_id().hex}#1" for _ in range(2))
    old.parent.mkdir()
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))

    assert await storage.sweep(datetime.now(UTC) - timedelta(hours=1)) == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert await listed(storage) == {kept: 4}
