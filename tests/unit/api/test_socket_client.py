"""A client that reads too slowly is told where it was cut off; the journal has the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from autograph.api.ws import socket
from autograph.features.runs.models import JournalRow
from autograph.infra.ids import new_id


class Runs:
    """A run with more events than a client may be behind."""

    async def follow(
        self, principal: object, run_id: object, *, since: int
    ) -> AsyncIterator[JournalRow]:
        for seq in range(since + 1, since + socket.MAX_WAITING + 100):
            yield JournalRow(
                seq, "node.completed", {"node_run": seq}, datetime(2026, 1, 1, tzinfo=UTC)
            )


@pytest.mark.seed("D10-12")
async def test_a_client_that_reads_nothing_gets_a_gap_after_what_it_really_got(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "_SLOW_SECONDS", 0.01)
    services = cast("Any", SimpleNamespace(runs=Runs()))
    client = socket._Client(cast("Any", None), services, cast("Any", None))
    run_id = new_id()

    await client._follow_run(run_id, 40)

    told = client._waiting.get_nowait()
    assert told == {"type": "gap", "run": str(run_id), "since": 40}
    assert client._waiting.empty()
