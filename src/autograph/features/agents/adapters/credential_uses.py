"""Which agents name a credential, for whoever wants to delete it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.agents.repository import GraphRepository
from autograph.features.integrations.models import Use


class CredentialUsesInGraphs:
    """Implements `CredentialUses` of integrations."""

    def __init__(self, graphs: GraphRepository) -> None:
        """Use `graphs`."""
        self._graphs = graphs

    async def of(self, principal: Principal, credential_id: UUID) -> Sequence[Use]:
        """Return the nodes of a person's agents that name a credential."""
        found = await self._graphs.naming(principal, str(credential_id))
        return [Use(graph_id, name, node) for graph_id, name, node in found]
