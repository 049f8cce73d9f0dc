"""All use cases of integrations together, for the composition root and the doors."""

from __future__ import annotations

from dataclasses import dataclass

from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.deliveries import DeliveryService
from autograph.features.integrations.service.webhooks import WebhookService


@dataclass(frozen=True, slots=True)
class Integrations:
    """The use cases of integrations."""

    credentials: CredentialService
    webhooks: WebhookService
    deliveries: DeliveryService
