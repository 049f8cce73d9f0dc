"""Notion's blocks and rich texts, from Markdown and to Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from autograph.graph.model import Json

_LONGEST: Final = 2000
"""Characters of one rich text."""

# None of it looks further ahead than a line's next mark: hostile lines are long.
_INLINE: Final = re.compile(
    r"`(?P<code>[^`\n]+)`|\*\*(?P<bold>[^*\n]+)\*\*|~~(?P<strikethrough>[^~\n]+)~~"
    r"|(?<![\w*])[*_](?P<italic>[^\s*_]|[^\s*_][^*_\n]*[^\s*_])[*_](?![\w*])"
    r"|\[(?P<text>[^\[\]\n]+)\]\((?P<href>https?://[^()\[\]\s]+)\)"
)
_LINES: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"# +(?P<text>.*)"), "heading_1"),
    (re.compile(r"## +(?P<text>.*)"), "heading_2"),
    (re.compile(r"#{3,6} +(?P<text>.*)"), "heading_3"),
    (re.compile(r"[-*+] +\[(?P<checked>[ xX])\] +(?P<text>.*)"), "to_do"),
    (re.compile(r"[-*+] +(?P<text>.*)"), "bulleted_list_item"),
    (re.compile(r"\d+[.)] +(?P<text>.*)"), "numbered_list_item"),
    (re.compile(r"> ?(?P<text>.*)"), "quote"),
    (re.compile(r"(?:-{3,}|\*{3,}|_{3,})(?P<text>)"), "divider"),
)
_LANGUAGES: Final = frozenset(
    {
        *("bash", "c", "c++", "css", "diff", "go", "html", "java", "javascript", "json"),
        *("kotlin", "markdown", "php", "python", "ruby", "rust", "shell", "sql", "swift"),
        *("typescript", "xml", "yaml"),
    }
)
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
    """Return a line of Markdown as rich texts."""
    made: list[Json] = []
    place = 0
    for found in _INLINE.finditer(text):
        made += _pieces(text[place : found.start()])
        place = found.end()
        style = found.lastgroup
        if style == "href":
            made += _pieces(found["text"], href=found["href"])
        elif style is not None:
            made += _pieces(found[style], style=style)
    return [*made, *_pieces(text[place:])]


def _pieces(text: str, *, style: str | None = None, href: str | None = None) -> Iterator[Json]:
    for start in range(0, len(text), _LONGEST):
        said: dict[str, Json] = {"content": text[start : start + _LONGEST]}
        if href is not None:
            said["link"] = {"url": href}
        made: dict[str, Json] = {"type": "text", "text": said}
        if style is not None:
            made["annotations"] = {style: True}
        yield made


def blocks_of(markdown: str) -> list[Json]:
    """Return Markdown as blocks: headings, lists, quotes, code, lines, paragraphs."""
    made: list[Json] = []
    paragraph: list[str] = []
    lines = iter(markdown.splitlines())

    def close() -> None:
        if paragraph:
            made.append(_block("paragraph", "\n".join(paragraph)))
            paragraph.clear()

    for line in lines:
        stripped = line.strip()
        if stripped.startswith("```"):
            close()
            made.append(_code(stripped[3:].strip().lower(), lines))
            continue
        kind = next(
            ((one, name) for form, name in _LINES if (one := form.fullmatch(stripped))), None
        )
        if kind is None and stripped:
            paragraph.append(stripped)
            continue
        close()
        if kind is not None:
            found, name = kind
            block = _block(name, found["text"])
            if name == "to_do":
                block["to_do"]["checked"] = found["checked"] != " "
            made.append(block)
    close()
    return made


def _block(kind: str, text: str) -> dict[str, Any]:
    inner: dict[str, Json] = {} if kind == "divider" else {"rich_text": rich_text(text)}
    return {"object": "block", "type": kind, kind: inner}


def _code(language: str, lines: Iterator[str]) -> Json:
    inside: list[str] = []
    for line in lines:
        if line.strip().startswith("```"):
            break
        inside.append(line)
    known = language if language in _LANGUAGES else "plain text"
    text = list(_pieces("\n".join(inside)))
    return {"object": "block", "type": "code", "code": {"rich_text": text, "language": known}}


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
