"""What can go wrong with credentials and webhooks. No message holds anything of what is secret."""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound, UserError


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


class WebhookNotFound(NotFound):
    """There is no such webhook or delivery, or it is somebody else's."""

    code: ClassVar[str] = "webhook.not_found"


class WebhookInvalid(Invalid):
    """This cannot be listened to; the message says why."""

    code: ClassVar[str] = "webhook.invalid"


class WebhookRefused(Invalid):
    """The provider does not take the webhook; the message has its own words."""

    code: ClassVar[str] = "webhook.refused"


class Unproved(UserError):
    """A request to a webhook's address does not prove who sent it."""

    code: ClassVar[str] = "webhook.unproved"


class TooManyDeliveries(UserError):
    """More came to one address than is taken; the sender tries again later."""

    code: ClassVar[str] = "webhook.too_many"
