"""Which agents and presets name a credential, for whoever wants to delete it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.integrations.models import Use
from autograph.features.integrations.ports import CredentialUses
from autograph.features.library.repository import PresetRepository

_ALL = 10_000


class CredentialUsesInPresets:
    """Implements `CredentialUses` of integrations: what graphs name, and what presets do."""

    def __init__(self, graphs: CredentialUses, presets: PresetRepository) -> None:
        """Use `graphs` for the nodes of agents."""
        self._graphs = graphs
        self._presets = presets

    async def of(self, principal: Principal, credential_id: UUID) -> Sequence[Use]:
        """Return the nodes and presets of a person that name a credential."""
        found = await self._presets.list_page(
            principal.user_id, limit=_ALL, before=None, graph_id=None
        )
        chosen = [
            Use(one.graph_id, one.name, f"preset {one.id}")
            for one in found
            if credential_id in one.credentials.values()
        ]
        return [*await self._graphs.of(principal, credential_id), *chosen]
