"""Markdown as Notion's blocks."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.packs.quirks import notion
from autograph.blocks.packs.quirks import notion_text as text


def shapes(blocks: Any) -> list[Any]:
    """Return blocks as `(type, text)`, and what is in them behind it."""
    made: list[Any] = []
    for one in blocks:
        inner = one[one["type"]]
        text = "".join(part["text"]["content"] for part in inner.get("rich_text", ()))
        within = [shapes(inner["children"])] if "children" in inner else []
        made.append((one["type"], text, *within))
    return made


class TestBlocks:
    def test_paragraphs_headings_quotes_lines_and_code(self) -> None:
        markdown = "# A\n\none\ntwo\n\n#### B\n\n> C\n\n---\n\n```sh\n# D\nE\n```"

        assert shapes(text.blocks_of(markdown)) == [
            ("heading_1", "A"),
            ("paragraph", "one two"),
            ("heading_3", "B"),
            ("quote", "C"),
            ("divider", ""),
            ("code", "# D\nE"),
        ]

    def test_lists_in_lists_are_in_their_items(self) -> None:
        assert shapes(text.blocks_of("- a\n  - b\n    - c\n      - d\n- e\n\nf")) == [
            (
                "bulleted_list_item",
                "a",
                [
                    (
                        "bulleted_list_item",
                        "b",
                        [("bulleted_list_item", "c"), ("bulleted_list_item", "d")],
                    )
                ],
            ),
            ("bulleted_list_item", "e"),
            ("paragraph", "f"),
        ]

    def test_boxes_are_to_do(self) -> None:
        made: Any = text.blocks_of("- [x] a\n- [ ] b\n1. [c] d")

        assert shapes(made) == [("to_do", "a"), ("to_do", "b"), ("numbered_list_item", "[c] d")]
        assert [one["to_do"]["checked"] for one in made[:2]] == [True, False]

    def test_a_table_has_rows_of_one_width(self) -> None:
        made: Any = text.blocks_of("| A | B |\n|---|---|\n| 1 |")

        assert made[0]["table"]["table_width"] == 2
        assert [len(one["table_row"]["cells"]) for one in made[0]["table"]["children"]] == [2, 2]

    def test_nothing_is_no_block(self) -> None:
        assert text.blocks_of("") == []


class TestRichText:
    @pytest.mark.parametrize(
        ("markdown", "expected"),
        [
            ("**a** b", [("a", "bold"), (" b", None)]),
            ("*a*", [("a", "italic")]),
            ("`a*b*`", [("a*b*", "code")]),
            ("~~a~~", [("a", "strikethrough")]),
            ("snake_case_name", [("snake_case_name", None)]),
        ],
    )
    def test_has_looks(self, markdown: str, expected: list[tuple[str, str | None]]) -> None:
        block: Any = text.blocks_of(markdown)[0]

        assert [
            (one["text"]["content"], next(iter(one.get("annotations", {})), None))
            for one in block["paragraph"]["rich_text"]
        ] == expected

    def test_only_web_pages_are_links(self) -> None:
        block: Any = text.blocks_of("[a](https://example.com) [b](page.html)")[0]

        assert [
            (one["text"]["content"], one["text"].get("link"))
            for one in block["paragraph"]["rich_text"]
        ] == [("a", {"url": "https://example.com"}), (" ", None), ("b", None)]

    def test_a_title_is_taken_as_it_is(self) -> None:
        assert text.rich_text("2 * 3 * 4") == [{"type": "text", "text": {"content": "2 * 3 * 4"}}]

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
