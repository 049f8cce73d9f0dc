"""Moments: what a person says is meant in their own time, whatever clocks do in spring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from autograph.blocks.packs.quirks.google_calendar import (
    BadTime,
    event_of,
    is_declined,
    moment,
    new_event,
)

NOW: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BERLIN: Final = "Europe/Berlin"


def times(timing: Mapping[str, Any] | None, timezone: str = BERLIN) -> tuple[str, str]:
    event = new_event({"event_title": "x", "timing": timing}, NOW, timezone)
    return event["start"]["dateTime"], event["end"]["dateTime"]


class TestNewEvents:
    def test_a_time_without_an_offset_counts_where_the_person_is(self) -> None:
        assert times({"start_datetime": "2026-07-01T12:00:00", "duration_minutes": 30}) == (
            "2026-07-01T12:00:00+02:00",
            "2026-07-01T12:30:00+02:00",
        )

    def test_an_hour_takes_an_hour_when_clocks_are_put_forward(self) -> None:
        assert times({"start_datetime": "2026-03-29T01:30:00", "duration_minutes": 60}) == (
            "2026-03-29T01:30:00+01:00",
            "2026-03-29T03:30:00+02:00",
        )

    def test_where_nothing_is_said_it_is_the_next_full_hour(self) -> None:
        assert times(None) == ("2026-01-02T05:00:00+01:00", "2026-01-02T06:00:00+01:00")

    @pytest.mark.parametrize(
        "timing",
        [
            {"start_datetime": "soon"},
            {"start_datetime": "2026-01-05T12:00:00", "end_datetime": "2026-01-05T12:00:00"},
            {"start_datetime": "2026-01-05T12:00:00", "duration_minutes": 0},
            {"start_datetime": "2026-01-05T12:00:00", "duration_minutes": "long"},
            {"start_datetime": "9999-12-31T23:30:00", "duration_minutes": 600},
        ],
    )
    def test_what_cannot_be_is_refused(self, timing: Mapping[str, Any]) -> None:
        with pytest.raises(BadTime, match="timing: "):
            times(timing)

    @pytest.mark.parametrize(
        ("recurrence", "expected"),
        [
            ({"discriminator": "one_time"}, None),
            ({}, None),
            ({"discriminator": "recurring", "frequency": "daily"}, ["RRULE:FREQ=DAILY"]),
            ({"frequency": "MONTHLY", "count": 3}, ["RRULE:FREQ=MONTHLY;COUNT=3"]),
        ],
    )
    def test_repeat_as_one_says(self, recurrence: Any, expected: list[str] | None) -> None:
        event = new_event({"event_title": "x", "recurrence": recurrence}, NOW, "UTC")

        assert event.get("recurrence") == expected

    @pytest.mark.parametrize(
        "recurrence",
        [
            {"discriminator": "recurring"},
            {"frequency": "DAILY;COUNT=5"},
            {"frequency": "DAILY", "count": 0},
            {"frequency": "DAILY", "count": "1;UNTIL=x"},
        ],
    )
    def test_what_is_no_rule_is_refused(self, recurrence: Any) -> None:
        with pytest.raises(BadTime, match="recurrence: "):
            new_event({"event_title": "x", "recurrence": recurrence}, NOW, "UTC")


def test_a_moment_keeps_the_offset_it_names() -> None:
    zone = ZoneInfo(BERLIN)

    assert moment("t", "2026-06-03T23:00:00.000Z", zone) == datetime(2026, 6, 3, 23, tzinfo=UTC)
    assert moment("t", " 2026-06-03 ", zone) == datetime(2026, 6, 2, 22, tzinfo=UTC)


def test_a_video_call_of_others_is_found() -> None:
    entry = {"entryPointType": "video", "uri": "https://zoom.example/1"}

    assert event_of({"id": "1", "conferenceData": {"entryPoints": [entry]}})["video_link"] == (
        "https://zoom.example/1"
    )


def test_only_ones_own_no_declines() -> None:
    other = {"email": "a@x.org", "responseStatus": "declined"}

    assert not is_declined({"attendees": [other]})
    assert is_declined({"attendees": [other | {"self": True}]})
