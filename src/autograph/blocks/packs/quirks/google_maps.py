"""Google Maps: places are looked for around the first one that is found."""

from __future__ import annotations

from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json

_SEARCH: Final = "POST https://places.googleapis.com/v1/places:searchText"
_FIELDS: Final[Mapping[str, str]] = {
    "name": "displayName",
    "address": "formattedAddress",
    "phone": "internationalPhoneNumber",
    "rating": "rating",
    "reviews": "userRatingCount",
    "website": "websiteUri",
}
_PAGE: Final = 20
_EARTH: Final = 6_371_000
"""Metres from its middle to its surface."""


async def search(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Find places; those too far from the first one are left out."""
    query, radius, left = pins["query"], float(pins["radius"]), int(pins["max_results"])
    mask = {"X-Goog-FieldMask": "places.location"}
    body: dict[str, Json] = {"textQuery": query, "pageSize": 1}
    first = (await api.send(_SEARCH, body=body, headers=mask)).json.get("places")
    if not first:
        return
    center = first[0]["location"]
    fields = ",".join(f"places.{one}" for one in (*_FIELDS.values(), "location"))
    mask = {"X-Goog-FieldMask": f"{fields},nextPageToken"}
    circle: Json = {"circle": {"center": center, "radius": radius}}
    body = {"textQuery": query, "pageSize": _PAGE, "locationBias": circle}
    while left > 0:
        answer = (await api.send(_SEARCH, body=body, headers=mask)).json
        for one in answer.get("places", ()):
            if left > 0 and distance(center, one["location"]) <= radius:
                yield "place", _place(one)
                left -= 1
        if not answer.get("nextPageToken"):
            return
        body = {**body, "pageToken": answer["nextPageToken"]}


def distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return how many metres two places are apart, along the ground (haversine)."""
    south, north = radians(one["latitude"]), radians(other["latitude"])
    east = radians(other["longitude"] - one["longitude"])
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * _EARTH * asin(min(sqrt(chord), 1.0))


def _place(said: Mapping[str, Any]) -> dict[str, Json]:
    found: dict[str, Json] = {name: said.get(field) for name, field in _FIELDS.items()}
    return {**found, "name": said.get("displayName", {}).get("text", "")}


ACTIONS: Final[Mapping[str, Whole]] = {"search": search}
