"""What can go wrong with credentials and webhooks. No message holds anything of what is secret."""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OperationalError,
    UserError,
)


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


class CredentialIsSystem(Forbidden):
    """It is the installation's."""

    code: ClassVar[str] = "credential.is_system"


class CredentialsMissing(Invalid):
    """A run does not start without them; `details.errors` has `{node: {pin: why}}`."""

    code: ClassVar[str] = "run.credentials_missing"


class ProviderUnavailable(OperationalError):
    """The provider does not answer, or cannot just now."""

    code: ClassVar[str] = "provider.unavailable"


class NoTest(Invalid):
    """There is nothing that could be asked for nothing."""

    code: ClassVar[str] = "provider.no_test"


class NoClient(Invalid):
    """The installation is not registered at the provider."""

    code: ClassVar[str] = "connection.no_client"


class NotConnectable(Invalid):
    """The provider knows no OAuth."""

    code: ClassVar[str] = "connection.not_offered"


class ConnectionStateInvalid(Invalid):
    """The flow never began, was somebody else's, has ended before, or took too long."""

    code: ClassVar[str] = "connection.state_invalid"


class CallbackRefused(Invalid):
    """People may not be sent back to this address."""

    code: ClassVar[str] = "connection.callback_refused"


class ConnectionRefused(Invalid):
    """The person, or the provider, said no; the message has the provider's words."""

    code: ClassVar[str] = "connection.refused"


class OtherAccount(Conflict):
    """It was another account that was connected."""

    code: ClassVar[str] = "connection.other_account"


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
