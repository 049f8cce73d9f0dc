"""Code in a sandbox at E2B, step by step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from autograph.blocks.builtin.code.e2b import API, ID, Entries, Listed, Machines, Ran
from autograph.blocks.builtin.code.execute import ProgrammingLanguage
from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Effect,
    Example,
    Exchanged,
    Format,
    InputError,
    Json,
    Outputs,
    credential_pin,
    pin,
)

Texts = list[str]

_TEMPLATE: Final = "code-interpreter-v1"
_STEP_SECONDS: Final = 300
_MOST_SECONDS: Final = 24 * 3600
_MAX_COMMANDS: Final = 50
_COSTS: Final = (Cost(1, CostKind.SECOND, 10),)
_MINE: Final[Entries] = {"id": "example", "provider": "e2b", "type": "api_key"}
_SECRETS: Final = {"example": ApiKeySecret("example-key")}
_MADE: Final[Entries] = {
    "templateID": "code-interpreter-v1",
    "sandboxID": "i62mff4ahtrdfdkyn2esc",
    "envdVersion": "0.2.0",
    "envdAccessToken": "example-token",
    "domain": "e2b.app",
}


async def _machines(reference: CredentialRef, ctx: Context) -> Machines:
    key = await ctx.credential(reference)
    if not isinstance(key, ApiKeySecret):
        raise BlockError("The credential is no API key.")
    return Machines(ctx, key)


def _key_pin() -> CredentialRef:
    found: CredentialRef = credential_pin(
        "e2b", kinds=("api_key",), description="Whose account at E2B pays."
    )
    return found


def _asked(method: str, path: str, body: Json = None, **answer: Json) -> Exchanged:
    """Return an exchange with E2B's API, for examples."""
    return Exchanged(
        method,
        f"{API}{path}",
        request_headers={"X-API-Key": "example-key"},
        body={} if body is None else {"body": body},
        status=204 if method == "DELETE" else 201,
        response={"response": answer} if answer else {},
    )


def _executed(code: str, language: str, *lines: Entries) -> Exchanged:
    """Return an exchange with the server in a sandbox, for examples."""
    ending: Sequence[Entries] = (*lines, {"type": "end_of_execution"})
    return Exchanged(
        "POST",
        "https://49999-i62mff4ahtrdfdkyn2esc.e2b.app/execute",
        request_headers={
            "X-Access-Token": "example-token",
            "E2b-Sandbox-Id": "i62mff4ahtrdfdkyn2esc",
        },
        body={"body": {"code": code, "language": language}},
        response={"text": "\n".join(json.dumps(one) for one in ending)},
    )


class InstantiateCodeSandboxInput(BlockInput):
    """What the sandbox begins with."""

    credentials: CredentialRef = _key_pin()
    setup_commands: Texts = pin(
        default_factory=Texts,
        description="Commands in bash that are run first, such as: pip install cowsay.",
        max_length=_MAX_COMMANDS,
        advanced=False,
    )
    setup_code: str = pin(
        "",
        description="Code that is run after them.",
        advanced=False,
        format=Format.LONG_TEXT,
        extra={"x-code": "$language"},
    )
    language: ProgrammingLanguage = pin(
        ProgrammingLanguage.PYTHON, description="What that is written in.", advanced=False
    )
    timeout: int = pin(
        300,
        description="After how many seconds the sandbox ends by itself.",
        ge=1,
        le=_MOST_SECONDS,
    )
    template_id: str = pin("", description="A template at E2B; its own one for code without.")


class InstantiateCodeSandboxOutput(BlockOutput):
    """The sandbox."""

    sandbox_id: str = pin(description="Its id, for the steps that use it.")
    response: str = pin(description="What the setup code came to, as text.")
    stdout_logs: str = pin(description="What setting up printed.")
    stderr_logs: str = pin(description="What it complained of.")


class InstantiateCodeSandbox(Block[InstantiateCodeSandboxInput]):
    """A sandbox at E2B."""

    id = "ff0861c9-1726-4aec-9e5b-bf53f3622112"
    name = "InstantiateCodeSandbox"
    description = (
        "Starts a sandbox at E2B, a machine with a network on which code can be run step by step, and sets it up. "
        "Where that fails, the sandbox is ended again."
    )
    categories = (Category.DEVELOPER_TOOLS,)
    effect = Effect.EFFECT
    costs = _COSTS
    Input = InstantiateCodeSandboxInput
    Output = InstantiateCodeSandboxOutput
    examples = (
        Example(
            {
                "credentials": _MINE,
                "setup_commands": ["pip install cowsay"],
                "setup_code": "x = 20\nx + 1",
            },
            [
                ("sandbox_id", "i62mff4ahtrdfdkyn2esc"),
                ("stdout_logs", "Installed cowsay\n"),
                ("response", "21"),
            ],
            exchanges=(
                _asked(
                    "POST", "", {"templateID": _TEMPLATE, "timeout": 300, "secure": True}, **_MADE
                ),
                _executed(
                    "pip install cowsay",
                    "bash",
                    {"type": "stdout", "text": "Installed cowsay\n", "timestamp": 1},
                ),
                _executed(
                    "x = 20\nx + 1",
                    "python",
                    {"type": "result", "text": "21", "is_main_result": True},
                ),
            ),
            secrets=_SECRETS,
        ),
        Example(
            {"credentials": _MINE, "setup_code": "1 / 0"},
            error="ZeroDivisionError: division by zero",
            title="What could not be set up is ended",
            exchanges=(
                _asked(
                    "POST", "", {"templateID": _TEMPLATE, "timeout": 300, "secure": True}, **_MADE
                ),
                _executed(
                    "1 / 0",
                    "python",
                    {"type": "error", "name": "ZeroDivisionError", "value": "division by zero"},
                ),
                _asked("DELETE", "/i62mff4ahtrdfdkyn2esc"),
            ),
            secrets=_SECRETS,
        ),
    )

    async def run(self, input: InstantiateCodeSandboxInput, ctx: Context) -> Outputs:
        """Yield the sandbox.

        Raises:
            BlockError: E2B makes none, or setting it up fails.
        """
        machines = await _machines(input.credentials, ctx)
        machine = await machines.make(input.template_id.strip() or _TEMPLATE, input.timeout)
        steps = [(one, ProgrammingLanguage.BASH) for one in input.setup_commands]
        steps += [(input.setup_code, input.language)] if input.setup_code.strip() else []
        done: list[Ran] = []
        try:
            for code, language in steps:
                ran = await machine.execute(code, language.value, input.timeout)
                if ran.failure is not None:
                    raise BlockError(ran.failure)
                done.append(ran)
        except BaseException:
            with suppress(Exception):  # else it ends by itself, at its timeout
                await machines.end(machine.id)
            raise
        yield "sandbox_id", machine.id
        if printed := "".join(one.stdout for one in done):
            yield "stdout_logs", printed
        if complained := "".join(one.stderr for one in done):
            yield "stderr_logs", complained
        if input.setup_code.strip():
            yield "response", done[-1].text


