"""What can go wrong with storage.

UserError
└── StorageFull   a person's runs use all the room they have
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict


class StorageFull(Conflict):
    """A person's runs use all the room they have."""

    code: ClassVar[str] = "storage.full"
