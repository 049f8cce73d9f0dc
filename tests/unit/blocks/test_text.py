"""Texts: put together, taken apart, searched, and read for code."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.builtin.text.code import CodeExtraction
from autograph.blocks.builtin.text.edit import (
    CombineTexts,
    TextDecoder,
    TextEncoder,
    TextReplace,
    TextSplit,
    WordCharacterCount,
)
from autograph.blocks.builtin.text.patterns import ExtractTextInformation, MatchTextPattern
from autograph.blocks.builtin.text.template import FillTextTemplate
from autograph.blocks.sdk import Block, BlockError
from autograph.blocks.sdk.testing import run_block


@pytest.mark.parametrize(
    ("block", "given", "result"),
    [
        (CombineTexts, {"input": []}, ""),
        (CombineTexts, {"input": ["a", "", "b"], "delimiter": "-"}, "a--b"),
        (TextReplace, {"text": "a.b", "old": ".", "new": ""}, "ab"),
        (TextReplace, {"text": "ab", "old": "", "new": "-"}, "-a-b-"),
        (TextSplit, {"text": " a | b ", "delimiter": "|"}, ["a", "b"]),
        (TextSplit, {"text": " a | b ", "delimiter": "|", "strip": False}, [" a ", " b "]),
        (TextSplit, {"text": "", "delimiter": ""}, []),
        (TextDecoder, {"text": r"tab\tand\x21 \q \777"}, "tab\tand! \\q ǿ"),
        (TextDecoder, {"text": r"é\n日"}, "é\n日"),
        (TextDecoder, {"text": r"\U00110000 \ud800"}, r"\U00110000 \ud800"),
        (TextEncoder, {"text": "日\n\\"}, r"\u65e5\n\\"),
        (WordCharacterCount, {"text": " two\nwords "}, 2),
        (FillTextTemplate, {"values": {"n": 2}, "format": "{{ n + 1 }}"}, "3"),
    ],
)
async def test_edits(block: type[Block[Any]], given: dict[str, Any], result: Any) -> None:
    outputs = await run_block(block, given)

    assert outputs[0][1] == result


@pytest.mark.parametrize("text", ["", "plain", "é\n\t\\ \"'", "日本\x00"])
async def test_what_was_encoded_is_decoded(text: str) -> None:
    [(_, encoded)] = await run_block(TextEncoder, {"text": text})

    assert await run_block(TextDecoder, {"text": encoded}) == [("decoded_text", text)]


@pytest.mark.parametrize(
    ("block", "given"),
    [
        (TextReplace, {"text": "a" * 1_000, "old": "a", "new": "b" * 100_000}),
        (TextReplace, {"text": "a" * 1_000, "old": "", "new": "b" * 100_000}),
        (CombineTexts, {"input": ["a"] * 1_000, "delimiter": "b" * 100_000}),
    ],
)
async def test_a_text_that_would_be_huge_is_not_made(
    block: type[Block[Any]], given: dict[str, Any]
) -> None:
    with pytest.raises(BlockError, match="at most 16777216 are made"):
        await run_block(block, given)


class TestExtractTextInformation:
    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ({"text": "a1b22", "pattern": r"\d+", "find_all": True}, ["1", "22"]),
            ({"text": "a1b22", "pattern": r"\d+"}, ["1"]),
            ({"text": {"a": 1}, "pattern": '"a":1'}, ['"a":1']),
            ({"text": "A", "pattern": "a", "case_sensitive": False}, ["A"]),
            ({"text": "a\nb", "pattern": "a.b"}, ["a\nb"]),
            ({"text": "ab", "pattern": "(a)(b)", "group": 2}, ["b"]),
            ({"text": "x" * 20_000, "pattern": "x+"}, ["x" * 10_000]),
            ({"text": "x" * 2_000, "pattern": "x", "find_all": True}, ["x"] * 1_000),
        ],
    )
    async def test_finds(self, given: dict[str, Any], found: list[str]) -> None:
        outputs = await run_block(ExtractTextInformation, given)

        assert outputs == [
            *(("positive", one) for one in found),
            ("matched_results", found),
            ("matched_count", len(found)),
        ]

    @pytest.mark.parametrize(
        "given",
        [
            {"text": "x", "pattern": "y"},
            {"text": "x", "pattern": "("},
            {"text": "x", "pattern": "x", "group": 1},
            {"text": "x", "pattern": "x", "group": -1},
            {"text": "X", "pattern": "x"},
            {"text": "a\nb", "pattern": "a.b", "dot_all": False},
        ],
    )
    async def test_finds_nothing(self, given: dict[str, Any]) -> None:
        outputs = await run_block(ExtractTextInformation, given)

        assert outputs == [
            ("negative", given["text"]),
            ("matched_results", []),
            ("matched_count", 0),
        ]


class TestMatchTextPattern:
    @pytest.mark.parametrize(
        ("text", "pattern", "data", "output"),
        [
            ("abc", "b", "d", ("positive", "d")),
            ("abc", "^b", "d", ("negative", "d")),
            ("abc", "b", "", ("positive", "abc")),
            ([1, 2], r"^\[1,2\]$", {"k": 1}, ("positive", {"k": 1})),
        ],
    )
    async def test_goes_one_way(
        self, text: Any, pattern: str, data: Any, output: tuple[str, Any]
    ) -> None:
        given = {"text": text, "match": pattern, "data": data}

        assert await run_block(MatchTextPattern, given) == [output]


class TestCodeExtraction:
    async def test_puts_pieces_of_one_language_together(self) -> None:
        text = "See:\n```js\na()\n```\nand\n```javascript\nb()\n```\nand\n```py\nc\n```"

        outputs = dict(await run_block(CodeExtraction, {"text": text}))

        assert outputs == {
            "javascript": "b()\n\na()",
            "python": "c",
            "remaining_text": "See:\n\nand\n\nand",
        }

    @pytest.mark.parametrize("text", ["```python\nunclosed", "```rust\nx\n```", "``````", "`a`"])
    async def test_leaves_what_it_does_not_know(self, text: str) -> None:
        assert await run_block(CodeExtraction, {"text": text}) == [("remaining_text", text)]

    async def test_gives_nothing_for_nothing(self) -> None:
        assert await run_block(CodeExtraction, {"text": " "}) == []