class ExecuteCodeStepInput(BlockInput):
    """Code, and where it runs."""

    credentials: CredentialRef = _key_pin()
    sandbox_id: str = pin(description="The sandbox, as InstantiateCodeSandbox gives it.")
    step_code: str = pin(
        "",
        description="The code; it finds what earlier steps in its language left.",
        advanced=False,
        format=Format.LONG_TEXT,
        extra={"x-code": "$language"},
    )
    language: ProgrammingLanguage = pin(
        ProgrammingLanguage.PYTHON, description="What it is written in.", advanced=False
    )
    dispose_sandbox: bool = pin(
        default=False, description="Whether the sandbox is ended afterwards."
    )


class ExecuteCodeStepOutput(BlockOutput):
    """What came of it."""

    main_result: Entries = pin(
        description="What the last expression came to, in its forms: text, html, png (Base64), json and so on."
    )
    results: Listed = pin(description="All that was shown, the main result among it.")
    response: str = pin(description="The main result as text.")
    stdout_logs: str = pin(description="What it printed.")
    stderr_logs: str = pin(description="What it complained of.")


class ExecuteCodeStep(Block[ExecuteCodeStepInput]):
    """Code, run in a sandbox that is there."""

    id = "82b59b8e-ea10-4d57-9161-8b169b0adba6"
    name = "ExecuteCodeStep"
    description = (
        "Runs code in a sandbox at E2B that an earlier step has started, and gives out what it comes to. The sandbox "
        "then lasts for five minutes more at least."
    )
    categories = (Category.DEVELOPER_TOOLS,)
    effect = Effect.EFFECT
    costs = _COSTS
    Input = ExecuteCodeStepInput
    Output = ExecuteCodeStepOutput
    examples = (
        Example(
            {
                "credentials": _MINE,
                "sandbox_id": "i62mff4ahtrdfdkyn2esc",
                "step_code": "print('hi')\nx + 2",
                "dispose_sandbox": True,
            },
            [
                ("stdout_logs", "hi\n"),
                ("main_result", {"text": "22"}),
                ("results", [{"text": "22"}]),
                ("response", "22"),
            ],
            exchanges=(
                _asked("POST", "/i62mff4ahtrdfdkyn2esc/connect", {"timeout": 300}, **_MADE),
                _executed(
                    "print('hi')\nx + 2",
                    "python",
                    {"type": "number_of_executions", "execution_count": 2},
                    {"type": "stdout", "text": "hi\n", "timestamp": 1},
                    {"type": "result", "text": "22", "html": None, "is_main_result": True},
                ),
                _asked("DELETE", "/i62mff4ahtrdfdkyn2esc"),
            ),
            secrets=_SECRETS,
        ),
        Example(
            {"credentials": _MINE, "sandbox_id": "no/id", "step_code": "1"},
            error="no sandbox has such an id",
        ),
    )

    async def run(self, input: ExecuteCodeStepInput, ctx: Context) -> Outputs:
        """Yield what came of the code.

        Raises:
            InputError: There is no code, or what is no id of a sandbox.
            BlockError: There is no such sandbox, or the code fails.
        """
        if not input.step_code.strip():
            raise InputError("step_code", "there is no code.")
        sandbox_id = input.sandbox_id.strip()
        if not ID.fullmatch(sandbox_id):
            raise InputError("sandbox_id", "no sandbox has such an id.")
        machines = await _machines(input.credentials, ctx)
        machine = await machines.find(sandbox_id, _STEP_SECONDS)
        try:
            ran = await machine.execute(input.step_code, input.language.value, _STEP_SECONDS)
        finally:
            if input.dispose_sandbox:
                with suppress(Exception):  # else it ends by itself, at its timeout
                    await machines.end(sandbox_id)
        if ran.stdout:
            yield "stdout_logs", ran.stdout
        if ran.stderr:
            yield "stderr_logs", ran.stderr
        if ran.failure is not None:
            raise BlockError(ran.failure)
        if ran.main is not None:
            yield "main_result", ran.main
        if ran.results:
            yield "results", list(ran.results)
        if ran.text:
            yield "response", ran.text
