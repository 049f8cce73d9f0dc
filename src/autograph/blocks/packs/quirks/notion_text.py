"""Notion's blocks and rich texts, made of Markdown and made Markdown. PURE."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograph.blocks.packs.quirks.docs_markdown import NORMAL, Paragraph, Piece, Table, parse
from autograph.graph.model import Json

_LONGEST: Final = 2000
"""Characters of one rich text."""

_DEEPEST: Final = 3
"""Of lists in lists that are made with one request."""

_BREAK: Final = "\v"
_CHECKED: Final = re.compile(r"\[(?P<mark>[ xX])\] +")
_BEFORE: Final[Mapping[str, str]] = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "toggle": "- ",
    "quote": "> ",
    "callout": "> ",
}
LISTS: Final = frozenset({"bulleted_list_item", "numbered_list_item", "to_do", "toggle"})


def rich_text(text: str) -> list[Json]:
    """Return a text as rich texts, as it is."""
    return _texts([Piece(text)])


def _texts(pieces: Sequence[Piece]) -> list[Json]:
    made: list[Json] = []
    for one in pieces:
        looks: dict[str, Json] = {
            name: True
            for name, is_so in (
                ("bold", one.bold),
                ("italic", one.italic),
                ("strikethrough", one.struck),
                ("code", one.code),
            )
            if is_so
        }
        text = one.text.replace(_BREAK, "\n")
        # Notion refuses a page for a link that leads to no address.
        link = one.link if one.link and one.link.startswith(("http://", "https://")) else None
        for start in range(0, len(text), _LONGEST):
            said: dict[str, Json] = {"content": text[start : start + _LONGEST]}
            said |= {"link": {"url": link}} if link else {}
            made.append({"type": "text", "text": said, **({"annotations": looks} if looks else {})})
    return made


def blocks_of(markdown: str) -> list[Json]:
    """Return Markdown (CommonMark, with tables and struck out text) as blocks.

    Raises:
        BlockError: It is longer than what is written at once.
    """
    made: list[Json] = []
    above: list[list[Json]] = [made]
    for part in parse(markdown):
        if isinstance(part, Table):
            made.append(_table(part))
            continue
        level = min(max(part.level, 1), _DEEPEST, len(above))
        block = _block(part)
        above[level - 1].append(block)
        if part.level:
            inner: list[Json] = []
            block[block["type"]]["children"] = inner
            above = [*above[:level], inner]
        else:
            above = [made]
    return [_without_nothing(one) for one in made]


def _without_nothing(block: Any) -> Json:
    """Return a block without empty lists of what is in it, which Notion refuses."""
    inner: dict[str, Any] = dict(block[block["type"]])
    children: list[Any] = inner.pop("children", [])
    if children:
        inner["children"] = [_without_nothing(one) for one in children]
    return {**block, block["type"]: inner}


def _block(part: Paragraph) -> dict[str, Any]:
    pieces = list(part.pieces)
    if part.level:
        found = _CHECKED.match(pieces[0].text) if pieces else None
        if found is not None:
            rest = Piece(pieces[0].text[found.end() :])
            texts = _texts([rest, *pieces[1:]])
            return _made("to_do", rich_text=texts, checked=found["mark"] != " ")
        return _made(
            "numbered_list_item" if part.is_ordered else "bulleted_list_item",
            rich_text=_texts(pieces),
        )
    if part.kind == "RULE":
        return _made("divider")
    if part.kind == "CODE":
        return _made("code", rich_text=_texts([Piece(part.text)]), language="plain text")
    if part.kind != NORMAL:
        return _made(f"heading_{min(int(part.kind[-1]), 3)}", rich_text=_texts(pieces))
    return _made("quote" if part.quote else "paragraph", rich_text=_texts(pieces))


def _made(kind: str, **inner: Json) -> dict[str, Any]:
    return {"object": "block", "type": kind, kind: inner}


def _table(table: Table) -> Json:
    width = max((len(row) for row in table.rows), default=1)
    rows: list[Json] = []
    for row in table.rows:
        cells: list[Json] = [_texts(cell) for cell in row]
        cells += [[] for _ in range(width - len(row))]
        rows.append(_made("table_row", cells=cells))
    return _made("table", table_width=width, has_column_header=True, children=rows)


def plain(texts: Any) -> str:
    """Return rich texts without their looks."""
    return "".join(str(one.get("plain_text", "")) for one in texts or ())


def marked(texts: Any) -> str:
    """Return rich texts as Markdown."""
    made: list[str] = []
    for one in texts or ():
        text = str(one.get("plain_text", ""))
        looks: Mapping[str, Any] = one.get("annotations") or {}
        if not text.strip():
            made.append(text)
            continue
        for name, mark in (("code", "`"), ("bold", "**"), ("italic", "*"), ("strikethrough", "~~")):
            if looks.get(name):
                text = f"{mark}{text}{mark}"
        made.append(f"[{text}]({one['href']})" if one.get("href") else text)
    return "".join(made)


def markdown_of(block: Mapping[str, Any]) -> str:
    """Return a block as Markdown, without what is in it."""
    kind = str(block["type"])
    said: Mapping[str, Any] = block.get(kind) or {}
    if kind == "divider":
        return "---"
    if kind == "code":
        language = str(said.get("language", "")).replace("plain text", "")
        return f"```{language}\n{plain(said.get('rich_text'))}\n```"
    if kind == "equation":
        return f"$${said.get('expression', '')}$$"
    if kind == "to_do":
        return f"- [{'x' if said.get('checked') else ' '}] {marked(said.get('rich_text'))}"
    if kind in {"child_page", "child_database"}:
        return f"**{said.get('title', '')}**"
    if kind == "table_row":
        return f"| {' | '.join(marked(cell) for cell in said.get('cells', ()))} |"
    if "rich_text" in said:
        before = _BEFORE.get(kind, "")
        return before + marked(said["rich_text"]).replace("\n", "\n> " if before == "> " else "\n")
    return _linked(kind, said)


def _linked(kind: str, said: Mapping[str, Any]) -> str:
    """Return what stands elsewhere, as a link; nothing for what only holds others."""
    place: Mapping[str, Any] = said.get("file") or said.get("external") or said
    url = place.get("url")
    if not url:
        return ""
    text = plain(said.get("caption")) or said.get("name") or (url if kind != "image" else "")
    return f"{'!' if kind == 'image' else ''}[{text}]({url})"
