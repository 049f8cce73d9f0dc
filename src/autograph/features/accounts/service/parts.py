"""What the use cases of accounts stand on."""

from __future__ import annotations

from dataclasses import dataclass

from autograph.features.accounts.ports import PasswordHasher, TokenSigner
from autograph.features.accounts.repository import (
    ApiKeyRepository,
    AppRepository,
    GrantRepository,
    IdentityRepository,
    PeopleRepository,
    SessionRepository,
)
from autograph.features.accounts.service.audit import AuditService
from autograph.infra.clock import Clock
from autograph.infra.crypto import Keys
from autograph.infra.mail.ports import Mailer
from autograph.infra.rates.ports import RateLimiter


@dataclass(frozen=True, slots=True)
class Parts:
    """Handed whole to every use case.

    Attributes:
        tries: Counts wrong passwords.
    """

    people: PeopleRepository
    identities: IdentityRepository
    sessions: SessionRepository
    keys: ApiKeyRepository
    apps: AppRepository
    grants: GrantRepository
    audit: AuditService
    hasher: PasswordHasher
    signer: TokenSigner
    ring: Keys
    mailer: Mailer
    tries: RateLimiter
    clock: Clock
