"""`/api/v1/files`: what one uploads, and what one's runs have made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from annotated_types import Gt, Le
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from autograph.api.deps import PrincipalDep, ServicesDep
from autograph.api.gateway.routes import ANY_MEDIA, GuardedRoute, needs
from autograph.api.ranges import Part, part_of
from autograph.api.rest.forms import file_of
from autograph.features.accounts.models import Permission
from autograph.features.files.models import File, FileChange, NewFile
from autograph.features.files.service import FileService
from autograph.infra.clock import SystemClock
from autograph.infra.media_types import SHOWN

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/files", tags=["files"])
_YEARS: Final = timedelta(days=3_650)
_UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
DOWNLOAD: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "All of it.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The part that `Range` asks for."},
    304: {"description": "It is what `If-None-Match` says that one has."},
    416: {"description": "There is nothing at the asked range."},
}


class FileAnswer(BaseModel):
    """A file, without what is in it."""

    id: UUID
    reference: str = Field(description="How values name it; a pin for a file takes it.")
    name: str
    media_type: str = Field(description="Told by what is in it.")
    size_bytes: int
    sha256: str
    run_id: UUID | None = Field(description="The run that has made it.")
    expires_at: datetime | None = Field(description="From then on it is gone.")
    created_at: datetime


class FilePageAnswer(BaseModel):
    """A page of files, newest first."""

    files: list[FileAnswer]
    next_before: UUID | None


class FileUpdate(BaseModel):
    """What is to change about a file."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, max_length=1_000)
    expires_at: AwareDatetime | None = Field(
        default=None, description="Null for never: what a run has made is kept then."
    )


@router.post("", status_code=201, openapi_extra=_UPLOAD)
@needs(Permission.FILES_WRITE, media_types=ANY_MEDIA, takes_files=True)
async def upload_file(
    request: Request,
    services: ServicesDep,
    principal: PrincipalDep,
    name: Annotated[
        str | None, Query(max_length=1_000, description="What it is called, whatever a form says.")
    ] = None,
    expires_in: Annotated[
        timedelta | None,
        Gt(timedelta(0)),
        Le(_YEARS),
        Query(description="ISO 8601, such as PT24H."),
    ] = None,
) -> FileAnswer:
    """Take a file in: the first one of a form, else the body itself. It is there once all of it has come."""
    sent = await file_of(request)
    expires_at = None if expires_in is None else SystemClock().now() + expires_in
    new = NewFile(name or sent.name, sent.media_type, expires_at)
    return present_file(await services.files.upload(principal, new, sent.pieces))


@router.get("")
@needs(Permission.FILES_READ)
async def list_files(
    services: ServicesDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[UUID | None, Query(description="`next_before` of the last page.")] = None,
) -> FilePageAnswer:
    """List one's files, newest first."""
    page = await services.files.list_page(principal, limit=limit, before=before)
    return FilePageAnswer(
        files=[present_file(one) for one in page.files], next_before=page.next_before
    )


@router.get("/{file_id}")
@needs(Permission.FILES_READ)
async def get_file(file_id: UUID, services: ServicesDep, principal: PrincipalDep) -> FileAnswer:
    """Return what is known of a file."""
    return present_file(await services.files.get(principal.user_id, file_id))


@router.patch("/{file_id}")
@needs(Permission.FILES_WRITE)
async def change_file(
    file_id: UUID, body: FileUpdate, services: ServicesDep, principal: PrincipalDep
) -> FileAnswer:
    """Rename a file, or say how long it is kept."""
    change = FileChange(body.name, "expires_at" in body.model_fields_set, body.expires_at)
    return present_file(await services.files.change(principal, file_id, change))


@router.delete("/{file_id}", status_code=204)
@needs(Permission.FILES_WRITE)
async def delete_file(file_id: UUID, services: ServicesDep, principal: PrincipalDep) -> None:
    """Delete a file."""
    await services.files.delete(principal, file_id)


@router.get("/{file_id}/content", response_class=StreamingResponse, responses=DOWNLOAD)
@needs(Permission.FILES_READ)
async def download_file(
    file_id: UUID,
    request: Request,
    services: ServicesDep,
    principal: PrincipalDep,
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Return what is in a file, all of it or the part that `Range` asks for."""
    file = await services.files.get(principal.user_id, file_id)
    return await content_of(file, services.files, request.headers, range_)


async def content_of(
    file: File, files: FileService, headers: Mapping[str, str], range_: str | None
) -> Response:
    """Return the answer that a file is, or a part of it.

    Args:
        file: Which; that it may be read is decided before.
        files: Reads it.
        headers: Of the request.
        range_: Its `Range`.

    Raises:
        RangeRefused: There is nothing at the asked range.
        ObjectMissing: What was in it is lost.
    """
    told = _headers(file)
    if _has_it(headers, file):
        return Response(status_code=304, headers=told)
    part = _part(headers, range_, file)
    start, end = (part.start, part.end) if part else (0, file.size_bytes)
    pieces = files.read(file, start, end)
    first = await anext(pieces, b"")  # what goes wrong at once is an answer, not a torn one
    return StreamingResponse(
        _all(first, pieces),
        status_code=206 if part else 200,
        headers={**told, **(part.headers if part else {"Content-Length": str(file.size_bytes)})},
        media_type=None,
    )


@router.head("/{file_id}/content")
@needs(Permission.FILES_READ)
async def head_file(
    file_id: UUID, request: Request, services: ServicesDep, principal: PrincipalDep
) -> Response:
    """Return what `GET` says of a file, without what is in it."""
    file = await services.files.get(principal.user_id, file_id)
    headers = {**_headers(file), "Content-Length": str(file.size_bytes)}
    if _has_it(request.headers, file):
        return Response(status_code=304, headers=_headers(file))
    return Response(headers=headers)


def present_file(file: File) -> FileAnswer:
    """Return a file as people see it."""
    return FileAnswer(
        id=file.id,
        reference=file.reference,
        name=file.name,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.digest,
        run_id=file.run_id,
        expires_at=file.expires_at,
        created_at=file.created_at,
    )


def _headers(file: File) -> dict[str, str]:
    """Return what is said of a file. A page, a picture with scripts, a PDF: what could act is saved, never opened."""
    plain = "".join(
        one if 0x20 <= ord(one) < 0x7F and one not in '"\\%' else "_" for one in file.name
    )
    way = "inline" if file.media_type in SHOWN else "attachment"
    charset = "; charset=utf-8" if file.media_type.startswith("text/") else ""
    return {
        "Content-Type": f"{file.media_type}{charset}",
        "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": _etag(file),
        "Accept-Ranges": "bytes",
        "Last-Modified": file.created_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "Cache-Control": "private, no-cache",
    }


def _etag(file: File) -> str:
    return f'"{file.digest}"'


def _has_it(headers: Mapping[str, str], file: File) -> bool:
    known = [one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(",")]
    return _etag(file) in known or known == ["*"]


def _part(headers: Mapping[str, str], asked: str | None, file: File) -> Part | None:
    of_this = headers.get("if-range", _etag(file)) == _etag(file)
    return part_of(asked, file.size_bytes) if of_this else None


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
