"""Putting texts together and taking them apart."""

from __future__ import annotations

import re
from typing import Final

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
    Outputs,
    pin,
)

Texts = list[str]
_MAX_TEXT: Final = 16 * 1024 * 1024
_ESCAPE: Final = re.compile(
    r"\\(?:\n|[\\'\"abfnrtv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3})"
)
_PLAIN: Final = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_MAX_CODE_POINT: Final = 0x10FFFF


class TextOutput(BlockOutput):
    """A text."""

    output: str = pin(description="The text that came of it.")


class CombineTextsInput(BlockInput):
    """Texts to put together."""

    input: Texts = pin(description="The texts, in order.")
    delimiter: str = pin("", description="What stands between them.")


class CombineTexts(Block[CombineTextsInput]):
    """Texts, one after the other."""

    id = "e30a4d42-7b7d-4e6a-b36e-1f9b8e3b7d85"
    name = "CombineTexts"
    description = "Puts several texts one after the other, with something between them if you like."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = CombineTextsInput
    Output = TextOutput
    examples = (Example({"input": ["a", "b"], "delimiter": ", "}, [("output", "a, b")]),)

    async def run(self, input: CombineTextsInput, ctx: Context) -> Outputs:
        """Yield one text.

        Raises:
            BlockError: It would be too long.
        """
        length = sum(map(len, input.input)) + len(input.delimiter) * len(input.input)
        _check_length(length)
        yield "output", input.delimiter.join(input.input)


def _check_length(length: int) -> None:
    if length > _MAX_TEXT:
        raise BlockError(f"The text would have {length} characters; at most {_MAX_TEXT} are made.")


class TextReplaceInput(BlockInput):
    """A text, what to look for, and what to put there."""

    text: str = pin(description="The text.", format=Format.LONG_TEXT)
    old: str = pin(description="What to look for.")
    new: str = pin(description="What to put there.")


class TextReplace(Block[TextReplaceInput]):
    """One text for another."""

    id = "7e7c87ab-3469-4bcc-9abe-67705091b713"
    name = "TextReplace"
    description = "Puts one text wherever another one stands."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = TextReplaceInput
    Output = TextOutput
    examples = (Example({"text": "aaa", "old": "a", "new": "b"}, [("output", "bbb")]),)

    async def run(self, input: TextReplaceInput, ctx: Context) -> Outputs:
        """Yield the text, changed."""
        count = input.text.count(input.old) if input.old else len(input.text) + 1
        _check_length(len(input.text) + count * len(input.new))
        yield "output", input.text.replace(input.old, input.new)


class TextSplitInput(BlockInput):
    """A text and where to cut it."""

    text: str = pin(description="The text.", format=Format.LONG_TEXT)
    delimiter: str = pin(description="Where to cut.")
    strip: bool = pin(default=True, description="Take white space off the ends of every piece.")


class TextSplitOutput(BlockOutput):
    """The pieces."""

    texts: Texts = pin(description="The pieces, in order.")


class TextSplit(Block[TextSplitInput]):
    """A text in pieces."""

    id = "d5ea33c8-a575-477a-b42f-2fe3be5055ec"
    name = "TextSplit"
    description = "Cuts a text into pieces wherever a delimiter stands."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = TextSplitInput
    Output = TextSplitOutput
    examples = (
        Example({"text": "a, b", "delimiter": ","}, [("texts", ["a", "b"])]),
        Example({"text": "abc", "delimiter": ""}, error="delimiter"),
    )

    async def run(self, input: TextSplitInput, ctx: Context) -> Outputs:
        """Yield the pieces.

        Raises:
            BlockError: The delimiter is empty.
        """
        if not input.text:
            yield "texts", []
            return
        if not input.delimiter:
            raise BlockError("The delimiter is empty; say where to cut.")
        pieces = input.text.split(input.delimiter)
        yield "texts", [piece.strip() for piece in pieces] if input.strip else pieces


class WordCharacterCountInput(BlockInput):
    """A text."""

    text: str = pin(description="The text.", format=Format.LONG_TEXT)


class WordCharacterCountOutput(BlockOutput):
    """How long it is."""

    word_count: int = pin(description="Words, by white space.")
    character_count: int = pin(description="Characters, white space included.")


class WordCharacterCount(Block[WordCharacterCountInput]):
    """How long a text is."""

    id = "ab2a782d-22cf-4587-8a70-55b59b3f9f90"
    name = "WordCharacterCount"
    description = "Counts the words and the characters of a text."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = WordCharacterCountInput
    Output = WordCharacterCountOutput
    examples = (Example({"text": "two words"}, [("word_count", 2), ("character_count", 9)]),)

    async def run(self, input: WordCharacterCountInput, ctx: Context) -> Outputs:
        """Yield both counts."""
        yield "word_count", len(input.text.split())
        yield "character_count", len(input.text)


class TextDecoderInput(BlockInput):
    """A text with escapes in it."""

    text: str = pin(
        description="The text, with escapes such as \\n in it.", format=Format.LONG_TEXT
    )


class TextDecoderOutput(BlockOutput):
    """The text, escapes resolved."""

    decoded_text: str = pin(description="The text with what the escapes stand for.")


class TextDecoder(Block[TextDecoderInput]):
    """Escapes into what they stand for."""

    id = "2570e8fe-8447-43ed-84c7-70d657923231"
    name = "TextDecoder"
    description = "Turns escapes such as \\n and \\u00e9 into the characters they stand for."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = TextDecoderInput
    Output = TextDecoderOutput
    examples = (Example({"text": "a\\nb"}, [("decoded_text", "a\nb")]),)

    async def run(self, input: TextDecoderInput, ctx: Context) -> Outputs:
        """Yield the text with what its escapes stand for."""
        yield "decoded_text", _ESCAPE.sub(_unescape, input.text)


def _unescape(found: re.Match[str]) -> str:
    code = found.group()[1:]
    if code in _PLAIN:
        return _PLAIN[code]
    if code == "\n":
        return ""
    point = int(code[1:], 16) if code[0] in "xuU" else int(code, 8)
    is_character = point <= _MAX_CODE_POINT and not 0xD800 <= point <= 0xDFFF
    return chr(point) if is_character else found.group()


class TextEncoderInput(BlockInput):
    """A text."""

    text: str = pin(description="The text.", format=Format.LONG_TEXT)


class TextEncoderOutput(BlockOutput):
    """The text with escapes."""

    encoded_text: str = pin(description="The text, with escapes for what does not print as it is.")


class TextEncoder(Block[TextEncoderInput]):
    """What does not print into escapes."""

    id = "5185f32e-4b65-4ecf-8fbb-873f003f09d6"
    name = "TextEncoder"
    description = "Turns line breaks, tabs, backslashes and letters beyond ASCII into escapes."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    Input = TextEncoderInput
    Output = TextEncoderOutput
    examples = (Example({"text": "a\nb"}, [("encoded_text", "a\\nb")]),)

    async def run(self, input: TextEncoderInput, ctx: Context) -> Outputs:
        """Yield the text with escapes."""
        yield "encoded_text", input.text.encode("unicode_escape").decode("ascii")
