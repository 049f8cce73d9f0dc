"""Google documents, as the API gives them out, read: their text, what they consist of, where something stands. PURE."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from autograph.blocks.packs.quirks.docs_markdown import size
from autograph.graph.model import Json, is_list, is_object

_MAX_DEPTH: Final = 20
"""Of tables in tables."""


def plain_text(value: Json) -> Json:
    """Return a document's text: a paragraph a line, cells of a table beside each other with tabs."""
    return _plain(content_of(value), 0)


def content_of(document: Json) -> Sequence[Mapping[str, Any]]:
    """Return what is in a document, from top to bottom."""
    body = document.get("body") if is_object(document) else None
    content = body.get("content") if is_object(body) else None
    return content if is_list(content) else ()


def _plain(content: Sequence[Mapping[str, Any]], depth: int) -> str:
    if depth > _MAX_DEPTH:
        return ""
    made: list[str] = []
    for one in content:
        if "paragraph" in one:
            made.append("".join(text for text, _ in _runs(one)))
        elif "table" in one:
            for row in one["table"].get("tableRows") or ():
                cells = [
                    _plain(cell.get("content") or (), depth + 1).rstrip("\n")
                    for cell in row.get("tableCells") or ()
                ]
                made.append("\t".join(cells) + "\n")
        elif "tableOfContents" in one:
            made.append(_plain(one["tableOfContents"].get("content") or (), depth + 1))
    return "".join(made)


def _runs(element: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the texts of a paragraph, each with its index."""
    for one in element["paragraph"].get("elements") or ():
        if "textRun" in one:
            yield str(one["textRun"].get("content") or ""), int(one.get("startIndex") or 0)


def _paragraphs(
    content: Sequence[Mapping[str, Any]], depth: int = 0
) -> Iterator[Mapping[str, Any]]:
    for one in content:
        if "paragraph" in one:
            yield one
        elif "table" in one and depth < _MAX_DEPTH:
            for row in one["table"].get("tableRows") or ():
                for cell in row.get("tableCells") or ():
                    yield from _paragraphs(cell.get("content") or (), depth + 1)


def segments(content: Sequence[Mapping[str, Any]], *, is_deep: bool) -> list[Json]:
    """Return what a document consists of, with indices; tables with their cells where it goes deep."""
    return [_segment(one, is_deep=is_deep, depth=0) for one in content if "sectionBreak" not in one]


def _segment(element: Mapping[str, Any], *, is_deep: bool, depth: int) -> dict[str, Json]:
    made: dict[str, Json] = {
        "type": "other",
        "start_index": element.get("startIndex", 0),
        "end_index": element.get("endIndex", 0),
    }
    if "paragraph" in element:
        paragraph: Mapping[str, Any] = element["paragraph"]
        looks: Mapping[str, Any] = paragraph.get("paragraphStyle") or {}
        style = str(looks.get("namedStyleType") or "")
        bullet: Mapping[str, Any] | None = paragraph.get("bullet")
        kind = "paragraph" if bullet is None else "list_item"
        made |= {"type": "heading" if style.startswith("HEADING_") else kind}
        made |= {"text": "".join(text for text, _ in _runs(element)).rstrip("\n"), "style": style}
        made |= {} if bullet is None else {"level": bullet.get("nestingLevel", 0)}
    elif "table" in element:
        rows: list[Mapping[str, Any]] = element["table"].get("tableRows") or []
        made |= {
            "type": "table",
            "rows": element["table"].get("rows", len(rows)),
            "columns": element["table"].get("columns", 0),
        }
        if is_deep and depth < _MAX_DEPTH:
            made["cells"] = [
                [_cell(cell, depth) for cell in row.get("tableCells") or ()] for row in rows
            ]
    elif "tableOfContents" in element:
        made["type"] = "table_of_contents"
    return made


def _cell(cell: Mapping[str, Any], depth: int) -> list[Json]:
    return [_segment(one, is_deep=True, depth=depth + 1) for one in cell.get("content") or ()]


def places_of(
    content: Sequence[Mapping[str, Any]], wanted: str, *, match_case: bool
) -> list[tuple[int, int]]:
    """Return where a text stands, first to last, as start and end; a text does not go over paragraphs."""
    found: list[tuple[int, int]] = []
    pattern = re.compile(re.escape(wanted), 0 if match_case else re.IGNORECASE)
    for paragraph in _paragraphs(content):
        text, indices = "", list[int]()
        for run, start in _runs(paragraph):
            sizes = accumulate((size(letter) for letter in run), initial=start)
            indices += list(sizes)[:-1]
            text += run
        for match in pattern.finditer(text):
            last = match.end() - 1
            found.append((indices[match.start()], indices[last] + size(text[last])))
    return found
