"""Use cases of integrations."""

from autograph.features.integrations.service.connections import ConnectionService
from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.integrations import Integrations, integrations_on
from autograph.features.integrations.service.needs import NeedService
from autograph.features.integrations.service.parts import Parts
from autograph.features.integrations.service.system import read_clients, read_system

__all__ = [
    "ConnectionService",
    "CredentialService",
    "Integrations",
    "NeedService",
    "Parts",
    "integrations_on",
    "read_clients",
    "read_system",
]
