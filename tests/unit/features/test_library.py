"""What lists are gone on from, and what may become of folders."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

from autograph.features.library.errors import CursorInvalid, FolderInvalid
from autograph.features.library.models import AgentSort, Cursor
from autograph.features.library.models.folders import check_look, checked_name, is_inside

A, B, C, D = (UUID(int=number) for number in range(1, 5))


class TestCursors:
    @pytest.mark.parametrize(
        "cursor",
        [
            Cursor(AgentSort.NAME, "größer, 大", A),
            Cursor(AgentSort.CREATED, datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), A),
            Cursor(AgentSort.LAST_RUN, B, A),
        ],
    )
    def test_come_back_as_they_were(self, cursor: Cursor) -> None:
        assert Cursor.read(cursor.text(), cursor.sort) == cursor

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "é",
            Cursor(AgentSort.NAME, "a", A).text(),
            *(
                base64.urlsafe_b64encode(one).decode()
                for one in (
                    b"",
                    b"7",
                    b'{"a": 1}',
                    b'["updated"]',
                    b'["updated", 7, "x"]',
                    b'["updated", "yesterday", "00000000-0000-0000-0000-000000000001"]',
                    b'["updated", "2026-01-02T03:04:05+00:00", "1"]',
                    b'["updated", "2026-01-02T03:04:05+00:00", null]',
                )
            ),
        ],
    )
    def test_of_another_order_or_of_nobody_are_refused(self, text: str) -> None:
        with pytest.raises(CursorInvalid, match="Ask for its first page"):
            Cursor.read(text, AgentSort.UPDATED)

    def test_do_not_bring_what_the_database_cannot_hold(self) -> None:
        with pytest.raises(CursorInvalid):
            Cursor.read(Cursor(AgentSort.NAME, "a\0b", A).text(), AgentSort.NAME)


class TestFolders:
    def test_a_place_is_inside_a_folder_at_any_depth(self) -> None:
        parents = {A: None, B: A, C: B, D: None}

        assert [is_inside(parents, A, one) for one in (A, B, C, D, None)] == [
            True,
            True,
            True,
            False,
            False,
        ]

    def test_names_are_kept_without_space_around_them(self) -> None:
        assert checked_name("  Reports \n of 2026 ") == "Reports of 2026"

    @pytest.mark.parametrize("name", ["", "  ", "n" * 101])
    def test_names_have_1_to_100_characters(self, name: str) -> None:
        with pytest.raises(FolderInvalid, match="1 to 100"):
            checked_name(name)

    @pytest.mark.parametrize("icon", ["📁", "👩🏽‍🚀", "🇩🇪", "❤️", None])
    def test_an_emoji_is_an_icon(self, icon: str | None) -> None:
        check_look(icon, "#a0B1c2")

    @pytest.mark.parametrize("icon", ["", "a", "<b>", "📁 ", "📁" * 17])
    def test_anything_else_is_none(self, icon: str) -> None:
        with pytest.raises(FolderInvalid, match="one emoji"):
            check_look(icon, None)

    @pytest.mark.parametrize("color", ["red", "#fff", "#12345g", "#1234567", "#123456\n"])
    def test_colors_are_six_digits(self, color: str) -> None:
        with pytest.raises(FolderInvalid, match="#RRGGBB"):
            check_look(None, color)
