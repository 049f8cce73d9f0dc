"""Triggers for what happens in repositories on GitHub."""

from __future__ import annotations

from typing import Any, Final

from autograph.blocks.builtin.triggers.events import (
    Choice,
    Entries,
    brought,
    events_pin,
    part,
    payload_pin,
    text,
)
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Json,
    Outputs,
    TriggerSpec,
    credential_pin,
    pin,
)

_CREDENTIALS: Final = {"id": "c", "provider": "github", "type": "api_key"}
_ADA: Final = {"login": "ada"}


def _example(events: Choice, payload: Entries, *outputs: tuple[str, Json]) -> Example:
    """Return an example of a delivery by Ada."""
    whole = {"sender": _ADA, **payload}
    given = {"credentials": _CREDENTIALS, "repo": "ada/engine", "events": events, "payload": whole}
    first = [("payload", whole), ("triggered_by_user", _ADA), ("event", whole["action"])]
    return Example(given, [*first, *outputs])


class GithubTriggerInput(BlockInput):
    """Where to listen."""

    credentials: CredentialRef = credential_pin(
        "github",
        kinds=["api_key", "oauth2"],
        scopes=["repo"],
        description="Who sets the webhook up; they need to administer the repository.",
    )
    repo: str = pin(description="The repository.", placeholder="owner/name")
    payload: Entries = payload_pin()


class GithubTriggerOutput(BlockOutput):
    """What happened, and who did it."""

    payload: Entries = pin(description="The whole delivery, as GitHub describes it.")
    triggered_by_user: Entries = pin(description="Who did it.")
    event: str = pin(description="What happened, such as `opened`.")


class GithubTrigger(Block[Any]):
    """What the triggers of GitHub have in common."""

    categories = (Category.DEVELOPER_TOOLS, Category.INPUT)
    kind = BlockKind.WEBHOOK
    effect = Effect.PURE

    async def run(self, input: GithubTriggerInput, ctx: Context) -> Outputs:
        """Yield what happened."""
        payload = brought(input.payload, self.name)
        yield "payload", payload
        yield "triggered_by_user", part(payload, "sender")
        yield "event", text(payload, "action")
        for name, value in self.parts(payload):
            yield name, value

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides.

        Raises:
            NotImplementedError: The class forgot to define it.
        """
        raise NotImplementedError(type(self).__name__)


def _listens(event: str) -> TriggerSpec:
    return TriggerSpec("github", "repo", "{repo}", "events", f"{event}.{{event}}")


class GithubPullRequestTriggerInput(GithubTriggerInput):
    """Where to listen, and for what."""

    events: Choice = events_pin(
        "opened",
        "edited",
        "closed",
        "reopened",
        "synchronize",
        "assigned",
        "unassigned",
        "labeled",
        "unlabeled",
        "converted_to_draft",
        "locked",
        "unlocked",
        "enqueued",
        "dequeued",
        "milestoned",
        "demilestoned",
        "ready_for_review",
        "review_requested",
        "review_request_removed",
        "auto_merge_enabled",
        "auto_merge_disabled",
    )


class GithubPullRequestTriggerOutput(GithubTriggerOutput):
    """What happened."""

    number: int = pin(description="Its number.")
    pull_request: Entries = pin(description="The pull request.")
    pull_request_url: str = pin(description="Where people read it.")


class GithubPullRequestTrigger(GithubTrigger):
    """Starts the agent when something happens to a pull request of a repository."""

    id = "6c60ec01-8128-419e-988f-96a063ee2fea"
    name = "GithubPullRequestTrigger"
    description = "Starts the agent when something happens to a pull request of a repository."
    trigger = _listens("pull_request")
    Input = GithubPullRequestTriggerInput
    Output = GithubPullRequestTriggerOutput
    examples = (
        _example(
            {"opened": True},
            {
                "action": "opened",
                "number": 7,
                "pull_request": {"html_url": "https://github.com/ada/engine/pull/7"},
            },
            ("number", 7),
            ("pull_request", {"html_url": "https://github.com/ada/engine/pull/7"}),
            ("pull_request_url", "https://github.com/ada/engine/pull/7"),
        ),
    )

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides."""
        return [
            ("number", payload.get("number", 0)),
            ("pull_request", part(payload, "pull_request")),
            ("pull_request_url", text(part(payload, "pull_request"), "html_url")),
        ]


