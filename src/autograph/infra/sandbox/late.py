"""The sandbox, made by its first use."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from autograph.infra.sandbox.ports import (
    AllowedPrograms,
    Bench,
    BenchLimits,
    Language,
    Program,
    Ran,
    SandboxLimits,
)

if TYPE_CHECKING:
    from autograph.infra.sandbox.bubblewrap import BubblewrapSandbox


class LateSandbox:
    """Implements `Sandbox`."""

    def __init__(
        self,
        limits: SandboxLimits,
        *,
        warm: int,
        bench: BenchLimits | None = None,
        programs: AllowedPrograms | None = None,
    ) -> None:
        """Keep `warm` processes ready once the first code was run.

        Args:
            limits: What code may use.
            warm: How many.
            bench: What programs on a bench may use.
            programs: Which programs agents may start; None for none.
        """
        self._limits = limits
        self._bench = bench or BenchLimits()
        self._programs = programs or AllowedPrograms()
        self._warm = warm
        self._made: BubblewrapSandbox | None = None

    async def run(self, code: str, language: Language, *, seconds: float | None = None) -> Ran:
        """Run code in a process of its own."""
        if self._made is None:
            from autograph.infra.sandbox.bubblewrap import (  # noqa: PLC0415 - few processes run code
                BubblewrapSandbox,
            )

            self._made = BubblewrapSandbox(self._limits, warm=self._warm)
        return await self._made.run(code, language, seconds=seconds)

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        """Lend a bench for programs of this machine."""
        from autograph.infra.sandbox.bench import open_bench  # noqa: PLC0415 - few processes need one

        return open_bench(self._bench)

    def program(
        self, name: str, *, secret: str | None = None
    ) -> AbstractAsyncContextManager[Program]:
        """Lend a program that agents may start."""
        from autograph.infra.sandbox.programs import open_program  # noqa: PLC0415 - few processes need one

        return open_program(self._programs, name, secret)

    async def close(self) -> None:
        """End the processes that are kept ready."""
        if self._made is not None:
            await self._made.close()
