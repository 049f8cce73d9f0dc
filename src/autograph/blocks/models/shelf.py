"""What an installation has set about models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograph.blocks.models.catalogue import Model, load
from autograph.blocks.sdk.fields import Json


@dataclass(frozen=True, slots=True)
class ModelShelf:
    """Where models are asked, and on whose account.

    Attributes:
        urls: Other addresses of providers: `{"openai": "https://proxy.example/v1"}`.
        keys: The installation's own keys; runs that use them are charged.
        only_demo: Every model is answered by the scripted local one.
        script: Rules of the scripted one; see `demo.py`.
    """

    urls: Mapping[str, str] = field(default_factory=dict[str, str])
    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    only_demo: bool = False
    script: Sequence[Mapping[str, Json]] = ()

    def find(self, name: str) -> Model:
        """Return a model as it is asked here.

        Raises:
            ModelError: There is none.
        """
        found = load().find(name)
        if self.only_demo:
            return replace(
                found, provider=load().providers["demo"], protocol=None, rates=None, flat=0
            )
        url = self.urls.get(found.provider.id)
        if url is None:
            return found
        return replace(found, provider=replace(found.provider, url=url.rstrip("/")))
