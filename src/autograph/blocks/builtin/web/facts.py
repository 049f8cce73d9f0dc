"""Searching, reading pages, and looking things up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Effect,
    Example,
    Exchanged,
    HttpRequest,
    HttpResponse,
    Json,
    Outputs,
    credential_pin,
    is_object,
    pin,
)

_MAX_ANSWER: Final = 16 * 1024 * 1024
_SHOWN: Final = 300
_KEY: Final[dict[str, Json]] = {"id": "example", "type": "api_key"}


class GetWikipediaSummaryInput(BlockInput):
    """A topic."""

    topic: str = pin(description="What the article is called.")


class GetWikipediaSummaryOutput(BlockOutput):
    """What it is."""

    summary: str = pin(description="The first sentences of the article.")


class GetWikipediaSummary(Block[GetWikipediaSummaryInput]):
    """A topic in a few sentences."""

    id = "f5b0f5d0-1862-4d61-94be-3ad0fa772760"
    name = "GetWikipediaSummary"
    description = "Gives out the first sentences of an article of the English Wikipedia."
    categories = (Category.SEARCH,)
    effect = Effect.READ
    Input = GetWikipediaSummaryInput
    Output = GetWikipediaSummaryOutput
    examples = (
        Example(
            {"topic": "Tea"},
            [("summary", "Tea is an aromatic beverage.")],
            exchanges=(
                Exchanged(
                    "GET",
                    "https://en.wikipedia.org/api/rest_v1/page/summary/Tea",
                    response={
                        "response": {"title": "Tea", "extract": "Tea is an aromatic beverage."}
                    },
                ),
            ),
        ),
    )

    async def run(self, input: GetWikipediaSummaryInput, ctx: Context) -> Outputs:
        """Yield the summary.

        Raises:
            BlockError: There is no such article.
        """
        title = _path(input.topic, "topic").replace("%20", "_")
        url = f"https://en.wikipedia.org/api/rest_v1/page/summary/{title}"
        answer = await ctx.http.send(HttpRequest("GET", url, max_bytes=_MAX_ANSWER))
        if answer.status == 404:
            raise BlockError(f"Wikipedia has no article {input.topic[:_SHOWN]!r}.")
        found = _taken(answer, "Wikipedia").json()
        summary = found.get("extract") if is_object(found) else None
        if not isinstance(summary, str):
            raise BlockError("Wikipedia's answer has no summary.")
        yield "summary", summary


class SearchTheWebInput(BlockInput):
    """A search."""

    credentials: CredentialRef = credential_pin(
        "jina", kinds=("api_key",), description="Whose account pays."
    )
    query: str = pin(description="What to search for.")


class SearchTheWebOutput(BlockOutput):
    """What was found."""

    results: str = pin(description="The best pages with what they say, as text.")


class SearchTheWeb(Block[SearchTheWebInput]):
    """Pages about something."""

    id = "87840993-2053-44b7-8da4-187ad4ee518c"
    name = "SearchTheWeb"
    description = (
        "Searches the web by Jina and gives out the best pages as text, for models to read."
    )
    categories = (Category.SEARCH,)
    effect = Effect.READ
    costs = (Cost(150, CostKind.COST_USD),)
    Input = SearchTheWebInput
    Output = SearchTheWebOutput
    examples = (
        Example(
            {"query": "tea", "credentials": {**_KEY, "provider": "jina"}},
            error="There is no credential",
        ),
        Example(
            {"query": "green tea", "credentials": {**_KEY, "provider": "jina"}},
            [("results", "[1] Title: Green tea")],
            exchanges=(
                Exchanged(
                    "GET",
                    "https://s.jina.ai/green%20tea",
                    request_headers={"Authorization": "Bearer example-key"},
                    response={"text": "[1] Title: Green tea"},
                ),
            ),
            secrets={"example": ApiKeySecret("example-key")},
        ),
    )

    async def run(self, input: SearchTheWebInput, ctx: Context) -> Outputs:
        """Yield what was found."""
        key = await _key(input.credentials, ctx)
        url = f"https://s.jina.ai/{_path(input.query, 'query')}"
        request = HttpRequest(
            "GET", url, headers=key.headers(), timeout=timedelta(minutes=2), max_bytes=_MAX_ANSWER
        )
        yield "results", _taken(await ctx.http.send(request), "Jina").text


class ExtractWebsiteContentInput(BlockInput):
    """A page."""

    credentials: CredentialRef = credential_pin(
        "jina", kinds=("api_key",), description="Whose account pays."
    )
    url: str = pin(description="Where it is.")
    raw_content: bool = pin(
        False, description="Take the page as its server sends it, without Jina.", advanced=True
    )


class ExtractWebsiteContentOutput(BlockOutput):
    """What it says."""

    content: str = pin(description="The page as text.")


class ExtractWebsiteContent(Block[ExtractWebsiteContentInput]):
    """What a page says."""

    id = "436c3984-57fd-4b85-8e9a-459b356883bd"
    name = "ExtractWebsiteContent"
    description = "Reads a page of the web as text, by Jina, without menus and advertisements."
    categories = (Category.SEARCH,)
    effect = Effect.READ
    costs = (Cost(1),)
    Input = ExtractWebsiteContentInput
    Output = ExtractWebsiteContentOutput
    examples = (
        Example(
            {
                "url": "https://example.com/",
                "raw_content": True,
                "credentials": {**_KEY, "provider": "jina"},
            },
            [("content", "<p>Hello.</p>")],
            exchanges=(
                Exchanged("GET", "https://example.com/", response={"text": "<p>Hello.</p>"}),
            ),
        ),
        Example(
            {"url": "https://example.com/", "credentials": {**_KEY, "provider": "jina"}},
            [("content", "Hello.")],
            exchanges=(
                Exchanged(
                    "GET",
                    "https://r.jina.ai/https%3A%2F%2Fexample.com%2F",
                    request_headers={"Authorization": "Bearer example-key"},
                    response={"text": "Hello."},
                ),
            ),
            secrets={"example": ApiKeySecret("example-key")},
        ),
    )

    async def run(self, input: ExtractWebsiteContentInput, ctx: Context) -> Outputs:
        """Yield what it says."""
        url = input.url.strip()
        url = url if "://" in url else f"https://{url}"
        who = "The page"
        headers: dict[str, str] = {}
        if not input.raw_content:
            who = "Jina"
            headers = (await _key(input.credentials, ctx)).headers()
            url = f"https://r.jina.ai/{_path(url, 'url')}"
        request = HttpRequest(
            "GET", url, headers=headers, timeout=timedelta(minutes=2), max_bytes=_MAX_ANSWER
        )
        yield "content", _taken(await ctx.http.send(request), who).text


async def _key(reference: CredentialRef, ctx: Context) -> ApiKeySecret:
    """Open a key.

    Raises:
        BlockError: It is none.
    """
    secret = await ctx.credential(reference)
    if not isinstance(secret, ApiKeySecret):
        raise BlockError("The credential is no API key.")
    return secret


def _path(text: str, what: str) -> str:
    """Return a text as one step of an address.

    Raises:
        BlockError: It is empty.
    """
    if not text.strip():
        raise BlockError(f"{what}: it is empty.")
    return quote(text.strip(), safe="", errors="replace")


def _taken(answer: HttpResponse, who: str) -> HttpResponse:
    """Return an answer that is none of failure.

    Raises:
        BlockError: It is; the message has what was said.
    """
    if answer.is_ok:
        return answer
    raise BlockError(f"{who} answered {answer.status}: {answer.text[:_SHOWN].strip()}")
