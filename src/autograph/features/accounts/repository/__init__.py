"""SQL of people, their sessions, their keys and what they did."""

from autograph.features.accounts.repository.api_keys import ApiKeyRepository
from autograph.features.accounts.repository.audit import AuditRepository
from autograph.features.accounts.repository.people import PeopleRepository
from autograph.features.accounts.repository.sessions import SessionRepository

__all__ = ["ApiKeyRepository", "AuditRepository", "PeopleRepository", "SessionRepository"]
