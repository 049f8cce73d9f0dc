"""What an agent asks for when it is run. Each input becomes a field of the run's form."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutputWithoutError,
    Category,
    Context,
    Effect,
    Example,
    Format,
    InputError,
    Json,
    Outputs,
    pin,
)

Texts = list[str]
Items = list[Json]
Rows = list[dict[str, Json]]


class InputFields(BlockInput):
    """What every input of an agent has."""

    name: str = pin(description="The input's name; the agent is run with a value for it.")
    title: str | None = pin(None, description="What the form shows instead of the name.")
    description: str | None = pin(None, description="What the form says about it.")
    advanced: bool = pin(default=False, description="Fold it away in the form.")
    secret: bool = pin(default=False, description="Hide the value, and leave it out of files.")


class AgentInputFields(InputFields):
    """Any value."""

    value: Json = pin(None, description="The value where a run gives none.")


class AnyResult(BlockOutputWithoutError):
    """The value."""

    result: Json = pin(description="The value of the input.")


class TextResult(BlockOutputWithoutError):
    """The value."""

    result: str = pin(description="The value of the input.")


class _AgentInputBlock(Block[Any]):
    """What all inputs share: they give out their value, and nothing when they have none."""

    kind = BlockKind.INPUT
    effect = Effect.PURE
    static_output = True
    categories = (Category.INPUT, Category.BASIC)

    async def run(self, input: Any, ctx: Context) -> Outputs:
        """Yield the value, if there is one."""
        if input.value is not None:
            yield "result", input.value


class AgentInput(_AgentInputBlock):
    """Any value."""

    id = "c0a8e994-ebf1-4a9c-a4d8-89d09c86741b"
    name = "AgentInput"
    description = "Asks for a value of any kind when the agent is run."
    Input = AgentInputFields
    Output = AnyResult
    examples = (
        Example({"name": "topic", "value": "tea"}, [("result", "tea")]),
        Example({"name": "topic"}, [], title="Without a value it gives nothing"),
    )


class TextInputFields(InputFields):
    """A line of text."""

    value: str | None = pin(
        None,
        description="The text where a run gives none.",
        advanced=False,
        format=Format.SHORT_TEXT,
    )


class AgentShortTextInput(_AgentInputBlock):
    """A line of text."""

    id = "7fcd3bcb-8e1b-4e69-903d-32d3d4a92158"
    name = "AgentShortTextInput"
    description = "Asks for a line of text when the agent is run."
    Input = TextInputFields
    Output = TextResult
    examples = (Example({"name": "city", "value": "Oslo"}, [("result", "Oslo")]),)


class LongTextInputFields(InputFields):
    """A long text."""

    value: str | None = pin(
        None,
        description="The text where a run gives none.",
        advanced=False,
        format=Format.LONG_TEXT,
    )


class AgentLongTextInput(_AgentInputBlock):
    """A long text."""

    id = "90a56ffb-7024-4b2b-ab50-e26c5e5ab8ba"
    name = "AgentLongTextInput"
    description = "Asks for a text of several lines when the agent is run."
    Input = LongTextInputFields
    Output = TextResult
    examples = (Example({"name": "letter", "value": "Dear\nall"}, [("result", "Dear\nall")]),)


class NumberInputFields(InputFields):
    """A whole number."""

    value: int | None = pin(None, description="The number where a run gives none.", advanced=False)


class NumberResult(BlockOutputWithoutError):
    """The value."""

    result: int = pin(description="The value of the input.")


class AgentNumberInput(_AgentInputBlock):
    """A whole number."""

    id = "96dae2bb-97a2-41c2-bd2f-13a3b5a8ea98"
    name = "AgentNumberInput"
    description = "Asks for a whole number when the agent is run."
    Input = NumberInputFields
    Output = NumberResult
    examples = (
        Example({"name": "count", "value": 3}, [("result", 3)]),
        Example({"name": "count", "value": "three"}, error="value"),
    )


class DateInputFields(InputFields):
    """A date."""

    value: str | None = pin(
        None,
        description="The date where a run gives none, as 2026-01-31.",
        advanced=False,
        format=Format.DATE,
    )


class AgentDateInput(_AgentInputBlock):
    """A date."""

    id = "7e198b09-4994-47db-8b4d-952d98241817"
    name = "AgentDateInput"
    description = "Asks for a date when the agent is run."
    Input = DateInputFields
    Output = TextResult
    examples = (
        Example({"name": "day", "value": "2026-01-31"}, [("result", "2026-01-31")]),
        Example({"name": "day", "value": "2026-02-30"}, error="date"),
    )

    async def run(self, input: DateInputFields, ctx: Context) -> Outputs:
        """Yield the date.

        Raises:
            InputError: It is none.
        """
        if input.value is not None:
            try:
                yield "result", date.fromisoformat(input.value.strip()).isoformat()
            except ValueError as error:
                raise InputError(
                    "value", f"expected a date such as 2026-01-31, got {input.value!r}"
                ) from error


class TimeInputFields(InputFields):
    """A time of day."""

    value: str | None = pin(
        None,
        description="The time where a run gives none, as 09:30.",
        advanced=False,
        format=Format.TIME,
    )


class AgentTimeInput(_AgentInputBlock):
    """A time of day."""

    id = "2a1c757e-86cf-4c7e-aacf-060dc382e434"
    name = "AgentTimeInput"
    description = "Asks for a time of day when the agent is run."
    Input = TimeInputFields
    Output = TextResult
    examples = (
        Example({"name": "at", "value": "09:05"}, [("result", "09:05:00")]),
        Example({"name": "at", "value": "25:00"}, error="time"),
    )

    async def run(self, input: TimeInputFields, ctx: Context) -> Outputs:
        """Yield the time.

        Raises:
            InputError: It is none.
        """
        if input.value is not None:
            try:
                yield "result", time.fromisoformat(input.value.strip()).isoformat()
            except ValueError as error:
                raise InputError(
                    "value", f"expected a time such as 09:30, got {input.value!r}"
                ) from error


class DropdownInputFields(InputFields):
    """One of several texts."""

    value: str | None = pin(None, description="The choice where a run makes none.", advanced=False)
    options: Items = pin(
        default_factory=Items,
        description="What can be chosen.",
        aliases=("placeholder_values",),
        advanced=False,
    )


class AgentDropdownInput(_AgentInputBlock):
    """One of several texts."""

    id = "655d6fdf-a334-421c-b733-520549c07cd1"
    name = "AgentDropdownInput"
    description = "Asks to choose one of several texts when the agent is run."
    Input = DropdownInputFields
    Output = TextResult
    examples = (Example({"name": "size", "value": "S", "options": ["S", "L"]}, [("result", "S")]),)


class ToggleInputFields(InputFields):
    """Yes or no."""

    value: bool = pin(
        default=False, description="What it is where a run does not say.", advanced=False
    )


class ToggleResult(BlockOutputWithoutError):
    """The value."""

    result: bool = pin(description="The value of the input.")


class AgentToggleInput(_AgentInputBlock):
    """Yes or no."""

    id = "cbf36ab5-df4a-43b6-8a7f-f7ed8652116e"
    name = "AgentToggleInput"
    description = "Asks for yes or no when the agent is run."
    Input = ToggleInputFields
    Output = ToggleResult
    examples = (Example({"name": "loud"}, [("result", False)]),)


class TableInputFields(InputFields):
    """A table."""

    value: Rows | None = pin(
        None, description="The rows where a run gives none.", advanced=False, format=Format.TABLE
    )
    column_headers: Texts = pin(
        default_factory=lambda: ["Column 1", "Column 2", "Column 3"],
        description="The names of the columns.",
        advanced=False,
    )


class TableResult(BlockOutputWithoutError):
    """The rows."""

    result: Rows = pin(description="The rows, each an object by column.")


class AgentTableInput(_AgentInputBlock):
    """A table."""

    id = "5603b273-f41e-4020-af7d-fbc9c6a8d928"
    name = "AgentTableInput"
    description = "Asks for the rows of a table when the agent is run."
    Input = TableInputFields
    Output = TableResult
    examples = (
        Example({"name": "people", "value": [{"name": "Ada"}]}, [("result", [{"name": "Ada"}])]),
        Example({"name": "people"}, [("result", [])]),
    )

    async def run(self, input: TableInputFields, ctx: Context) -> Outputs:
        """Yield the rows, none where there are none."""
        yield "result", input.value or []


class FileInputFields(InputFields):
    """A file."""

    value: str | None = pin(
        None,
        description="The file where a run gives none: a reference, a data URI, or an https address.",
        advanced=False,
        format=Format.FILE,
    )
    base_64: bool = pin(
        default=False, description="Kept for older agents; files travel as references."
    )


class AgentFileInput(_AgentInputBlock):
    """A file."""

    id = "95ead23f-8283-4654-aef3-10c053b74a31"
    name = "AgentFileInput"
    description = "Asks for a file when the agent is run."
    Input = FileInputFields
    Output = TextResult
    examples = (
        Example({"name": "list", "value": "data:text/plain,a"}, [("result", "data:text/plain,a")]),
    )


class DriveView(StrEnum):
    """What can be picked."""

    DOCS = "DOCS"
    DOCUMENTS = "DOCUMENTS"
    SPREADSHEETS = "SPREADSHEETS"
    PRESENTATIONS = "PRESENTATIONS"
    DOCS_IMAGES = "DOCS_IMAGES"
    FOLDERS = "FOLDERS"


class DriveFile(BaseModel):
    """A file that was picked in Google Drive."""

    model_config = ConfigDict(populate_by_name=True, extra="allow")

    credentials_id: str | None = Field(default=None, alias="_credentials_id")
    id: str
    name: str | None = None
    mimeType: str | None = None  # noqa: N815 - Google's name
    url: str | None = None


class DriveFileInputFields(InputFields):
    """A file in Google Drive."""

    value: DriveFile | None = pin(
        None,
        description="The file where a run picks none.",
        advanced=False,
        format=Format.GOOGLE_DRIVE_PICKER,
    )
    allowed_views: list[DriveView] = pin(
        default_factory=lambda: [DriveView.DOCS, DriveView.SPREADSHEETS, DriveView.PRESENTATIONS],
        description="What can be picked.",
        advanced=False,
    )
    allow_folder_selection: bool = pin(default=False, description="Whether a folder can be picked.")


class DriveFileResult(BlockOutputWithoutError):
    """The file."""

    result: DriveFile = pin(description="The file that was picked.")


class AgentGoogleDriveFileInput(_AgentInputBlock):
    """A file in Google Drive."""

    id = "d3b32f15-6fd7-40e3-be52-e083f51b19a2"
    name = "AgentGoogleDriveFileInput"
    description = "Asks to pick a file in Google Drive when the agent is run."
    Input = DriveFileInputFields
    Output = DriveFileResult
    examples = (Example({"name": "report", "value": {"id": "1a"}}, [("result", {"id": "1a"})]),)

    async def run(self, input: DriveFileInputFields, ctx: Context) -> Outputs:
        """Yield the file, if one was picked."""
        if input.value is not None:
            yield "result", input.value.model_dump(by_alias=True, exclude_none=True)
