"""Taking code out of a text that a model wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    Outputs,
    pin,
)

_LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "html": ("html", "htm"),
    "css": ("css",),
    "javascript": ("javascript", "js"),
    "python": ("python", "py"),
    "sql": ("sql",),
    "java": ("java",),
    "cpp": ("cpp", "c++"),
    "csharp": ("csharp", "c#", "cs"),
    "json_code": ("json",),
    "bash": ("bash", "shell", "sh"),
    "php": ("php",),
    "ruby": ("ruby", "rb"),
    "yaml": ("yaml", "yml"),
    "markdown": ("markdown", "md"),
    "typescript": ("typescript", "ts"),
    "xml": ("xml",),
}
_FENCE: Final = re.compile(r"```([^\s`]+)[ \t]*\n(.*?)```", re.DOTALL)


class CodeExtractionInput(BlockInput):
    """A text with code in it."""

    text: str = pin(
        description="The text, with code between lines of three backticks.", format=Format.LONG_TEXT
    )


class CodeExtractionOutput(BlockOutput):
    """The code by language, and what else there is."""

    html: str = pin(description="HTML found.")
    css: str = pin(description="CSS found.")
    javascript: str = pin(description="JavaScript found.")
    python: str = pin(description="Python found.")
    sql: str = pin(description="SQL found.")
    java: str = pin(description="Java found.")
    cpp: str = pin(description="C++ found.")
    csharp: str = pin(description="C# found.")
    json_code: str = pin(description="JSON found.")
    bash: str = pin(description="Shell commands found.")
    php: str = pin(description="PHP found.")
    ruby: str = pin(description="Ruby found.")
    yaml: str = pin(description="YAML found.")
    markdown: str = pin(description="Markdown found.")
    typescript: str = pin(description="TypeScript found.")
    xml: str = pin(description="XML found.")
    remaining_text: str = pin(description="The text without the code.")


class CodeExtraction(Block[CodeExtractionInput]):
    """The code in a text."""

    id = "d3a7d896-3b78-4f44-8b4b-48fbf4f0bcd8"
    name = "CodeExtraction"
    description = (
        "Takes the code out of a text, each language by its own way, and the rest by another."
    )
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = CodeExtractionInput
    Output = CodeExtractionOutput
    examples = (
        Example(
            {"text": "Try:\n```py\nx = 1\n```"}, [("python", "x = 1"), ("remaining_text", "Try:")]
        ),
        Example({"text": "no code"}, [("remaining_text", "no code")]),
    )

    async def run(self, input: CodeExtractionInput, ctx: Context) -> Outputs:
        """Yield the code by language, then the rest."""
        found: dict[str, list[str]] = {}
        for match in _FENCE.finditer(input.text):
            found.setdefault(match.group(1).lower(), []).append(match.group(2).strip())
        known = {alias for aliases in _LANGUAGES.values() for alias in aliases}
        for language, aliases in _LANGUAGES.items():
            pieces = [piece for alias in aliases for piece in found.get(alias, ())]
            if pieces:
                yield language, "\n\n".join(pieces)
        # Only fences named as we name them are taken out; any other spelling stays where it stands.
        rest = _FENCE.sub(
            lambda match: "" if match.group(1) in known else match.group(), input.text
        ).strip()
        if rest:
            yield "remaining_text", rest
