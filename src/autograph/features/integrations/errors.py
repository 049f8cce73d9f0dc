"""What can go wrong with credentials. No message holds anything of what is secret."""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound


class CredentialNotFound(NotFound):
    """There is no such credential, or it is somebody else's."""

    code: ClassVar[str] = "credential.not_found"


class CredentialInvalid(Invalid):
    """This cannot be a credential."""

    code: ClassVar[str] = "credential.invalid"


class CredentialInUse(Conflict):
    """Agents name it; `details.uses` has them."""

    code: ClassVar[str] = "credential.in_use"


class CredentialEnded(Conflict):
    """It was good until a moment that is past."""

    code: ClassVar[str] = "credential.ended"
