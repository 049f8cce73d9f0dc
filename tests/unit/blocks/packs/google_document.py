"""A Google document as its documentation describes it: a row of UTF-16 units that updates are carried out on.

Of developers.google.com/workspace/docs/api/reference/rest/v1/documents/request: what is inserted takes on what stands
around it, a table brings a line break before it, items of lists lose the tabs in front of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Look = dict[str, Any]


@dataclass
class Unit:
    """What one index stands for: a UTF-16 unit of text, or a mark of structure.

    Attributes:
        kind: `text`, `end` of a paragraph, `section`, `table`, `row`, `cell`, `table_end`.
        look: Of the text.
        paragraph: Of the paragraph, at its end.
        bullet: Nesting level and preset, at the end of a paragraph that is an item.
    """

    kind: str
    code: int = 0
    look: Look = field(default_factory=dict[str, Any])
    paragraph: Look = field(default_factory=dict[str, Any])
    bullet: tuple[int, str] | None = None


class GoogleDocument:
    """A document with one paragraph: `text` with a look, in a paragraph of a look."""

    def __init__(
        self,
        text: str = "",
        look: Look | None = None,
        paragraph: Look | None = None,
        bullet: tuple[int, str] | None = None,
    ) -> None:
        """Begin."""
        self.units = [Unit("section")]
        for line in f"{text}\n".splitlines(keepends=True):
            self.units += [Unit("text", one, dict(look or {})) for one in _codes(line.rstrip("\n"))]
            self.units.append(
                Unit("end", look=dict(look or {}), paragraph=dict(paragraph or {}), bullet=bullet)
            )

    @property
    def end(self) -> int:
        """The last place that something can be put at."""
        return len(self.units) - 1

    def update(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Carry out an update."""
        for request in requests:
            ((name, said),) = request.items()
            getattr(self, "_" + re.sub(r"(?=[A-Z])", "_", name).lower())(said)

    def _place(self, said: Mapping[str, Any]) -> int:
        index = said["location"]["index"]
        assert 1 <= index < len(self.units), f"{index} is outside of the document"
        assert self.units[index].kind in {"text", "end"}, f"{index} is in no paragraph"
        return index

    def _end_of(self, index: int) -> int:
        while self.units[index].kind != "end":
            index += 1
        return index

    def _start_of(self, end: int) -> int:
        while end and self.units[end - 1].kind == "text":
            end -= 1
        return end

    def _ends(self, said: Mapping[str, Any]) -> list[int]:
        """Return the ends of all paragraphs that a range touches."""
        start, end = said["range"]["startIndex"], said["range"]["endIndex"]
        assert 1 <= start < end <= len(self.units), f"{start} to {end} is no range"
        ends = [i for i, one in enumerate(self.units) if one.kind == "end"]
        return [one for one in ends if one >= start and self._start_of(one) < end]

    def _insert_text(self, said: Mapping[str, Any]) -> None:
        index = self._place(said)
        assert not re.search(r"[\x00-\x08\x0c-\x1f\ue000-\uf8ff]", said["text"])
        close = self.units[self._end_of(index)]
        near = self.units[index - 1] if self.units[index - 1].kind == "text" else self.units[index]
        made: list[Unit] = []
        for code in _codes(said["text"]):
            is_end = code == ord("\n")
            look = dict(near.look)
            made.append(
                Unit("end", 0, look, dict(close.paragraph), close.bullet)
                if is_end
                else Unit("text", code, look)
            )
        self.units[index:index] = made

    def _insert_table(self, said: Mapping[str, Any]) -> None:
        index = self._place(said)
        close = self.units[self._end_of(index)]
        made = [Unit("end", 0, {}, dict(close.paragraph), close.bullet), Unit("table")]
        for _ in range(said["rows"]):
            made.append(Unit("row"))
            for _ in range(said["columns"]):
                made += [Unit("cell"), Unit("end", paragraph={"namedStyleType": "NORMAL_TEXT"})]
        self.units[index:index] = [*made, Unit("table_end")]

    def _delete_content_range(self, said: Mapping[str, Any]) -> None:
        start, end = said["range"]["startIndex"], said["range"]["endIndex"]
        assert 1 <= start < end < len(self.units), "the last line break cannot be deleted"
        del self.units[start:end]

    def _update_paragraph_style(self, said: Mapping[str, Any]) -> None:
        for index in self._ends(said):
            _put(self.units[index].paragraph, said["paragraphStyle"], said["fields"])

    def _update_text_style(self, said: Mapping[str, Any]) -> None:
        start, end = said["range"]["startIndex"], said["range"]["endIndex"]
        assert 1 <= start < end <= len(self.units), f"{start} to {end} is no range"
        for one in self.units[start:end]:
            _put(one.look, said["textStyle"], said["fields"])

    def _delete_paragraph_bullets(self, said: Mapping[str, Any]) -> None:
        for index in self._ends(said):
            self.units[index].bullet = None

    def _create_paragraph_bullets(self, said: Mapping[str, Any]) -> None:
        for index in reversed(self._ends(said)):
            start = self._start_of(index)
            tabs = 0
            while self.units[start + tabs].code == ord("\t"):
                tabs += 1
            self.units[index].bullet = (tabs, said["bulletPreset"].split("_")[0])
            del self.units[start : start + tabs]

    def lines(self) -> Iterator[str]:
        """Yield what one sees, a paragraph or a mark of structure a line: `HEADING_1 | text **bold**`."""
        text: list[Unit] = []
        for one in self.units[1:]:
            if one.kind == "text":
                text.append(one)
            elif one.kind == "end":
                yield _shown(one, text)
                text = []
            else:
                yield f"<{one.kind}>"


def _codes(text: str) -> list[int]:
    raw = text.encode("utf-16-le")
    return [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)]


def _put(look: Look, style: Mapping[str, Any], fields: str) -> None:
    for name in fields.split(","):
        look.pop(name, None)
        if name in style:
            look[name] = style[name]


def _shown(end: Unit, units: Sequence[Unit]) -> str:
    head = end.paragraph.get("namedStyleType", "NORMAL_TEXT")
    head += "".join(f" {one}" for one in sorted(end.paragraph) if one != "namedStyleType")
    head += f" {end.bullet[1]}{end.bullet[0]}" if end.bullet else ""
    made, raw, look = "", b"", dict[str, Any]()
    for one in [*units, Unit("end")]:
        if one.look != look or one.kind == "end":
            made += _marked(raw.decode("utf-16-le"), look)
            raw, look = b"", one.look
        raw += one.code.to_bytes(2, "little") if one.kind == "text" else b""
    return f"{head} | {made}"


def _marked(text: str, look: Look) -> str:
    marks = {"bold": "**", "italic": "_", "strikethrough": "~~", "weightedFontFamily": "`"}
    sign = "".join(sign for name, sign in marks.items() if name in look)
    shown = f"{sign}{text}{sign[::-1]}" if text else ""
    return f"[{shown}]({look['link']['url']})" if text and "link" in look else shown
