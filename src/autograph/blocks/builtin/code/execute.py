"""Running code that people wrote."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, Field

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    CodeLanguage,
    Context,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    pin,
)

Texts = list[str]


class ProgrammingLanguage(StrEnum):
    """What code is written in."""

    PYTHON = "python"
    JS = "js"
    BASH = "bash"
    R = "r"
    JAVA = "java"


_RUN_HERE: Final = {
    ProgrammingLanguage.PYTHON: CodeLanguage.PYTHON,
    ProgrammingLanguage.JS: CodeLanguage.JAVASCRIPT,
}


class CodeResult(BaseModel):
    """What an expression came to."""

    text: str = Field(description="As text.")
    json_: Json = Field(default=None, alias="json", description="As a value, where it has one.")


class CodeFile(BaseModel):
    """A file that code has left."""

    path: str = Field(description="Where it lay.")
    name: str = Field(description="What it is called.")
    size: int = Field(description="Bytes.")
    reference: str = Field(description="The file, as every pin for a file takes it.")


class ExecuteCodeInput(BlockInput):
    """The code."""

    credentials: dict[str, Json] | None = pin(
        None, description="Kept for older agents: code runs here, and needs none.", hidden=True
    )
    setup_commands: Texts = pin(
        default_factory=Texts,
        description="Commands that prepare a hosted sandbox; the one here takes none.",
    )
    code: str = pin(
        "",
        description="The code.",
        advanced=False,
        format=Format.LONG_TEXT,
        extra={"x-code": "$language"},
    )
    language: ProgrammingLanguage = pin(
        ProgrammingLanguage.PYTHON, description="What it is written in.", advanced=False
    )
    timeout: int = pin(300, description="Seconds it may take.", ge=1)
    dispose_sandbox: bool = pin(
        default=True, description="Kept for older agents: nothing outlives the code."
    )
    template_id: str = pin("", description="A hosted sandbox's template; the one here has none.")


class ExecuteCodeOutput(BlockOutput):
    """What came of it."""

    main_result: CodeResult = pin(description="What the last expression came to.")
    results: list[CodeResult] = pin(description="All that expressions came to.")
    response: str = pin(description="The main result as text.")
    stdout_logs: str = pin(description="What it printed.")
    stderr_logs: str = pin(description="What it complained of.")
    files: list[CodeFile] = pin(description="The files it left in its folder.")


class ExecuteCode(Block[ExecuteCodeInput]):
    """Code, run where it can do no harm."""

    id = "0b02b072-abe7-11ef-8372-fb5d162dd712"
    name = "ExecuteCode"
    description = (
        "Runs Python or JavaScript behind a wall: no network, no secrets, no files but those it makes. Gives out "
        "what it prints, what its last expression comes to, and the files it leaves."
    )
    categories = (Category.DEVELOPER_TOOLS,)
    effect = Effect.IDEMPOTENT
    Input = ExecuteCodeInput
    Output = ExecuteCodeOutput
    examples = (
        Example(
            {"code": "print('hi')\n1 + 1"},
            [
                ("stdout_logs", "hi\n"),
                ("main_result", {"text": "2", "json": 2}),
                ("results", [{"text": "2", "json": 2}]),
                ("response", "2"),
            ],
        ),
        Example(
            {"code": "[1, 2].map(one => one * 2)", "language": "js"},
            [
                ("main_result", {"text": "[2, 4]", "json": [2, 4]}),
                ("results", [{"text": "[2, 4]", "json": [2, 4]}]),
                ("response", "[2, 4]"),
            ],
        ),
        Example({"code": "1 / 0"}, error="ZeroDivisionError"),
        Example({"code": "ls", "language": "bash"}, error="only run in a hosted sandbox"),
    )

    async def run(self, input: ExecuteCodeInput, ctx: Context) -> Outputs:
        """Yield what came of the code.

        Raises:
            BlockError: It failed, was ended at a limit, or asks for what is not here.
        """
        language = _RUN_HERE.get(input.language)
        if language is None:
            raise BlockError(
                f"language: {input.language.value} is only run in a hosted sandbox; here python and js are."
            )
        if input.setup_commands or input.template_id:
            raise BlockError(
                "setup_commands and template_id belong to a hosted sandbox. Here code has Python's own library, no "
                "network, and nothing to set up; leave them empty."
            )
        ran = await ctx.sandbox.run(input.code, language, seconds=input.timeout)
        if ran.stdout:
            yield "stdout_logs", ran.stdout
        if ran.stderr:
            yield "stderr_logs", ran.stderr
        if ran.failure is not None:
            raise BlockError(ran.failure.message, code=ran.failure.code)
        if ran.text:
            result = {"text": ran.text, "json": ran.value}
            yield "main_result", result
            yield "results", [result]
            yield "response", ran.text
        if ran.files:
            made: list[Json] = []
            for file in ran.files:
                name = file.path.rsplit("/", 1)[-1]
                reference = await ctx.files.write(name, file.content)
                made.append(
                    {
                        "path": file.path,
                        "name": name,
                        "size": len(file.content),
                        "reference": reference,
                    }
                )
            yield "files", made
