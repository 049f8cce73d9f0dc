"""What providers answered: for each action one exchange or more, kept in `recordings/<id>.json` beside the packs.

    {"auth": {"headers": {"Authorization": "Bearer test-secret"}},
     "GithubMakeIssue": [{
        "input": {"repo_url": "https://github.com/o/r", "title": "A", "body": "B"},
        "exchanges": [{"request": "POST /repos/o/r/issues", "body": {"title": "A", "body": "B"},
                       "status": 201, "response": {"number": 1, "html_url": "https://github.com/o/r/issues/1"}}],
        "outputs": [["number", 1], ["url", "https://github.com/o/r/issues/1"]]}]}

They are the examples of the blocks. `blocks.sdk.recorded` plays them on a real server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from autograph.blocks.sdk import (
    ApiKeySecret,
    Example,
    HostScopedSecret,
    OAuth2Secret,
    Secret,
    UserPasswordSecret,
)
from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.exchanges import from_json
from autograph.graph.model import Json
from autograph.infra.json import decode

if TYPE_CHECKING:
    from autograph.blocks.packs.format import Action, Pack

TEST_ID: Final = "test"
SECRETS: Final[Mapping[str, Secret]] = {
    "api_key": ApiKeySecret("test-secret"),
    "oauth2": OAuth2Secret("test-secret"),
    "user_password": UserPasswordSecret("test-name", "test-secret"),
    "host_scoped": HostScopedSecret("*", {"Authorization": "test-secret"}),
}
"""What the recordings' requests are made with."""


def examples_of(pack: Pack, action: Action) -> Sequence[Example]:
    """Return the recorded exchanges of an action."""
    from autograph.blocks.packs.action import kinds_of  # noqa: PLC0415 - actions know their recordings

    folder = pack.path.parent / "recordings"
    said = _read(folder / f"{pack.id}.json")
    kinds = kinds_of(pack, action)
    return [
        _example(
            pack,
            one,
            one.get("auth", said.get("auth", {})),
            one.get("kind", kinds[0] if kinds else None),
        )
        for one in said.get(action.name, ())
    ]


@cache
def _read(path: Path) -> Mapping[str, Any]:
    return decode(path.read_bytes()) if path.exists() else {}


def _example(
    pack: Pack, said: Mapping[str, Any], auth: Mapping[str, Any], kind: str | None
) -> Example:
    values: dict[str, Json] = dict(said.get("input", {}))
    secrets: dict[str, Secret] = {}
    if kind is not None:
        reference = {"id": TEST_ID, "provider": pack.id, "type": kind, "title": "Test"}
        values.setdefault("credentials", reference)
        secrets[TEST_ID] = SECRETS[kind]
    return Example(
        values,
        [(name, value) for name, value in said.get("outputs", ())],
        error=said.get("error"),
        title=said.get("title"),
        exchanges=[_exchange(pack, one, auth if kind else {}) for one in said.get("exchanges", ())],
        secrets=secrets,
    )


def _exchange(pack: Pack, said: Mapping[str, Any], auth: Mapping[str, Any]) -> Exchanged:
    method, _, address = said["request"].partition(" ")
    auth = said.get("auth", auth)
    found = from_json({**said, "request": f"{method} {pack.provider.url(address)}"})
    parts = urlsplit(found.url)
    return replace(
        found,
        url=f"{parts.scheme}://{parts.netloc}{said.get('prefix', auth.get('prefix', ''))}{parts.path}",
        query=[*found.query, *auth.get("query", {}).items()],
        request_headers={**auth.get("headers", {}), **found.request_headers},
    )
