"""How Exa's API spells things, and how the pins of its blocks have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object

_DEPTH: Final = 3
"""Settings in settings in settings; what lies deeper is not ours to spell."""


def camel(value: Json) -> Json:
    """Return settings as the API spells them: `num_sentences` is `numSentences`; nulls are left out.

    `{"discriminator": "enabled"}` and `"disabled"` are true and false there. A JSON Schema stays as it is.
    """
    return _camel(value, _DEPTH)


def _camel(value: Json, depth: int) -> Json:
    if not is_object(value) or depth == 0:
        return value
    if value.get("discriminator") in ("enabled", "disabled"):
        return value["discriminator"] == "enabled"
    made = {
        re.sub(r"_([a-z])", lambda found: found[1].upper(), name): one
        if name == "schema"
        else _camel(one, depth - 1)
        for name, one in value.items()
        if one is not None and name != "discriminator"
    }
    return {name: one for name, one in made.items() if one != {}}


def contents(value: Json) -> Json:
    """Return what is read of the pages found. Days of crawling, which pins still have, are no filter any more."""
    return camel(value.get("contents")) if is_object(value) else None


def kind(value: Json) -> Json:
    """Return how is searched: by words alone is no more, and what is nearest is the quick one."""
    return "fast" if value == "keyword" else value


def entity(value: Json) -> Json:
    """Return what is looked for: a kind of its own needs a description; none where Exa is to find out."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    kind = pins.get("entity_type") or pins.get("search_entity_type") or "auto"
    if kind == "auto":
        return None
    said = pins.get("entity_description") or pins.get("search_entity_description")
    return {"type": kind, "description": said} if kind == "custom" and said else {"type": kind}


def criteria(value: Json) -> Json:
    """Return conditions as the API takes them."""
    return [{"description": one} for one in listed(value)]


def exclude(value: Json) -> Json:
    """Return what is left out, from two lists side by side."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    prefix = "search_exclude" if "search_query" in pins else "exclude"
    ids, kinds = (
        ("sources", "types") if prefix == "search_exclude" else ("source_ids", "source_types")
    )
    return _sources(pins.get(f"{prefix}_{ids}"), pins.get(f"{prefix}_{kinds}"))


def imports(value: Json) -> Json:
    """Return what a webset begins with, from two lists side by side."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return _sources(pins.get("import_sources"), pins.get("import_types"))


def scope(value: Json) -> Json:
    """Return where alone is searched, and for what related to it, from lists side by side."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    prefix = "search_scope" if "search_query" in pins else "scope"
    ids, kinds = (
        ("sources", "types") if prefix == "search_scope" else ("source_ids", "source_types")
    )
    found = _sources(pins.get(f"{prefix}_{ids}"), pins.get(f"{prefix}_{kinds}"))
    relationships = listed(pins.get(f"{prefix}_relationships"))
    limits = listed(pins.get(f"{prefix}_relationship_limits"))
    for number, one in enumerate(found):
        if number < len(relationships) and relationships[number]:
            limit = limits[number] if number < len(limits) else 1
            one["relationship"] = {"definition": relationships[number], "limit": limit}
    return found


def enrichments(value: Json) -> Json:
    """Return what is found out of each item, from lists side by side."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    names = ("descriptions", "formats", "options", "metadata")
    lists = [listed(pins.get(f"enrichment_{one}")) for one in names]
    made: list[Json] = []
    for text, kind, options, metadata in zip_longest(*lists):
        if text:
            said = {"description": text, "format": kind, "metadata": metadata}
            said["options"] = [{"label": one} for one in listed(options)]
            made.append({name: one for name, one in said.items() if one})
    return made


def labels(value: Json) -> Json:
    """Return choices as the API takes them."""
    return [{"label": one} for one in listed(value)]


def labels_of(value: Json) -> Json:
    """Return choices as texts."""
    return [one["label"] for one in listed(value)]


def until(value: Json) -> Json:
    """Return the states that a wanted one stands for; a webset that is done is idle."""
    wanted = {"completed": ["idle"], "any_complete": ["idle", "paused"]}
    return wanted.get(str(value), [value])


def item(value: Json) -> Json:
    """Return an item as its pins have it."""
    found: Mapping[str, Any] = value if is_object(value) else {}
    properties: Mapping[str, Any] = found.get("properties") or {}
    kind = str(properties.get("type", "custom"))
    own: Mapping[str, Any] = (
        properties.get("researchPaper" if kind == "research_paper" else kind) or {}
    )
    return {
        "id": found.get("id"),
        "url": properties.get("url") or "",
        "title": own.get("name") or own.get("title") or "",
        "content": properties.get("content") or "",
        "entity_data": dict(properties),
        "enrichments": {
            str(one.get("enrichmentId")): one for one in listed(found.get("enrichments"))
        },
        "created_at": found.get("createdAt") or "",
        "updated_at": found.get("updatedAt") or "",
    }


def items(value: Json) -> Json:
    """Return items as their pins have them."""
    return [item(one) for one in listed(value)]


