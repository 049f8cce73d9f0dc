"""What an agent gives."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutputWithoutError,
    Category,
    Context,
    Effect,
    Example,
    Json,
    Outputs,
    pin,
)
from autograph.blocks.sdk.templates import TemplateFault, render


class AgentOutputFields(BlockInput):
    """A value and the name to give it out under."""

    value: Json = pin(None, description="The value to give out.", advanced=False)
    name: str = pin(description="The output's name; a run's result has its values under it.")
    title: str | None = pin(None, description="What is shown instead of the name.")
    description: str | None = pin(None, description="What is said about it.")
    format: str = pin(
        "", description="A template that says how to write the value: {{ name }} points."
    )
    escape_html: bool = pin(default=False, description="Make the value safe to stand in HTML.")
    advanced: bool = pin(default=False, description="Kept for older agents.")
    secret: bool = pin(default=False, description="Hide the value.")


class AgentOutputResult(BlockOutputWithoutError):
    """The value given out."""

    output: Json = pin(description="The value, written as the template says.")
    name: Json = pin(description="The output's name; comes only without a template.")


class AgentOutput(Block[AgentOutputFields]):
    """What an agent gives."""

    id = "363ae599-353e-4804-937e-b2ee3cef3da4"
    name = "AgentOutput"
    description = (
        "Gives a value out of the agent, under a name and, if you like, written by a template."
    )
    categories = (Category.OUTPUT, Category.BASIC)
    kind = BlockKind.OUTPUT
    effect = Effect.PURE
    static_output = True
    Input = AgentOutputFields
    Output = AgentOutputResult
    examples = (
        Example({"name": "score", "value": 5}, [("output", 5), ("name", "score")]),
        Example(
            {"name": "score", "value": 5, "format": "{{ score }} points"}, [("output", "5 points")]
        ),
    )

    async def run(self, input: AgentOutputFields, ctx: Context) -> Outputs:
        """Yield the value. A template that cannot be filled in is told in its place, and loses nothing."""
        if not input.format:
            yield "output", input.value
            yield "name", input.name
            return
        try:
            yield (
                "output",
                render(input.format, {input.name: input.value}, escape_html=input.escape_html),
            )
        except TemplateFault as error:
            yield "output", f"Error: {error}, {input.value}"