class GithubIssuesTriggerInput(GithubTriggerInput):
    """Where to listen, and for what."""

    events: Choice = events_pin(
        "opened",
        "edited",
        "deleted",
        "closed",
        "reopened",
        "assigned",
        "unassigned",
        "labeled",
        "unlabeled",
        "locked",
        "unlocked",
        "transferred",
        "milestoned",
        "demilestoned",
        "pinned",
        "unpinned",
    )


class GithubIssuesTriggerOutput(GithubTriggerOutput):
    """What happened."""

    number: int = pin(description="Its number.")
    issue: Entries = pin(description="The issue.")
    issue_url: str = pin(description="Where people read it.")
    issue_title: str = pin(description="Its title.")
    issue_body: str = pin(description="Its text; empty where it has none.")
    labels: list[Json] = pin(description="Its labels.")
    assignees: list[Json] = pin(description="Who is to look after it.")
    state: str = pin(description="`open` or `closed`.")


class GithubIssuesTrigger(GithubTrigger):
    """Starts the agent when something happens to an issue of a repository."""

    id = "b2605464-e486-4bf4-aad3-d8a213c8a48a"
    name = "GithubIssuesTrigger"
    description = "Starts the agent when something happens to an issue of a repository."
    trigger = _listens("issues")
    Input = GithubIssuesTriggerInput
    Output = GithubIssuesTriggerOutput
    examples = (
        _example(
            {"opened": True},
            {
                "action": "opened",
                "issue": {"number": 3, "title": "Smoke", "body": None, "state": "open"},
            },
            ("number", 3),
            ("issue", {"number": 3, "title": "Smoke", "body": None, "state": "open"}),
            ("issue_url", ""),
            ("issue_title", "Smoke"),
            ("issue_body", ""),
            ("labels", []),
            ("assignees", []),
            ("state", "open"),
        ),
    )

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides."""
        return [
            ("number", part(payload, "issue").get("number", 0)),
            ("issue", part(payload, "issue")),
            ("issue_url", text(part(payload, "issue"), "html_url")),
            ("issue_title", text(part(payload, "issue"), "title")),
            ("issue_body", text(part(payload, "issue"), "body")),
            ("labels", part(payload, "issue").get("labels") or []),
            ("assignees", part(payload, "issue").get("assignees") or []),
            ("state", text(part(payload, "issue"), "state")),
        ]


class GithubStarTriggerInput(GithubTriggerInput):
    """Where to listen, and for what."""

    events: Choice = events_pin("created", "deleted")


class GithubStarTriggerOutput(GithubTriggerOutput):
    """What happened."""

    starred_at: str = pin(description="When; empty where the star was taken back.")
    stargazers_count: int = pin(description="How many there are.")
    repository_name: str = pin(description="The repository, `owner/name`.")
    repository_url: str = pin(description="Where people read it.")


class GithubStarTrigger(GithubTrigger):
    """Starts the agent when somebody gives a repository a star, or takes it back."""

    id = "551e0a35-100b-49b7-89b8-3031322239b6"
    name = "GithubStarTrigger"
    description = "Starts the agent when somebody gives a repository a star, or takes it back."
    trigger = _listens("star")
    Input = GithubStarTriggerInput
    Output = GithubStarTriggerOutput
    examples = (
        _example(
            {"created": True},
            {
                "action": "created",
                "starred_at": "2026-01-02T03:04:05Z",
                "repository": {
                    "full_name": "ada/engine",
                    "html_url": "https://github.com/ada/engine",
                    "stargazers_count": 9,
                },
            },
            ("starred_at", "2026-01-02T03:04:05Z"),
            ("stargazers_count", 9),
            ("repository_name", "ada/engine"),
            ("repository_url", "https://github.com/ada/engine"),
        ),
    )

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides."""
        return [
            ("starred_at", text(payload, "starred_at")),
            ("stargazers_count", part(payload, "repository").get("stargazers_count", 0)),
            ("repository_name", text(part(payload, "repository"), "full_name")),
            ("repository_url", text(part(payload, "repository"), "html_url")),
        ]


class GithubDiscussionTriggerInput(GithubTriggerInput):
    """Where to listen, and for what."""

    events: Choice = events_pin(
        "created",
        "edited",
        "deleted",
        "answered",
        "unanswered",
        "labeled",
        "unlabeled",
        "locked",
        "unlocked",
        "category_changed",
        "transferred",
        "pinned",
        "unpinned",
    )


