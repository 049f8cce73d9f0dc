"""All SQL of integrations."""

from autograph.features.integrations.repository.connections import ConnectionRepository
from autograph.features.integrations.repository.credentials import CredentialRepository
from autograph.features.integrations.repository.deliveries import DeliveryRepository
from autograph.features.integrations.repository.webhooks import WebhookRepository

__all__ = [
    "ConnectionRepository",
    "CredentialRepository",
    "DeliveryRepository",
    "WebhookRepository",
]
