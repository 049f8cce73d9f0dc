"""Whether what is asked was recorded: what is compared, and who comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from autograph.blocks.sdk import BlockError, Json, ModelError, Scope
from autograph.blocks.sdk.exchanges import Sent, differences, from_json, masked
from autograph.blocks.tape.exchange import ASKED_OF_MODELS, Exchange, scrubbed
from autograph.infra.egress.ports import BadRequest, EgressRefused, ResponseTooLarge, Unreachable

PLACEHOLDER: Final = "recorded-secret"
"""What credentials are made of while a recording plays; it counts as the mask that stands in the recording."""
_FAILURES: Final = {
    one.code: one for one in (EgressRefused, BadRequest, ResponseTooLarge, Unreachable)
}
_SHOWN: Final = 600
ELSE: Final = 2
"""The rank of what another node asked."""

Who = tuple[str, str]
"""The agent and the node that ask."""


def rank(one: Exchange, who: Who) -> int:
    """Return how well an exchange suits who asks: their own, then nobody's, then another node's."""
    if "node" not in one:
        return 1
    return 0 if (one.get("agent", who[0]), one["node"]) == who else ELSE


def place(agent: str, scope: Scope, key: str) -> tuple[str, Scope, str]:
    """Return where a stored value is: a person's is the same for all agents."""
    return ("" if scope is Scope.PERSON else agent, scope, key)


def unlike(one: Exchange, recorded: Mapping[str, Json], sent: Mapping[str, Json]) -> list[str]:
    """Return which parts of what is sent were recorded otherwise; of one written by hand, those that it has count."""
    names = [name for name in sent if name in recorded or "node" in one]
    if "request" in one:
        names += [name for name in recorded if name not in sent]
    return [
        f"{name}: recorded {_short(recorded.get(name))}, sent {_short(sent.get(name))}"
        for name in names
        if recorded.get(name) != sent.get(name)
    ]


def _short(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def different(one: Exchange, sent: Sent) -> list[str]:
    """Return where a request is another one; the body of one written by hand counts where it has one."""
    expected = masked(from_json(one))
    if not expected.body and "node" not in one:
        sent = replace(sent, content=b"")
    return differences(expected, sent, is_masked=True)


def fail_as(found: Exchange) -> None:
    """Fail as it was recorded.

    Raises:
        BlockError: A file failed, or code.
        ModelError: A model did.
        AutographError: The way out did.
        TimeoutError: There was no answer in time.
    """
    failure = found.get("failure")
    if failure is None:
        return
    code, message = failure["code"], failure["message"]
    if code == "node.timeout":
        raise TimeoutError(message)
    if code in _FAILURES:
        raise _FAILURES[code](message)
    if found["kind"] in {"model", *ASKED_OF_MODELS}:
        raise ModelError(message, code=code)
    raise BlockError(message, code=code)


def without_placeholder(sent: Sent) -> Sent:
    """Return what is sent, masked where a credential stands in it."""
    secrets = (PLACEHOLDER,)
    mask = str(scrubbed(PLACEHOLDER, secrets))
    return replace(
        sent,
        url=sent.url.replace(PLACEHOLDER, mask),
        query=[(name, text.replace(PLACEHOLDER, mask)) for name, text in sent.query],
        content=sent.content.replace(PLACEHOLDER.encode(), mask.encode()),
    )
