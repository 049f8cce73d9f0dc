"""What single providers need and no pack can say: small functions, named in `TABLE` and nowhere else.

A filter takes a value and returns one. A whole action is an async generator that takes the pins' values and
an `Api`, and yields `(pin, value)`; the provider is asked through that `Api`. Modules are named here, by us:
no file, graph or request can make another one be imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from autograph.blocks.packs.selectors import Answered, Filter
from autograph.blocks.sdk import Context, Outputs
from autograph.graph.model import Json


class Api(Protocol):
    """The provider, as a quirk reaches it: asked with the credential, its failures raised."""

    @property
    def ctx(self) -> Context:
        """The attempt: its files, its clock, and the way out without the credential."""
        ...

    async def send(
        self,
        request: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        multipart: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        accepts: Sequence[int] = (),
    ) -> Answered:
        """Send `METHOD /path` (paths already quoted) and return the answer.

        `multipart` is fields by name, each a value or `{"content": bytes, "filename": …, "type": …}`.

        Raises:
            BlockError: The provider refuses.
        """
        ...

    async def wait(
        self, request: str, is_over: Callable[[Answered], bool], *, every: float, longest: float
    ) -> tuple[Answered, float]:
        """Ask again and again until it is over, or `longest` seconds have passed.

        Nothing is held meanwhile where the action's effect is `read`: then the function runs again from its
        beginning, so what is asked before must only ask.

        Returns:
            The last answer, and how many seconds were waited.

        Raises:
            BlockError: The provider refuses.
        """
        ...


Whole = Callable[[Mapping[str, Json], Api], Outputs]

TABLE: Final[Mapping[str, str]] = {
    "agent_mail": "autograph.blocks.packs.quirks.agent_mail",
    "baas": "autograph.blocks.packs.quirks.baas",
    "bannerbear": "autograph.blocks.packs.quirks.bannerbear",
    "d_id": "autograph.blocks.packs.quirks.d_id",
    "exa": "autograph.blocks.packs.quirks.exa",
    "fal": "autograph.blocks.packs.quirks.fal",
    "firecrawl": "autograph.blocks.packs.quirks.firecrawl",
    "github": "autograph.blocks.packs.quirks.github",
    "ideogram": "autograph.blocks.packs.quirks.ideogram",
    "jina": "autograph.blocks.packs.quirks.jina",
    "linear": "autograph.blocks.packs.quirks.linear",
    "nvidia": "autograph.blocks.packs.quirks.nvidia",
    "replicate": "autograph.blocks.packs.quirks.replicate",
    "screenshotone": "autograph.blocks.packs.quirks.screenshotone",
    "slant3d": "autograph.blocks.packs.quirks.slant3d",
    "todoist": "autograph.blocks.packs.quirks.todoist",
}
"""The module of each pack that has quirks. It says what it offers: `FILTERS` and `ACTIONS`, by name."""


def filters(pack_id: str) -> Mapping[str, Filter]:
    """Return a pack's own filters, by name."""
    return _offered(pack_id, "FILTERS")


def actions(pack_id: str) -> Mapping[str, Whole]:
    """Return a pack's actions that are functions, by name."""
    return _offered(pack_id, "ACTIONS")


def _offered(pack_id: str, name: str) -> Mapping[str, Any]:
    module = TABLE.get(pack_id)
    return {} if module is None else getattr(importlib.import_module(module), name, {})
