"""Keeping a file that lies elsewhere."""

from __future__ import annotations

import base64
from typing import Final

from autograph.blocks.sdk import (
    ANY,
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

_MAX_IN_VALUE: Final = 5 * 1024 * 1024


class FileStoreInput(BlockInput):
    """Which file."""

    file_in: str = pin(
        description="The file: a reference, a data URI, or an https address.", format=Format.FILE
    )
    base_64: bool = pin(
        default=False,
        description="Give it out as a data URI, for what takes no reference; up to 5 MiB.",
    )


class FileStoreOutput(BlockOutput):
    """The file."""

    file_out: str = pin(description="A reference to the file, which any pin for a file takes.")


class FileStore(Block[FileStoreInput]):
    """Keep a file."""

    id = "cbb50872-625b-42f0-8203-a2ae78242d8a"
    name = "FileStore"
    description = "Fetches a file once and keeps it, so that all that comes after it is handed a short reference."
    categories = (Category.BASIC, Category.MULTIMEDIA)
    effect = Effect.IDEMPOTENT
    static_output = True
    Input = FileStoreInput
    Output = FileStoreOutput
    examples = (
        Example({"file_in": "data:text/plain;base64,aGVsbG8="}, [("file_out", ANY)]),
        Example(
            {"file_in": "data:text/plain;base64,aGVsbG8=", "base_64": True},
            [("file_out", "data:text/plain;base64,aGVsbG8=")],
        ),
        Example({"file_in": "/etc/hostname"}, error="names no file"),
    )

    async def run(self, input: FileStoreInput, ctx: Context) -> Outputs:
        """Yield the reference."""
        if input.base_64:
            content = await ctx.files.read(input.file_in, max_bytes=_MAX_IN_VALUE)
            info = await ctx.files.info(input.file_in)
            yield "file_out", f"data:{info.media_type};base64,{base64.b64encode(content).decode()}"
            return
        async with ctx.files.open(input.file_in) as file:
            if input.file_in.startswith("file:"):
                yield "file_out", input.file_in
                return
            reference = await ctx.files.write(file.info.name, file.pieces(), file.info.media_type)
        yield "file_out", reference
