"""Addresses of cells, as Google Sheets writes them and as its API counts them."""

from __future__ import annotations

from typing import Any

import pytest

from autograph.blocks.packs.quirks import google_grid as grid
from autograph.blocks.sdk import BlockError


@pytest.mark.parametrize(
    ("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_letters(number: int, text: str) -> None:
    assert grid.letters(number) == text
    assert grid.column_of(text.lower()) == number


@pytest.mark.parametrize(
    ("text", "sheet", "cells"),
    [
        ("A1:B2", "", "A1:B2"),
        ("People!A1", "People", "A1"),
        ("'Bob''s list!'!A1:B2", "Bob's list!", "A1:B2"),
        ("'Only a sheet'!", "Only a sheet", ""),
    ],
)
def test_a_range_names_a_sheet_and_cells(text: str, sheet: str, cells: str) -> None:
    assert grid.split_range(text) == (sheet, cells)
    assert grid.split_range(grid.place(sheet, cells)) == (sheet, cells) or not cells


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("", {}),
        ("B2", {"rows": (1, 2), "columns": (1, 2)}),
        ("$B$2:c$10", {"rows": (1, 10), "columns": (1, 3)}),
        ("B:C", {"columns": (1, 3)}),
        ("2:3", {"rows": (1, 3)}),
        ("B2:C", {"rows": (1, None), "columns": (1, 3)}),
    ],
)
def test_cells_are_counted_from_0_without_the_end(cells: str, expected: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {"sheetId": 7}
    for name, word in (("rows", "Row"), ("columns", "Column")):
        start, end = expected.get(name, (None, None))
        wanted |= {f"start{word}Index": start} if start is not None else {}
        wanted |= {f"end{word}Index": end} if end is not None else {}

    assert grid.grid_range(7, cells) == wanted


@pytest.mark.parametrize("cells", ["B", "B2:C3:D4", "0", "B0", "ABCD1", "People!A1", "²"])
def test_what_is_no_range_is_refused(cells: str) -> None:
    with pytest.raises(BlockError, match="is no range"):
        grid.grid_range(0, cells)


@pytest.mark.parametrize("text", ["", "B", "2", "B0", "B²", "Ä1", "ABCD1", "A1:B2"])
def test_what_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(BlockError, match="is no cell"):
        grid.cell_of(text)


class TestColumns:
    def test_a_header_wins_over_letters(self) -> None:
        assert grid.column_in(["x", "A", "b"], "A") == 1
        assert grid.column_in(["x", "A", "b"], "C") == 2

    def test_a_header_of_other_capitals_is_found_where_none_is_the_same(self) -> None:
        assert grid.column_in(["name", "Name"], "Name") == 1
        assert grid.column_in(["City", "Name"], " name ") == 1

    def test_what_is_neither_is_refused(self) -> None:
        with pytest.raises(BlockError, match="no column 'Total sum'"):
            grid.column_in(["a"], "Total sum")


@pytest.mark.parametrize(
    "picked",
    [
        {"id": "1a_B-c"},
        {"id": "https://docs.google.com/spreadsheets/d/1a_B-c/edit#gid=0"},
        {"url": "https://docs.google.com/spreadsheets/d/1a_B-c"},
    ],
)
def test_a_spreadsheet_is_known_by_its_id_or_address(picked: dict[str, str]) -> None:
    assert grid.spreadsheet_id(picked) == "1a_B-c"


@pytest.mark.parametrize(
    "picked", [None, {}, {"id": "../x"}, {"url": "https://example.com/spreadsheets/d/1aB"}]
)
def test_what_names_no_spreadsheet_is_refused(picked: Any) -> None:
    with pytest.raises(BlockError, match="Pick a spreadsheet"):
        grid.spreadsheet_id(picked)


def test_what_was_picked_goes_on_to_the_next_block() -> None:
    assert grid.spreadsheet_file({"id": "1aB", "name": "Friends"}) == {
        "id": "1aB",
        "name": "Friends",
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "url": "https://docs.google.com/spreadsheets/d/1aB/edit",
    }
