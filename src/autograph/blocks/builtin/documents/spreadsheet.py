"""Reading tables from text."""

from __future__ import annotations

import asyncio
import csv
import io
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

Row = dict[str, str]
Rows = list[Row]
Texts = list[str]
_MAX_TEXT: Final = 10_000_000
_MAX_ROWS: Final = 200_000


class ReadSpreadsheetInput(BlockInput):
    """A table as text, and how it is written."""

    contents: str | None = pin(
        None, description="The table as text (CSV).", advanced=False, format=Format.LONG_TEXT
    )
    file_input: str | None = pin(
        None,
        description="Or a CSV file: a reference, a data URI, or an https address.",
        advanced=False,
        format=Format.FILE,
    )
    delimiter: str = pin(",", description="What stands between cells.", min_length=1, max_length=1)
    quotechar: str = pin(
        '"', description="What stands around a cell that holds a delimiter.", max_length=1
    )
    escapechar: str = pin(
        "\\", description="What stands before a quotation mark that is meant as such.", max_length=1
    )
    has_header: bool = pin(default=True, description="Whether the first row names the columns.")
    skip_rows: int = pin(0, description="Rows to leave out after the header.", ge=0)
    strip: bool = pin(default=True, description="Take white space off the ends of every cell.")
    skip_columns: Texts = pin(default_factory=Texts, description="Columns to leave out, by name.")
    produce_singular_result: bool = pin(
        default=False, description="Give out row by row instead of all at once."
    )


class ReadSpreadsheetOutput(BlockOutput):
    """The rows."""

    row: Row = pin(description="One row; comes once for each, when asked for row by row.")
    rows: Rows = pin(description="All rows, when not asked for row by row.")


class ReadSpreadsheet(Block[ReadSpreadsheetInput]):
    """A table, row by row."""

    id = "acf7625e-d2cb-4941-bfeb-2819fc6fc015"
    name = "ReadSpreadsheet"
    description = "Reads a table from text (CSV) into rows, each a dictionary by column."
    categories = (Category.TEXT, Category.DATA)
    effect = Effect.READ
    Input = ReadSpreadsheetInput
    Output = ReadSpreadsheetOutput
    examples = (
        Example({"contents": "a,b\n1,2"}, [("rows", [{"a": "1", "b": "2"}])]),
        Example(
            {"contents": "a\n1\n2", "produce_singular_result": True},
            [("row", {"a": "1"}), ("row", {"a": "2"})],
        ),
        Example({}, error="contents or a file"),
    )

    async def run(self, input: ReadSpreadsheetInput, ctx: Context) -> Outputs:
        """Yield the rows.

        Raises:
            BlockError: There is no table, or it cannot be read.
        """
        rows = await asyncio.to_thread(_read, await _text(input, ctx), input)
        if not input.produce_singular_result:
            yield "rows", rows
            return
        for row in rows:
            yield "row", row


async def _text(given: ReadSpreadsheetInput, ctx: Context) -> str:
    if given.contents is not None:
        text = given.contents
    elif given.file_input is not None:
        try:
            text = (await ctx.files.read(given.file_input, max_bytes=_MAX_TEXT)).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BlockError("The file is not text in UTF-8; save the table as CSV.") from error
    else:
        raise BlockError("Give the table as contents or a file.")
    if len(text) > _MAX_TEXT:
        raise BlockError(f"The table has {len(text)} characters; at most {_MAX_TEXT} are read.")
    return text


def _read(text: str, given: ReadSpreadsheetInput) -> Rows:
    lines = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=given.delimiter,
        quotechar=given.quotechar or None,
        quoting=csv.QUOTE_MINIMAL if given.quotechar else csv.QUOTE_NONE,
        escapechar=given.escapechar or None,
    )
    header: Texts | None = None
    rows: Rows = []
    skipped = 0
    try:
        for cells in lines:
            if header is None and given.has_header:
                header = [cell.strip() if given.strip else cell for cell in cells]
            elif skipped < given.skip_rows:
                skipped += 1
            else:
                rows.append(_row(cells, header, given))
            if len(rows) > _MAX_ROWS:
                raise BlockError(f"The table has more than {_MAX_ROWS} rows.")
    except csv.Error as error:
        raise BlockError(f"The table cannot be read at line {lines.line_num}: {error}.") from error
    return rows


def _row(cells: Texts, header: Texts | None, given: ReadSpreadsheetInput) -> Row:
    names = header if header is not None else [str(index) for index in range(len(cells))]
    if len(cells) > len(names):
        raise BlockError(
            f"A row has {len(cells)} cells and the header {len(names)}: {','.join(cells)[:80]}"
        )
    left_out = set(given.skip_columns) if header is not None else set[str]()
    return {
        name: cell.strip() if given.strip else cell
        for name, cell in zip(names, cells, strict=False)
        if name not in left_out
    }
