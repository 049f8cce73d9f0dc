"""Searching text by regular expressions, which a person wrote and which may therefore be slow.

Both blocks run in a thread: the search lets go of the interpreter and ends by itself after its limit.
"""

from __future__ import annotations

import json
from typing import Final

import regex

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    pin,
)

Texts = list[str]
_SECONDS: Final = 5.0
_MAX_PATTERN: Final = 10_000
_MAX_TEXT: Final = 1_000_000
_MAX_MATCHES: Final = 1_000
_MAX_MATCH: Final = 10_000


class ExtractTextInformationInput(BlockInput):
    """A text and what to take out of it."""

    text: Json = pin(description="The text; anything else is searched as JSON.")
    pattern: str = pin(description="A regular expression.")
    group: int = pin(0, description="Which group of it to give out; 0 for the whole match.")
    case_sensitive: bool = pin(default=True, description="Whether A and a differ.")
    dot_all: bool = pin(default=True, description="Whether a dot stands for a line break, too.")
    find_all: bool = pin(default=False, description="Give out every match, not only the first.")


class ExtractTextInformationOutput(BlockOutput):
    """What was found."""

    positive: str = pin(description="What was found; comes once for each match.")
    negative: str = pin(description="Comes instead when nothing is found: the text.")
    matched_results: Texts = pin(description="Everything found.")
    matched_count: int = pin(description="How many matches there are.")


class ExtractTextInformation(Block[ExtractTextInformationInput]):
    """What a pattern finds."""

    id = "3146e4fe-2cdd-4f29-bd12-0c9d5bb4deb0"
    name = "ExtractTextInformation"
    description = "Takes what a regular expression finds out of a text."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    is_blocking = True
    Input = ExtractTextInformationInput
    Output = ExtractTextInformationOutput
    examples = (
        Example(
            {"text": "order 66", "pattern": r"order (\d+)", "group": 1},
            [("positive", "66"), ("matched_results", ["66"]), ("matched_count", 1)],
        ),
        Example(
            {"text": "a1", "pattern": "z"},
            [("negative", "a1"), ("matched_results", []), ("matched_count", 0)],
        ),
    )

    async def run(self, input: ExtractTextInformationInput, ctx: Context) -> Outputs:
        """Yield what is found."""
        text = _as_text(input.text)
        found = _find(text, input)
        for one in found:
            yield "positive", one
        if not found:
            yield "negative", text
        yield "matched_results", found
        yield "matched_count", len(found)


def _find(text: str, wanted: ExtractTextInformationInput) -> Texts:
    pattern = _compiled(
        wanted.pattern, case_sensitive=wanted.case_sensitive, dot_all=wanted.dot_all
    )
    if pattern is None or wanted.group > pattern.groups or wanted.group < 0:
        return []
    limit = _MAX_MATCHES if wanted.find_all else 1
    found: Texts = []
    try:
        for match in pattern.finditer(text[:_MAX_TEXT], timeout=_SECONDS, concurrent=True):
            found.append((match.group(wanted.group) or "")[:_MAX_MATCH])
            if len(found) >= limit:
                break
    except TimeoutError as error:
        raise _too_slow(wanted.pattern) from error
    return found


def _too_slow(pattern: str) -> BlockError:
    return BlockError(
        f"The pattern {pattern!r} took longer than {_SECONDS:g} s. Make it simpler.",
        code="regex.too_slow",
    )


def _compiled(pattern: str, *, case_sensitive: bool, dot_all: bool) -> regex.Pattern[str] | None:
    if len(pattern) > _MAX_PATTERN:
        raise BlockError(
            f"The pattern has {len(pattern)} characters; at most {_MAX_PATTERN} are read."
        )
    flags = (0 if case_sensitive else regex.IGNORECASE) | (regex.DOTALL if dot_all else 0)
    try:
        return regex.compile(pattern, flags)
    except (regex.error, RecursionError, OverflowError, ValueError):
        return None


def _as_text(value: Json) -> str:
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


def _searches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.search(text[:_MAX_TEXT], timeout=_SECONDS, concurrent=True) is not None
    except TimeoutError as error:
        raise _too_slow(pattern.pattern) from error


class MatchTextPatternInput(BlockInput):
    """A text, what to look for, and what to give out."""

    text: Json = pin(description="The text; anything else is searched as JSON.")
    match: str = pin(description="A regular expression.")
    data: Json = pin(description="What to give out; the text itself where it is empty.")
    case_sensitive: bool = pin(default=True, description="Whether A and a differ.")
    dot_all: bool = pin(default=True, description="Whether a dot stands for a line break, too.")


class MatchTextPatternOutput(BlockOutput):
    """Which way it goes."""

    positive: Json = pin(description="Comes only when the pattern is found.")
    negative: Json = pin(description="Comes only when it is not.")


class MatchTextPattern(Block[MatchTextPatternInput]):
    """A fork by a pattern."""

    id = "3060088f-6ed9-4928-9ba7-9c92823a7ccd"
    name = "MatchTextPattern"
    description = "Goes one way when a regular expression is found in a text, else the other."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    is_blocking = True
    Input = MatchTextPatternInput
    Output = MatchTextPatternOutput
    examples = (
        Example({"text": "hello", "match": "l+", "data": "yes"}, [("positive", "yes")]),
        Example({"text": "hello", "match": "(", "data": "yes"}, error="not a regular expression"),
    )

    async def run(self, input: MatchTextPatternInput, ctx: Context) -> Outputs:
        """Yield which way it goes.

        Raises:
            BlockError: The pattern is none, or too slow.
        """
        text = _as_text(input.text)
        pattern = _compiled(input.match, case_sensitive=input.case_sensitive, dot_all=input.dot_all)
        if pattern is None:
            raise BlockError(f"{input.match!r} is not a regular expression.")
        yield ("positive" if _searches(pattern, text) else "negative"), input.data or input.text
