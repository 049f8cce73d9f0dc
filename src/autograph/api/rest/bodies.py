"""Bodies of requests that are JSON of the caller's own shape."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from autograph.graph.model import Json
from autograph.infra.errors import Invalid
from autograph.infra.json import decode


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
