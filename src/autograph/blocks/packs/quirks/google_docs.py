"""What the blocks of Google Docs need and its pack cannot say: places in a document, and Markdown written there.

Where a place was looked up first, the update names the revision that it was looked up in: a document that
somebody changed in between is refused by Google and not written into at the wrong place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.quirks.docs_markdown import (
    MAX_CHARACTERS,
    Part,
    Piece,
    Request,
    Table,
    clean,
    fresh,
    parse,
    table,
    written,
)
from autograph.blocks.packs.quirks.docs_reading import content_of, places_of, plain_text, segments
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, InputError, Outputs
from autograph.graph.model import Json, is_object

_DOCS: Final = "https://docs.googleapis.com/v1/documents"
_MAX_CELLS: Final = 10_000
_ADDRESS: Final = re.compile(r"https://(?:docs|drive)\.google\.com/(?:[\w./-]+/)?d/([\w-]+)")
_COLOUR: Final = re.compile(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_TEXTS: Final = frozenset({"text/plain", "text/html"})


class BadPlace(BlockError):
    """This is no place in a document, or nothing that can be put there."""

    def __init__(self, message: str) -> None:
        """Say why."""
        super().__init__(message, code="block.bad_input")


def document_id(value: Json) -> str:
    """Return the id of a document that was picked, or whose address is given.

    Raises:
        BadPlace: It is none.
    """
    file: Mapping[str, Any] = value if is_object(value) else {}
    said = str(file.get("id") or file.get("url") or "").strip()
    found = _ADDRESS.match(said)
    named = found[1] if found else said
    if re.fullmatch(r"[\w-]+", named, re.ASCII) is None:
        raise BadPlace("document: pick one, or give its id.")
    return named


def url(value: Json) -> Json:
    """Return the address of a document's page, of its id."""
    return f"https://docs.google.com/document/d/{value}/edit"


def place(value: Json) -> Json:
    """Return where an index is; 0 and nothing mean the end."""
    return {"location": {"index": value}} if value else {"endOfSegmentLocation": {}}


def page_break(value: Json) -> Json:
    """Return the request for a page break, of all pins."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return {"insertPageBreak": place(pins.get("index"))}


def text_style(value: Json) -> Json:
    """Return the request that gives text its look, of all pins.

    Raises:
        BadPlace: No look is asked for, or the colour is none.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    style: dict[str, Json] = {
        name: True for name in ("bold", "italic", "underline") if pins.get(name)
    }
    if pins.get("font_size"):
        style["fontSize"] = {"magnitude": pins["font_size"], "unit": "PT"}
    if pins.get("foreground_color"):
        found = _COLOUR.fullmatch(str(pins["foreground_color"]).strip())
        if found is None:
            raise BadPlace("foreground_color: write it as #FF0000.")
        names = ("red", "green", "blue")
        parts = zip(names, found.groups(), strict=True)
        rgb = {name: round(int(part, 16) / 255, 4) for name, part in parts}
        style["foregroundColor"] = {"color": {"rgbColor": rgb}}
    if not style:
        raise BadPlace("bold: say how the text is to look; nothing is asked for.")
    return {
        "updateTextStyle": {
            "range": {"startIndex": pins["start_index"], "endIndex": pins["end_index"]},
            "textStyle": style,
            "fields": ",".join(style),
        }
    }


