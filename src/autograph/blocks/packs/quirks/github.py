"""What GitHub's blocks need and its pack cannot say: addresses taken apart, and work of several requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_REPOSITORY: Final = re.compile(
    r"(?:(?:https?://)?(?:www\.)?github\.com/)?([\w.-]+)/([\w.-]+?)(?:\.git)?(?:/.*)?"
)
_NUMBERED: Final = re.compile(
    r"(?:https?://)?(?:www\.)?github\.com/([\w.-]+)/([\w.-]+)/(issues|pull)/(\d+)(?:[/?#].*)?"
)
_COMMENT: Final = re.compile(r".*#issuecomment-(\d+)|.*/issues/comments/(\d+)/?")


def repo(value: Json) -> Json:
    """Return `owner/name` of a repository's address, or of what is short already.

    Raises:
        BlockError: It is neither.
    """
    found = _REPOSITORY.fullmatch(str(value).strip())
    if found is None:
        raise BlockError(
            f"{str(value)[:200]!r} names no repository: give https://github.com/owner/name, or owner/name.",
            code="block.bad_input",
        )
    return PathText(f"{found[1]}/{found[2]}")


def owner(value: Json) -> Json:
    """Return whose a repository is."""
    return str(repo(value)).split("/")[0]


def name(value: Json) -> Json:
    """Return a repository's name without its owner's."""
    return str(repo(value)).split("/")[1]


def issue(value: Json) -> Json:
    """Return `owner/name/issues/7` of the address of an issue, or of a pull request, which is one, too.

    Raises:
        BlockError: It is no such address.
    """
    found = _numbered(value)
    return PathText(f"{found[1]}/{found[2]}/issues/{found[4]}")


def pull(value: Json) -> Json:
    """Return `owner/name/pulls/7` of the address of a pull request.

    Raises:
        BlockError: It is no such address.
    """
    found = _numbered(value)
    return PathText(f"{found[1]}/{found[2]}/pulls/{found[4]}")


def comment(value: Json) -> Json:
    """Return `owner/name/issues/comments/7` of a comment's address, or of its number beside an issue's address.

    Raises:
        BlockError: Neither is given.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    address, number = str(pins.get("comment_url") or ""), str(pins.get("comment_id") or "")
    found = _COMMENT.fullmatch(address)
    if found is not None:
        where = repo(re.sub(r"api\.github\.com/repos/", "github.com/", address))
        return PathText(f"{where}/issues/comments/{found[1] or found[2]}")
    if number.isdigit() and pins.get("issue_url"):
        return PathText(f"{repo(pins['issue_url'])}/issues/comments/{number}")
    raise BlockError(
        "Give comment_url (…/issues/7#issuecomment-1), or comment_id together with issue_url.",
        code="block.bad_input",
    )


def _numbered(value: Json) -> re.Match[str]:
    found = _NUMBERED.fullmatch(str(value).strip())
    if found is None:
        raise BlockError(
            f"{str(value)[:200]!r} is no issue and no pull request: give https://github.com/owner/name/issues/7.",
            code="block.bad_input",
        )
    return found


def search(value: Json) -> Json:
    """Return a search for code, kept to one repository where one is named."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return f"{pins['query']} repo:{repo(pins['repo'])}" if pins.get("repo") else pins["query"]


def review_event(value: Json) -> Json:
    """Return what a review says; a draft says nothing yet."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    return None if pins.get("create_as_draft") else pins.get("event")


def review_comments(value: Json) -> Json:
    """Return a review's comments with what the API knows of them."""
    known = ("path", "position", "body", "line", "side", "start_line", "start_side")
    found = value if is_list(value) else []
    return [
        {key: one[key] for key in known if one.get(key) is not None}
        for one in found
        if is_object(one)
    ]


