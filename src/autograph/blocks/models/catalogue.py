"""Which models there are: facts, read once from `catalogue.json`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final, cast
from urllib.parse import urlsplit

from autograph.blocks.sdk.models import ModelError, Usage
from autograph.infra.json import decode

CREDITS_PER_USD: Final = 150
"""What a dollar at a provider costs a person whose run uses the installation's own account there."""
_UNKNOWN_WINDOW: Final = 8_192
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Provider:
    """Who runs models.

    Attributes:
        protocol: How its servers are spoken to.
        url: Where they are.
        json: How it can be held to JSON: `schema`, `object`, or `none`.
        is_keyless: It asks nobody who they are.
        takes_any: It has more models than the catalogue names.
    """

    id: str
    title: str
    protocol: str
    url: str
    json: str = "none"
    is_keyless: bool = False
    takes_any: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    Attributes:
        id: As its provider names it.
        maker: Who made it.
        window: Tokens it can take in at once.
        max_output: Tokens it can say at once; None where nobody has said.
        kind: What it makes: `text`, `embedding`, `transcript`, `verdict`, `picture`; empty where nobody has said.
        flat: Credits of one answer, where no rates are known.
        rates: Credits of a million tokens: input, output, input from the cache, input into the cache.
        each: Credits of a minute that it hears, or of a picture, where that is what is paid for.
        protocol: Its own, where it is not its provider's.
        retired: The name it was asked by, where that was another, older model's.
    """

    id: str
    provider: Provider
    name: str
    maker: str = ""
    window: int = _UNKNOWN_WINDOW
    max_output: int | None = None
    kind: str = "text"
    flat: int = 1
    rates: tuple[float, float, float, float] | None = None
    each: float | None = None
    protocol: str | None = None
    retired: str | None = None

    def cost_usd(self, usage: Usage) -> float:
        """Return what an answer costs, in US dollars, before it is made credits."""
        if self.each is not None:
            return self.each * (usage.seconds / 60 + usage.pictures) / CREDITS_PER_USD
        if self.rates is None:
            return self.flat / CREDITS_PER_USD
        fresh, said, cached, kept = self.rates
        new_tokens = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        credits = (
            max(0, new_tokens) * fresh
            + usage.cached_tokens * (cached or fresh)
            + usage.cache_write_tokens * (kept or fresh)
            + usage.output_tokens * said
        ) / _MILLION
        return credits / CREDITS_PER_USD


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is known of models.

    Attributes:
        aliases: Other names of a model.
        retired: Models that are no more, and which one takes their place.
    """

    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    aliases: Mapping[str, str]
    retired: Mapping[str, str]

    def find(self, name: str) -> Model:
        """Return the model of a name: `gpt-4o`, `open_router:any/model`, `mine@https://host/v1`.

        Raises:
            ModelError: There is none; the message has the nearest names.
        """
        wanted = name.strip()
        known = self.models.get(wanted) or self.models.get(self.aliases.get(wanted, ""))
        if known is not None:
            return known
        if wanted in self.retired:
            return replace(self.models[self.retired[wanted]], retired=wanted)
        if found := self._elsewhere(wanted):
            return found
        raise ModelError(self._unknown(wanted), code="model.unknown")

    def nearest(self, name: str, count: int = 3) -> Sequence[str]:
        """Return names that look like one."""
        by_lower = {one.lower(): one for one in (*self.models, *self.aliases)}
        found = difflib.get_close_matches(name.lower(), by_lower, n=count, cutoff=0.4)
        return [by_lower[one] for one in found]

    def _elsewhere(self, name: str) -> Model | None:
        """Return a model that the catalogue does not name, of a provider or an address that the name says."""
        own, _, address = name.partition("@")
        parts = urlsplit(address)
        if own and parts.scheme in {"http", "https"} and parts.netloc:
            server = Provider("", parts.netloc, "openai", address.rstrip("/"), json="none")
            return Model(own, server, own, kind="")
        provider, colon, own = name.partition(":")
        if colon and own and provider in self.providers:
            known = self.models.get(own)
            if known is not None and known.provider.id == provider:
                return known
            return Model(own, self.providers[provider], own, kind="")
        return None

    def _unknown(self, name: str) -> str:
        nearest = ", ".join(self.nearest(name))
        hint = f" Did you mean: {nearest}?" if nearest else ""
        return (
            f"There is no model {name[:100]!r}.{hint} (autograph models list has all; a model that it does not "
            "name is asked for as provider:model, one of your own as model@https://host/v1.)"
        )


@cache
def load() -> Catalogue:
    """Return the catalogue; read once."""
    text = resources.files("autograph.blocks.models").joinpath("catalogue.json").read_bytes()
    found = cast("dict[str, Any]", decode(text))
    providers = {
        key: Provider(
            id=key,
            title=one["title"],
            protocol=one["protocol"],
            url=one["url"],
            json=one["json"],
            is_keyless=one.get("keyless", False),
            takes_any=one.get("any_model", False),
        )
        for key, one in found["providers"].items()
    }
    models = {
        one["id"]: Model(
            id=one["id"],
            provider=providers[one["provider"]],
            name=one["name"],
            maker=one["maker"],
            window=one["window"],
            max_output=one["max_output"],
            kind=one.get("kind", "text"),
            flat=one["flat"],
            rates=None if one["rates"] is None else tuple(one["rates"]),
            each=one.get("each"),
            protocol=one.get("protocol"),
        )
        for one in found["models"]
    }
    return Catalogue(providers, models, found["aliases"], found["retired"])