async def create(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Make a document, and write a text into it."""
    text = clean(str(pins.get("initial_content") or ""))
    made = (await api.send(f"POST {_DOCS}", body={"title": pins["title"]})).json
    file: dict[str, Json] = {
        "id": made["documentId"],
        "name": made["title"],
        "mimeType": "application/vnd.google-apps.document",
        "url": url(made["documentId"]),
    }
    if api.reference is not None:
        file["_credentials_id"] = api.reference.id
    if text:
        request = {"insertText": {"text": text, "location": {"index": 1}}}
        await _update({"document": file}, api, [request], None)
    yield "document", file
    yield "document_id", file["id"]
    yield "document_url", file["url"]


async def read_structure(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what a document consists of."""
    document = await _document(pins, api)
    content = content_of(document)
    if pins.get("detailed"):
        made = {
            "title": document["title"],
            "document_id": document["documentId"],
            "revision_id": document.get("revisionId", ""),
            "content": segments(content, is_deep=True),
        }
        yield "structure", made
    else:
        yield "segments", segments(content, is_deep=False)
    yield "document", pins["document"]


async def append_text(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write a text at the end."""
    text = clean(_needed("text", pins["text"]))
    document = await _document(pins, api)
    end = _end(document)
    lead = "\n" if pins.get("add_newline") and end > 1 else ""
    request = {"insertText": {"text": lead + text, "location": {"index": end}}}
    yield "result", await _update(pins, api, [request], document)
    yield "document", pins["document"]


async def append_markdown(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write Markdown at the end."""
    parts = await _parsed(_needed("markdown", pins["markdown"]))
    document = await _document(pins, api)
    end = _end(document)
    # An empty document has a paragraph already that nothing stands in.
    lead = bool(pins.get("add_newline")) and end > 1
    requests = written(parts, end, lead=lead, trail=False)
    yield "result", await _update(pins, api, requests, document)
    yield "document", pins["document"]


async def insert_markdown(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write Markdown before what stands at an index."""
    parts = await _parsed(_needed("markdown", pins["markdown"]))
    requests = written(parts, pins["index"], lead=False, trail=True)
    yield "result", await _update(pins, api, requests, None)
    yield "document", pins["document"]


async def replace_all(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write Markdown in place of all there is."""
    parts = await _parsed(str(pins["markdown"]))
    document = await _document(pins, api)
    end = _end(document)
    requests = _deleted(1, end) if end > 1 else []
    requests += fresh(1, 2) + written(parts, 1, lead=False, trail=False)
    yield "result", await _update(pins, api, requests, document)
    yield "document", pins["document"]


async def replace_range(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write Markdown in place of what stands between two indices.

    Raises:
        BadPlace: The end is not behind the start.
    """
    start, end = pins["start_index"], pins["end_index"]
    if not 1 <= start < end:
        raise BadPlace("start_index: it is at least 1, and less than end_index.")
    parts = await _parsed(str(pins["markdown"]))
    requests = _deleted(start, end) + written(parts, start, lead=False, trail=False)
    yield "result", await _update(pins, api, requests, None)
    yield "document", pins["document"]


async def replace_found(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write Markdown in place of a text, wherever it stands."""
    wanted = _needed("find_text", pins["find_text"])
    parts = await _parsed(str(pins["markdown"]))
    document = await _document(pins, api)
    match_case = bool(pins.get("match_case"))
    found = places_of(content_of(document), wanted, match_case=match_case)
    requests: list[Request] = []
    for start, end in reversed(found):
        requests += _deleted(start, end) + written(parts, start, lead=False, trail=False)
    if requests:
        await _update(pins, api, requests, document)
    yield "result", {"replacements": len(found)}
    yield "document", pins["document"]


async def insert_table(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put a table into a document, with its cells.

    Raises:
        BadPlace: It has no cells, or too many.
    """
    cells = [[str(cell) for cell in row] for row in pins.get("content") or ()]
    rows = len(cells) or pins["rows"]
    columns = max((len(row) for row in cells), default=0) if cells else pins["columns"]
    if not 0 < rows * columns <= _MAX_CELLS:
        raise BadPlace(f"content: a table has 1 to {_MAX_CELLS} cells.")
    made: list[list[list[Piece]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            made[y][x] = (
                _flat(await _parsed(cell))
                if pins.get("format_as_markdown")
                else [Piece(clean(cell))]
            )
    document = None if pins.get("index") else await _document(pins, api)
    index = pins.get("index") or _end(document)
    yield "result", await _update(pins, api, table(made, index), document)
    yield "document", pins["document"]


def _flat(parts: Sequence[Part]) -> list[Piece]:
    """Return the words of a cell, in which lines are what paragraphs are elsewhere."""
    made: list[Piece] = []
    for one in parts:
        made += [Piece("\v")] if made else []
        if isinstance(one, Table):
            made += [piece for row in one.rows for cell in row for piece in [*cell, Piece(" ")]]
        else:
            made += one.pieces
    return made


async def export(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Give out a document in another format: as text, or in Base64."""
    where = f"/drive/v3/files/{document_id(pins.get('document'))}/export"
    answer = await api.send(
        f"GET {where}", query={"mimeType": pins["format"]}, headers={"Accept": "*/*"}
    )
    is_text = pins["format"] in _TEXTS
    yield (
        "content",
        answer.text.removeprefix("\ufeff") if is_text else answer.data_uri.partition(",")[2],
    )
    yield "mime_type", pins["format"]
    yield "document", pins["document"]


async def share(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let somebody see a document; nobody named is nobody, and not everybody.

    Raises:
        InputError: Nobody is named.
    """
    document = document_id(pins.get("document"))
    email = str(pins.get("email") or "").strip()
    if not email:
        raise InputError(
            "email",
            "say with whom. To let whoever has the link see the document, use GoogleDocsSetPublicAccess.",
        )
    query: dict[str, Json] = {
        "supportsAllDrives": "true",
        "sendNotificationEmail": "true" if pins["send_notification"] else "false",
    }
    if pins["send_notification"] and pins.get("message"):
        query["emailMessage"] = pins["message"]
    body: dict[str, Json] = {"type": "user", "role": pins["role"], "emailAddress": email}
    made = await api.send(f"POST {_permissions(document)}", query=query, body=body)
    yield "result", made.json
    yield "share_link", url(document)
    yield "document", pins["document"]


async def set_public(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Let whoever has the link see a document, or nobody but those it is shared with."""
    document = document_id(pins.get("document"))
    where, query = _permissions(document), {"supportsAllDrives": "true"}
    if pins["public"]:
        body = {"type": "anyone", "role": pins["role"]}
        result = (await api.send(f"POST {where}", query=query, body=body)).json
    else:
        wanted = {**query, "fields": "permissions(id,type)", "pageSize": 100}
        listed = (await api.send(f"GET {where}", query=wanted)).json
        open_to_all = [
            one["id"] for one in listed.get("permissions") or () if one["type"] == "anyone"
        ]
        for one in open_to_all:
            await api.send(f"DELETE {where}/{quote(str(one), safe='')}", query=query)
        result = {"removed": len(open_to_all)}
    yield "result", result
    yield "share_link", url(document)
    yield "document", pins["document"]


def _permissions(document: str) -> str:
    return f"/drive/v3/files/{document}/permissions"


async def _document(pins: Mapping[str, Json], api: Api) -> Any:
    return (await api.send(f"GET {_DOCS}/{document_id(pins.get('document'))}")).json


async def _update(
    pins: Mapping[str, Json], api: Api, requests: list[Request], document: Any
) -> Json:
    """Send an update; where places were looked up in a document, of that revision of it alone."""
    body: dict[str, Json] = {"requests": requests}
    if document is not None and document.get("revisionId"):
        body["writeControl"] = {"requiredRevisionId": document["revisionId"]}
    where = document_id(pins.get("document"))
    return (await api.send(f"POST {_DOCS}/{where}:batchUpdate", body=body)).json


async def _parsed(markdown: str) -> list[Part]:
    # A long text takes seconds, in which nobody else would be served.
    return await asyncio.to_thread(parse, markdown)


def _end(document: Any) -> int:
    """Return the last place of a document: before its last line break, which always stays."""
    content = content_of(document)
    return max(int(content[-1].get("endIndex") or 2) - 1, 1) if content else 1


def _deleted(start: int, end: int) -> list[Request]:
    return [{"deleteContentRange": {"range": {"startIndex": start, "endIndex": end}}}]


def _needed(pin: str, value: Json) -> str:
    text = str(value)
    if not text.strip():
        raise BadPlace(f"{pin}: this input needs a value.")
    if len(text) > MAX_CHARACTERS:
        raise BadPlace(f"{pin}: at most {MAX_CHARACTERS} characters are written at once.")
    return text


FILTERS: Final[Mapping[str, Filter]] = {
    "document_id": document_id,
    "document_url": url,
    "document_text": plain_text,
    "page_break": page_break,
    "text_style": text_style,
    "clean": lambda value: clean(str(value)),
}
ACTIONS: Final[Mapping[str, Whole]] = {
    "docs_append_markdown": append_markdown,
    "docs_append_text": append_text,
    "docs_create": create,
    "docs_export": export,
    "docs_insert_markdown": insert_markdown,
    "docs_insert_table": insert_table,
    "docs_replace_all": replace_all,
    "docs_replace_found": replace_found,
    "docs_replace_range": replace_range,
    "docs_set_public": set_public,
    "docs_share": share,
    "docs_structure": read_structure,
}
