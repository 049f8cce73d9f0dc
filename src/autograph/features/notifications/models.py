"""What people are told of, and by which way; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from autograph.graph.model import is_object
from autograph.infra.json import Json

ALIKE_WITHIN: Final = timedelta(hours=1)
"""How long what happens again is counted by the row that is there, while nobody has read it."""


class Kind(StrEnum):
    """What somebody is told of."""

    RUN_FAILED = "run_failed"
    RUN_COMPLETED = "run_completed"
    REVIEW_WAITING = "review_waiting"
    WEBHOOK_UNHEALTHY = "webhook_unhealthy"
    SECURITY = "security"
    INSTALLATION = "installation"


class Channel(StrEnum):
    """By which way."""

    INBOX = "inbox"
    MAIL = "mail"


DEFAULTS: Final[Mapping[Kind, frozenset[Channel]]] = {
    Kind.RUN_FAILED: frozenset({Channel.INBOX}),
    Kind.RUN_COMPLETED: frozenset(),
    Kind.REVIEW_WAITING: frozenset({Channel.INBOX}),
    Kind.WEBHOOK_UNHEALTHY: frozenset({Channel.INBOX}),
    Kind.SECURITY: frozenset({Channel.INBOX, Channel.MAIL}),
    Kind.INSTALLATION: frozenset({Channel.INBOX}),
}

_KINDS: Final = {
    "run.failed": Kind.RUN_FAILED,
    "run.completed": Kind.RUN_COMPLETED,
    "run.set_aside": Kind.INSTALLATION,
    "review.asked": Kind.REVIEW_WAITING,
    "webhook.unhealthy": Kind.WEBHOOK_UNHEALTHY,
}
CLOSED: Final = "review.closed"
"""Nothing to tell: what was told of the question needs no attention any more."""


def kind_of(happened: str) -> Kind | None:
    """Return of what kind something is that happened; None where nobody is told."""
    if happened.startswith("security."):
        return Kind.SECURITY
    return _KINDS.get(happened)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person wants to hear of, and by which way; what they did not choose is as for everybody."""

    chosen: Mapping[Kind, Mapping[Channel, bool]]

    def wants(self, kind: Kind, channel: Channel) -> bool:
        """Tell whether something of a kind comes by a channel."""
        return self.chosen.get(kind, {}).get(channel, channel in DEFAULTS[kind])

    def all(self) -> dict[Kind, dict[Channel, bool]]:
        """Return every switch there is."""
        return {kind: {one: self.wants(kind, one) for one in Channel} for kind in Kind}

    def with_changes(self, changes: Mapping[Kind, Mapping[Channel, bool]]) -> Preferences:
        """Return them with some switches turned."""
        kinds = {*self.chosen, *changes}
        return Preferences(
            {kind: {**self.chosen.get(kind, {}), **changes.get(kind, {})} for kind in kinds}
        )


