"""Markdown as Notion's blocks."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.packs.quirks import notion
from autograph.blocks.packs.quirks import notion_text as text


def shapes(markdown: str) -> list[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    for one in text.blocks_of(markdown):
        said: Any = one
        inner = said[said["type"]]
        made.append(
            (
                said["type"],
                "".join(part["text"]["content"] for part in inner.get("rich_text", ())),
            )
        )
    return made


class TestBlocks:
    def test_lines_without_a_gap_are_one_paragraph(self) -> None:
        assert shapes("one\ntwo\n\nthree") == [("paragraph", "one\ntwo"), ("paragraph", "three")]

    def test_what_looks_like_a_heading_in_code_is_code(self) -> None:
        assert shapes("```sh\n# no heading\n```\n# heading") == [
            ("code", "# no heading"),
            ("heading_1", "heading"),
        ]

    def test_a_language_that_notion_does_not_know_is_plain_text(self) -> None:
        block: Any = text.blocks_of("```klingon\nx\n```")[0]

        assert block["code"]["language"] == "plain text"

    def test_code_that_is_not_closed_ends_with_the_text(self) -> None:
        assert shapes("```\na\nb") == [("code", "a\nb")]


class TestRichText:
    @pytest.mark.parametrize(
        ("markdown", "expected"),
        [
            ("**a** b", [("a", "bold"), (" b", None)]),
            ("*a*", [("a", "italic")]),
            ("`a*b*`", [("a*b*", "code")]),
            ("~~a~~", [("a", "strikethrough")]),
            ("snake_case_name", [("snake_case_name", None)]),
            ("2 * 3 * 4", [("2 * 3 * 4", None)]),
        ],
    )
    def test_has_looks(self, markdown: str, expected: list[tuple[str, str | None]]) -> None:
        made: Any = text.rich_text(markdown)

        assert [
            (one["text"]["content"], next(iter(one.get("annotations", {})), None)) for one in made
        ] == expected

    def test_only_web_pages_are_links(self) -> None:
        made: Any = text.rich_text("[a](https://example.com) [b](javascript:x)")

        assert [one["text"].get("link") for one in made] == [
            {"url": "https://example.com"},
            None,
        ]

    def test_long_texts_come_in_pieces(self) -> None:
        made: Any = text.rich_text("a" * 4500)

        assert [len(one["text"]["content"]) for one in made] == [2000, 2000, 500]


@pytest.mark.parametrize(
    "said",
    [
        "598337872cf94fdf8782e53db20768a5",
        "59833787-2cf9-4fdf-8782-e53db20768a5",
        "https://www.notion.so/team/Kale-598337872cf94fdf8782e53db20768a5?pvs=4#x",
    ],
)
def test_a_page_is_known_by_its_id_or_address(said: str) -> None:
    assert notion.number(said) == "59833787-2cf9-4fdf-8782-e53db20768a5"
