"""What the blocks of Google Calendar need and its pack cannot say: moments in the person's own time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_object

_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")
_MAX_MINUTES: Final = 525_600
_FULL_HOUR: Final = timedelta(hours=1)


class BadTime(BlockError):
    """This is no time, or none that an event can have."""

    def __init__(self, message: str) -> None:
        """Say why."""
        super().__init__(message, code="block.bad_input")


async def read_events(pins: Mapping[str, Json], api: Api) -> Outputs:
    """List what is in a calendar, the soonest first; events that repeat are there once for each time."""
    zone = ZoneInfo(api.ctx.timezone)
    said = str(pins.get("start_time") or "")
    start = moment("start_time", said, zone) if said else api.ctx.now().astimezone(zone)
    query = {
        "maxResults": pins["max_events"],
        "orderBy": "startTime",
        "pageToken": pins.get("page_token"),
        "q": pins.get("search_term"),
        "singleEvents": "true",
        "timeMax": _later(
            "time_range_days", start, timedelta(days=pins["time_range_days"])
        ).isoformat(),
        "timeMin": start.isoformat(),
    }
    wanted = {name: one for name, one in query.items() if one}
    found = (await api.send(f"GET {_events(pins)}", query=wanted)).json
    events = [
        event_of(one)
        for one in found.get("items") or ()
        if pins.get("include_declined_events") or not is_declined(one)
    ]
    yield "events", events
    for one in events:
        yield "event", one
    if found.get("nextPageToken"):
        yield "next_page_token", found["nextPageToken"]


async def create_event(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put an event into a calendar: once, however often it is tried."""
    where = _events(pins)
    event_id = hashlib.sha256(api.ctx.idempotency_key.encode()).hexdigest()
    body = new_event(pins, api.ctx.now(), api.ctx.timezone)
    query: dict[str, Json] = {"sendUpdates": "all" if pins["send_notifications"] else "none"}
    if pins.get("add_google_meet"):
        query["conferenceDataVersion"] = 1
        request = {"requestId": event_id, "conferenceSolutionKey": {"type": "hangoutsMeet"}}
        body["conferenceData"] = {"createRequest": request}
    made = await api.send(
        f"POST {where}", query=query, body={"id": event_id, **body}, accepts=[409]
    )
    if made.status == 409:
        made = await api.send(f"GET {where}/{event_id}")
    yield "event_id", made.json["id"]
    yield "event_link", made.json["htmlLink"]


def new_event(pins: Mapping[str, Json], now: datetime, timezone: str) -> dict[str, Json]:
    """Return an event as the API takes it.

    Args:
        pins: Of GoogleCalendarCreateEvent.
        now: The current moment.
        timezone: In which times count that name none.

    Raises:
        BadTime: The event ends before it begins, or repeats in a way that nobody knows.
    """
    start, end = _timing(pins.get("timing"), now.astimezone(ZoneInfo(timezone)), timezone)
    minutes = pins.get("reminder_minutes") or ()
    event: dict[str, Json] = {
        "summary": pins["event_title"],
        "start": {"dateTime": start.isoformat(), "timeZone": timezone},
        "end": {"dateTime": end.isoformat(), "timeZone": timezone},
        "reminders": {
            "useDefault": False,
            "overrides": [{"method": "popup", "minutes": one} for one in minutes],
        },
    }
    event |= {name: pins[name] for name in ("location", "description") if pins.get(name)}
    guests = [str(one).strip() for one in pins.get("guest_emails") or () if str(one).strip()]
    if guests:
        event["attendees"] = [{"email": one} for one in guests]
    rule = _rule(pins.get("recurrence"))
    return event if rule is None else {**event, "recurrence": [rule]}


