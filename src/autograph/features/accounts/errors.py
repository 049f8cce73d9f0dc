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
