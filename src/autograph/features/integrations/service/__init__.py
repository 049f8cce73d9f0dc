"""Use cases of integrations."""

from autograph.features.integrations.service.credentials import CredentialService
from autograph.features.integrations.service.integrations import Integrations

__all__ = ["CredentialService", "Integrations"]