def _timing(timing: Json, now: datetime, timezone: str) -> tuple[datetime, datetime]:
    said: Mapping[str, Any] = timing if is_object(timing) else {}
    if not said.get("start_datetime"):
        hour = now.replace(minute=0, second=0, microsecond=0) + _FULL_HOUR
        start = hour.replace(tzinfo=ZoneInfo(timezone))
    else:
        start = moment("timing", str(said["start_datetime"]), ZoneInfo(timezone))
    if said.get("end_datetime"):
        end = moment("timing", str(said["end_datetime"]), ZoneInfo(timezone))
    else:
        try:
            minutes = int(said.get("duration_minutes", 60))
        except (TypeError, ValueError) as error:
            raise BadTime("timing: duration_minutes is a whole number.") from error
        if not 0 < minutes <= _MAX_MINUTES:
            raise BadTime(f"timing: an event takes 1 to {_MAX_MINUTES} minutes.")
        end = _later("timing", start, timedelta(minutes=minutes))
    if end <= start:
        raise BadTime(f"timing: the event ends at {end}, before it begins at {start}.")
    return start, end


def _rule(recurrence: Json) -> str | None:
    said: Mapping[str, Any] = recurrence if is_object(recurrence) else {}
    if said.get("discriminator", "one_time") == "one_time" and "frequency" not in said:
        return None
    frequency = str(said.get("frequency", "")).upper()
    if frequency not in _FREQUENCIES:
        raise BadTime("recurrence: frequency is DAILY, WEEKLY, MONTHLY or YEARLY.")
    if said.get("count") is None:
        return f"RRULE:FREQ={frequency}"
    count = str(said["count"])
    if _COUNT.fullmatch(count) is None:
        raise BadTime("recurrence: count is 1 to 9999.")
    return f"RRULE:FREQ={frequency};COUNT={count}"


def moment(pin: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the moment that a text names (ISO 8601); without an offset it counts in `zone`.

    Raises:
        BadTime: It names none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTime(
            f"{pin}: {text[:100]!r} is no time: write 2026-01-31T09:00:00, or 2026-01-31T09:00:00Z."
        ) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _later(pin: str, start: datetime, by: timedelta) -> datetime:
    """Return a moment after another, by the time that passes and not by what clocks on walls show.

    Raises:
        BadTime: There is no such moment.
    """
    try:
        return (start.astimezone(UTC) + by).astimezone(start.tzinfo)
    except OverflowError as error:
        raise BadTime(f"{pin}: this is outside of the years 1 to 9999.") from error


def is_declined(event: Mapping[str, Any]) -> bool:
    """Tell whether the person has said no to an event."""
    guests: list[Mapping[str, Any]] = event.get("attendees") or []
    return any(one.get("self") and one.get("responseStatus") == "declined" for one in guests)


def event_of(event: Mapping[str, Any]) -> dict[str, Json]:
    """Return an event of the API as blocks give it out."""
    start: Mapping[str, Any] = event.get("start") or {}
    end: Mapping[str, Any] = event.get("end") or {}
    organizer: Mapping[str, Any] = event.get("organizer") or {}
    guests: list[Mapping[str, Any]] = event.get("attendees") or []
    video = event.get("hangoutLink") or _video(event.get("conferenceData") or {})
    return {
        "id": event["id"],
        "title": event.get("summary", ""),
        "start_time": start.get("dateTime") or start.get("date", ""),
        "end_time": end.get("dateTime") or end.get("date", ""),
        "is_all_day": "date" in start,
        "location": event.get("location"),
        "description": event.get("description"),
        "organizer": organizer.get("email"),
        "attendees": [str(one["email"]) for one in guests if one.get("email")],
        "has_video_call": video is not None,
        "video_link": video,
        "calendar_link": event.get("htmlLink", ""),
        "is_recurring": "recurringEventId" in event or "recurrence" in event,
    }


def _video(conference: Mapping[str, Any]) -> str | None:
    entries: list[Mapping[str, Any]] = conference.get("entryPoints") or []
    return next((one["uri"] for one in entries if one.get("entryPointType") == "video"), None)


def _events(pins: Mapping[str, Json]) -> str:
    calendar = str(pins["calendar_id"]).strip()
    if calendar in {"", ".", ".."}:
        raise BlockError("calendar_id: this input needs an id.", code="block.bad_input")
    return f"/calendar/v3/calendars/{quote(calendar, safe='')}/events"


ACTIONS: Final[Mapping[str, Whole]] = {
    "calendar_read_events": read_events,
    "calendar_create_event": create_event,
}
