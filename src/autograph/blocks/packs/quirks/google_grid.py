"""A sheet of Google Sheets, opened: cells by their addresses, columns by letter or header, what is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object

API: Final = "https://sheets.googleapis.com/v4/spreadsheets"
_ADDRESS: Final = re.compile(
    r"https?://docs\.google\.com/spreadsheets/d/([A-Za-z0-9_-]+)(?:[/?#].*)?"
)
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_CELLS: Final = re.compile(
    r"\$?(?P<left>[A-Za-z]{1,3})?\$?(?P<top>[1-9]\d{0,7})?"
    r"(?P<several>:\$?(?P<right>[A-Za-z]{1,3})?\$?(?P<bottom>[1-9]\d{0,7})?)?"
)
_LETTERS: Final = re.compile(r"[A-Z]{1,3}")


def spreadsheet_id(value: Json) -> str:
    """Return the id of a file that was picked: its `id`, or the one in its address.

    Raises:
        BlockError: It names no spreadsheet.
    """
    table: Mapping[str, Any] = value if is_object(value) else {}
    for said in (table.get("id"), table.get("url")):
        text = str(said or "").strip()
        found = _ADDRESS.fullmatch(text)
        if found is not None:
            return found[1]
        if text and _ID.fullmatch(text):
            return text
    raise BlockError(
        "Pick a spreadsheet, or give its id or its address: "
        '{"url": "https://docs.google.com/spreadsheets/d/…"}.',
        code="block.bad_input",
    )


def spreadsheet_file(value: Json) -> dict[str, Json]:
    """Return a spreadsheet as the next block takes it: what was given, with its id and address."""
    number = spreadsheet_id(value)
    return {
        **(value if is_object(value) else {}),
        "id": number,
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "url": f"https://docs.google.com/spreadsheets/d/{number}/edit",
    }


def letters(column: int) -> str:
    """Return the letters of a column, counted from 0: 0 is A, 26 is AA."""
    text = ""
    column += 1
    while column:
        column, left = divmod(column - 1, 26)
        text = chr(ord("A") + left) + text
    return text


def column_of(text: str) -> int:
    """Return the number of a column, counted from 0, by its letters."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def cell_of(text: str) -> tuple[int, int]:
    """Return the column and row of a cell, counted from 0.

    Raises:
        BlockError: It is no cell.
    """
    name = text.strip().replace("$", "").upper()
    column = name.rstrip("0123456789")
    row = name[len(column) :]
    is_cell = column.isascii() and column.isalpha() and len(column) <= 3 and 0 < len(row) <= 8
    if not is_cell or int(row) < 1:
        raise BlockError(f"{text[:100]!r} is no cell: write B2.", code="block.bad_input")
    return column_of(column), int(row) - 1


def split_range(text: str) -> tuple[str, str]:
    """Return the sheet and the cells that a range names: `'My sheet'!A1:B2`; either may be empty."""
    name, mark, cells = text.strip().rpartition("!")
    if not mark:
        return "", cells
    if len(name) > 1 and name[0] == name[-1] == "'":
        name = name[1:-1].replace("''", "'")
    return name, cells


def place(sheet: str, cells: str = "") -> str:
    """Return a range as Google writes it; without a sheet, the first one is meant."""
    name = "'" + sheet.replace("'", "''") + "'" if sheet else ""
    return f"{name}!{cells}" if name and cells else name or cells


