"""What Firecrawl's blocks need and its pack cannot say: formats in its words, and a site page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Answered, Filter
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_EVERY: Final = 3.0
_LONGEST: Final = 1800.0
_FULL: Final = "screenshot@fullPage"
_OBJECTS: Final[Mapping[str, Json]] = {
    "screenshot": {"type": "screenshot"},
    _FULL: {"type": "screenshot", "fullPage": True},
    "json": {"type": "json", "prompt": "All facts of the page."},
    "changeTracking": {"type": "changeTracking"},
}
"""Formats that are no plain words there."""
_PINS: Final = {
    "markdown": "markdown",
    "html": "html",
    "rawHtml": "raw_html",
    "links": "links",
    "screenshot": "screenshot",
    _FULL: "screenshot_full_page",
    "json": "json_data",
    "changeTracking": "change_tracking",
}


def options(value: Json) -> Json:
    """Return how pages are read."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    wanted = _formats(pins)
    base = ["markdown"] if "changeTracking" in wanted and "markdown" not in wanted else []
    said: dict[str, Json] = {
        "formats": [_OBJECTS.get(one, one) for one in [*wanted, *base]],
        "onlyMainContent": pins.get("only_main_content"),
        "maxAge": pins.get("max_age"),
        "waitFor": pins.get("wait_for"),
    }
    return {name: one for name, one in said.items() if one is not None and one != []}


def urls(value: Json) -> Json:
    """Return the addresses of pages."""
    return [one["url"] for one in found(value)]


def found(value: Json) -> list[Any]:
    """Return pages as objects; older answers are addresses alone."""
    pages: list[Any] = value if is_list(value) else []
    return [one if is_object(one) else {"url": one} for one in pages]


async def scrape(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a page."""
    body = {"url": pins["url"], **options(dict(pins))}
    page = (await api.send("POST /v2/scrape", body=body)).json["data"]
    yield "data", page
    for name, value in _parts(pins, page):
        yield name, value


async def crawl(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read a site and give out its pages one after the other.

    Raises:
        BlockError: Firecrawl could not do it, or needs too long.
    """
    body = {
        "url": pins["url"],
        "limit": pins["limit"],
        "scrapeOptions": options(dict(pins)),
    }
    job = (await api.send("POST /v2/crawl", body=body)).json["id"]
    answer, _ = await api.wait(f"GET /v2/crawl/{job}", _is_over, every=_EVERY, longest=_LONGEST)
    if answer.json["status"] != "completed":
        raise BlockError(
            f"Firecrawl is not done after {_LONGEST:g} s: {answer.json['status']}.",
            code="provider.timeout" if not _is_over(answer) else "provider.failed",
        )
    pages: list[Any] = [*answer.json["data"]]
    while answer.json.get("next") and len(pages) < pins["limit"]:
        answer = await api.send(f"GET {answer.json['next']}")
        pages += answer.json["data"]
    yield "data", pages
    for page in pages:
        for name, value in _parts(pins, page):
            yield name, value


def _is_over(answer: Answered) -> bool:
    return answer.json["status"] in {"completed", "failed", "cancelled"}


def _parts(pins: Mapping[str, Json], page: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Yield the parts of a page that were asked for."""
    for wanted in _formats(pins):
        value = page.get("screenshot" if wanted == _FULL else wanted)
        if wanted in _PINS and value is not None:
            yield _PINS[wanted], value


def _formats(pins: Mapping[str, Json]) -> list[str]:
    said = pins.get("formats")
    return [str(one) for one in said] if is_list(said) else []


def strict(value: Json) -> Json:
    """Tell whether no page is looked at but those that are named."""
    return not (is_object(value) and value.get("enable_web_search"))


def told(value: Json) -> Json:
    """Return what the agent is told, which must be something."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return pins.get("prompt") or "Find what the schema asks for."


FILTERS: Final[Mapping[str, Filter]] = {
    "options": options,
    "urls": urls,
    "found": found,
    "strict": strict,
    "told": told,
}
ACTIONS: Final[Mapping[str, Whole]] = {"scrape": scrape, "crawl": crawl}
