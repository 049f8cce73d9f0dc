"""HubSpot: one block reads, makes and changes; which of it is an input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json

_EMAIL_TO_CONTACT: Final = 198
"""HubSpot's number for how a mail and a contact belong together."""

_KINDS: Final = ("emails", "calls", "meetings", "notes", "tasks")
_PAGE: Final = 100
_MOST_DAYS: Final = 3650


def _text(pins: Mapping[str, Json], name: str) -> str:
    """Return a text that is needed.

    Raises:
        BlockError: There is none.
    """
    text = str(pins.get(name) or "").strip()
    if not text.strip("."):
        raise BlockError(f"{name}: this input needs a value.", code="block.bad_input")
    return text


def _operation(pins: Mapping[str, Json], *known: str) -> str:
    """Return what is to be done.

    Raises:
        BlockError: It is nothing that can be done.
    """
    operation = str(pins["operation"]).strip().lower()
    if operation not in known:
        raise BlockError(f"operation: {', '.join(known)}.", code="block.bad_input")
    return operation


async def contact(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read, make or change a contact, who is known by a mail address."""
    operation = _operation(pins, "get", "create", "update")
    data: dict[str, Json] = dict(pins.get("contact_data") or {})
    if operation == "create":
        if pins.get("email"):
            data.setdefault("email", pins["email"])
        answer = await api.send("POST /crm/v3/objects/contacts", body={"properties": data})
        status = "created"
    else:
        place = f"/crm/v3/objects/contacts/{quote(_text(pins, 'email'), safe='')}"
        by_email: dict[str, Json] = {"idProperty": "email"}
        if operation == "get":
            answer, status = await api.send(f"GET {place}", query=by_email), "retrieved"
        else:
            body: Json = {"properties": data}
            answer = await api.send(f"PATCH {place}", query=by_email, body=body)
            status = "updated"
    yield "contact", answer.json
    yield "status", status


async def company(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Read, make or change a company, which is known by its domain."""
    operation = _operation(pins, "get", "create", "update")
    data: dict[str, Json] = dict(pins.get("company_data") or {})
    if operation == "create":
        if pins.get("domain"):
            data.setdefault("domain", pins["domain"])
        answer = await api.send("POST /crm/v3/objects/companies", body={"properties": data})
        yield "company", answer.json
        yield "status", "created"
        return
    found = await _company(api, _text(pins, "domain"))
    if operation == "get":
        yield "company", found
        yield "status", "retrieved"
        return
    body: Json = {"properties": data}
    place = f"PATCH /crm/v3/objects/companies/{quote(str(found['id']), safe='')}"
    yield "company", (await api.send(place, body=body)).json
    yield "status", "updated"


async def _company(api: Api, domain: str) -> Mapping[str, Any]:
    """Return the company of a domain, which is no key of its own at HubSpot.

    Raises:
        BlockError: There is none.
    """
    wanted: Json = {"propertyName": "domain", "operator": "EQ", "value": domain}
    body: Json = {"filterGroups": [{"filters": [wanted]}], "limit": 1}
    answer = (await api.send("POST /crm/v3/objects/companies/search", body=body)).json
    if not answer["results"]:
        raise BlockError(f"There is no company {domain[:100]!r}.", code="provider.not_found")
    return answer["results"][0]


async def engagement(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Write a mail into a contact's history, or tell what is in it."""
    if _operation(pins, "send_email", "track_engagement") == "send_email":
        yield "result", await _log_email(pins, api)
        yield "status", "email_logged"
        return
    yield "result", await _history(pins, api)
    yield "status", "engagement_tracked"


async def _log_email(pins: Mapping[str, Json], api: Api) -> Json:
    data: Mapping[str, Any] = pins.get("email_data") or {}
    recipient = next((data[name] for name in ("recipient", "to", "email") if data.get(name)), None)
    text = next((data[name] for name in ("content", "body", "text", "html") if data.get(name)), "")
    if recipient is None:
        raise BlockError("email_data: say who gets it (recipient).", code="block.bad_input")
    properties: dict[str, Json] = {
        "hs_timestamp": f"{api.ctx.now():%Y-%m-%dT%H:%M:%S}Z",
        "hs_email_direction": "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_subject": str(data.get("subject") or ""),
        "hs_email_text": str(text),
        "hs_email_headers": json.dumps({"to": [{"email": str(recipient)}]}),
    }
    body: dict[str, Json] = {"properties": properties}
    if pins.get("contact_id"):
        kind = {
            "associationCategory": "HUBSPOT_DEFINED",
            "associationTypeId": _EMAIL_TO_CONTACT,
        }
        body["associations"] = [{"to": {"id": pins["contact_id"]}, "types": [kind]}]
    return (await api.send("POST /crm/v3/objects/emails", body=body)).json


async def _history(pins: Mapping[str, Json], api: Api) -> Json:
    number = _text(pins, "contact_id")
    days = max(0, min(int(pins["timeframe_days"]), _MOST_DAYS))
    since = int((api.ctx.now() - timedelta(days=days)).timestamp() * 1000)
    filters: Json = [
        {"propertyName": "associations.contact", "operator": "EQ", "value": number},
        {"propertyName": "hs_timestamp", "operator": "GTE", "value": str(since)},
    ]
    order: Json = {"propertyName": "hs_timestamp", "direction": "DESCENDING"}
    counts: dict[str, Json] = {}
    latest: dict[str, Json] = {}
    for kind in _KINDS:
        body: Json = {"filterGroups": [{"filters": filters}], "sorts": [order], "limit": _PAGE}
        answer = (await api.send(f"POST /crm/v3/objects/{kind}/search", body=body)).json
        counts[kind] = answer["total"]
        latest[kind] = answer["results"]
    return {"contact_id": number, "timeframe_days": days, "counts": counts, "latest": latest}


ACTIONS: Final[Mapping[str, Whole]] = {
    "contact": contact,
    "company": company,
    "engagement": engagement,
}
