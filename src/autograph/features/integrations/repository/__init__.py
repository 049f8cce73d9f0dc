"""All SQL of integrations."""

from autograph.features.integrations.repository.connections import ConnectionRepository
from autograph.features.integrations.repository.credentials import CredentialRepository

__all__ = ["ConnectionRepository", "CredentialRepository"]
