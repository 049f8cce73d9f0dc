"""Puts integrations together: what people use at other systems."""

from __future__ import annotations

from autograph.bootstrap.ground import Ground
from autograph.features.accounts.service import Accounts
from autograph.features.integrations.ports import CredentialUses
from autograph.features.integrations.repository import CredentialRepository
from autograph.features.integrations.service import CredentialService, Integrations


def make_integrations(ground: Ground, accounts: Accounts, uses: CredentialUses) -> Integrations:
    """Return the use cases of integrations."""
    credentials = CredentialService(
        CredentialRepository(ground.database), uses, ground.ring, accounts.audit, ground.clock
    )
    return Integrations(credentials=credentials)
