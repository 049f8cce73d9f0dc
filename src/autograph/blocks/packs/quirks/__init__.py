"""What single providers need and no pack can say: small functions, named in `TABLE` and nowhere else.

A filter takes a value and returns one. A lookup is a coroutine that takes the pins' values and an `Api`, and
returns what requests then name. A whole action is an async generator that takes the same and yields
`(pin, value)`; the provider is asked through that `Api`. Modules are named here, by us:
no file, graph or request can make another one be imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from autograph.blocks.packs.selectors import Answered, Filter
from autograph.blocks.sdk import Context, CredentialRef, Outputs
from autograph.blocks.sdk.forms import Part
from autograph.graph.model import Json


class Api(Protocol):
    """The provider, as a quirk reaches it: asked with the credential, its failures raised."""

    @property
    def ctx(self) -> Context:
        """The attempt: whose it is, its clock, its key, the person's files, a way out without the credential."""
        ...

    @property
    def reference(self) -> CredentialRef | None:
        """Which credential it is asked with; None where the action needs none."""
        ...

    async def send(
        self,
        request: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        content: tuple[str, bytes] | None = None,
        multipart: Mapping[str, Part] | None = None,
        headers: Mapping[str, str] | None = None,
        accepts: Sequence[int] = (),
    ) -> Answered:
        """Send `METHOD /path` (paths already quoted), with a body of JSON or a form, and return the answer.

        Args:
            request: `METHOD /path`, or `METHOD` and a whole address.
            query: Parameters.
            body: JSON.
            content: A body as it is instead: its type, and its bytes.
            multipart: A form with files instead, by field.
            headers: Further ones.
            accepts: Statuses of 400 and above that are no failure.

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


Looking = Callable[[Mapping[str, Json], Api], Awaitable[Json]]
Whole = Callable[[Mapping[str, Json], Api], Outputs]

TABLE: Final[Mapping[str, Sequence[str]]] = {
    "agent_mail": ("agent_mail",),
    "airtable": ("airtable",),
    "apollo": ("apollo",),
    "baas": ("baas",),
    "bannerbear": ("bannerbear",),
    "d_id": ("d_id",),
    "discord": ("discord",),
    "enrichlayer": ("enrichlayer",),
    "exa": ("exa",),
    "fal": ("fal",),
    "firecrawl": ("firecrawl",),
    "github": ("github",),
    "google": ("gmail", "google_calendar", "google_docs", "google_sheets", "google_layout"),
    "google_maps": ("google_maps",),
    "hubspot": ("hubspot",),
    "ideogram": ("ideogram",),
    "jina": ("jina",),
    "linear": ("linear",),
    "mem0": ("mem0",),
    "notion": ("notion",),
    "openweathermap": ("openweathermap",),
    "pinecone": ("pinecone",),
    "reddit": ("reddit",),
    "replicate": ("replicate",),
    "slant3d": ("slant3d",),
    "telegram": ("telegram",),
    "todoist": ("todoist",),
    "twitter": ("twitter",),
    "wordpress": ("wordpress",),
}
"""The modules here of each pack that has quirks. They say what they offer: `FILTERS`, `LOOKUPS`, `ACTIONS`, by name."""


def filters(pack_id: str) -> Mapping[str, Filter]:
    """Return a pack's own filters, by name."""
    return _offered(pack_id, "FILTERS")


def lookups(pack_id: str) -> Mapping[str, Looking]:
    """Return what a pack can find out before a request, by name."""
    return _offered(pack_id, "LOOKUPS")


def actions(pack_id: str) -> Mapping[str, Whole]:
    """Return a pack's actions that are functions, by name."""
    return _offered(pack_id, "ACTIONS")


def _offered(pack_id: str, name: str) -> Mapping[str, Any]:
    modules = [importlib.import_module(f"{__name__}.{one}") for one in TABLE.get(pack_id, ())]
    return {key: one for module in modules for key, one in getattr(module, name, {}).items()}
