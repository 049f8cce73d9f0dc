"""Use cases of integrations."""

from autograph.features.integrations.service.connections import ConnectionService
from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.deliveries import DeliveryService
from autograph.features.integrations.service.integrations import (
    Integrations,
    Listening,
    integrations_on,
)
from autograph.features.integrations.service.needs import NeedService
from autograph.features.integrations.service.parts import Parts
from autograph.features.integrations.service.registrar import Registrar
from autograph.features.integrations.service.system import read_clients, read_system
from autograph.features.integrations.service.webhooks import WebhookService, Where

__all__ = [
    "ConnectionService",
    "CredentialService",
    "DeliveryService",
    "Integrations",
    "Listening",
    "NeedService",
    "Parts",
    "Registrar",
    "WebhookService",
    "Where",
    "integrations_on",
    "read_clients",
    "read_system",
]
