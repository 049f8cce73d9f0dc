"""Files over HTTP: in, out, in part, and gone."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from autograph.features.files.models import NewFile
from autograph.infra.ids import new_id
from tests.security.people import Town, town

MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(
        database_url,
        tmp_path,
        max_body_bytes=100_000,
        max_file_bytes=8 * MIB,
        max_user_file_bytes=20 * MIB,
    ) as made:
        await made.set_up()
        yield made


@pytest.fixture
async def http(place: Town) -> AsyncIterator[httpx2.AsyncClient]:
    async with place.client(await place.person("Ada")) as made:
        yield made


async def upload(http: httpx2.AsyncClient, content: bytes, name: str = "a.txt") -> dict[str, Any]:
    answer = await http.post("/api/v1/files", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def objects(place: Town) -> list[Path]:
    return [one for one in (place.platform.settings.data_dir / "files").rglob("*") if one.is_file()]


@pytest.mark.seed("D1-30")
async def test_a_file_comes_back_as_it_was(http: httpx2.AsyncClient) -> None:
    content = bytes(range(256)) * 20_000  # several times the limit on other bodies
    made = await upload(http, content, "bytes.bin")

    assert made["reference"] == f"file://{made['id']}"
    assert (made["size_bytes"], made["sha256"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    answer = await http.get(f"/api/v1/files/{made['id']}/content")
    assert answer.content == content
    assert answer.headers["etag"] == f'"{made["sha256"]}"'
    head = await http.head(f"/api/v1/files/{made['id']}/content")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(content)))
    assert (await http.get(f"/api/v1/files/{made['id']}")).json() == made


async def test_a_raw_body_is_a_file_too(http: httpx2.AsyncClient) -> None:
    answer = await http.post(
        "/api/v1/files",
        params={"name": "plan.csv", "expires_in": "PT2H"},
        content=b"a,b\n1,2\n",
        headers={"content-type": "text/html"},
    )
    made = answer.json()
    assert (made["name"], made["media_type"]) == ("plan.csv", "text/csv")
    assert made["expires_at"] is not None


@pytest.mark.parametrize(
    ("asked", "status", "content", "range_"),
    [
        ("bytes=0-4", 206, b"01234", "bytes 0-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-500", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_a_part_is_sent_where_one_is_asked_for(
    http: httpx2.AsyncClient, asked: str, status: int, content: bytes, range_: str | None
) -> None:
    made = await upload(http, b"0123456789")
    answer = await http.get(f"/api/v1/files/{made['id']}/content", headers={"range": asked})

    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == range_
    assert answer.headers["content-length"] == str(len(content))


async def test_what_is_not_there_and_what_one_has_already(http: httpx2.AsyncClient) -> None:
    made = await upload(http, b"0123456789")
    path = f"/api/v1/files/{made['id']}/content"
    etag = f'"{made["sha256"]}"'

    outside = await http.get(path, headers={"range": "bytes=10-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, "bytes */10")
    assert outside.json()["code"] == "request.range"
    assert (await http.get(path, headers={"if-none-match": f'"other", {etag}'})).status_code == 304
    assert (await http.get(path, headers={"if-none-match": '"other"'})).status_code == 200
    changed = await http.get(path, headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert changed.content == b"0123456789"
    same = await http.get(path, headers={"range": "bytes=0-1", "if-range": etag})
    assert same.content == b"01"


@pytest.mark.parametrize(
    ("name", "content", "media_type", "way"),
    [
        ("a.png", b"<!DOCTYPE html><script>alert(1)</script>", "text/html", "attachment"),
        (
            "a.png",
            b"\n <svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "image/svg+xml",
            "attachment",
        ),
        ("a.txt", b"<?xml version='1.0'?><html/>", "text/html", "attachment"),
        ("a.html", b"just words", "text/plain", "inline"),
        ("a.html", PNG, "image/png", "inline"),
        ("a.json", b'{"a": 1}', "application/json", "attachment"),
        ("a.pdf", b"%PDF-1.7", "application/pdf", "attachment"),
        ("a.txt", b"\0\1\2", "application/octet-stream", "attachment"),
    ],
)
async def test_a_file_is_what_is_in_it_and_what_could_act_is_saved(
    http: httpx2.AsyncClient, name: str, content: bytes, media_type: str, way: str
) -> None:
    made = await upload(http, content, name)
    answer = await http.get(f"/api/v1/files/{made['id']}/content")

    assert made["media_type"] == media_type
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["content-disposition"].split(";")[0] == way
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\system.ini", "system.ini"),
        ("..", "file"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("x" * 400 + ".txt", "x" * 196 + ".txt"),
        ("Grüße „heute“.txt", "Grüße „heute“.txt"),
    ],
)
async def test_a_name_names_no_place(
    place: Town, http: httpx2.AsyncClient, sent: str, kept: str
) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"x"

    ada = await place.platform.accounts.authentication.by_token(
        http.headers["authorization"].split()[1]
    )
    file = await place.platform.files.upload(ada, NewFile(sent), content())
    assert file.name == kept
    answer = await http.get(f"/api/v1/files/{file.id}/content")
    assert answer.status_code == 200
    assert "\n" not in answer.headers["content-disposition"]
    assert [len(one.name) for one in objects(place)] == [32]


async def test_what_is_too_large_is_refused_and_nothing_of_it_stays(
    place: Town, http: httpx2.AsyncClient
) -> None:
    declared = await http.post("/api/v1/files", content=b"x" * (9 * MIB))

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MIB

    streamed = await http.post("/api/v1/files", content=endless())
    for answer in (declared, streamed):
        assert (answer.status_code, "AUTOGRAPH_MAX_FILE_BYTES" in answer.text) == (413, True)
    assert objects(place) == []
    other = await http.post("/api/v1/graphs", json={"name": "x" * 200_000})
    assert (other.status_code, "AUTOGRAPH_MAX_BODY_BYTES" in other.text) == (413, True)


@pytest.mark.seed("D1-30")
async def test_a_person_keeps_their_limit_also_with_many_at_once(
    place: Town, http: httpx2.AsyncClient
) -> None:
    sends = [http.post("/api/v1/files", content=bytes([one]) * (6 * MIB)) for one in range(5)]
    answers = await asyncio.gather(*sends)

    assert sorted(one.status_code for one in answers) == [201, 201, 201, 409, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["code"] == "files.full"
    assert "AUTOGRAPH_MAX_USER_FILE_BYTES" in refused.json()["message"]
    assert len(objects(place)) == 3
    usage = (await http.get("/api/v1/storage")).json()
    assert (usage["files"], usage["file_bytes"], usage["max_file_bytes"]) == (3, 18 * MIB, 20 * MIB)


async def test_the_same_is_kept_once_and_goes_with_the_last(
    place: Town, http: httpx2.AsyncClient
) -> None:
    first, second = await upload(http, b"same", "1.txt"), await upload(http, b"same", "2.txt")
    assert (first["id"] != second["id"], len(objects(place))) == (True, 1)
    report = await place.platform.storage.report()
    assert (report.file_bytes, report.files[0].files, report.files[0].stored_bytes) == (4, 2, 8)

    assert (await http.delete(f"/api/v1/files/{first['id']}")).status_code == 204
    assert (await http.get(f"/api/v1/files/{second['id']}/content")).content == b"same"
    assert (await http.delete(f"/api/v1/files/{second['id']}")).status_code == 204
    assert objects(place) == []
    assert (await http.get(f"/api/v1/files/{second['id']}")).status_code == 404


async def test_what_was_lost_is_healed_by_the_next_of_the_same(
    place: Town, http: httpx2.AsyncClient
) -> None:
    first = await upload(http, b"precious")
    objects(place)[0].unlink()
    lost = await http.get(f"/api/v1/files/{first['id']}/content")
    assert (lost.status_code, lost.json()["code"]) == (503, "files.content_missing")

    await upload(http, b"precious")
    assert (await http.get(f"/api/v1/files/{first['id']}/content")).content == b"precious"


async def test_lists_go_on_where_the_last_page_ended(http: httpx2.AsyncClient) -> None:
    made = [(await upload(http, bytes([one])))["id"] for one in range(5)]
    seen: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = (await http.get("/api/v1/files", params={"limit": 2, **before})).json()
        seen += [one["id"] for one in page["files"]]
        if page["next_before"] is None:
            break
        before = {"before": page["next_before"]}
    assert seen == made[::-1]


async def test_a_form_without_a_file_and_one_that_breaks_off(
    place: Town, http: httpx2.AsyncClient
) -> None:
    form = {"content-type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhal'
    two = part + b"\r\n" + part + b"\r\n--b--\r\n"
    for body in (
        b"--b--\r\n",
        part,
        two,
        b"nonsense",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n',
    ):
        answer = await http.post("/api/v1/files", content=body, headers=form)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body
    none = await http.post(
        "/api/v1/files", content=b"x", headers={"content-type": "multipart/form-data"}
    )
    assert none.status_code == 422
    assert objects(place) == []
    assert (await http.get("/api/v1/files")).json()["files"] == []


async def test_a_file_is_renamed_and_kept(http: httpx2.AsyncClient) -> None:
    made = await upload(http, b"x")
    path = f"/api/v1/files/{made['id']}"
    changed = (
        await http.patch(path, json={"name": "../b.txt", "expires_at": "2999-01-01T00:00:00Z"})
    ).json()
    assert (changed["name"], changed["expires_at"]) == ("b.txt", "2999-01-01T00:00:00Z")
    past = await http.patch(path, json={"expires_at": "2001-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["code"]) == (422, "file.invalid")
    assert (await http.patch(path, json={"expires_at": None})).json()["expires_at"] is None
    assert UUID(str(new_id()))
