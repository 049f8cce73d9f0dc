"""Markdown (CommonMark, with tables and struck out text) as requests that write it into a Google document. PURE.

A document is one long row of UTF-16 units with an index each (developers.google.com/workspace/docs/api/concepts/structure).
Requests of one update are carried out in order, and each moves what stands behind it. So what comes last
is written first, always at the same index: nothing has to be known of how long a table is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_CHARACTERS: Final = 300_000
"""Of a text that is written at once: a hundred pages; taking so much Markdown apart takes seconds."""
NORMAL: Final = "NORMAL_TEXT"
_BREAK: Final = "\v"
"""A line break within a paragraph."""
_STRIPPED: Final = dict.fromkeys([*range(9), *range(0xC, 0x20), *range(0xE000, 0xF900)])
"""Characters that the API leaves out of a text without saying so, which would shift every index behind them."""
_MAX_LEVEL: Final = 9
"""Of lists in lists."""
_CODE_FONT: Final = "Courier New"
_INDENT: Final = 36
_GREY: Final = {"color": {"rgbColor": {"red": 0.95, "green": 0.95, "blue": 0.95}}}
_BORDER: Final = {
    "color": {"color": {"rgbColor": {"red": 0.6, "green": 0.6, "blue": 0.6}}},
    "width": {"magnitude": 1, "unit": "PT"},
    "padding": {"magnitude": 1, "unit": "PT"},
    "dashStyle": "SOLID",
}
_PARAGRAPH_FIELDS: Final = (
    "namedStyleType,alignment,indentStart,indentFirstLine,borderLeft,borderBottom,shading"
)
_TEXT_FIELDS: Final = (
    "bold,italic,underline,strikethrough,link,weightedFontFamily,foregroundColor,backgroundColor,"
    "fontSize,baselineOffset"
)
Request: TypeAlias = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one look."""

    text: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: str | None = None

    @property
    def style(self) -> Mapping[str, Json]:
        """Its look, as the API names it."""
        made: dict[str, Json] = {}
        made |= {"bold": True} if self.bold else {}
        made |= {"italic": True} if self.italic else {}
        made |= {"strikethrough": True} if self.struck else {}
        made |= {"weightedFontFamily": {"fontFamily": _CODE_FONT}} if self.code else {}
        made |= {"link": {"url": self.link}} if self.link else {}
        return made


@dataclass(slots=True)
class Paragraph:
    """A paragraph.

    Attributes:
        kind: `NORMAL_TEXT`, `HEADING_1` to `HEADING_6`, `CODE`, `RULE`.
        quote: How deep in quotations it is.
        level: How deep in lists it is; 0 for in none.
        list_id: Which list it is in; items of lists within count to the outermost.
        is_ordered: Whether that list has numbers.
    """

    kind: str = NORMAL
    pieces: list[Piece] = field(default_factory=list[Piece])
    quote: int = 0
    level: int = 0
    list_id: int = 0
    is_ordered: bool = False

    @property
    def text(self) -> str:
        """All of it, with the tabs in front that say how deep in lists it is."""
        return "\t" * max(self.level - 1, 0) + "".join(one.text for one in self.pieces)


@dataclass(slots=True)
class Table:
    """A table: rows of cells of pieces."""

    rows: list[list[list[Piece]]] = field(default_factory=list[list[list[Piece]]])


Part: TypeAlias = Paragraph | Table


def parse(markdown: str) -> list[Part]:
    """Return what a Markdown text consists of.

    Raises:
        BlockError: It is longer than a document can be.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - needed by whoever writes documents alone

    if len(markdown) > MAX_CHARACTERS:
        raise BlockError(
            f"markdown: at most {MAX_CHARACTERS} characters are written at once, got {len(markdown)}.",
            code="block.bad_input",
        )
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return _Reader().read(reader.parse(clean(markdown)))


def clean(text: str) -> str:
    """Return a text without the characters that the API would leave out."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_STRIPPED)


