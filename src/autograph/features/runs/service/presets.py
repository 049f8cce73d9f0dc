"""Runs of presets: by a word, and by what came to their triggers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from autograph.features.accounts.models import Principal
from autograph.features.integrations.models.webhooks import DueStart
from autograph.features.integrations.repository.deliveries import Batch
from autograph.features.integrations.service import DeliveryService
from autograph.features.integrations.service.deliveries import brought_by
from autograph.features.library.models import Preset
from autograph.features.library.service import PresetService
from autograph.features.runs.models import Order, Priority
from autograph.features.runs.service.runs import RunService
from autograph.graph.model import Json
from autograph.infra.clock import Clock
from autograph.infra.errors import OperationalError, UserError

_log = structlog.stdlib.get_logger(__name__)
_AT_ONCE: Final = 10
_LOOK_ANYWAY_AFTER: Final = 5.0
"""Seconds after which to look without having been woken: a wake-up may be lost with its connection."""
_RETRY_AFTER: Final = 1.0
_LAST_RETRY: Final = timedelta(minutes=10)


class People(Protocol):
    """Knows for whom runs may be started."""

    async def by_id(self, user_id: UUID) -> Principal:
        """Return a person.

        Raises:
            UserError: They are no more, or may do nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Extras:
    """What a run of a preset has besides, or instead.

    Attributes:
        inputs: Laid over the preset's.
        credentials: Laid over the preset's.
        payload: What arrives at the trigger; None where nothing does.
    """

    inputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    credentials: Mapping[str, UUID] = field(default_factory=dict[str, UUID])
    payload: Mapping[str, Json] | None = None
    idempotency_key: str | None = None
    is_known_by_key: bool = False
    priority: Priority = Priority.NORMAL
    is_attended: bool = True


class PresetRuns:
    """Starts runs of presets."""

    def __init__(
        self,
        presets: PresetService,
        deliveries: DeliveryService,
        runs: RunService,
        people: People,
        clock: Clock,
        woken: asyncio.Event,
    ) -> None:
        """Use all of them; `woken` must be set whenever something has come."""
        self._presets = presets
        self._deliveries = deliveries
        self._runs = runs
        self._people = people
        self._clock = clock
        self._woken = woken

    async def execute(self, principal: Principal, preset_id: UUID, extras: Extras) -> UUID:
        """Start a run of a preset; it is durable when this returns.

        Raises:
            PresetNotFound: There is none.
            CredentialsMissing: One that was chosen is gone, or one is missing.
            InvalidInputs: Every input that does not fit, in `details`.
            NeedsTrigger: A trigger starts its agent, and nothing was brought.
            KeyReused: The key was used for another request.
        """
        preset = await self._presets.get(principal, preset_id)
        return await self._start(principal, preset, extras)

    async def _start(self, principal: Principal, preset: Preset, extras: Extras) -> UUID:
        chosen = {**preset.credentials, **extras.credentials}
        order = Order(
            graph_id=preset.graph_id,
            inputs={**preset.inputs, **extras.inputs},
            version=preset.version,
            idempotency_key=extras.idempotency_key,
            is_known_by_key=extras.is_known_by_key,
            priority=extras.priority,
            is_attended=extras.is_attended,
            payload=extras.payload,
            trigger=preset.trigger and preset.trigger.node,
            config={} if preset.trigger is None else preset.trigger.config,
            credentials={name: str(one) for name, one in chosen.items()},
        )
        return await self._runs.start_order(principal, order)

    async def relay(self) -> None:
        """Start the runs of what has come, until cancelled. Any number of processes may.

        Each is started once: who holds its row starts it under a key made of that row. Who dies over it lets go of
        the row, and the next one with the same key finds the run, or starts it.
        """
        while True:
            self._woken.clear()
            try:
                taken = await self.start_due()
            except OperationalError as error:
                _log.warning("deliveries wait", error=error.message)
                await asyncio.sleep(_RETRY_AFTER)
                continue
            except Exception:  # noqa: BLE001 - a border: what could not be started now is tried again
                _log.exception("starting runs of deliveries failed")
                await asyncio.sleep(_RETRY_AFTER)
                continue
            if taken < _AT_ONCE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_ANYWAY_AFTER):
                        await self._woken.wait()

    async def start_due(self) -> int:
        """Start what is due once; return how many were looked at."""
        async with self._deliveries.due(_AT_ONCE) as batch:
            for start in batch.rows:
                await self._start_one(batch, start)
        return len(batch.rows)

    async def _start_one(self, batch: Batch, start: DueStart) -> None:
        now = self._clock.now()
        try:
            principal = await self._people.by_id(start.user_id)
            preset = await self._presets.get(principal, start.preset_id)
            extras = Extras(
                payload=brought_by(start.delivery),
                idempotency_key=f"delivery:{start.id}",
                is_known_by_key=True,
                is_attended=False,
            )
            run_id = await self._start(principal, preset, extras)
        except UserError as error:
            await batch.end(start, None, error.message, now)
        except OperationalError as error:
            wait = min(_LAST_RETRY, timedelta(seconds=2 ** min(start.tries, 20)))
            await batch.put_off(start, error.message, now + wait * random.uniform(0.8, 1.2))
        else:
            await batch.end(start, run_id, None, now)
