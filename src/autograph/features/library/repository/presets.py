"""SQL of presets. Every method takes whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update

from autograph.features.library.errors import PresetNotFound
from autograph.features.library.models import Preset, TriggerSetup
from autograph.features.library.tables import presets
from autograph.infra.database import Database


class PresetRepository:
    """Reads and writes presets."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    async def add(self, preset: Preset) -> None:
        """Keep a preset."""
        async with self._database.begin() as connection:
            await connection.execute(
                insert(presets).values(
                    id=preset.id,
                    user_id=preset.user_id,
                    graph_id=preset.graph_id,
                    created_at=preset.created_at,
                    **_changeable(preset),
                )
            )

    async def change(self, preset: Preset) -> None:
        """Keep a preset as it is now.

        Raises:
            PresetNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            changed = await connection.execute(
                update(presets)
                .where(presets.c.id == preset.id, presets.c.user_id == preset.user_id)
                .values(**_changeable(preset))
                .returning(presets.c.id)
            )
            _found(changed.first(), preset.id)

    async def get(self, user_id: UUID, preset_id: UUID) -> Preset:
        """Return a preset.

        Raises:
            PresetNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            found = await connection.execute(
                select(presets).where(presets.c.id == preset_id, presets.c.user_id == user_id)
            )
            return _preset(_found(found.first(), preset_id))

    async def list_page(
        self, user_id: UUID, *, limit: int, before: UUID | None, graph_id: UUID | None
    ) -> Sequence[Preset]:
        """Return a page of a person's presets, newest first."""
        query = (
            select(presets)
            .where(presets.c.user_id == user_id)
            .order_by(presets.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(presets.c.id < before)
        if graph_id is not None:
            query = query.where(presets.c.graph_id == graph_id)
        async with self._database.begin() as connection:
            return [_preset(row) for row in await connection.execute(query)]

    async def listening(self, user_id: UUID, graph_id: UUID) -> Sequence[UUID]:
        """Return the presets of an agent whose triggers are meant to start runs."""
        query = select(presets.c.id).where(
            presets.c.user_id == user_id,
            presets.c.graph_id == graph_id,
            presets.c.is_active,
            presets.c.trigger.is_not(None),
        )
        async with self._database.begin() as connection:
            return list(await connection.scalars(query))

    async def delete(self, user_id: UUID, preset_id: UUID) -> None:
        """Delete a preset.

        Raises:
            PresetNotFound: There is none, or it is somebody else's.
        """
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(presets)
                .where(presets.c.id == preset_id, presets.c.user_id == user_id)
                .returning(presets.c.id)
            )
            _found(gone.first(), preset_id)

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's presets. Idempotent."""
        async with self._database.begin() as connection:
            await connection.execute(delete(presets).where(presets.c.user_id == user_id))


def _found(row: Row[Any] | None, preset_id: UUID) -> Row[Any]:
    if row is None:
        raise PresetNotFound(f"There is no preset {preset_id}.")
    return row


def _changeable(preset: Preset) -> Mapping[str, Any]:
    return {
        "name": preset.name,
        "description": preset.description,
        "version": preset.version,
        "inputs": dict(preset.inputs),
        "credentials": {key: str(one) for key, one in preset.credentials.items()},
        "trigger": None if preset.trigger is None else asdict(preset.trigger),
        "is_active": preset.is_active,
        "updated_at": preset.updated_at,
    }


def _preset(row: Row[Any]) -> Preset:
    return Preset(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        description=row.description,
        graph_id=row.graph_id,
        version=row.version,
        inputs=row.inputs,
        credentials={key: UUID(one) for key, one in row.credentials.items()},
        trigger=None if row.trigger is None else TriggerSetup(**row.trigger),
        is_active=row.is_active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