def size(text: str) -> int:
    """Return how many indices a text takes: its UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


class _Reader:
    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._quote = 0
        self._lists: list[bool] = []
        self._list_id = 0
        self._item: Paragraph | None = None
        self._row: list[list[Piece]] | None = None
        self._is_head = False

    def read(self, tokens: Sequence[Token]) -> list[Part]:
        for token in tokens:
            self._take(token)
        return self._parts

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind in {"bullet_list_open", "ordered_list_open"}:
            self._list_id += not self._lists
            self._lists.append(kind == "ordered_list_open")
            self._item = None
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self._lists.pop()
            self._item = None
        elif kind == "list_item_open":
            self._item = None
        elif kind in {"blockquote_open", "blockquote_close"}:
            self._quote += 1 if kind == "blockquote_open" else -1
        elif kind in {"paragraph_open", "heading_open"}:
            is_heading = kind == "heading_open" and not self._lists
            self._open(f"HEADING_{int(token.tag[1:])}" if is_heading else NORMAL)
        elif kind == "inline":
            self._inline(token)
        elif kind in {"fence", "code_block", "html_block"}:
            is_code = kind != "html_block"
            self._open("CODE" if is_code and not self._lists else NORMAL)
            text = token.content.rstrip("\n").replace("\n", _BREAK)
            self._put([Piece(text, code=is_code)])
        elif kind == "hr" and self._lists:
            self._open(NORMAL)
            self._put([Piece("———")])
        elif kind == "hr":
            self._parts.append(Paragraph("RULE", quote=self._quote))
        else:
            self._table(token)

    def _table(self, token: Token) -> None:
        kind = token.type
        if kind == "table_open":
            self._parts.append(Table())
            self._item = None
        elif kind in {"thead_open", "thead_close"}:
            self._is_head = kind == "thead_open"
        elif kind == "tr_open":
            self._row = []
        elif kind == "tr_close" and self._row is not None and isinstance(self._parts[-1], Table):
            self._parts[-1].rows.append(self._row)
            self._row = None

    def _open(self, kind: str) -> None:
        """Begin a paragraph; in an item of a list, all is one paragraph."""
        if self._lists and self._item is not None:
            self._item.pieces.append(Piece(_BREAK))
            return
        made = Paragraph(kind, quote=self._quote)
        if self._lists:
            level = min(len(self._lists), _MAX_LEVEL)
            made = replace(made, level=level, list_id=self._list_id, is_ordered=self._lists[0])
            self._item = made
        self._parts.append(made)

    def _put(self, pieces: list[Piece]) -> None:
        if pieces and self._item is not None and not self._item.pieces:
            # Tabs in front would say that the item is deeper.
            pieces = [replace(pieces[0], text=pieces[0].text.lstrip("\t")), *pieces[1:]]
        if self._parts and isinstance(self._parts[-1], Paragraph):
            self._parts[-1].pieces.extend(pieces)

    def _inline(self, token: Token) -> None:
        pieces = list(_pieces(token.children or ()))
        if self._row is not None:
            self._row.append(
                [replace(one, bold=True) for one in pieces] if self._is_head else pieces
            )
            return
        self._put(pieces)


def _pieces(tokens: Sequence[Token]) -> Iterator[Piece]:
    look = Piece("")
    links: list[str | None] = []
    for token in tokens:
        kind = token.type
        if kind in {"strong_open", "strong_close"}:
            look = replace(look, bold=kind == "strong_open")
        elif kind in {"em_open", "em_close"}:
            look = replace(look, italic=kind == "em_open")
        elif kind in {"s_open", "s_close"}:
            look = replace(look, struck=kind == "s_open")
        elif kind == "link_open":
            links.append(look.link)
            look = replace(look, link=str(token.attrs.get("href") or "") or None)
        elif kind == "link_close":
            look = replace(look, link=links.pop() if links else None)
        elif kind == "image":
            source = str(token.attrs.get("src") or "") or None
            yield replace(look, text=token.content or source or "", link=source)
        elif kind in {"softbreak", "hardbreak"}:
            yield replace(look, text=" " if kind == "softbreak" else _BREAK)
        elif token.content:
            text = token.content.replace("\n", " ")
            yield replace(look, text=text, code=kind == "code_inline")


def written(parts: Sequence[Part], index: int, *, lead: bool, trail: bool) -> list[Request]:
    """Return the requests that write something into a document.

    Args:
        parts: What is written.
        index: Where: before what stands there now.
        lead: It begins with a new paragraph.
        trail: What stands there now begins a new paragraph behind it.
    """
    if not lead and not trail and is_plain(parts):
        return _text([parts[0]], index, is_styled=False)
    made: list[Request] = []
    if lead:
        made.append({"insertText": {"text": "\n", "location": {"index": index}}})
        index += 1
    groups = _groups(parts)
    for number in reversed(range(len(groups))):
        group = groups[number]
        if not isinstance(group, Table):
            made += _text(group, index, trail=trail and number == len(groups) - 1)
            continue
        made += table(group.rows, index)
        if number == 0 and (lead or trail or index == 1):
            # The line that a table brings along looks like the one it was put into.
            made += fresh(index, index)
    return made


def _groups(parts: Sequence[Part]) -> list[Table | list[Paragraph]]:
    """Return tables, and what is between them."""
    groups: list[Table | list[Paragraph]] = []
    for part in parts:
        if isinstance(part, Table):
            groups.append(part)
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def is_plain(parts: Sequence[Part]) -> bool:
    """Tell whether something is words alone, which can stand within a paragraph of others."""
    return (
        len(parts) == 1
        and isinstance(parts[0], Paragraph)
        and parts[0].kind == NORMAL
        and not parts[0].quote
        and not parts[0].level
    )


def table(rows: Sequence[Sequence[Sequence[Piece]]], index: int) -> list[Request]:
    """Return the requests that put a table with its cells before what stands at an index."""
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        return []
    made: list[Request] = [
        {"insertTable": {"rows": len(rows), "columns": columns, "location": {"index": index}}}
    ]
    for y in reversed(range(len(rows))):
        for x in reversed(range(len(rows[y]))):
            # The line before the table, the table, the row, the cell; two for a cell, one more for a row.
            place = index + 4 + y * (2 * columns + 1) + 2 * x
            made += _text([Paragraph(pieces=list(rows[y][x]))], place, is_styled=False)
    return made


def _text(
    paragraphs: Sequence[Part], index: int, *, trail: bool = False, is_styled: bool = True
) -> list[Request]:
    """Return the requests that write paragraphs; styled ones take on nothing of what stands around them."""
    wanted = [one for one in paragraphs if isinstance(one, Paragraph)]
    text = "\n".join(one.text for one in wanted) + "\n" * trail
    made: list[Request] = []
    if text:
        made.append({"insertText": {"text": text, "location": {"index": index}}})
    start = index
    ranges: list[tuple[Paragraph, int, int]] = []
    for one in wanted:
        end = start + size(one.text)
        ranges.append((one, start, end))
        start = end + 1
    if is_styled and ranges:
        made += fresh(ranges[0][1], ranges[-1][2])
    for one, begin, end in ranges:
        made += _looks(one, begin, end)
    return made + _bullets(ranges)


def fresh(start: int, end: int) -> list[Request]:
    """Return the requests that take all looks from paragraphs and their text."""
    whole = _range(start, end)
    return [
        _paragraph_style(whole, {"namedStyleType": NORMAL}, _PARAGRAPH_FIELDS),
        {"deleteParagraphBullets": {"range": whole}},
        {"updateTextStyle": {"range": whole, "textStyle": {}, "fields": _TEXT_FIELDS}},
    ]


def _looks(paragraph: Paragraph, start: int, end: int) -> Iterator[Request]:
    style: dict[str, Json] = {}
    if paragraph.kind.startswith("HEADING_"):
        style["namedStyleType"] = paragraph.kind
    elif paragraph.kind == "CODE":
        style["shading"] = {"backgroundColor": _GREY}
    elif paragraph.kind == "RULE":
        style["borderBottom"] = _BORDER
    if paragraph.quote and not paragraph.level:
        indent = {"magnitude": _INDENT * paragraph.quote, "unit": "PT"}
        style |= {"indentStart": indent, "indentFirstLine": indent}
    if style:
        yield _paragraph_style(_range(start, end), style, ",".join(style))
    place = start + max(paragraph.level - 1, 0)
    for piece in paragraph.pieces:
        behind = place + size(piece.text)
        if piece.style and behind > place:
            yield {
                "updateTextStyle": {
                    "range": _range(place, behind),
                    "textStyle": dict(piece.style),
                    "fields": ",".join(piece.style),
                }
            }
        place = behind


def _bullets(ranges: Sequence[tuple[Paragraph, int, int]]) -> list[Request]:
    """Return the requests that make items of paragraphs, the last list first: they take tabs away."""
    lists: dict[int, tuple[Paragraph, int, int]] = {}
    for one, start, end in ranges:
        if one.level:
            first, begin, _ = lists.get(one.list_id, (one, start, end))
            lists[one.list_id] = (first, begin, end)
    return [
        {
            "createParagraphBullets": {
                "range": _range(start, end),
                "bulletPreset": "NUMBERED_DECIMAL_ALPHA_ROMAN"
                if one.is_ordered
                else "BULLET_DISC_CIRCLE_SQUARE",
            }
        }
        for one, start, end in reversed(lists.values())
    ]


def _paragraph_style(place: Json, style: Mapping[str, Json], fields: str) -> Request:
    return {
        "updateParagraphStyle": {"range": place, "paragraphStyle": dict(style), "fields": fields}
    }


def _range(start: int, end: int) -> dict[str, Json]:
    """Return a range; of an empty paragraph, its end."""
    return {"startIndex": start, "endIndex": max(end, start + 1)}
