"""What Todoist's blocks need and its pack cannot say: pages that the API does not tell, and dates of two kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object

_DAY: Final = len("2026-01-31")


def task_url(value: Json) -> Json:
    """Return the page of a task, or of each of several, by id."""
    return _page("task", value)


def project_url(value: Json) -> Json:
    """Return the page of a project, or of each of several, by id."""
    return _page("project", value)


def _page(kind: str, value: Json) -> Json:
    if is_list(value):
        return [_page(kind, one) for one in value]
    return f"https://app.todoist.com/app/{kind}/{value}"


def date(value: Json) -> Json:
    """Return a day, where it is one without a time."""
    return value if len(str(value)) <= _DAY else None


def moment(value: Json) -> Json:
    """Return a day with a time, where it is one."""
    return value if len(str(value)) > _DAY else None


def day(value: Json) -> Json:
    """Return a day, without the time it may have."""
    return str(value)[:_DAY]


def tasks(value: Json) -> Json:
    """Return where tasks are listed: all of them, or those that a filter finds.

    Raises:
        BlockError: Something else than a filter is given beside it; the API would leave it out of account.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    if not pins.get("filter"):
        return "tasks"
    others = [one for one in ("project_id", "section_id", "label", "ids") if pins.get(one)]
    if others:
        raise BlockError(
            f"{others[0]}: a filter stands alone; say it in the filter, such as: #Project & @label.",
            code="block.bad_input",
        )
    return PathText("tasks/filter")


def target(value: Json) -> Json:
    """Return where a change moves a task: the closest of parent, section and project; None where it stays.

    Raises:
        BlockError: Its place among the others is to change, which the API does not do.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    if pins.get("order") is not None:
        raise BlockError(
            "order: Todoist's API gives a task its place when it is made, and not later.",
            code="block.bad_input",
        )
    for one in ("parent_id", "section_id", "project_id"):
        if pins.get(one):
            return {one: pins[one]}
    return None


FILTERS: Final[Mapping[str, Filter]] = {
    "task_url": task_url,
    "project_url": project_url,
    "date": date,
    "moment": moment,
    "day": day,
    "tasks": tasks,
    "target": target,
}
