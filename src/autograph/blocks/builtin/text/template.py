"""Filling a text in."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    pin,
)
from autograph.blocks.sdk.templates import TemplateFault, render

Entries = dict[str, Json]


class FillTextTemplateInput(BlockInput):
    """A template and what to fill in."""

    values: Entries = pin(description="What the template may name.")
    format: str = pin(
        description="The template, such as: Dear {{ name }}.",
        format=Format.LONG_TEXT,
        extra={"x-code": "django"},
    )
    escape_html: bool = pin(default=False, description="Make values safe to stand in HTML.")


class FillTextTemplateOutput(BlockOutput):
    """The text."""

    output: str = pin(description="The text, filled in.")


class FillTextTemplate(Block[FillTextTemplateInput]):
    """A text with gaps, filled in."""

    id = "db7d8f02-2f44-4c55-ab7a-eae0941f0c30"
    name = "FillTextTemplate"
    description = "Fills values into a template. It knows Jinja's {{ value }}, {% if %}, {% for %} and filters."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = FillTextTemplateInput
    Output = FillTextTemplateOutput
    examples = (
        Example({"values": {"name": "Ada"}, "format": "Dear {{ name }}"}, [("output", "Dear Ada")]),
        Example({"values": {}, "format": "{% if %}"}, error="template"),
    )

    async def run(self, input: FillTextTemplateInput, ctx: Context) -> Outputs:
        """Yield the text.

        Raises:
            BlockError: The template is wrong, or wants too much.
        """
        try:
            yield "output", render(input.format, input.values, escape_html=input.escape_html)
        except TemplateFault as error:
            raise BlockError(
                f"The template cannot be filled in: {error}.", code="template.fault"
            ) from error
