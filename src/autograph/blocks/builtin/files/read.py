"""Reading text from a file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
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

_MAX_BYTES: Final = 10 * 1024 * 1024
_MAX_PIECES: Final = 50_000


class FileReadInput(BlockInput):
    """Which file, and which part of it."""

    file_input: str = pin(
        description="The file: a reference, a data URI, or an https address.", format=Format.FILE
    )
    delimiter: str = pin("", description="What stands between rows, such as a line break.")
    size_limit: int = pin(
        0, description="Most characters of one piece; 0 gives everything in one.", ge=0
    )
    row_limit: int = pin(0, description="Most rows; 0 for all. Needs a delimiter.", ge=0)
    skip_size: int = pin(0, description="Characters to leave out at the beginning.", ge=0)
    skip_rows: int = pin(
        0, description="Rows to leave out at the beginning. Needs a delimiter.", ge=0
    )


class FileReadOutput(BlockOutput):
    """The text."""

    content: str = pin(description="The text; comes once for each piece.")


class FileRead(Block[FileReadInput]):
    """The text of a file."""

    id = "3735a31f-7e18-4aca-9e90-08a7120674bc"
    name = "FileRead"
    description = (
        "Reads the text of a file, all of it or some rows, in pieces of a size that suits you."
    )
    categories = (Category.TEXT, Category.DATA)
    effect = Effect.READ
    Input = FileReadInput
    Output = FileReadOutput
    examples = (
        Example({"file_input": "data:text/plain,hello"}, [("content", "hello")]),
        Example(
            {
                "file_input": "data:text/plain,a%0Ab%0Ac",
                "delimiter": "\n",
                "skip_rows": 1,
                "row_limit": 1,
            },
            [("content", "b")],
        ),
        Example(
            {"file_input": "data:text/plain,hello", "skip_size": 2, "size_limit": 2},
            [("content", "ll"), ("content", "o")],
        ),
        Example({"file_input": "data:image/png;base64,iVBORw0KGgo="}, error="is no text"),
    )

    async def run(self, input: FileReadInput, ctx: Context) -> Outputs:
        """Yield the text.

        Raises:
            BlockError: There is no such file, it is too large, or it is no text.
        """
        text = _text(await ctx.files.read(input.file_input, max_bytes=_MAX_BYTES))[
            input.skip_size :
        ]
        if input.delimiter:
            rows = text.split(input.delimiter)[input.skip_rows :]
            text = input.delimiter.join(rows[: input.row_limit or None])
        for piece in _pieces(text, input.size_limit):
            yield "content", piece


def _pieces(text: str, size: int) -> Iterator[str]:
    if not size:
        yield text
        return
    if len(text) > size * _MAX_PIECES:
        raise BlockError(
            f"size_limit: in pieces of {size} the text would be more than {_MAX_PIECES:,} of them; take larger ones."
        )
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _text(content: bytes) -> str:
    encoding = "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BlockError(
            "The file is no text in UTF-8 or UTF-16; a document or picture needs a block made for it."
        ) from error
