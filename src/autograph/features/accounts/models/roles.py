"""The permission table, as data: which role may do what, and how far a key or an app may go.

A person may what any of their roles may. A program that acts for them may what they may *and* what its
scopes cover. What is in no row is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a route lets one do. Every route names one, or is on the list of public ones."""

    ACCOUNT_READ = "account.read"
    ACCOUNT_WRITE = "account.write"
    API_KEYS = "account.api_keys"
    APPS = "account.apps"
    AGENTS_READ = "agents.read"
    AGENTS_WRITE = "agents.write"
    BLOCKS_READ = "blocks.read"
    BLOCKS_RUN = "blocks.run"
    RUNS_READ = "runs.read"
    RUNS_START = "runs.start"
    RUNS_WRITE = "runs.write"
    REVIEWS_ANSWER = "reviews.answer"
    CREDENTIALS_READ = "credentials.read"
    CREDENTIALS_WRITE = "credentials.write"
    CREDENTIALS_DELETE = "credentials.delete"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"
    STORE_READ = "store.read"
    STORE_SUBMIT = "store.submit"
    STORE_REVIEW = "store.review"
    USERS_READ = "admin.users.read"
    USERS_WRITE = "admin.users.write"
    AUDIT_READ = "admin.audit.read"
    OPERATE = "admin.operate"


class Role(StrEnum):
    """What somebody is here; a person may have several."""

    USER = "user"
    CREATOR = "creator"
    REVIEWER = "reviewer"
    SUPPORT = "support"
    ADMIN = "admin"


class Scope(StrEnum):
    """How far a key or an app may go in the name of its person. The names are those of AutoGPT's keys."""

    IDENTITY = "IDENTITY"
    EXECUTE_GRAPH = "EXECUTE_GRAPH"
    READ_GRAPH = "READ_GRAPH"
    WRITE_GRAPH = "WRITE_GRAPH"
    EXECUTE_BLOCK = "EXECUTE_BLOCK"
    READ_BLOCK = "READ_BLOCK"
    READ_STORE = "READ_STORE"
    WRITE_LIBRARY = "WRITE_LIBRARY"
    USE_TOOLS = "USE_TOOLS"
    MANAGE_INTEGRATIONS = "MANAGE_INTEGRATIONS"
    READ_INTEGRATIONS = "READ_INTEGRATIONS"
    DELETE_INTEGRATIONS = "DELETE_INTEGRATIONS"
    ANSWER_REVIEWS = "ANSWER_REVIEWS"
    READ_FILES = "READ_FILES"
    WRITE_FILES = "WRITE_FILES"


_OWN: Final = frozenset({Permission.ACCOUNT_READ, Permission.ACCOUNT_WRITE})
_USER: Final = _OWN | {
    Permission.API_KEYS,
    Permission.APPS,
    Permission.AGENTS_READ,
    Permission.AGENTS_WRITE,
    Permission.BLOCKS_READ,
    Permission.BLOCKS_RUN,
    Permission.RUNS_READ,
    Permission.RUNS_START,
    Permission.RUNS_WRITE,
    Permission.REVIEWS_ANSWER,
    Permission.CREDENTIALS_READ,
    Permission.CREDENTIALS_WRITE,
    Permission.CREDENTIALS_DELETE,
    Permission.FILES_READ,
    Permission.FILES_WRITE,
    Permission.STORE_READ,
}

ROLES: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.USER: _USER,
    Role.CREATOR: _OWN | {Permission.STORE_READ, Permission.STORE_SUBMIT},
    Role.REVIEWER: _OWN | {Permission.STORE_READ, Permission.STORE_REVIEW},
    Role.SUPPORT: _OWN | {Permission.USERS_READ, Permission.AUDIT_READ},
    Role.ADMIN: frozenset(Permission),
}

SCOPES: Final[Mapping[Scope, frozenset[Permission]]] = {
    Scope.IDENTITY: frozenset({Permission.ACCOUNT_READ}),
    Scope.EXECUTE_GRAPH: frozenset({Permission.RUNS_START, Permission.RUNS_WRITE}),
    Scope.READ_GRAPH: frozenset({Permission.AGENTS_READ, Permission.RUNS_READ}),
    Scope.WRITE_GRAPH: frozenset({Permission.AGENTS_WRITE}),
    Scope.EXECUTE_BLOCK: frozenset({Permission.BLOCKS_RUN}),
    Scope.READ_BLOCK: frozenset({Permission.BLOCKS_READ}),
    Scope.READ_STORE: frozenset({Permission.STORE_READ}),
    Scope.WRITE_LIBRARY: frozenset({Permission.AGENTS_WRITE}),
    Scope.USE_TOOLS: frozenset({Permission.STORE_READ, Permission.RUNS_START}),
    Scope.MANAGE_INTEGRATIONS: frozenset({Permission.CREDENTIALS_WRITE}),
    Scope.READ_INTEGRATIONS: frozenset({Permission.CREDENTIALS_READ}),
    Scope.DELETE_INTEGRATIONS: frozenset({Permission.CREDENTIALS_DELETE}),
    Scope.ANSWER_REVIEWS: frozenset({Permission.REVIEWS_ANSWER, Permission.RUNS_READ}),
    Scope.READ_FILES: frozenset({Permission.FILES_READ}),
    Scope.WRITE_FILES: frozenset({Permission.FILES_WRITE}),
}

PRIVILEGED: Final = frozenset({Role.ADMIN, Role.SUPPORT, Role.REVIEWER})
"""Roles whose every write is audited."""


def scopes_for(permission: Permission) -> list[Scope]:
    """Return the scopes each of which covers a permission."""
    return sorted(scope for scope, covered in SCOPES.items() if permission in covered)


def permissions_of(
    roles: Collection[Role], scopes: Collection[Scope] | None
) -> frozenset[Permission]:
    """Return what somebody may.

    Args:
        roles: The person's.
        scopes: Those of the key or app that acts for them; None where they act themselves.
    """
    of_person = frozenset[Permission]().union(*(ROLES[role] for role in roles))
    if scopes is None:
        return of_person
    return of_person & frozenset[Permission]().union(*(SCOPES[scope] for scope in scopes))
