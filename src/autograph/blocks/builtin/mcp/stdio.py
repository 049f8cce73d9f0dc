"""Messages to a program by its standard input, and back by its output (basic/transports#stdio): each is a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

from autograph.blocks.builtin.mcp.client import McpFailed, Message, read, short, written
from autograph.blocks.sdk import Program


class StdioLine:
    """Implements `Line`."""

    def __init__(self, program: Program, name: str) -> None:
        """Speak to `program`, which the installation calls `name`."""
        self._program = program
        self._name = name

    @property
    def name(self) -> str:
        """What the installation calls the program."""
        return repr(self._name)

    async def ask(self, message: Message, limit: timedelta) -> AsyncGenerator[Message]:
        """Send a request, and yield what comes.

        Raises:
            McpFailed: Nothing comes in time, or what comes is no message.
            AutographError: The program came to a limit.
        """
        await self.tell(message)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                while line := await self._program.hear():
                    yield read(self.name, line)
        except TimeoutError:
            raise McpFailed(
                self.name, f"has not answered within {limit.total_seconds():g} s."
            ) from None
        if complaint := self._program.complaint:
            raise McpFailed(self.name, f"has ended: {short(complaint[-300:])}")

    async def tell(self, message: Message) -> None:
        """Send what is not answered."""
        await self._program.say(written(message))

    def agreed(self, revision: str) -> None:
        """Nothing depends on it here."""

    async def end(self) -> None:
        """The program ends with the loan of it."""
