"""The sandbox, made by its first use."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from autograph.infra.sandbox.ports import Bench, BenchLimits, Language, Ran, SandboxLimits

if TYPE_CHECKING:
    from autograph.infra.sandbox.bubblewrap import BubblewrapSandbox


class LateSandbox:
    """Implements `Sandbox`."""

    def __init__(
        self, limits: SandboxLimits, *, warm: int, bench: BenchLimits | None = None
    ) -> None:
        """Keep `warm` processes ready once the first code was run; programs may use `bench`."""
        self._limits = limits
        self._bench = bench or BenchLimits()
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

    async def close(self) -> None:
        """End the processes that are kept ready."""
        if self._made is not None:
            await self._made.close()
