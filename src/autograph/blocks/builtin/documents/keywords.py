"""Taking the fields out of a keyword that a search service described."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from autograph.blocks.sdk import (
    Block,
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

Entries = dict[str, Json]


class Keyword(BaseModel):
    """A keyword and how it is searched for."""

    keyword: str
    search_volume: int | None = None
    competition: float | None = None
    cpc: float | None = None
    keyword_difficulty: int | None = None
    serp_info: Entries | None = None
    clickstream_data: Entries | None = None


class KeywordOutput(BlockOutput):
    """The fields, one by one."""

    keyword: str = pin(description="The keyword.")
    search_volume: int | None = pin(description="Searches in a month.")
    competition: float | None = pin(description="How many advertisers want it, from 0 to 1.")
    cpc: float | None = pin(description="What a click costs, in US dollars.")
    keyword_difficulty: int | None = pin(description="How hard it is to rank for, from 0 to 100.")
    serp_info: Entries | None = pin(description="What the page of results looks like.")
    clickstream_data: Entries | None = pin(description="What people clicked.")


def _fields(keyword: Keyword) -> Iterator[tuple[str, Json]]:
    for name, value in keyword.model_dump(mode="json").items():
        if value is not None:
            yield name, value


class KeywordSuggestionExtractorInput(BlockInput):
    """A suggestion."""

    suggestion: Keyword = pin(
        description="A suggested keyword, as the search service describes it."
    )


class KeywordSuggestionExtractor(Block[KeywordSuggestionExtractorInput]):
    """The fields of a suggested keyword."""

    id = "4193cb94-677c-48b0-9eec-6ac72fffd0f2"
    name = "KeywordSuggestionExtractor"
    description = "Gives out the fields of a suggested keyword one by one."
    categories = (Category.DATA,)
    effect = Effect.PURE
    Input = KeywordSuggestionExtractorInput
    Output = KeywordOutput
    examples = (
        Example({"suggestion": {"keyword": "tea", "cpc": 0.5}}, [("keyword", "tea"), ("cpc", 0.5)]),
    )

    async def run(self, input: KeywordSuggestionExtractorInput, ctx: Context) -> Outputs:
        """Yield the fields that there are."""
        for name, value in _fields(input.suggestion):
            yield name, value


class RelatedKeywordExtractorInput(BlockInput):
    """A related keyword."""

    related_keyword: Keyword = pin(
        description="A related keyword, as the search service describes it."
    )


class RelatedKeywordExtractor(Block[RelatedKeywordExtractorInput]):
    """The fields of a related keyword."""

    id = "98342061-09d2-4952-bf77-0761fc8cc9a8"
    name = "RelatedKeywordExtractor"
    description = "Gives out the fields of a related keyword one by one."
    categories = (Category.DATA,)
    effect = Effect.PURE
    Input = RelatedKeywordExtractorInput
    Output = KeywordOutput
    examples = (Example({"related_keyword": {"keyword": "tea"}}, [("keyword", "tea")]),)

    async def run(self, input: RelatedKeywordExtractorInput, ctx: Context) -> Outputs:
        """Yield the fields that there are."""
        for name, value in _fields(input.related_keyword):
            yield name, value
