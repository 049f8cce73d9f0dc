"""Use cases of people."""

from __future__ import annotations

from autograph.features.accounts.models import LOCAL_OWNER_ID, Principal
from autograph.features.accounts.repository import AccountRepository


class AccountService:
    """Says who acts."""

    def __init__(self, accounts: AccountRepository) -> None:
        """Use `accounts`."""
        self._accounts = accounts

    async def local_owner(self) -> Principal:
        """Return the person at this machine. Writes: their account, the first time."""
        return await self._accounts.ensure(LOCAL_OWNER_ID, name="Owner")
