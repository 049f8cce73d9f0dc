"""What providers' answers say, however they say it. Nothing secret comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from autograph.blocks.packs.provider import Provider
from autograph.blocks.sdk import Secret
from autograph.blocks.sdk.credentials import texts_of
from autograph.features.integrations.models import Verdict
from autograph.graph.model import is_list, is_object
from autograph.infra.egress.ports import HttpResponse
from autograph.infra.json import Json, NotJson

_MAX_MESSAGE: Final = 300
_WHERE: Final = (
    "error_description",
    "error.message",
    "errors.0.message",
    "message",
    "description",
    "detail.message",
    "detail",
    "status_message",
    "title",
    "error",
)


def field_of(body: Json, path: str | None) -> Json:
    """Return the value at a path with dots, numbers for places in lists; None where there is none."""
    for step in path.split(".") if path else ():
        if is_object(body):
            body = body.get(step)
        elif is_list(body) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body if path else None


def message_of(answer: HttpResponse, *, hidden: Sequence[str] = ()) -> str:
    """Return a provider's own words about what is wrong, without what is hidden."""
    try:
        body = answer.json()
    except NotJson:
        body = None
    found = [one for path in _WHERE if isinstance(one := field_of(body, path), str) and one.strip()]
    text = " ".join(found[0].split()) if found else f"it answers {answer.status}"
    for secret in hidden:
        if secret:
            text = text.replace(secret, "•••")
    return text[:_MAX_MESSAGE].rstrip(".") + "."


def judge(provider: Provider, secret: Secret, answer: HttpResponse) -> Verdict:
    """Return what a provider's answer to its `[test]` means."""
    test = provider.test
    try:
        body = answer.json()
    except NotJson:
        body = None
    ok = test.ok if test else None
    is_good = 200 <= answer.status < 300 and (ok is None or bool(field_of(body, ok)))
    if not is_good:
        message = f"{provider.name}: {message_of(answer, hidden=texts_of(secret))}"
        return Verdict(is_good=False, status=answer.status, account=None, message=message)
    found = field_of(body, test.account if test else None)
    account = None if found is None or is_object(found) or is_list(found) else str(found)[:200]
    whose = f" It is {account}'s." if account else ""
    return Verdict(
        is_good=True,
        status=answer.status,
        account=account,
        message=f"{provider.name} takes it.{whose}",
    )
