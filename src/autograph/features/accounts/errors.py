"""What can go wrong with people.

None of these tells whether somebody has an account here: a wrong password, an unknown address and a
suspended account that was not proven by its password look the same.
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Forbidden, Invalid, NotFound, UserError


class Unauthenticated(UserError):
    """Nobody knows who asks."""

    code: ClassVar[str] = "auth.required"


class TokenInvalid(Unauthenticated):
    """The token, key or cookie is none of ours, has ended, or was revoked."""

    code: ClassVar[str] = "auth.token_invalid"


class LoginFailed(Unauthenticated):
    """Address, password or code are not right; which of them is not told."""

    code: ClassVar[str] = "auth.login_failed"


class TotpRequired(Unauthenticated):
    """The password was right; a code is asked for, too."""

    code: ClassVar[str] = "auth.totp_required"


class TooManyTries(UserError):
    """Too many wrong tries in too short a time."""

    code: ClassVar[str] = "auth.too_many_tries"


class Suspended(Forbidden):
    """The account is suspended."""

    code: ClassVar[str] = "auth.suspended"


class MayNot(Forbidden):
    """None of the person's roles, or none of the key's scopes, allows this."""

    code: ClassVar[str] = "auth.forbidden"


class LinkInvalid(Invalid):
    """A link from a mail was used before, has ended, or is none of ours."""

    code: ClassVar[str] = "auth.link_invalid"


class PasswordWeak(Invalid):
    """The password would be guessed."""

    code: ClassVar[str] = "auth.password_weak"


class EmailInvalid(Invalid):
    """This is no e-mail address."""

    code: ClassVar[str] = "auth.email_invalid"


class SignUpClosed(Forbidden):
    """Nobody can make an account here by themselves."""

    code: ClassVar[str] = "auth.sign_up_closed"


class AlreadySetUp(Conflict):
    """The installation has its owner."""

    code: ClassVar[str] = "auth.already_set_up"


class EmailTaken(Conflict):
    """Another account has this address. Told to administrators alone."""

    code: ClassVar[str] = "user.email_taken"


class UserNotFound(NotFound):
    """There is no such person."""

    code: ClassVar[str] = "user.not_found"


class LastAdmin(Conflict):
    """Without this account nobody could look after the installation."""

    code: ClassVar[str] = "user.last_admin"


class SessionNotFound(NotFound):
    """There is no such session."""

    code: ClassVar[str] = "session.not_found"


class ApiKeyNotFound(NotFound):
    """There is no such key."""

    code: ClassVar[str] = "api_key.not_found"


class TooManyKeys(Conflict):
    """One person keeps so many keys at most."""

    code: ClassVar[str] = "api_key.too_many"


class TotpState(Conflict):
    """A second factor is on already, or is not."""

    code: ClassVar[str] = "auth.totp_state"


class SignInFailed(Unauthenticated):
    """Somebody came back from a provider with what proves nothing."""

    code: ClassVar[str] = "auth.sign_in_failed"


class SignInCancelled(Unauthenticated):
    """Somebody did not want to log in at the provider, or it did not let them."""

    code: ClassVar[str] = "auth.sign_in_cancelled"


class SignInUnconfirmed(Forbidden):
    """The address is confirmed on one side alone, so it does not say whose account it is."""

    code: ClassVar[str] = "auth.sign_in_unconfirmed"


class ProviderNotFound(NotFound):
    """Nobody logs in here by this provider."""

    code: ClassVar[str] = "auth.provider_not_found"


class IdentityTaken(Conflict):
    """This account at the provider is linked to another account here."""

    code: ClassVar[str] = "identity.taken"


class IdentityNotFound(NotFound):
    """There is no such link to a provider, or it is somebody else's."""

    code: ClassVar[str] = "identity.not_found"


class LastWayIn(Conflict):
    """Without it the person could not log in any more."""

    code: ClassVar[str] = "identity.last_way_in"


class AppNotFound(NotFound):
    """There is no such app, or it is somebody else's, or it does not return there."""

    code: ClassVar[str] = "app.not_found"


class TooManyApps(Conflict):
    """One person registers so many apps at most."""

    code: ClassVar[str] = "app.too_many"


class AuthorizationInvalid(Invalid):
    """An app asks a person for what it may not ask; `details.redirect_to` leads back to it."""

    code: ClassVar[str] = "oauth.authorization_invalid"


class OAuthProblem(UserError):
    """A program asked for tokens in a way that is not good; `error` is the word of RFC 6749 §5.2."""

    code: ClassVar[str] = "oauth.invalid_request"
    error: ClassVar[str] = "invalid_request"


class GrantInvalid(OAuthProblem):
    """The code or refresh token is unknown, has ended, was used before, or is another app's."""

    code: ClassVar[str] = "oauth.invalid_grant"
    error: ClassVar[str] = "invalid_grant"


class GrantTypeUnknown(OAuthProblem):
    """Tokens are given for codes and for refresh tokens."""

    code: ClassVar[str] = "oauth.unsupported_grant_type"
    error: ClassVar[str] = "unsupported_grant_type"


class ScopeInvalid(OAuthProblem):
    """More is asked for than was given."""

    code: ClassVar[str] = "oauth.invalid_scope"
    error: ClassVar[str] = "invalid_scope"


class ClientInvalid(OAuthProblem):
    """The app is unknown, suspended, or has not proven that it is itself."""

    code: ClassVar[str] = "oauth.invalid_client"
    error: ClassVar[str] = "invalid_client"
