"""Use cases of runs that are shown by a link."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from autograph.blocks.sdk.files import file_id_of
from autograph.engine.state import RunStatus
from autograph.features.accounts.models import Principal
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.sessions import Visit
from autograph.features.accounts.service.audit import AuditService
from autograph.features.accounts.service.secrets import hash_of, new_secret
from autograph.features.files.errors import FileMissing
from autograph.features.files.models import File
from autograph.features.files.service import FileService
from autograph.features.runs.errors import RunNotFound, ShareNotFound
from autograph.features.runs.models import OpenedShare, Share
from autograph.features.runs.repository import RunRepository, ShareRepository
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.clock import Clock
from autograph.infra.errors import Invalid

MAX_FILES: Final = 200
"""So many files of a shared run are shown; further ones are not, nor given out."""
# One answer for every reason: whoever guesses learns nothing from it.
_NOTHING: Final = "Nothing is shown here. The link may have ended, or was not copied whole."
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")


@dataclass(frozen=True, slots=True)
class SharedRun:
    """All that whoever has the link of a run is shown.

    Attributes:
        agent: Name of the agent, in the version that ran.
        outputs: By name, every value in order; empty until the run is over.
        files: Those that outputs name, and no others.
    """

    agent: str
    status: RunStatus
    outputs: Mapping[str, Sequence[Json]]
    files: Sequence[File]


class ShareService:
    """Shows runs by links, to whoever has one."""

    def __init__(
        self,
        shares: ShareRepository,
        runs: RunRepository,
        files: FileService,
        audit: AuditService,
        clock: Clock,
        *,
        public_url: str,
    ) -> None:
        """Use all of these; links begin with `public_url`."""
        self._shares = shares
        self._runs = runs
        self._files = files
        self._audit = audit
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def share(
        self,
        principal: Principal,
        run_id: UUID,
        visit: Visit,
        *,
        expires_at: datetime | None = None,
        graph_id: UUID | None = None,
    ) -> tuple[Share, str]:
        """Show a run by a new link; one that it had before shows nothing from now on.

        Args:
            principal: Whose run it is.
            run_id: The run; it may still go on.
            visit: From where it is asked.
            expires_at: From when the link shows nothing; None for never.
            graph_id: The agent that the run must be one of; None for any.

        Returns:
            The share and, this once, the token of its link.

        Raises:
            RunNotFound: There is no such run.
            Invalid: The link would have ended already.

        Writes: the share, and a line of the audit log.
        """
        await self._require(principal, run_id, graph_id)
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise Invalid("The link would have ended already.", errors={"expires_at": "past"})
        secret = new_secret()
        share = Share(run_id, now, expires_at)
        await self._shares.put(principal, share, secret.hash)
        after: dict[str, Json] = {"expires_at": expires_at and expires_at.isoformat()}
        await self._audit.note(principal, visit, Deed("run.shared", f"run:{run_id}", after=after))
        return share, secret.text

    async def revoke(
        self, principal: Principal, run_id: UUID, visit: Visit, *, graph_id: UUID | None = None
    ) -> None:
        """Show a run no more. Idempotent.

        Raises:
            RunNotFound: There is no such run.
        """
        await self._require(principal, run_id, graph_id)
        if await self._shares.delete(principal, run_id):
            await self._audit.note(principal, visit, Deed("run.unshared", f"run:{run_id}"))

    async def find(
        self, principal: Principal, run_id: UUID, *, graph_id: UUID | None = None
    ) -> Share | None:
        """Return the share of a run; None where it is not shown, or not any more.

        Raises:
            RunNotFound: There is no such run.
        """
        await self._require(principal, run_id, graph_id)
        return await self._shares.find(principal, run_id, self._clock.now())

    def link(self, token: str) -> str:
        """Return the address by which people see what a token shows."""
        return f"{self._public_url}/share/{token}"

    async def open(self, token: str) -> SharedRun:
        """Return what a link shows, to anybody.

        Raises:
            ShareNotFound: It shows nothing, for whatever reason.
        """
        opened = await self._opened(token)
        files: list[File] = []
        for file_id in _files_of(opened.outputs):
            with suppress(FileMissing):
                files.append(await self._files.get(opened.owner_id, file_id))
        return SharedRun(opened.agent, opened.status, opened.outputs, files)

    async def file(self, token: str, file_id: UUID) -> File:
        """Return a file that a link shows, to anybody.

        Raises:
            ShareNotFound: The link shows nothing, or not this file.
        """
        opened = await self._opened(token)
        if file_id in _files_of(opened.outputs):
            with suppress(FileMissing):
                return await self._files.get(opened.owner_id, file_id)
        raise ShareNotFound(_NOTHING)

    async def _opened(self, token: str) -> OpenedShare:
        found = None
        if _TOKEN.fullmatch(token):
            found = await self._shares.open(hash_of(token), self._clock.now())
        if found is None:
            raise ShareNotFound(_NOTHING)
        return found

    async def _require(self, principal: Principal, run_id: UUID, graph_id: UUID | None) -> None:
        row = await self._runs.get(principal, run_id)
        if graph_id not in {None, row.graph_id}:
            raise RunNotFound(f"There is no run {run_id} of graph {graph_id}.")


def _files_of(outputs: Mapping[str, Sequence[Json]]) -> dict[UUID, None]:
    """Return which files outputs are or hold, in their order. A text that only speaks of a file gives none out."""
    found: dict[UUID, None] = {}
    for text in _texts(outputs):
        file_id = file_id_of(text) if text.startswith("file://") else None
        if file_id is not None:
            found[file_id] = None
            if len(found) == MAX_FILES:
                break
    return found


def _texts(value: Json) -> Iterator[str]:
    """Yield every text in a value, in its order, however deep it is."""
    rest: list[Json] = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            yield one
        elif is_object(one):
            rest.extend(reversed(one.values()))
        elif is_list(one):
            rest.extend(reversed(one))