def review_comments_of(value: Json) -> Json:
    """Return where a pull request's comments are: those of one review, or all."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    number, review = pins["pr_number"], pins.get("review_id")
    return PathText(
        f"{number}/comments" if review is None else f"{number}/reviews/{review}/comments"
    )


def changes(value: Json) -> Json:
    """Return the differences of files, one after the other, as `diff` writes them."""
    files: list[Any] = value if is_list(value) else []
    return "".join(
        f"--- {one.get('previous_filename') or one['filename']}\n+++ {one['filename']}\n{one.get('patch') or ''}\n"
        for one in files
    )


def tags(value: Json) -> Json:
    """Return tags with their pages, which the API does not tell."""
    return _with_pages(value, "releases/tag")


def branches(value: Json) -> Json:
    """Return branches with their pages, which the API does not tell."""
    return _with_pages(value, "tree")


def _with_pages(value: Json, kind: str) -> Json:
    items: list[Any] = value if is_list(value) else []
    found: list[Json] = []
    for one in items:
        where = repo(str(one["commit"]["url"]).replace("api.github.com/repos/", "github.com/"))
        found.append(
            {"name": one["name"], "url": f"https://github.com/{where}/{kind}/{one['name']}"}
        )
    return found


def if_true(value: Json) -> Json:
    """Return 1 where it is true; the API takes whatever stands there, `false` too, for yes."""
    return "1" if value else None


async def multi_file_commit(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Put several files into one commit: blobs, a tree on top of the branch's, the commit, the branch moved to it.

    Raises:
        BlockError: No file is given, or a file has no path.
    """
    where, branch = str(repo(pins["repo_url"])), quote(str(pins["branch"]), safe="/")
    head = (await api.send(f"GET /repos/{where}/git/ref/heads/{branch}")).json["object"]["sha"]
    base = (await api.send(f"GET /repos/{where}/git/commits/{head}")).json["tree"]["sha"]
    tree: list[Json] = []
    for file in pins["files"]:
        if not is_object(file) or not file.get("path"):
            raise BlockError("files: every file needs a path.", code="block.bad_input")
        entry: dict[str, Json] = {
            "path": file["path"],
            "mode": "100644",
            "type": "blob",
            "sha": None,
        }
        if str(file.get("operation", "upsert")).lower() != "delete":
            body = {"content": file.get("content", ""), "encoding": "utf-8"}
            entry["sha"] = (await api.send(f"POST /repos/{where}/git/blobs", body=body)).json["sha"]
        tree.append(entry)
    if not tree:
        raise BlockError("files: give at least one file.", code="block.bad_input")
    made = await api.send(f"POST /repos/{where}/git/trees", body={"base_tree": base, "tree": tree})
    commit = {"message": pins["commit_message"], "tree": made.json["sha"], "parents": [head]}
    sha = (await api.send(f"POST /repos/{where}/git/commits", body=commit)).json["sha"]
    await api.send(f"PATCH /repos/{where}/git/refs/heads/{branch}", body={"sha": sha})
    yield "sha", sha
    yield "url", f"https://github.com/{where}/commit/{sha}"