def grid_range(sheet_id: int, cells: str) -> dict[str, Json]:
    """Return cells as a `GridRange`: counted from 0, the ends not among them, all of the sheet for nothing.

    Raises:
        BlockError: It is no range.
    """
    found = _CELLS.fullmatch(cells.strip())
    if found is None or (found["several"] is None and cells.strip() and not found["top"]):
        raise BlockError(f"{cells[:100]!r} is no range: write A1:C10.", code="block.bad_input")
    one = found["several"] is None
    right, bottom = (found["left"], found["top"]) if one else (found["right"], found["bottom"])
    made: dict[str, Json] = {"sheetId": sheet_id}
    if found["top"]:
        made["startRowIndex"] = int(found["top"]) - 1
    if bottom:
        made["endRowIndex"] = int(bottom)
    if found["left"]:
        made["startColumnIndex"] = column_of(found["left"])
    if right:
        made["endColumnIndex"] = column_of(right) + 1
    return made


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a spreadsheet.

    Attributes:
        file: The spreadsheet's id.
        id: The sheet's number, which never changes; 0 is one.
        rows: How many it has, empty ones too.
        columns: How many it has.
    """

    api: Api
    file: str
    id: int
    title: str
    rows: int
    columns: int

    async def change(self, *requests: Json) -> list[Any]:
        """Change the spreadsheet, all of it or nothing; return what came of each request."""
        return await change(self.api, self.file, *requests)

    async def values(self, cells: str = "") -> list[list[str]]:
        """Return what cells show, row by row; empty cells at a row's end are left out."""
        where = quote(place(self.title, cells), safe="")
        answer = await self.api.send(f"GET {API}/{self.file}/values/{where}")
        return rows_of(answer.json)

    async def write(
        self, column: int, row: int, rows: Sequence[Sequence[Json]], how: str = "USER_ENTERED"
    ) -> Json:
        """Write rows, the first value into a cell that is counted from 0; the sheet grows where it must."""
        height, width = len(rows), max((len(one) for one in rows), default=0)
        await self.grow(row + height, column + width)
        end = f"{letters(column + max(width, 1) - 1)}{row + max(height, 1)}"
        where = quote(place(self.title, f"{letters(column)}{row + 1}:{end}"), safe="")
        body: Json = {"values": [list(one) for one in rows]}
        return (
            await self.api.send(
                f"PUT {API}/{self.file}/values/{where}",
                query={"valueInputOption": how},
                body=body,
            )
        ).json

    async def grow(self, rows: int, columns: int) -> Sheet:
        """Make room for so many rows and columns; return the sheet as it is then."""
        missing = (("ROWS", rows - self.rows), ("COLUMNS", columns - self.columns))
        requests: list[Json] = [
            {"appendDimension": {"sheetId": self.id, "dimension": name, "length": number}}
            for name, number in missing
            if number > 0
        ]
        if requests:
            await self.change(*requests)
        return replace(self, rows=max(rows, self.rows), columns=max(columns, self.columns))

    async def insert(self, dimension: str, at: int) -> Sheet:
        """Put an empty row or column in, at a place that is counted from 0; return the sheet as it is then."""
        is_row = dimension == "ROWS"
        if at >= (self.rows if is_row else self.columns):
            return await self.grow(at + 1 if is_row else 0, 0 if is_row else at + 1)
        span = self.span(dimension, at, at + 1)
        await self.change({"insertDimension": {"range": span, "inheritFromBefore": at > 0}})
        return replace(self, rows=self.rows + is_row, columns=self.columns + (not is_row))

    def span(self, dimension: str, start: int, end: int) -> dict[str, Json]:
        """Return rows or columns as a `DimensionRange`: counted from 0, the end not among them."""
        return {
            "sheetId": self.id,
            "dimension": dimension,
            "startIndex": start,
            "endIndex": end,
        }

    async def column(self, name: str) -> int:
        """Return the number of a column, counted from 0, by its header or its letters.

        Raises:
            BlockError: There is none.
        """
        header = await self.values("1:1")
        return column_in(header[0] if header else [], name)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet's values, its first row being the header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]] = field(default_factory=list[Sequence[str]])

    def cell(self, row: Sequence[str], column: int) -> str:
        """Return a value of a row, empty where the row is shorter."""
        return row[column] if column < len(row) else ""

    def by_header(self, row: Sequence[str], columns: Sequence[int] | None = None) -> dict[str, str]:
        """Return a row's values by their headers, or by letters where a column has none."""
        width = max(len(self.header), len(row))
        wanted = range(width) if columns is None else columns
        return {self.cell(self.header, one) or letters(one): self.cell(row, one) for one in wanted}


def column_in(header: Sequence[str], name: str) -> int:
    """Return the number of a column, counted from 0: the one of that header, else of those letters.

    Raises:
        BlockError: There is none.
    """
    wanted = name.strip()
    for compared in (str, str.casefold):
        for number, one in enumerate(header):
            if wanted and compared(one.strip()) == compared(wanted):
                return number
    if _LETTERS.fullmatch(wanted.upper()):
        return column_of(wanted)
    raise BlockError(
        f"There is no column {name[:100]!r}: give a header of the first row, or letters such as B.",
        code="block.bad_input",
    )


def rows_of(value: Json) -> list[list[str]]:
    """Return the rows of a `ValueRange`; an empty one has none."""
    found: Json = value.get("values") if is_object(value) else None
    rows: list[Any] = found if is_list(found) else []
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


async def change(api: Api, file: str, *requests: Json) -> list[Any]:
    """Change a spreadsheet, all of it or nothing; return what came of each request."""
    answer = await api.send(f"POST {API}/{file}:batchUpdate", body={"requests": list(requests)})
    replies: list[Any] = answer.json.get("replies") or [{}]
    return replies


async def sheets(api: Api, file: str) -> list[Sheet]:
    """Return the sheets of a spreadsheet."""
    answer = await api.send(f"GET {API}/{file}", query={"fields": "sheets.properties"})
    return [_sheet(api, file, one["properties"]) for one in answer.json.get("sheets", ())]


def _sheet(api: Api, file: str, said: Mapping[str, Any]) -> Sheet:
    grid: Mapping[str, Any] = said.get("gridProperties", {})
    size = (int(grid.get("rowCount", 0)), int(grid.get("columnCount", 0)))
    return Sheet(api, file, int(said.get("sheetId", 0)), str(said["title"]), *size)


async def opened(api: Api, picked: Json, name: str = "") -> Sheet:
    """Return the sheet of that name of a file that was picked, the first one where no name is given.

    Raises:
        BlockError: There is none.
    """
    found = await sheets(api, spreadsheet_id(picked))
    for one in found:
        if not name or one.title == name:
            return one
    there = ", ".join(repr(one.title) for one in found[:20])
    raise BlockError(
        f"There is no sheet {name[:100]!r}; there are: {there or 'none'}.", code="block.bad_input"
    )


async def table(sheet: Sheet) -> Table:
    """Return all of a sheet's values."""
    rows = await sheet.values()
    return Table(rows[0], rows[1:]) if rows else Table([])
