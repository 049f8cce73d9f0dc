"""What people use elsewhere, as values."""

from autograph.features.integrations.models.connections import (
    Begun,
    Connected,
    ConnectionState,
    OAuthClient,
    Tokens,
)
from autograph.features.integrations.models.credentials import (
    KIND_OF,
    Credential,
    CredentialKind,
    Deleted,
    NeedState,
    Use,
    Verdict,
)

__all__ = [
    "KIND_OF",
    "Begun",
    "Connected",
    "ConnectionState",
    "Credential",
    "CredentialKind",
    "Deleted",
    "NeedState",
    "OAuthClient",
    "Tokens",
    "Use",
    "Verdict",
]
