"""What credentials need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.integrations.models import Use


class CredentialUses(Protocol):
    """Knows which agents name a credential."""

    async def of(self, principal: Principal, credential_id: UUID) -> Sequence[Use]:
        """Return the nodes of a person's agents, in their active versions, that name a credential."""
        ...
