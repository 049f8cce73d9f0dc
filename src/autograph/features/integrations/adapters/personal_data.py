"""What is kept of people's credentials, for the export and the deletion of their account."""

from __future__ import annotations

from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.integrations.repository import CredentialRepository
from autograph.infra.json import Json


class CredentialData:
    """Implements `PersonalData` of accounts."""

    name = "credentials"

    def __init__(self, credentials: CredentialRepository) -> None:
        """Use `credentials`."""
        self._credentials = credentials

    async def export(self, user_id: UUID) -> Json:
        """Return somebody's credentials without what is secret, and what they used of the installation's."""
        return {
            "credentials": [
                {
                    **one.as_reference(),
                    "account": one.account,
                    "scopes": list(one.scopes),
                    "created_at": one.created_at.isoformat(),
                }
                for one in await self._credentials.list_all(Principal(user_id, ""))
            ],
            "uses_of_the_installations": dict(await self._credentials.system_uses(user_id)),
        }

    async def erase(self, user_id: UUID) -> None:
        """Delete all of somebody's credentials. Idempotent."""
        await self._credentials.erase(user_id)