def webset(value: Json) -> Json:
    """Return a webset as its pins have it."""
    found: Mapping[str, Any] = value if is_object(value) else {}
    return {
        "id": found.get("id"),
        "status": found.get("status"),
        "external_id": found.get("externalId"),
        "searches": listed(found.get("searches")),
        "enrichments": listed(found.get("enrichments")),
        "monitors": listed(found.get("monitors")),
        "metadata": found.get("metadata") or {},
        "created_at": found.get("createdAt"),
        "updated_at": found.get("updatedAt"),
    }


def preview(value: Json) -> Json:
    """Return how a search is read, as its pins have it."""
    found: Mapping[str, Any] = value if is_object(value) else {}
    search: Mapping[str, Any] = found.get("search") or {}
    entity: Mapping[str, Any] = search.get("entity") or {}
    return {
        "entity_type": entity.get("type"),
        "entity_description": entity.get("description"),
        "criteria": listed(search.get("criteria")),
        "enrichments": listed(found.get("enrichments")),
        "items": listed(found.get("items")),
    }


def interpretation(value: Json) -> Json:
    """Return how a search is read, as a sentence."""
    read: Any = preview(value)
    kind = read["entity_description"] or str(read["entity_type"]).replace("_", " ")
    said = f"Looks for: {kind}"
    for name, sentence in (("criteria", "that meet"), ("enrichments", "and finds out")):
        if read[name]:
            said += f"; {sentence}: {', '.join(str(one['description']) for one in read[name])}"
    return f"{said}."


def suggestions(value: Json) -> Json:
    """Return what a search does not say yet."""
    read: Any = preview(value)
    made: list[Json] = []
    if not read["criteria"]:
        made.append("Say what each must meet, such as where it is or how large.")
    if not read["enrichments"]:
        made.append("Say what is to be found out of each, such as its founders.")
    return made


def websets(value: Json) -> Json:
    """Return websets as their pins have them."""
    return [webset(one) for one in listed(value)]


def found_so_far(value: Json) -> Json:
    """Return how many items the searches of a webset have found."""
    total = 0
    for one in listed(value):
        progress: Mapping[str, Any] = one.get("progress") or {}
        total += int(progress.get("found") or 0)
    return total


def some(value: Json) -> Json:
    """Tell whether there is any, or more than none."""
    return bool(value)


def is_running(value: Json) -> Json:
    """Tell whether a state is one of work."""
    return value in {"running", "pending"}


def search_progress(value: Json) -> Json:
    """Return how far the searches of a webset are, by their ids; nothing where nobody asks."""
    return {one["id"]: one.get("progress") for one in _parts(value, "searches")}


def enrichment_progress(value: Json) -> Json:
    """Return how the enrichments of a webset stand, by their ids."""
    return {one["id"]: one.get("status") for one in _parts(value, "enrichments")}


def _parts(value: Json, name: str) -> list[Any]:
    found: Mapping[str, Any] = value if is_object(value) else {}
    return listed(found.get(name))


def interval(value: Json) -> Json:
    """Return how often to ask: as often as one says, and not less often than the longest wait allows."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return min(pins["check_interval"], pins["max_interval"])


def url(value: Json) -> Json:
    """Return an item's page."""
    return item(value)["url"]


def title(value: Json) -> Json:
    """Return what an item is called."""
    return item(value)["title"]


def enrichments_of(value: Json) -> Json:
    """Return what was found out of an item, by enrichment."""
    return item(value)["enrichments"]


def monitored(value: Json) -> Json:
    """Return what a monitor does.

    Raises:
        BlockError: It is to look at the old items anew, which Exa's description of its API does not have.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    if pins["behavior_type"] != "search":
        raise BlockError(
            "behavior_type: Exa's description of its API has monitors that search, and no others.",
            code="block.bad_input",
        )
    return "search"


def listed(value: Any) -> list[Any]:
    """Return a list, empty where there is none."""
    return value if is_list(value) else []


def _sources(ids: Any, kinds: Any) -> list[Json]:
    pairs = zip_longest(listed(ids), listed(kinds))
    return [{"source": kind or "import", "id": one} for one, kind in pairs if one]


FILTERS: Final[Mapping[str, Filter]] = {
    "camel": camel,
    "contents": contents,
    "kind": kind,
    "entity": entity,
    "criteria": criteria,
    "exclude": exclude,
    "imports": imports,
    "scope": scope,
    "enrichments": enrichments,
    "labels": labels,
    "labels_of": labels_of,
    "until": until,
    "item": item,
    "items": items,
    "webset": webset,
    "websets": websets,
    "preview": preview,
    "interpretation": interpretation,
    "suggestions": suggestions,
    "found": found_so_far,
    "some": some,
    "is_running": is_running,
    "search_progress": search_progress,
    "enrichment_progress": enrichment_progress,
    "interval": interval,
    "url": url,
    "title": title,
    "enrichments_of": enrichments_of,
    "monitored": monitored,
}
