"""What people use elsewhere, as values."""

from autograph.features.integrations.models.credentials import (
    KIND_OF,
    Credential,
    CredentialKind,
    Use,
)

__all__ = ["KIND_OF", "Credential", "CredentialKind", "Use"]
