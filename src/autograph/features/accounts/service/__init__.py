"""Use cases of people."""

from autograph.features.accounts.service.accounts import Accounts, accounts_on
from autograph.features.accounts.service.audit import AuditService
from autograph.features.accounts.service.parts import Parts

__all__ = ["Accounts", "AuditService", "Parts", "accounts_on"]
