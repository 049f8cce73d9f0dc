"""People, what they may do, and how they prove who they are."""

from autograph.features.accounts.models.people import (
    LOCAL_OWNER_ID,
    Account,
    AccountStatus,
    Door,
    LimitsChange,
    Principal,
)
from autograph.features.accounts.models.roles import Permission, Role, Scope
from autograph.features.accounts.models.sessions import Visit

__all__ = [
    "LOCAL_OWNER_ID",
    "Account",
    "AccountStatus",
    "Door",
    "LimitsChange",
    "Permission",
    "Principal",
    "Role",
    "Scope",
    "Visit",
]
