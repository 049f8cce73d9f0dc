"""What people are told, by rule: channels, what is alike, sentences. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest

from autograph.features.accounts.models.sessions import LoginMethod, Session, is_new_place
from autograph.features.notifications.models import (
    DEFAULTS,
    Channel,
    DueMail,
    Happening,
    Kind,
    Preferences,
    kind_of,
    mail_of,
    path_of,
    read_preferences,
    tellings,
    title_of,
)

SPACE = UUID("01900000-0000-7000-8000-000000000000")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA, BOB, AGENT, OTHER = (uuid5(SPACE, name) for name in ("ada", "bob", "agent", "other"))


def happened(number: int, kind: str = "run.failed", alike: UUID = AGENT) -> Happening:
    return Happening(number, kind, ADA, uuid5(SPACE, str(number)), alike, {"what": kind}, NOON)


@pytest.mark.seed("D3-15")
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("chosen", [None, True, False])
def test_every_kind_comes_by_every_channel_as_was_chosen(
    kind: Kind, channel: Channel, chosen: bool | None
) -> None:
    kept = None if chosen is None else {kind.value: {channel.value: chosen}}
    preferences = read_preferences(kept)

    for other in Kind:
        for way in Channel:
            is_the_one = (other, way) == (kind, channel) and chosen is not None
            expected = chosen if is_the_one else way in DEFAULTS[other]
            assert preferences.wants(other, way) is expected


def test_runs_that_are_done_are_told_only_to_who_asks_for_it() -> None:
    nobody = Preferences({})
    assert not nobody.wants(Kind.RUN_COMPLETED, Channel.INBOX)
    assert nobody.wants(Kind.RUN_FAILED, Channel.INBOX)
    assert [kind for kind in Kind if nobody.wants(kind, Channel.MAIL)] == [Kind.SECURITY]


def test_changes_leave_the_rest_as_it_was() -> None:
    before = Preferences({Kind.RUN_FAILED: {Channel.MAIL: True}})
    after = before.with_changes({Kind.RUN_FAILED: {Channel.INBOX: False}})
    assert after.all()[Kind.RUN_FAILED] == {Channel.INBOX: False, Channel.MAIL: True}


def test_what_is_kept_of_kinds_that_are_no_more_counts_for_nothing() -> None:
    kept = {"low_balance": {"inbox": False}, "security": {"pigeon": True}, "run_failed": 7}
    assert read_preferences(kept).all() == Preferences({}).all()


@pytest.mark.seed("D8-18")
def test_a_thousand_failures_of_one_agent_are_told_once_with_their_number() -> None:
    rows = [happened(number) for number in range(1000)]
    rows += [happened(1000, alike=OTHER), happened(1001, "run.completed")]
    recipients = {one.id: [ADA, BOB] if one.id == 1000 else [ADA] for one in rows}

    found = tellings(rows, recipients)

    assert [(one.user_id, one.kind, one.last.id, one.times) for one in found] == [
        (ADA, Kind.RUN_FAILED, 999, 1000),
        (ADA, Kind.RUN_FAILED, 1000, 1),
        (BOB, Kind.RUN_FAILED, 1000, 1),
        (ADA, Kind.RUN_COMPLETED, 1001, 1),
    ]


def test_what_nobody_is_told_of_has_no_kind() -> None:
    assert kind_of("review.closed") is None
    assert kind_of("security.user.totp_off") is Kind.SECURITY
    assert tellings([happened(1, "review.closed")], {1: [ADA]}) == []


def test_titles_are_sentences_also_where_something_is_not_known() -> None:
    assert title_of({"what": "run.failed", "agent": "Report"}, 3) == "Report failed (3 times)"
    assert title_of({"what": "review.asked", "agent": "Letter", "title": "Send {it}?"}) == (
        "Letter asks: Send {it}?"
    )
    assert title_of({"what": "webhook.unhealthy"}) == "The webhook at … does not work"


def test_a_mail_says_what_happened_where_to_look_and_how_to_hear_less() -> None:
    body = {"what": "run.failed", "agent": "Report", "message": "Nobody answered.", "run_id": "r1"}
    mail = DueMail(SPACE, ADA, "ada@example.com", "Ada", body, times=2, tries=0)

    subject, text = mail_of(mail, "https://autograph.example.com")

    assert subject == "Report failed (2 times)"
    assert text.startswith("Hello Ada,\n\nReport failed (2 times).\n\nNobody answered.\n")
    assert "https://autograph.example.com/runs/r1" in text
    assert "https://autograph.example.com/account#notifications" in text


def test_a_subject_is_one_line() -> None:
    body = {"what": "review.asked", "agent": "A", "title": "x\r\nBcc: all@example.com"}
    mail = DueMail(SPACE, ADA, "ada@example.com", "Ada", body, times=1, tries=0)
    subject, _ = mail_of(mail, "https://a.example")
    assert len(subject.splitlines()) == 1


@pytest.mark.parametrize(
    ("what", "path"),
    [
        ("run.failed", "/runs/r1"),
        ("run.set_aside", "/admin?tab=dead-letters"),
        ("review.asked", "/reviews"),
        ("webhook.unhealthy", "/connections"),
        ("security.new_place", "/account"),
    ],
)
def test_there_is_a_page_for_each(what: str, path: str) -> None:
    assert path_of({"what": what, "run_id": "r1"}) == path


@pytest.mark.parametrize(
    ("ip", "agent", "is_new"),
    [
        ("198.51.100.7", "Firefox/140.0", False),
        ("198.51.100.99", "Firefox/141.2", False),
        ("203.0.113.7", "Firefox/140.0", True),
        ("198.51.100.7", "Chrome/140.0", True),
        ("2001:db8:1:2::3", "Firefox/140.0", True),
        ("nowhere", "Firefox/140.0", True),
    ],
)
def test_a_new_place_is_another_network_or_another_browser(
    ip: str, agent: str, is_new: bool
) -> None:
    session = Session(SPACE, ADA, LoginMethod.PASSWORD, ip, agent, NOON, NOON, NOON)
    assert is_new_place(session, [("198.51.100.7", "Firefox/139.0")]) is is_new
    assert not is_new_place(session, [])
