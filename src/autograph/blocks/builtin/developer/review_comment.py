"""A comment for a code review."""

from __future__ import annotations

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    pin,
)

Entries = dict[str, Json]


class GithubCreateCommentObjectInput(BlockInput):
    """What to say about which line."""

    path: str = pin(description="The file.")
    body: str = pin(description="What to say.", format=Format.LONG_TEXT)
    position: int | None = pin(
        None, description="The line in the diff, from 1 (GitHub's older way)."
    )
    line: int | None = pin(None, description="The line in the file.")
    side: str | None = pin("RIGHT", description="Which side of the diff: LEFT or RIGHT.")
    start_line: int | None = pin(None, description="The first line, for a comment on several.")
    start_side: str | None = pin(None, description="Which side the first line is on.")


class GithubCreateCommentObjectOutput(BlockOutput):
    """The comment."""

    comment_object: Entries = pin(description="The comment, as GitHub's reviews take it.")


class GithubCreateCommentObject(Block[GithubCreateCommentObjectInput]):
    """A comment for a review on GitHub."""

    id = "b7d5e4f2-8c3a-4e6b-9f1d-7a8b9c5e4d3f"
    name = "GithubCreateCommentObject"
    description = "Puts a comment together that a review on GitHub can take."
    categories = (Category.DEVELOPER_TOOLS,)
    effect = Effect.PURE
    Input = GithubCreateCommentObjectInput
    Output = GithubCreateCommentObjectOutput
    examples = (
        Example(
            {"path": "a.py", "body": "Why?", "line": 3},
            [("comment_object", {"path": "a.py", "body": "Why?", "line": 3, "side": "RIGHT"})],
        ),
    )

    async def run(self, input: GithubCreateCommentObjectInput, ctx: Context) -> Outputs:
        """Yield the comment."""
        comment: Entries = {"path": input.path, "body": input.body}
        if input.position is not None:
            comment["position"] = input.position
        if input.line is not None:
            comment["line"] = input.line
            comment |= {"side": input.side} if input.side else {}
        if input.start_line is not None:
            comment["start_line"] = input.start_line
            comment |= {"start_side": input.start_side} if input.start_side else {}
        yield "comment_object", comment
