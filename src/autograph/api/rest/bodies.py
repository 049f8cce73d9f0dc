"""Bodies of requests that are JSON of the caller's own shape."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints
from starlette.requests import Request

from autograph.graph.model import Json
from autograph.infra.egress.ports import HOST_PATTERN
from autograph.infra.errors import Invalid
from autograph.infra.json import decode

HostPattern = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        max_length=253,
        pattern=HOST_PATTERN,
    ),
]
HostPatterns = Annotated[list[HostPattern], Field(max_length=500)]

CONFLICTS: Final[dict[int | str, dict[str, Any]]] = {
    409: {
        "description": "Its state forbids this.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
}
"""For the `responses` of a read that can be too early; that writes can meet a conflict goes without saying."""


async def json_body(request: Request) -> Json:
    """Return a request's body.

    Raises:
        Invalid: It is empty or not JSON.
    """
    text = await request.body()
    if not text:
        raise Invalid("The request has no body. Send JSON.")
    return decode(text)


def document_body(description: str) -> dict[str, Any]:
    """Return the OpenAPI of a body that is any JSON object."""
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
