"""Keeping texts beyond the run, and finding them again by what they mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Collection,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Effect,
    Example,
    InputError,
    Json,
    Memo,
    Outputs,
    Question,
    Scope,
    credential_pin,
    pin,
)

Entries = dict[str, Json]
Texts = list[str]
Memories = list[Entries]

_DEFAULT: Final = "memories"
_MOST: Final = 1_000
_COSTS: Final = (Cost(150, CostKind.COST_USD),)


def _collection_pin() -> Any:
    return pin(_DEFAULT, description="The name of what is looked through together.", max_length=200)


def _scope_pin() -> Any:
    return pin(Scope.AGENT, description="Whether this agent alone or all of your agents share it.")


def _model_pin() -> Any:
    return pin(
        "text-embedding-3-small",
        description=(
            "Which model reads the texts; recalling needs the same as remembering. demo-embedding works offline, "
            "without a key."
        ),
        extra={"x-models": "embedding"},
    )


def _account_pin() -> Any:
    return credential_pin(
        *("gemini", "http", "jina", "mistral", "ollama", "open_router", "openai"),
        kinds=("api_key", "host_scoped"),
        description="Whose account at the model's provider pays.",
        optional=True,
    )


class RememberInput(BlockInput):
    """Texts."""

    texts: Texts = pin(description="The texts, each of at most 32,000 characters; 1,000 at once.")
    metadata: Entries = pin(
        default_factory=Entries,
        description="What else is known of them, by which they can be told apart later.",
    )
    collection: str = _collection_pin()
    scope: Scope = _scope_pin()
    keep_days: int = pin(
        0, description="After how many days they are forgotten; 0 for never.", ge=0, le=36_500
    )
    model: str = _model_pin()
    credentials: CredentialRef | None = _account_pin()


class RememberOutput(BlockOutput):
    """What was kept."""

    ids: Texts = pin(description="An id for each text, by which it can be forgotten.")


class Remember(Block[RememberInput]):
    """Keep texts by their meaning."""

    id = "30ec9f51-d389-4331-b723-311eb0d77100"
    name = "Remember"
    description = (
        "Remembers texts, so that later runs find them by what they mean. The same text with the same metadata is "
        "kept once."
    )
    categories = (Category.DATA, Category.AI)
    effect = Effect.IDEMPOTENT
    costs = _COSTS
    aliases = ("vector memory", "vector store", "knowledge base")
    Input = RememberInput
    Output = RememberOutput
    examples = (
        Example(
            {"texts": ["Ann likes green tea."], "model": "demo-embedding"},
            [("ids", ["d4e1867f-86a8-48f9-d78f-305a1554113a"])],
        ),
        Example({"texts": [], "model": "demo-embedding"}, error="1 to 1,000"),
        Example({"texts": [" "], "model": "demo-embedding"}, error="1 to 32,000 characters"),
    )

    async def run(self, input: RememberInput, ctx: Context) -> Outputs:
        """Keep the texts and yield their ids.

        Raises:
            InputError: There is none, or there are too many.
            BlockError: One is too large, there is no more room, or the model does not answer.
        """
        if not 0 < len(input.texts) <= _MOST:
            raise InputError("texts", f"expected 1 to {_MOST:,}, got {len(input.texts)}")
        shelf = Collection(input.collection, input.model, input.scope)
        vectors = await ctx.models.embed(input.model, input.texts, input.credentials)
        ends = ctx.now() + timedelta(days=input.keep_days) if input.keep_days else None
        memos = [
            Memo(text, vector, input.metadata, ends)
            for text, vector in zip(input.texts, vectors, strict=True)
        ]
        yield "ids", list(await ctx.store.remember(shelf, memos))


class RecallInput(BlockInput):
    """What is looked for."""

    query: str = pin(description="What is looked for, in any words.")
    count: int = pin(5, description="How many texts at most.", ge=1, le=100)
    least: float = pin(
        0.0,
        description="How near they are at least: 1 is the same, 0 has nothing to do with it. Models differ.",
        ge=-1,
        le=1,
    )
    where: Entries = pin(
        default_factory=Entries, description="Only those whose metadata has these values."
    )
    collection: str = _collection_pin()
    scope: Scope = _scope_pin()
    model: str = _model_pin()
    credentials: CredentialRef | None = _account_pin()


class RecallOutput(BlockOutput):
    """What was found."""

    memory: Entries = pin(
        description="A text with its id, metadata, score and time; comes once for each, the nearest first."
    )
    memories: Memories = pin(description="All of them, in one list.")
    texts: Texts = pin(description="Their texts alone.")


class Recall(Block[RecallInput]):
    """Find texts by their meaning."""

    id = "18516781-809f-445a-9992-70b732db0cf7"
    name = "Recall"
    description = "Finds, among the texts that were remembered, those that are nearest in meaning."
    categories = (Category.DATA, Category.AI, Category.SEARCH)
    effect = Effect.READ
    costs = _COSTS
    aliases = ("semantic search", "vector search", "retrieval")
    Input = RecallInput
    Output = RecallOutput
    examples = (
        Example(
            {"query": "What does Ann drink?", "model": "demo-embedding"},
            [("memories", []), ("texts", [])],
        ),
        Example({"query": "", "model": "demo-embedding"}, error="say what to look for"),
    )

    async def run(self, input: RecallInput, ctx: Context) -> Outputs:
        """Yield the texts.

        Raises:
            InputError: Nothing is looked for.
            BlockError: The model does not answer.
        """
        if not input.query.strip():
            raise InputError("query", "say what to look for.")
        (vector,) = await ctx.models.embed(input.model, [input.query], input.credentials)
        found = await ctx.store.recall(
            Collection(input.collection, input.model, input.scope),
            Question(vector, input.count, input.least, input.where),
        )
        for one in found:
            yield "memory", one.as_json()
        yield "memories", [one.as_json() for one in found]
        yield "texts", [one.text for one in found]


class ForgetInput(BlockInput):
    """What is to be forgotten."""

    ids: Texts = pin(
        default_factory=Texts, description="Ids of texts, as Remember and Recall give them."
    )
    everything: bool = pin(False, description="All of the collection instead.")
    collection: str = _collection_pin()
    scope: Scope = _scope_pin()


class ForgetOutput(BlockOutput):
    """What went."""

    count: int = pin(description="How many texts were forgotten.")


class Forget(Block[ForgetInput]):
    """Forget texts."""

    id = "ea309bee-82bb-4c0f-8a28-8ae691354d0f"
    name = "Forget"
    description = "Forgets texts that were remembered: some by their ids, or all of a collection."
    categories = (Category.DATA,)
    effect = Effect.IDEMPOTENT
    aliases = ("delete memory",)
    Input = ForgetInput
    Output = ForgetOutput
    examples = (
        Example({"everything": True}, [("count", 0)]),
        Example({}, error="say which"),
        Example({"ids": ["x"], "everything": True}, error="not both"),
    )

    async def run(self, input: ForgetInput, ctx: Context) -> Outputs:
        """Forget them and yield how many there were.

        Raises:
            InputError: It does not say which, or says both.
        """
        if input.everything and input.ids:
            raise InputError("ids", "name texts, or everything, and not both.")
        if not input.everything and not input.ids:
            raise InputError("ids", "say which, or choose everything.")
        shelf = Collection(input.collection, "", input.scope)
        yield "count", await ctx.store.forget(shelf, None if input.everything else input.ids)
