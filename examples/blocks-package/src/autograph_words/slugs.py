"""Titles into names for addresses."""

from __future__ import annotations

import re
import unicodedata

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Outputs,
    pin,
)


class MakeSlugInput(BlockInput):
    """A title."""

    title: str = pin(description="The title.", placeholder="Crème brûlée, twice")
    separator: str = pin("-", description="What stands between words.", max_length=1)


class MakeSlugOutput(BlockOutput):
    """Its slug."""

    slug: str = pin(description="The title in small letters and digits.")


class MakeSlug(Block[MakeSlugInput]):
    """A title as a slug."""

    id = "14aeaf2b-3054-48a8-a3d9-2ff01c8cdb20"
    name = "MakeSlug"
    description = "Turns a title into a name that can stand in an address."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    aliases = ("slugify",)
    Input = MakeSlugInput
    Output = MakeSlugOutput
    examples = (
        Example({"title": "Crème brûlée, twice"}, [("slug", "creme-brulee-twice")]),
        Example({"title": "a b", "separator": "_"}, [("slug", "a_b")]),
        Example({"title": "?!"}, [("slug", "")]),
    )

    async def run(self, input: MakeSlugInput, ctx: Context) -> Outputs:
        """Yield the slug."""
        plain = unicodedata.normalize("NFKD", input.title).encode("ascii", "ignore").decode()
        yield "slug", input.separator.join(re.findall(r"[a-z0-9]+", plain.lower()))