class GithubDiscussionTriggerOutput(GithubTriggerOutput):
    """What happened."""

    number: int = pin(description="Its number.")
    discussion: Entries = pin(description="The discussion.")
    discussion_url: str = pin(description="Where people read it.")
    title: str = pin(description="Its title.")
    body: str = pin(description="Its text; empty where it has none.")
    category: Entries = pin(description="The category it stands in.")
    category_name: str = pin(description="What the category is called.")
    state: str = pin(description="Such as `open`.")


class GithubDiscussionTrigger(GithubTrigger):
    """Starts the agent when something happens to a discussion of a repository."""

    id = "87f847b3-d81a-424e-8e89-acadb5c9d52b"
    name = "GithubDiscussionTrigger"
    description = "Starts the agent when something happens to a discussion of a repository."
    trigger = _listens("discussion")
    Input = GithubDiscussionTriggerInput
    Output = GithubDiscussionTriggerOutput
    examples = (
        _example(
            {"created": True},
            {
                "action": "created",
                "discussion": {
                    "number": 5,
                    "title": "Steam?",
                    "category": {"name": "Ideas"},
                    "state": "open",
                },
            },
            ("number", 5),
            (
                "discussion",
                {"number": 5, "title": "Steam?", "category": {"name": "Ideas"}, "state": "open"},
            ),
            ("discussion_url", ""),
            ("title", "Steam?"),
            ("body", ""),
            ("category", {"name": "Ideas"}),
            ("category_name", "Ideas"),
            ("state", "open"),
        ),
    )

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides."""
        return [
            ("number", part(payload, "discussion").get("number", 0)),
            ("discussion", part(payload, "discussion")),
            ("discussion_url", text(part(payload, "discussion"), "html_url")),
            ("title", text(part(payload, "discussion"), "title")),
            ("body", text(part(payload, "discussion"), "body")),
            ("category", part(payload, "discussion", "category")),
            ("category_name", text(part(payload, "discussion", "category"), "name")),
            ("state", text(part(payload, "discussion"), "state")),
        ]


class GithubReleaseTriggerInput(GithubTriggerInput):
    """Where to listen, and for what."""

    events: Choice = events_pin(
        "published", "unpublished", "created", "edited", "deleted", "prereleased", "released"
    )


class GithubReleaseTriggerOutput(GithubTriggerOutput):
    """What happened."""

    release: Entries = pin(description="The release.")
    release_url: str = pin(description="Where people read it.")
    tag_name: str = pin(description="Its tag.")
    release_name: str = pin(description="Its name; empty where it has none.")
    body: str = pin(description="Its notes; empty where it has none.")
    prerelease: bool = pin(description="Whether it comes before a release.")
    draft: bool = pin(description="Whether it is not published yet.")
    assets: list[Json] = pin(description="The files that come with it.")


class GithubReleaseTrigger(GithubTrigger):
    """Starts the agent when something happens to a release of a repository."""

    id = "2052dd1b-74e1-46ac-9c87-c7a0e057b60b"
    name = "GithubReleaseTrigger"
    description = "Starts the agent when something happens to a release of a repository."
    trigger = _listens("release")
    Input = GithubReleaseTriggerInput
    Output = GithubReleaseTriggerOutput
    examples = (
        _example(
            {"published": True},
            {"action": "published", "release": {"tag_name": "v1", "name": "One", "assets": []}},
            ("release", {"tag_name": "v1", "name": "One", "assets": []}),
            ("release_url", ""),
            ("tag_name", "v1"),
            ("release_name", "One"),
            ("body", ""),
            ("prerelease", False),
            ("draft", False),
            ("assets", []),
        ),
    )

    def parts(self, payload: Entries) -> list[tuple[str, Json]]:
        """Return what this kind of event has besides."""
        return [
            ("release", part(payload, "release")),
            ("release_url", text(part(payload, "release"), "html_url")),
            ("tag_name", text(part(payload, "release"), "tag_name")),
            ("release_name", text(part(payload, "release"), "name")),
            ("body", text(part(payload, "release"), "body")),
            ("prerelease", part(payload, "release").get("prerelease") is True),
            ("draft", part(payload, "release").get("draft") is True),
            ("assets", part(payload, "release").get("assets") or []),
        ]
