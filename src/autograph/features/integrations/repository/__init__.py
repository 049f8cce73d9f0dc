"""All SQL of integrations."""

from autograph.features.integrations.repository.credentials import CredentialRepository

__all__ = ["CredentialRepository"]
