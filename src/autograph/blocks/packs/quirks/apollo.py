"""Apollo: searches tell little of people; who is wanted in full is asked for once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json

_PAGE: Final = 100
_AT_ONCE: Final = 10
_LISTS: Final[Mapping[str, str]] = {
    "person_titles": "person_titles[]",
    "person_locations": "person_locations[]",
    "person_seniorities": "person_seniorities[]",
    "organization_locations": "organization_locations[]",
    "q_organization_domains": "q_organization_domains_list[]",
    "contact_email_statuses": "contact_email_status[]",
    "organization_ids": "organization_ids[]",
}


def employees(value: Json) -> Json:
    """Return ranges as Apollo writes them, made of pairs: `[1, 10, 50, 100]` is `["1,10", "50,100"]`.

    Raises:
        BlockError: A pair is not complete.
    """
    numbers: list[Any] = value or []
    if len(numbers) % 2:
        raise BlockError(
            "organization_num_employees_range: give a smallest and a largest number.",
            code="block.bad_input",
        )
    return [f"{numbers[at]},{numbers[at + 1]}" for at in range(0, len(numbers), 2)]


async def people(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find people."""
    query: dict[str, Json] = {name: pins[pin] for pin, name in _LISTS.items() if pins.get(pin)}
    if "contact_email_status[]" in query:  # in Apollo's words: "likely to engage"
        said: list[Any] = query["contact_email_status[]"]
        query["contact_email_status[]"] = [str(one).replace("_", " ") for one in said]
    ranges = employees(pins.get("organization_num_employees_range"))
    if ranges:
        query["organization_num_employees_ranges[]"] = ranges
    if pins.get("q_keywords"):
        query["q_keywords"] = pins["q_keywords"]
    wanted = int(pins["max_results"])
    found: list[Any] = []
    for page in range(1, -(-wanted // _PAGE) + 1):
        asked = {**query, "per_page": min(_PAGE, wanted), "page": page}
        part = (await api.send("POST /api/v1/mixed_people/api_search", query=asked)).json["people"]
        found += part
        if len(part) < _PAGE:
            break
    found = found[:wanted]
    yield "people", await _in_full(found, api) if pins.get("enrich_info") else found


async def _in_full(found: list[Any], api: Api) -> list[Any]:
    """Return people with all that Apollo knows of them; those it knows no more of stay as they are."""
    known: dict[str, Any] = {}
    for start in range(0, len(found), _AT_ONCE):
        details: Json = [{"id": one["id"]} for one in found[start : start + _AT_ONCE]]
        answer = await api.send("POST /api/v1/people/bulk_match", body={"details": details})
        known |= {one["id"]: one for one in answer.json.get("matches") or () if one}
    return [{**one, **known.get(one["id"], {})} for one in found]


async def person(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find one person.

    Raises:
        BlockError: Apollo knows nobody like that.
    """
    names = {"person_id": "id", "company": "organization_name"}
    query = {names.get(name, name): value for name, value in pins.items() if value}
    if not query:
        raise BlockError("Say something of the person.", code="block.bad_input")
    found = (await api.send("POST /api/v1/people/match", query=query)).json.get("person")
    if not found:
        raise BlockError("Apollo knows nobody like that.", code="provider.not_found")
    yield "contact", found


FILTERS: Final = {"employees": employees}
ACTIONS: Final[Mapping[str, Whole]] = {"people": people, "person": person}
