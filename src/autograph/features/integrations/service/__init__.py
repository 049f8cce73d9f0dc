"""Use cases of integrations."""

from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.deliveries import DeliveryService
from autograph.features.integrations.service.integrations import Integrations
from autograph.features.integrations.service.registrar import Registrar
from autograph.features.integrations.service.webhooks import WebhookService, Where

__all__ = [
    "CredentialService",
    "DeliveryService",
    "Integrations",
    "Registrar",
    "WebhookService",
    "Where",
]
