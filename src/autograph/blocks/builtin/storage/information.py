"""Keeping a value beyond the run, and finding it again."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    Scope,
    pin,
)


class PersistInformationInput(BlockInput):
    """What to keep, and under which name."""

    key: str = pin(description="The name to keep it under.")
    value: Json = pin(description="The value to keep.")
    scope: Scope = pin(
        Scope.AGENT, description="Whether only this agent or all of your agents find it."
    )


class InformationOutput(BlockOutput):
    """The value."""

    value: Json = pin(description="The value kept under the key.")


class PersistInformation(Block[PersistInformationInput]):
    """Keep a value beyond the run."""

    id = "1d055e55-a2b9-4547-8311-907d05b0304d"
    name = "PersistInformation"
    description = (
        "Keeps a value under a name, so that later runs find it. A second value replaces the first."
    )
    categories = (Category.DATA,)
    effect = Effect.IDEMPOTENT
    Input = PersistInformationInput
    Output = InformationOutput
    examples = (Example({"key": "city", "value": "Oslo"}, [("value", "Oslo")]),)

    async def run(self, input: PersistInformationInput, ctx: Context) -> Outputs:
        """Keep the value and yield it."""
        await ctx.store.set(input.key, input.value, scope=input.scope)
        yield "value", input.value


class RetrieveInformationInput(BlockInput):
    """Which value."""

    key: str = pin(description="The name it was kept under.")
    scope: Scope = pin(
        Scope.AGENT, description="Whether to look among this agent's values or all of yours."
    )
    default_value: Json = pin(None, description="What to give out when there is none.")


class RetrieveInformation(Block[RetrieveInformationInput]):
    """Find a kept value again."""

    id = "d8710fc9-6e29-481e-a7d5-165eb16f8471"
    name = "RetrieveInformation"
    description = "Finds the value that an earlier run kept under a name, or gives out a default."
    categories = (Category.DATA,)
    effect = Effect.READ
    static_output = True
    Input = RetrieveInformationInput
    Output = InformationOutput
    examples = (Example({"key": "nothing here", "default_value": 0}, [("value", 0)]),)

    async def run(self, input: RetrieveInformationInput, ctx: Context) -> Outputs:
        """Yield the value, or the default."""
        found = await ctx.store.get(input.key, scope=input.scope)
        yield "value", input.default_value if found is None else found
