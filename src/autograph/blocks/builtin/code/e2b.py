"""Sandboxes at E2B: machines there that outlive a node run, so that one step after another can use them.

They are made and ended by E2B's API (https://e2b.dev/docs/api-reference). On each, a server listens on port 49999,
reached at `https://49999-<id>.<domain>`: `POST /execute` runs code and answers line by line, each a JSON object with a
`type`, as E2B's own SDK for code reads them (https://github.com/e2b-dev/code-interpreter).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from autograph.blocks.sdk import (
    ApiKeySecret,
    BlockError,
    Context,
    HttpRequest,
    HttpResponse,
    Json,
    is_object,
)

Entries = dict[str, Json]
Listed = list[Entries]

API: Final = "https://api.e2b.app/sandboxes"
PORT: Final = 49_999
ID: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_DOMAIN: Final = "e2b.app"
_SHOWN: Final = 500
_HOST: Final = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}")


@dataclass(slots=True)
class Ran:
    """What came of code.

    Attributes:
        main: What the last expression came to, in all the forms it has; None where it came to nothing.
        failure: What it failed with.
    """

    stdout: str = ""
    stderr: str = ""
    results: Listed = field(default_factory=Listed)
    main: Entries | None = None
    failure: str | None = None

    @property
    def text(self) -> str:
        """The main result as text."""
        text = (self.main or {}).get("text")
        return text if isinstance(text, str) else ""

    def take(self, line: str) -> None:
        """Take in a line of the answer; what it says of kinds that are not known is left out.

        Raises:
            BlockError: It is no JSON object.
        """
        try:
            said: Json = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not is_object(said):
            raise BlockError(f"The sandbox answered what is no JSON: {line[:_SHOWN]}")
        match said.get("type"):
            case "stdout":
                self.stdout += str(said.get("text", ""))
            case "stderr":
                self.stderr += str(said.get("text", ""))
            case "result":
                hidden = ("type", "is_main_result")
                result = {
                    name: one
                    for name, one in said.items()
                    if one is not None and name not in hidden
                }
                self.results.append(result)
                if said.get("is_main_result"):
                    self.main = result
            case "error":
                self.failure = f"{said.get('name', 'Error')}: {said.get('value', '')}"[:_SHOWN]
            case "unexpected_end_of_execution":
                self.failure = "The sandbox ended before the code did."
            case _:
                pass


class Machines:
    """E2B, asked with a key."""

    def __init__(self, ctx: Context, key: ApiKeySecret) -> None:
        """Ask for `ctx`, with `key`."""
        self._ctx = ctx
        self._key = key

    async def make(self, template: str, seconds: int) -> Machine:
        """Have a sandbox made that ends by itself after so many seconds."""
        wanted: Entries = {"templateID": template, "timeout": seconds, "secure": True}
        return _machine(self._ctx, await self._ask("POST", API, wanted))

    async def find(self, sandbox_id: str, seconds: int) -> Machine:
        """Return a sandbox that was made, paused or not; it lasts so many seconds more at least."""
        answer = await self._ask("POST", f"{API}/{sandbox_id}/connect", {"timeout": seconds})
        return _machine(self._ctx, answer)

    async def end(self, sandbox_id: str) -> None:
        """End a sandbox; one that has ended already is as good."""
        await self._ask("DELETE", f"{API}/{sandbox_id}", accepts=404)

    async def _ask(
        self, method: str, url: str, body: Json = None, *, accepts: int = 0
    ) -> HttpResponse:
        headers = {"X-API-Key": self._key.api_key, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = await self._ctx.http.send(
            HttpRequest(
                method,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                proofs=frozenset({"x-api-key"}),
            )
        )
        return _taken("E2B", answer, accepts)


@dataclass(frozen=True, slots=True)
class Machine:
    """A sandbox.

    Attributes:
        domain: Under which it is reached.
        tokens: Headers that let one in.
    """

    ctx: Context
    id: str
    domain: str
    tokens: dict[str, str] = field(repr=False)

    async def execute(self, code: str, language: str, seconds: int) -> Ran:
        """Run code, after all that ran there in its language before; return what came of it.

        Raises:
            BlockError: The sandbox has ended, or does not answer.
        """
        answer = await self.ctx.http.send(
            HttpRequest(
                "POST",
                f"https://{PORT}-{self.id}.{self.domain}/execute",
                headers={
                    "Content-Type": "application/json",
                    "E2b-Sandbox-Id": self.id,
                    "E2b-Sandbox-Port": str(PORT),
                    **self.tokens,
                },
                body=json.dumps({"code": code, "language": language}).encode(),
                timeout=timedelta(seconds=seconds),
                proofs=frozenset(name.lower() for name in self.tokens),
            )
        )
        if answer.status == 502:  # as E2B's own SDK reads it
            raise BlockError("The sandbox has ended: it lived as long as its timeout said.")
        ran = Ran()
        for line in _taken("The sandbox", answer).text.split("\n"):
            if line.strip():
                ran.take(line)
        return ran


def _machine(ctx: Context, answer: HttpResponse) -> Machine:
    """Read how a sandbox is reached.

    Raises:
        BlockError: The answer does not say.
    """
    try:
        said: Json = json.loads(answer.text)
    except (ValueError, RecursionError):
        said = None
    found = said if is_object(said) else {}
    sandbox_id, domain = found.get("sandboxID"), found.get("domain") or _DOMAIN
    if (
        not isinstance(sandbox_id, str)
        or not isinstance(domain, str)
        or not ID.fullmatch(sandbox_id)
        or not _HOST.fullmatch(domain)
    ):
        raise BlockError(f"E2B's answer names no sandbox: {answer.text[:_SHOWN]}")
    names = {
        "X-Access-Token": "envdAccessToken",
        "E2B-Traffic-Access-Token": "trafficAccessToken",
    }
    tokens = {
        header: token
        for header, name in names.items()
        if isinstance(token := found.get(name), str) and token
    }
    return Machine(ctx, sandbox_id, domain, tokens)


def _taken(who: str, answer: HttpResponse, accepts: int = 0) -> HttpResponse:
    """Return an answer that is none of failure, or one with the status that is as good.

    Raises:
        BlockError: It is; the message has what was said.
    """
    if answer.is_ok or answer.status == accepts:
        return answer
    try:
        said: Json = json.loads(answer.text)
    except (ValueError, RecursionError):
        said = None
    message = said.get("message") if is_object(said) else None
    told = message if isinstance(message, str) else answer.text.strip()
    raise BlockError(f"{who} answered {answer.status}: {told[:_SHOWN]}")