def read_preferences(kept: Json) -> Preferences:
    """Return preferences as they are kept; kinds and channels that are no more count for nothing."""
    chosen: dict[Kind, dict[Channel, bool]] = {}
    for kind in Kind:
        switches = kept.get(kind.value) if is_object(kept) else None
        if is_object(switches):
            chosen[kind] = {
                channel: bool(switches[channel.value])
                for channel in Channel
                if channel.value in switches
            }
    return Preferences(chosen)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something of which somebody may have to be told.

    Attributes:
        kind: Dotted, as `infra.happenings` lists them.
        user_id: Whom it concerns; None: whoever looks after the installation.
        subject: The run, question, webhook, session … that it is about.
        alike: What happens again is told once, where this is the same: the agent of a run.
    """

    id: int
    kind: str
    user_id: UUID | None
    subject: UUID
    alike: UUID
    body: Mapping[str, Json]
    at: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """What one person is told at once: something that happened, perhaps several times."""

    user_id: UUID
    kind: Kind
    last: Happening
    times: int


def tellings(
    happened: Sequence[Happening], recipients: Mapping[int, Sequence[UUID]]
) -> Sequence[Telling]:
    """Return what everybody is told, oldest first; what is alike is told once.

    Args:
        happened: Oldest first.
        recipients: Who is told, by the id of what happened.
    """
    found: dict[tuple[UUID, str, UUID], Telling] = {}
    for one in happened:
        kind = kind_of(one.kind)
        if kind is None:
            continue
        for user_id in recipients.get(one.id, ()):
            key = (user_id, one.kind, one.alike)
            before = found.get(key)
            found[key] = Telling(user_id, kind, one, 1 if before is None else before.times + 1)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of a person's inbox.

    Attributes:
        subject: What it is about: a run, a question, a webhook, a session.
        times: How often it happened.
        body: `what` has the kind of what happened; the rest depends on it: `run_id`, `agent`, `message`, `ip` …
        began_at: When it happened first.
        at: When it happened last.
    """

    id: UUID
    kind: Kind
    subject: UUID
    times: int
    body: Mapping[str, Json]
    began_at: datetime
    at: datetime
    read_at: datetime | None

    @property
    def title(self) -> str:
        """It in a sentence, in English; pages have their own words."""
        return title_of(self.body, self.times)


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """A page of an inbox, newest first.

    Attributes:
        unread: How many there are in all that nobody has read.
        next_before: Where the next page begins; None for the last one.
    """

    rows: Sequence[Notification]
    unread: int
    next_before: UUID | None


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail that is to be sent.

    Attributes:
        email: None where they have no address.
        tries: How often the mail server did not take it.
    """

    id: UUID
    user_id: UUID
    email: str | None
    name: str
    body: Mapping[str, Json]
    times: int
    tries: int


_TITLES: Final = {
    "run.failed": "{agent} failed",
    "run.completed": "{agent} is done",
    "run.set_aside": "A run of {agent} was set aside: workers died over it",
    "review.asked": "{agent} asks: {title}",
    "webhook.unhealthy": "The webhook at {provider} does not work",
    "security.new_place": "A log-in from a new place: {ip}",
    "security.user.password_changed": "Your password was changed",
    "security.user.password_reset": "Your password was reset by a mailed link",
    "security.user.password_given": "Your password was set by an administrator",
    "security.user.totp_on": "The second step of your log-in was turned on",
    "security.user.totp_off": "The second step of your log-in was turned off",
    "security.api_key.created": "An API key was made",
    "security.identity.linked": "Another account was linked to yours, for log-ins",
    "security.session.stolen": "A session was used by two, and was ended",
    "security.app.allowed": "An app was allowed to act for you",
}


class _Words(dict[str, str]):
    """What a title names; what is not known is left open."""

    def __missing__(self, name: str) -> str:
        return "…"


def title_of(body: Mapping[str, Json], times: int = 1) -> str:
    """Return what a notification says, in one English sentence."""
    what = str(body.get("what"))
    words = _Words({name: str(value) for name, value in body.items() if value not in (None, "")})
    title = _TITLES.get(what, what).format_map(words)
    return f"{title} ({times} times)" if times > 1 else title


def mail_of(mail: DueMail, public_url: str) -> tuple[str, str]:
    """Return subject and text of a mail.

    Args:
        mail: What it tells.
        public_url: Where people reach this installation, without a slash at the end.
    """
    title = title_of(mail.body, mail.times)
    lines = [f"Hello {mail.name},", "", f"{title}."]
    if mail.body.get("message"):
        lines += ["", str(mail.body["message"])]
    lines += ["", f"{public_url}{path_of(mail.body)}", ""]
    lines += [f"What you hear of, you choose here: {public_url}/account#notifications", ""]
    return " ".join(title.split()), "\n".join(lines)


def path_of(body: Mapping[str, Json]) -> str:
    """Return the page on which what happened is seen."""
    what = str(body.get("what"))
    if what == "run.set_aside":
        return "/admin?tab=dead-letters"
    if what.startswith("run."):
        return f"/runs/{body.get('run_id')}"
    if what == "review.asked":
        return "/reviews"
    if what == "webhook.unhealthy":
        return "/connections"
    return "/account"
