"""All use cases of integrations together, for the composition root and the doors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from autograph.blocks.packs.provider import Providers
from autograph.blocks.packs.webhooks import HookFiles
from autograph.features.integrations.repository import DeliveryRepository, WebhookRepository
from autograph.features.integrations.service.connections import ConnectionService
from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.deliveries import DeliveryService
from autograph.features.integrations.service.needs import NeedService
from autograph.features.integrations.service.parts import Parts
from autograph.features.integrations.service.registrar import Registrar
from autograph.features.integrations.service.webhooks import WebhookService, Where
from autograph.infra.rates.ports import RateLimiter


@dataclass(frozen=True, slots=True)
class Integrations:
    """The use cases of integrations."""

    credentials: CredentialService
    connections: ConnectionService
    needs: NeedService
    providers: Providers
    webhooks: WebhookService
    deliveries: DeliveryService


@dataclass(frozen=True, slots=True)
class Listening:
    """What webhooks stand on besides.

    Attributes:
        where: How others reach this installation.
        per_minute: Deliveries that one webhook takes a minute; 0 for any number.
    """

    webhooks: WebhookRepository
    deliveries: DeliveryRepository
    rates: RateLimiter
    where: Where
    per_minute: int


def integrations_on(
    parts: Parts, listening: Listening, *, redirect_uri: str, origins: Collection[str]
) -> Integrations:
    """Return the use cases; providers send people back to `redirect_uri`, or to an address at one of `origins`."""
    credentials = CredentialService(parts)
    files = HookFiles(parts.providers)
    registrar = Registrar(files, credentials, parts.http)
    webhooks = listening.webhooks
    return Integrations(
        credentials=credentials,
        connections=ConnectionService(parts, redirect_uri=redirect_uri, origins=origins),
        needs=NeedService(parts),
        providers=parts.providers,
        webhooks=WebhookService(
            webhooks, registrar, files, parts.ring, parts.clock, listening.where
        ),
        deliveries=DeliveryService(
            webhooks,
            listening.deliveries,
            files,
            parts.ring,
            listening.rates,
            parts.clock,
            per_minute=listening.per_minute,
        ),
    )
