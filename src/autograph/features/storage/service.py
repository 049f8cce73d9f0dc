"""Use cases of storage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.storage.errors import StorageFull
from autograph.features.storage.models import Pruned, Report, Usage
from autograph.features.storage.repository import StorageRepository
from autograph.infra.clock import Clock

_log = structlog.stdlib.get_logger(__name__)
_ROOM_KEPT: Final = 30.0
"""Seconds for which it is remembered what a person's runs keep: starting a run must not cost a count."""
_PEOPLE_KEPT: Final = 10_000


class StorageService:
    """Tells what is kept, keeps it within bounds, deletes what is not needed any more."""

    def __init__(
        self,
        storage: StorageRepository,
        clock: Clock,
        *,
        retention: timedelta | None,
        max_user_bytes: int | None,
        memory_retention: timedelta | None = None,
    ) -> None:
        """Use `storage`.

        Args:
            storage: Measures and deletes.
            clock: Tells how old things are.
            retention: How long runs are kept after their end; None for ever.
            max_user_bytes: What the runs and memories of one person may keep; None for anything.
            memory_retention: How long texts are remembered; None for as long as nobody forgets them.
        """
        self._storage = storage
        self._clock = clock
        self._retention = retention
        self._max_user_bytes = max_user_bytes
        self._memory_retention = memory_retention
        self._known: dict[UUID, tuple[int, float]] = {}

    async def usage(self, principal: Principal) -> Usage:
        """Return what a person's runs and memories keep."""
        runs, size = await self._storage.stored_bytes(principal)
        return Usage(runs, size, self._max_user_bytes)

    async def report(self, *, top: int = 10) -> Report:
        """Return what eats the disk."""
        await self._storage.count()
        return await self._storage.report(top=top)

    async def check_room(self, principal: Principal) -> None:
        """Make sure that a person's runs may keep more; what was found is remembered for half a minute.

        Raises:
            StorageFull: They use all they have.
        """
        limit = self._max_user_bytes
        if limit is None:
            return
        size, known_until = self._known.get(principal.user_id, (0, 0.0))
        if monotonic() > known_until:
            _, size = await self._storage.stored_bytes(principal)
            if len(self._known) >= _PEOPLE_KEPT:
                self._known.clear()
            self._known[principal.user_id] = size, monotonic() + _ROOM_KEPT
        if size >= limit:
            raise StorageFull(
                f"Your runs and memories keep {_mib(size)} of the {_mib(limit)} that they may (setting: "
                "AUTOGRAPH_MAX_USER_BYTES). Delete runs that you no longer need (`autograph prune`, or "
                "DELETE /api/v1/runs/{id}), or have memories forgotten (the block Forget).",
                stored_bytes=size,
                max_bytes=limit,
            )

    async def prune(
        self,
        *,
        older_than: timedelta,
        statuses: Sequence[RunStatus] | None = None,
        principal: Principal | None = None,
        dry_run: bool = False,
        tell: Callable[[Pruned], None] | None = None,
    ) -> Pruned:
        """Delete runs that ended some time ago, with all that is kept of them; what they cost stays.

        Runs that go on, and whatever they are inside of, are kept.

        Args:
            older_than: How long ago they ended at least.
            statuses: Only those that ended so; None for any.
            principal: Whose; None for everybody's.
            dry_run: Only tell what would be deleted.
            tell: Called with the sum so far, after every few hundred.
        """
        before = self._clock.now() - older_than
        wanted = None if statuses is None else [status.value for status in statuses]
        owner = None if principal is None else principal.user_id
        await self._storage.count()
        if dry_run:
            return await self._storage.find_over(before, owner_id=owner, statuses=wanted)
        total = Pruned()
        async for some in self._storage.delete_over(before, owner_id=owner, statuses=wanted):
            total = Pruned(
                total.runs + some.runs,
                total.stored_bytes + some.stored_bytes,
                oldest=_older(total.oldest, some.oldest),
            )
            if tell is not None:
                tell(total)
        self._known.clear()
        return Pruned(total.runs, total.stored_bytes, await self._storage.sweep(), total.oldest)

    async def tend(self) -> None:
        """Do once what has to be done again and again; any number of processes may.

        Partitions are made ahead, what runs keep is counted, what is older than the retention goes, and so
        do memories whose time is over, payloads that nobody refers to and months that are empty.
        """
        async with self._storage.alone() as is_alone:
            if not is_alone:
                return
            now = self._clock.now()
            await self._storage.make_months(now)
            await self._storage.count()
            oldest = None if self._memory_retention is None else now - self._memory_retention
            await self._storage.forget(now, oldest)
            if self._retention is not None:
                pruned = await self.prune(older_than=self._retention)
                months = await self._storage.drop_months(now - self._retention)
                if pruned.runs or months:
                    _log.info(
                        "deleted what is older than the retention",
                        runs=pruned.runs,
                        stored_bytes=pruned.stored_bytes,
                        months=list(months),
                    )
            else:
                await self._storage.sweep()


def _older(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