async def ci_results(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what the checks of a commit or pull request came to, and which lines of their output match.

    Raises:
        BlockError: The pattern is none.
    """
    where, target = str(repo(pins["repo"])), str(pins["target"])
    if target.isdigit():
        target = (await api.send(f"GET /repos/{where}/pulls/{target}")).json["head"]["sha"]
    wanted = {"per_page": 100}
    answer = await api.send(
        f"GET /repos/{where}/commits/{quote(target, safe='')}/check-runs", query=wanted
    )
    only = str(pins.get("check_name_filter") or "").lower()
    checks = [_check(one) for one in answer.json["check_runs"] if only in one["name"].lower()]
    for one in checks:
        yield "check_run", one
    yield "check_runs", checks
    lines = [line for one in checks for line in _matching(one, pins.get("search_pattern"))]
    for line in lines:
        yield "matched_line", line
    if pins.get("search_pattern"):
        yield "matched_lines", lines
    passed = [one for one in checks if one["conclusion"] in {"success", "neutral", "skipped"}]
    failed = [
        one
        for one in checks
        if one["conclusion"] in {"failure", "timed_out", "cancelled", "action_required"}
    ]
    is_done = all(one["status"] == "completed" for one in checks)
    yield "overall_status", ("completed" if is_done else "pending") if checks else "no_checks"
    if not checks:
        conclusion = "no_checks"
    elif failed:
        conclusion = "failure"
    else:
        conclusion = "success" if is_done else "pending"
    yield "overall_conclusion", conclusion
    yield "total_checks", len(checks)
    yield "passed_checks", len(passed)
    yield "failed_checks", len(failed)


def _check(run: Mapping[str, Any]) -> dict[str, Json]:
    output: Mapping[str, Any] = run.get("output") or {}
    fields = (
        "id",
        "name",
        "status",
        "conclusion",
        "started_at",
        "completed_at",
        "html_url",
        "details_url",
    )
    parts = {f"output_{key}": output.get(key) for key in ("title", "summary", "text")}
    return {**{key: run.get(key) for key in fields}, **parts}


def _matching(check: Mapping[str, Any], pattern: Any) -> list[Json]:
    if not pattern:
        return []
    import regex  # noqa: PLC0415 - only where somebody searches

    try:
        wanted = regex.compile(str(pattern), regex.IGNORECASE)
        return [
            {"check_name": check["name"], "line_number": number, "line": line, "context": []}
            for part in ("output_title", "output_summary", "output_text")
            for number, line in enumerate(str(check.get(part) or "").splitlines(), 1)
            if wanted.search(line, timeout=5)
        ]
    except (regex.error, TimeoutError) as error:
        raise BlockError(f"search_pattern: {error}", code="block.bad_input") from error


async def resolve_discussion(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Resolve, or open again, the discussion that a review comment belongs to.

    Raises:
        BlockError: No discussion of the pull request has that comment.
    """
    who, what = str(repo(pins["repo"])).split("/")
    cursor: Json = None
    while True:
        variables = {"owner": who, "name": what, "number": pins["pr_number"], "after": cursor}
        answer = (
            await api.send("POST /graphql", body={"query": _THREADS, "variables": variables})
        ).json
        threads = answer["data"]["repository"]["pullRequest"]["reviewThreads"]
        for thread in threads["nodes"]:
            if pins["comment_id"] in [one["databaseId"] for one in thread["comments"]["nodes"]]:
                word = (
                    "resolveReviewThread" if pins.get("resolve", True) else "unresolveReviewThread"
                )
                query = f"mutation($id: ID!) {{ {word}(input: {{threadId: $id}}) {{ thread {{ isResolved }} }} }}"
                await api.send(
                    "POST /graphql", body={"query": query, "variables": {"id": thread["id"]}}
                )
                yield "success", True
                return
        if not threads["pageInfo"]["hasNextPage"]:
            raise BlockError(
                f"comment_id: no discussion of pull request {pins['pr_number']} has the comment {pins['comment_id']}.",
                code="provider.not_found",
            )
        cursor = threads["pageInfo"]["endCursor"]


_THREADS: Final = """query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id comments(first: 100) { nodes { databaseId } } }
    }
  } }
}"""

FILTERS: Final[Mapping[str, Filter]] = {
    "repo": repo,
    "owner": owner,
    "name": name,
    "issue": issue,
    "pull": pull,
    "comment": comment,
    "search": search,
    "review_event": review_event,
    "review_comments": review_comments,
    "review_comments_of": review_comments_of,
    "changes": changes,
    "tags": tags,
    "branches": branches,
    "if_true": if_true,
}
ACTIONS: Final[Mapping[str, Whole]] = {
    "multi_file_commit": multi_file_commit,
    "ci_results": ci_results,
    "resolve_discussion": resolve_discussion,
}
