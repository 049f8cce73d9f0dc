"""A file on its way in, as a form (`multipart/form-data`) or as the body itself; never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from autograph.infra.errors import Invalid

_MAX_HEADERS: Final = 8_192
_MAX_PARTS: Final = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that comes.

    Attributes:
        name: What its sender calls it; empty where they do not.
        media_type: What its sender says that it is.
    """

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]


async def file_of(request: Request) -> Sent:
    """Return the file of a request: the first one of a form, else the whole body.

    Raises:
        Invalid: The form has none.
    """
    said = request.headers.get("content-type", "")
    if not said.lower().startswith("multipart/form-data"):
        return Sent("", said, request.stream())
    form = _Form(said, request.stream())
    if not await form.find_file():
        raise Invalid("The form holds no file. Send it as a part that has a filename.")
    return Sent(form.name, form.media_type, form.pieces())


class _Form:
    """Reads a form as far as it is needed."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise Invalid("The form does not say what stands between its parts (boundary).")
        self._body = body
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_end": self._on_end,
            },
        )
        self.name = ""
        self.media_type = ""
        self._field, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._parts = 0
        self._is_found = self._is_inside = self._is_over = False
        self._held: list[bytes] = []

    async def find_file(self) -> bool:
        """Read up to the file; tell whether there is one."""
        while not self._is_found and not self._is_over:
            if not await self._read():
                break
        return self._is_found

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in the file.

        Raises:
            Invalid: The form ends before it should, or has a second file.
        """
        while True:
            held, self._held = self._held, []
            for piece in held:
                yield piece
            if self._is_over:
                return
            if not await self._read():
                raise Invalid("The form ends in the middle; nothing of it was kept.")

    async def _read(self) -> bool:
        piece = await anext(self._body, b"")
        if not piece:
            return False
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise Invalid(f"This is no form: {error}.") from error
        return True

    def _on_part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Invalid(f"The form has more than {_MAX_PARTS} parts.")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > _MAX_HEADERS:
            raise Invalid("A part of the form has too long a header.")

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename")
        if name is None:
            return
        if self._is_found:
            raise Invalid("The form has two files; send them one by one.")
        self._is_found = self._is_inside = True
        self.name = name.decode("utf-8", "replace")
        self.media_type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_inside:
            self._held.append(data[start:end])

    def _on_part_end(self) -> None:
        self._is_inside = False

    def _on_end(self) -> None:
        self._is_over = True
