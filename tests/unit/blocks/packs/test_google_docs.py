"""Markdown in Google documents: what one sees after the requests, and places that are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph.blocks.packs.quirks.docs_markdown import fresh, parse, written
from autograph.blocks.packs.quirks.docs_reading import places_of, plain_text, segments
from autograph.blocks.packs.quirks.google_docs import BadPlace, document_id, text_style
from autograph.blocks.sdk import BlockError
from tests.unit.blocks.packs.google_document import GoogleDocument

NORMAL = "NORMAL_TEXT | "


def appended(markdown: str, document: GoogleDocument | None = None) -> list[str]:
    document = GoogleDocument() if document is None else document
    lead = document.end > 1
    document.update(written(parse(markdown), document.end, lead=lead, trail=False))
    return list(document.lines())


class TestWriting:
    def test_headings_and_paragraphs(self) -> None:
        assert appended("# One\n\nTwo\nlines\n\n### Three") == [
            "HEADING_1 | One",
            NORMAL + "Two lines",
            "HEADING_3 | Three",
        ]

    def test_looks(self) -> None:
        assert appended("a **b _c_** ~~d~~ `e` [f](https://x.org) g") == [
            NORMAL + "a **b ****_c_** ~~d~~ `e` [f](https://x.org) g"
        ]

    def test_letters_that_take_two_indices(self) -> None:
        assert appended("😀😀 **b** 😀 _i_") == [NORMAL + "😀😀 **b** 😀 _i_"]

    def test_lists_in_lists(self) -> None:
        assert appended("- a\n  - b\n    1. c\n- d\n\nx\n\n1. e\n2. **f**\n   - g\n\ny") == [
            "NORMAL_TEXT BULLET0 | a",
            "NORMAL_TEXT BULLET1 | b",
            "NORMAL_TEXT BULLET2 | c",
            "NORMAL_TEXT BULLET0 | d",
            NORMAL + "x",
            "NORMAL_TEXT NUMBERED0 | e",
            "NORMAL_TEXT NUMBERED0 | **f**",
            "NORMAL_TEXT NUMBERED1 | g",
            NORMAL + "y",
        ]

    def test_all_of_an_item_is_one_item(self) -> None:
        assert appended("- a\n\n  b\n\n  ```\n  c\n  ```\n- d") == [
            "NORMAL_TEXT BULLET0 | a\vb\v`c`",
            "NORMAL_TEXT BULLET0 | d",
        ]

    def test_a_table_between_paragraphs(self) -> None:
        assert appended("# A\n\n|x|y|\n|-|-|\n|1|**2**|\n\nend") == [
            "HEADING_1 | A",
            "<table>",
            "<row>",
            "<cell>",
            NORMAL + "**x**",
            "<cell>",
            NORMAL + "**y**",
            "<row>",
            "<cell>",
            NORMAL + "1",
            "<cell>",
            NORMAL + "**2**",
            "<table_end>",
            NORMAL + "end",
        ]

    def test_code_quotations_and_rules(self) -> None:
        assert appended("```py\na = 1\n\tb\n```\n\n> q\n\n---\n\nend") == [
            "NORMAL_TEXT shading | `a = 1\v\tb`",
            "NORMAL_TEXT indentFirstLine indentStart | q",
            "NORMAL_TEXT borderBottom | ",
            NORMAL + "end",
        ]

    def test_pictures_are_links_and_html_is_text(self) -> None:
        assert appended("![cat](https://x.org/c.png) <b>") == [
            NORMAL + "[cat](https://x.org/c.png) <b>"
        ]

    def test_nothing_is_taken_on_from_what_stands_before(self) -> None:
        document = GoogleDocument(
            "old", {"bold": True}, {"namedStyleType": "HEADING_2"}, (1, "BULLET")
        )

        assert appended("new\n\nmore", document) == [
            "HEADING_2 BULLET1 | **old**",
            NORMAL + "new",
            NORMAL + "more",
        ]

    @pytest.mark.parametrize("markdown", ["# T", "T\n\n- a", "|x|\n|-|", "a\n\n|x|\n|-|\n\nb"])
    def test_what_stands_behind_stays_what_it_is(self, markdown: str) -> None:
        document = GoogleDocument("old", {"bold": True}, {"namedStyleType": "HEADING_2"})

        document.update(written(parse(markdown), 1, lead=False, trail=True))

        assert list(document.lines())[-1] == "HEADING_2 | **old**"

    def test_words_alone_stand_within_a_sentence(self) -> None:
        document = GoogleDocument("Dear NAME!", {}, {"namedStyleType": "HEADING_2"})
        delete = {"deleteContentRange": {"range": {"startIndex": 6, "endIndex": 10}}}

        document.update([delete, *written(parse("**Ann** Lee"), 6, lead=False, trail=False)])

        assert list(document.lines()) == ["HEADING_2 | Dear **Ann** Lee!"]

    def test_all_of_a_document_is_replaced(self) -> None:
        document = GoogleDocument("old", {"bold": True}, {"namedStyleType": "TITLE"}, (0, "BULLET"))
        delete = {"deleteContentRange": {"range": {"startIndex": 1, "endIndex": document.end}}}

        document.update([delete, *fresh(1, 2), *written(parse("new"), 1, lead=False, trail=False)])

        assert list(document.lines()) == [NORMAL + "new"]

    def test_characters_that_google_leaves_out_shift_nothing(self) -> None:
        assert appended("a\x01b \ue000c **d**\r\ne") == [NORMAL + "ab c **d** e"]

    def test_a_text_longer_than_a_document_is_refused(self) -> None:
        with pytest.raises(BlockError, match="at most 300000"):
            parse("a" * 300_001)

    @given(
        st.lists(
            st.sampled_from(
                [
                    *("# h", "p **b** _i_", "- a\n  - b", "1. n\n   ![x](u)", "> q", "> - q\n>> r"),
                    *("---", "```\nc\n```", "|a|b|\n|-|-|\n|1|", "- x\n\n  ---\n\n  # y", "😀 `z`"),
                    *("-", "<div>\nx\n</div>", "- |a|\n  |-|\n  |b|", "\t", "a\\\nb", "* * *"),
                ]
            ),
            max_size=8,
        ),
        st.booleans(),
    )
    def test_whatever_is_written_stands_in_the_document_and_all_else_stays(
        self, parts: list[str], at_the_end: bool
    ) -> None:
        document = GoogleDocument("before\nafter", {"italic": True}, {}, (0, "BULLET"))
        index = document.end if at_the_end else len("before\n") + 1

        document.update(
            written(parse("\n\n".join(parts)), index, lead=at_the_end, trail=not at_the_end)
        )

        lines = list(document.lines())
        assert lines[0] == "NORMAL_TEXT BULLET0 | _before_"
        assert lines[1 if at_the_end else -1] == "NORMAL_TEXT BULLET0 | _after_"


def body(*content: dict[str, Any]) -> dict[str, Any]:
    return {"title": "T", "documentId": "d1", "body": {"content": list(content)}}


def paragraph(start: int, *runs: str, **more: Any) -> dict[str, Any]:
    elements: list[dict[str, Any]] = []
    place = start
    for text in runs:
        end = place + len(text.encode("utf-16-le")) // 2
        elements.append({"startIndex": place, "endIndex": end, "textRun": {"content": text}})
        place = end
    return {"startIndex": start, "endIndex": place, "paragraph": {"elements": elements, **more}}


class TestReading:
    def test_a_text_over_several_runs_and_letters_of_two_indices_is_found(self) -> None:
        content = [paragraph(1, "😀 He", "llo hello\n")]

        assert places_of(content, "hello", match_case=False) == [(4, 9), (10, 15)]
        assert places_of(content, "hello", match_case=True) == [(10, 15)]

    def test_a_text_in_a_cell_is_found(self) -> None:
        cell = {"content": [paragraph(8, "x NAME\n")]}
        table = {"startIndex": 5, "table": {"tableRows": [{"tableCells": [cell]}]}}

        assert places_of([table], "NAME", match_case=True) == [(10, 14)]

    def test_text_is_lines_and_tables_are_tabs(self) -> None:
        row = {
            "tableCells": [{"content": [paragraph(9, "a\n")]}, {"content": [paragraph(12, "b\n")]}]
        }
        document = body(paragraph(1, "One\n"), {"table": {"tableRows": [row]}}, paragraph(20, "\n"))

        assert plain_text(document) == "One\na\tb\n\n"

    def test_parts_have_kinds_and_indices(self) -> None:
        heading = {"paragraphStyle": {"namedStyleType": "HEADING_1"}}
        content = [
            {"sectionBreak": {}},
            paragraph(1, "One\n", **heading),
            paragraph(5, "a\n", bullet={"listId": "k", "nestingLevel": 1}),
        ]

        assert segments(content, is_deep=False) == [
            {
                "type": "heading",
                "start_index": 1,
                "end_index": 5,
                "text": "One",
                "style": "HEADING_1",
            },
            {
                "type": "list_item",
                "start_index": 5,
                "end_index": 7,
                "text": "a",
                "style": "",
                "level": 1,
            },
        ]


class TestPlaces:
    @pytest.mark.parametrize(
        "value",
        [
            {"id": "1a-B_c"},
            {"id": "https://docs.google.com/document/d/1a-B_c/edit#heading=h.x"},
            {"url": "https://docs.google.com/document/u/0/d/1a-B_c/edit"},
            {"url": "https://drive.google.com/file/d/1a-B_c/view"},
        ],
    )
    def test_a_document_is_named_by_its_id_or_address(self, value: Any) -> None:
        assert document_id(value) == "1a-B_c"

    @pytest.mark.parametrize("value", [None, {}, {"id": ""}, {"id": "../x"}, {"id": "a/b"}, "x"])
    def test_what_names_none_is_refused(self, value: Any) -> None:
        with pytest.raises(BadPlace, match="document: "):
            document_id(value)

    @pytest.mark.parametrize("colour", ["red", "#12345", "#GG0000"])
    def test_a_colour_is_six_digits(self, colour: str) -> None:
        with pytest.raises(BadPlace, match="foreground_color: "):
            text_style({"start_index": 1, "end_index": 2, "foreground_color": colour})

    def test_a_look_that_asks_for_nothing_is_refused(self) -> None:
        with pytest.raises(BadPlace, match="nothing is asked for"):
            text_style({"start_index": 1, "end_index": 2, "bold": False, "font_size": 0})
