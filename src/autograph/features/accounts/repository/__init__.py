"""SQL of people, their sessions, keys and apps, and what they did."""

from autograph.features.accounts.repository.api_keys import ApiKeyRepository
from autograph.features.accounts.repository.apps import AppRepository
from autograph.features.accounts.repository.audit import AuditRepository
from autograph.features.accounts.repository.grants import GrantRepository
from autograph.features.accounts.repository.identities import IdentityRepository
from autograph.features.accounts.repository.people import PeopleRepository
from autograph.features.accounts.repository.sessions import SessionRepository

__all__ = [
    "ApiKeyRepository",
    "AppRepository",
    "AuditRepository",
    "GrantRepository",
    "IdentityRepository",
    "PeopleRepository",
    "SessionRepository",
]
