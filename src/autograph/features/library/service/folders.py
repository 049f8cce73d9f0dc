"""Use cases of folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.library.errors import FolderInside, FolderNotFound, FoldersFull
from autograph.features.library.models import Folder
from autograph.features.library.models.folders import (
    MAX_FOLDERS,
    check_look,
    checked_name,
    is_inside,
)
from autograph.features.library.repository import FolderRepository
from autograph.infra.clock import Clock
from autograph.infra.ids import new_id


class FolderService:
    """Keeps folders; they may be in each other to any depth, and never in a circle."""

    def __init__(self, folders: FolderRepository, clock: Clock) -> None:
        """Use both."""
        self._folders = folders
        self._clock = clock

    async def list_all(self, principal: Principal) -> Sequence[Folder]:
        """Return all of a person's folders, by name; what each is in makes a tree of them."""
        return await self._folders.list_all(principal.user_id)

    async def get(self, principal: Principal, folder_id: UUID) -> Folder:
        """Return a folder.

        Raises:
            FolderNotFound: There is none.
        """
        return await self._folders.get(principal.user_id, folder_id)

    async def create(
        self,
        principal: Principal,
        name: str,
        *,
        icon: str | None = None,
        color: str | None = None,
        parent_id: UUID | None = None,
    ) -> Folder:
        """Make a folder.

        Args:
            principal: Whose.
            name: 1 to 100 characters.
            icon: An emoji; None for the usual one.
            color: `#RRGGBB`; None for the usual one.
            parent_id: The folder it is in; None for none.

        Raises:
            FolderInvalid: Its name, icon or color cannot be kept.
            FolderNotFound: There is no such folder for it to be in.
            FolderExists: There is one of that name in the same place.
            FoldersFull: The person has 500.
        """
        check_look(icon, color)
        now = self._clock.now()
        folder = Folder(new_id(), checked_name(name), icon, color, parent_id, now, now)
        async with self._folders.arranging(principal.user_id) as all_:
            _check_there(all_.parents, parent_id)
            if len(all_.parents) >= MAX_FOLDERS:
                raise FoldersFull(
                    f"A library has at most {MAX_FOLDERS} folders. Delete one first.",
                    max=MAX_FOLDERS,
                )
            await all_.add(folder)
        return folder

    async def change(
        self,
        principal: Principal,
        folder_id: UUID,
        *,
        name: str,
        icon: str | None,
        color: str | None,
    ) -> Folder:
        """Call a folder something else, and have it look like that.

        Raises:
            FolderInvalid: Its name, icon or color cannot be kept.
            FolderNotFound: There is none.
            FolderExists: There is another of that name in the same place.
        """
        check_look(icon, color)
        await self._folders.change(
            principal.user_id, folder_id, name=checked_name(name), icon=icon, color=color
        )
        return await self._folders.get(principal.user_id, folder_id)

    async def move(self, principal: Principal, folder_id: UUID, parent_id: UUID | None) -> Folder:
        """Put a folder, with all that is in it, into another one, or out of all where that is None.

        Raises:
            FolderNotFound: There is no such folder, or none for it to be in.
            FolderInside: It would be in itself.
            FolderExists: There is one of its name.
        """
        async with self._folders.arranging(principal.user_id) as all_:
            _check_there(all_.parents, folder_id)
            _check_there(all_.parents, parent_id)
            if is_inside(all_.parents, folder_id, parent_id):
                raise FolderInside("A folder cannot be moved into itself, nor into what is in it.")
            await all_.move(folder_id, parent_id)
        return await self._folders.get(principal.user_id, folder_id)

    async def delete(self, principal: Principal, folder_id: UUID) -> None:
        """Delete a folder and the folders in it. No agent goes with them: all are put where the folder was.

        Raises:
            FolderNotFound: There is none.
        """
        await self._folders.delete(principal.user_id, folder_id)


def _check_there(parents: Mapping[UUID, UUID | None], folder_id: UUID | None) -> None:
    if folder_id is not None and folder_id not in parents:
        raise FolderNotFound(f"There is no folder {folder_id}.")
