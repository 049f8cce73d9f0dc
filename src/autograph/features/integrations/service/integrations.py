"""All use cases of integrations together, for the composition root and the doors."""

from __future__ import annotations

from dataclasses import dataclass

from autograph.blocks.packs.provider import Providers
from autograph.features.integrations.service.connections import ConnectionService
from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.needs import NeedService
from autograph.features.integrations.service.parts import Parts


@dataclass(frozen=True, slots=True)
class Integrations:
    """The use cases of integrations."""

    credentials: CredentialService
    connections: ConnectionService
    needs: NeedService
    providers: Providers


def integrations_on(parts: Parts, *, redirect_uri: str) -> Integrations:
    """Return the use cases; providers send people back to `redirect_uri`."""
    return Integrations(
        credentials=CredentialService(parts),
        connections=ConnectionService(parts, redirect_uri=redirect_uri),
        needs=NeedService(parts),
        providers=parts.providers,
    )
